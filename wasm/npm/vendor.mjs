/** Puts the one library that the package needs into it: `npm run build` calls this. */
import { copyFileSync, mkdirSync } from "node:fs";

mkdirSync("dist/vendor", { recursive: true });
copyFileSync("node_modules/idb/build/index.js", "dist/vendor/idb.js");
copyFileSync("node_modules/idb/LICENSE", "dist/vendor/idb.LICENSE");
