import { defineConfig, type Plugin } from "vite";

/** The script sets the theme, so the first paint waits for it. */
const paintAfterScript: Plugin = {
  name: "paint-after-script",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

export default defineConfig({
  // The gateway serves the page below /console, other servers wherever they like.
  base: "./",
  plugins: [paintAfterScript],
  // The development server also reads the package, which is linked from beside this folder.
  server: { fs: { allow: [".", "../wasm/npm"] } },
  build: {
    target: "es2022",
    // Browsers that know light-dark().
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // Everything stays a file of its own, so that the page's Content-Security-Policy needs no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
