// Runs before the first paint; see `theme.ts`.
import { CHOSEN_THEME } from "./theme-key";

try {
  const chosen = localStorage.getItem(CHOSEN_THEME);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
} catch {
  // A browser that keeps nothing for us follows the system.
}
