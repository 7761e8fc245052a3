import { useState } from "preact/hooks";
import { announce } from "../announce";
import { Icon, type IconName } from "../components/icon";
import { type ThemeChoice, chooseTheme, themeChoice } from "./theme";

const ORDER: ThemeChoice[] = ["system", "light", "dark"];
const ICONS: Record<ThemeChoice, IconName> = { system: "screen", light: "sun", dark: "moon" };
const WORDS: Record<ThemeChoice, string> = { system: "as the system", light: "light", dark: "dark" };

/** Goes round: as the system, light, dark. */
export function ThemeButton() {
  const [choice, setChoice] = useState(themeChoice);
  const next = () => {
    const chosen = ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length] ?? "system";
    chooseTheme(chosen);
    setChoice(chosen);
    announce(`Theme: ${WORDS[chosen]}`);
  };
  return (
    <button type="button" class="button quiet square" aria-label={`Theme: ${WORDS[choice]}`} title={`Theme: ${WORDS[choice]}`} onClick={next}>
      <Icon name={ICONS[choice]} />
    </button>
  );
}
