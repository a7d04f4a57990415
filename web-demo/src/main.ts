/** Puts the page together. */
import { element } from "./dom.ts";
import { ConsolePane } from "./panes/console.ts";
import { KeysPane } from "./panes/keys.ts";
import { MessagesPane } from "./panes/messages.ts";
import { recallGateway, recallPlace, rememberGateway, rememberPlace } from "./settings.ts";
import { startShortcuts } from "./shortcuts.ts";
import { Store, type Place } from "./store.ts";
import { nextTheme, startTheme } from "./theme.ts";

startTheme();
const store = new Store(recallPlace(), recallGateway());
const help = element("help", HTMLDialogElement);
const keys = new KeysPane(store);
const messages = new MessagesPane(store);
new ConsolePane(store, {
  keys: () => keys.names(),
  subscribe: (kind, names) => messages.subscribe(kind, names),
  unsubscribe: (kind, names) => messages.unsubscribe(kind, names),
  help: () => help.showModal(),
});

startHeader();
startSettings();
startShortcuts({
  "?": () => help.showModal(),
  r: () => keys.refresh(),
  s: () => switchTo(store.place === "page" ? "gateway" : "page"),
  t: nextTheme,
});
element("line", HTMLInputElement).focus();
void store.open();

function switchTo(place: Place): void {
  rememberPlace(place);
  void store.use(place);
}

function startHeader(): void {
  const status = element("status", HTMLSpanElement);
  const again = element("again", HTMLButtonElement);
  const radios = [...document.querySelectorAll<HTMLInputElement>("input[name=place]")];
  const showPlace = (): void => radios.forEach((radio) => (radio.checked = radio.value === store.place));
  for (const radio of radios) radio.addEventListener("change", () => switchTo(radio.value === "page" ? "page" : "gateway"));
  store.switched.on(showPlace);
  showPlace();
  store.stated.on(({ level, text }) => {
    status.dataset["level"] = level;
    status.textContent = text;
    again.hidden = level !== "bad";
  });
  again.addEventListener("click", () => void store.open());
  element("help-button", HTMLButtonElement).addEventListener("click", () => help.showModal());
  element("theme-button", HTMLButtonElement).title = "Switch the theme (t)";
}

function startSettings(): void {
  const dialog = element("settings", HTMLDialogElement);
  const url = element("gateway-url", HTMLInputElement);
  const token = element("gateway-token", HTMLInputElement);
  element("settings-button", HTMLButtonElement).addEventListener("click", () => {
    url.value = store.gateway.url;
    token.value = store.gateway.token;
    dialog.returnValue = "";
    dialog.showModal();
  });
  element("settings-cancel", HTMLButtonElement).addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "save") return;
    const gateway = { url: url.value.trim(), token: token.value };
    rememberGateway(gateway);
    rememberPlace("gateway");
    void store.use("gateway", gateway);
  });
}
