/** What the page remembers between visits. The token only lives as long as the tab. */
import type { Place } from "./store.ts";

/** Where the gateway is, and what it wants to see. */
export interface GatewaySettings {
  readonly url: string;
  readonly token: string;
}

const PLACE = "redstart.place";
const URL_KEY = "redstart.gateway";
const TOKEN = "redstart.token";

/** Where the page comes from the gateway, that is the gateway; a development server is none. */
const DEFAULT_URL = import.meta.env.DEV ? "http://127.0.0.1:8787" : location.origin;

/** Something that was kept, or nothing where the browser keeps nothing. */
export function recall(name: string, shelf: Storage = localStorage): string | null {
  try {
    return shelf.getItem(name);
  } catch {
    return null;
  }
}

/** Keeps something, if the browser lets us. */
export function remember(name: string, value: string, shelf: Storage = localStorage): void {
  try {
    shelf.setItem(name, value);
  } catch {
    // Then the next visit begins without it.
  }
}

/** The store that was used last. */
export function recallPlace(): Place {
  return recall(PLACE) === "page" || (recall(PLACE) === null && import.meta.env.DEV) ? "page" : "gateway";
}

/** Keeps which store is used. */
export function rememberPlace(place: Place): void {
  remember(PLACE, place);
}

/** The gateway as it was set last. */
export function recallGateway(): GatewaySettings {
  return { url: recall(URL_KEY) || DEFAULT_URL, token: recall(TOKEN, sessionStorage) ?? "" };
}

/** Keeps the gateway's settings. */
export function rememberGateway({ url, token }: GatewaySettings): void {
  remember(URL_KEY, url === DEFAULT_URL ? "" : url);
  remember(TOKEN, token, sessionStorage);
}
