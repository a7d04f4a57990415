/** Keys that work anywhere on the page. Letters only work outside of fields. */
import { element } from "./dom.ts";

const PANES = ["console", "keys", "messages"] as const;
const FIRST_FIELD = { console: "line", keys: "key-list", messages: "channel" } as const;

/** What a letter does. */
export type Actions = Readonly<Record<string, () => void>>;

/** Listens from now on. */
export function startShortcuts(actions: Actions): void {
  const all: Actions = { c: () => enter("console"), k: () => enter("keys"), m: () => enter("messages"), ...actions };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    if (pressed(event, all)) event.preventDefault();
  });
}

function pressed({ key, shiftKey, ctrlKey, altKey, metaKey, target }: KeyboardEvent, actions: Actions): boolean {
  if (key === "F6") return cycle(shiftKey ? -1 : 1);
  if (ctrlKey || altKey || metaKey) return false;
  const field = fieldOf(target);
  if (key === "Escape") return leave(target);
  const mayAct = !field || (key === "?" && field.id === "line" && field.value === "");
  const action = mayAct ? actions[key] : undefined;
  action?.();
  return action !== undefined;
}

function fieldOf(target: EventTarget | null): HTMLInputElement | HTMLSelectElement | undefined {
  if (target instanceof HTMLInputElement && target.type !== "radio") return target;
  return target instanceof HTMLSelectElement ? target : undefined;
}

/** Puts the keyboard into a part of the page. */
function enter(pane: (typeof PANES)[number]): void {
  element(FIRST_FIELD[pane], HTMLElement).focus();
}

/** From a field to the part of the page around it. */
function leave(target: EventTarget | null): boolean {
  const pane = target instanceof HTMLElement ? target.closest<HTMLElement>(".pane") : null;
  pane?.focus();
  return pane !== null;
}

function cycle(step: 1 | -1): boolean {
  const at = PANES.findIndex((pane) => element(pane, HTMLElement).contains(document.activeElement));
  const next = PANES[(at + step + PANES.length) % PANES.length];
  if (next) enter(next);
  return true;
}
