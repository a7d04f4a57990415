/** The tests of `browsers.mjs` in Firefox. */
import { declare } from "./browsers.mjs";
import { Firefox } from "./firefox.mjs";

declare(() => Firefox.start(), { isChromium: false });
