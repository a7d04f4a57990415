/** Dark or light: as the system has it, or as the reader wants it. */
import { element } from "./dom.ts";
import { recall, remember } from "./settings.ts";

const KEY = "redstart.theme";
const THEMES = ["system", "light", "dark"] as const;

type Theme = (typeof THEMES)[number];

let theme: Theme = THEMES.find((name) => name === recall(KEY)) ?? "system";

/** Applies the kept theme and makes the button work. */
export function startTheme(): void {
  apply();
  element("theme-button", HTMLButtonElement).addEventListener("click", nextTheme);
}

/** System, light, dark, and round again. */
export function nextTheme(): void {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  remember(KEY, theme);
  apply();
}

function apply(): void {
  document.documentElement.dataset["theme"] = theme;
  element("theme-button", HTMLButtonElement).textContent = `Theme: ${theme}`;
}
