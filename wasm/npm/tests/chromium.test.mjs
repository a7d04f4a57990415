/** The tests of `browsers.mjs` in Chromium. */
import { declare } from "./browsers.mjs";
import { Chromium } from "./chromium.mjs";

declare(() => Chromium.start(), { isChromium: true });
