/** The program in a runtime with a command line: node main.mjs URL TOKEN */
import { run } from "./program.mjs";

await run(...process.argv.slice(2));
console.log("done");
