import { useEffect, useState } from "preact/hooks";
import { CHOSEN_THEME } from "./theme-key";

export type Theme = "light" | "dark";
export type ThemeChoice = Theme | "system";

const CHANGED = "holdfast:theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function themeChoice(): ThemeChoice {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function chooseTheme(choice: ThemeChoice): void {
  if (choice === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
  try {
    if (choice === "system") localStorage.removeItem(CHOSEN_THEME);
    else localStorage.setItem(CHOSEN_THEME, choice);
  } catch {
    // Kept for this visit only.
  }
  window.dispatchEvent(new Event(CHANGED));
}

function shown(): Theme {
  const choice = themeChoice();
  return choice === "system" ? (dark.matches ? "dark" : "light") : choice;
}

/** The theme that is on the screen; a chart redraws itself with it. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(shown);
  useEffect(() => {
    const look = () => setTheme(shown());
    window.addEventListener(CHANGED, look);
    dark.addEventListener("change", look);
    return () => {
      window.removeEventListener(CHANGED, look);
      dark.removeEventListener("change", look);
    };
  }, []);
  return theme;
}
