/**
 * The examples of README.md. The words behind a block's language say where its test runs it: `node` (where nothing is said),
 * `page`, `gateway` (Node.js, with a gateway to talk to), `edge`. JSX is run in a page that React draws.
 */
import { readFile } from "node:fs/promises";

const text = await readFile(new URL("../README.md", import.meta.url), "utf8");

/** Every block of code: its places, and the code as it is written. */
export const examples = [...text.matchAll(/^```(jsx?)([^\n]*)\n(.*?)^```/gms)].map(([, language, places, code]) => ({
  places: language === "jsx" ? ["react"] : (places.trim() || "node").split(" "),
  code,
}));

/** The examples for one place. */
export function examplesFor(place) {
  return examples.filter(({ places }) => places.includes(place)).map(({ code }) => code);
}

/** What an example prints, as its comments say. */
export function promised(code) {
  const said = [...code.matchAll(/console\.log\([^\n]*\/\/ ([^\n]*)$/gm)].map(([, output]) => output).join("\n");
  return plain(said);
}

/** Output in a form that can be compared: quotes and blanks differ between what people write and what is printed. */
export function plain(output) {
  return output.replaceAll(/["'\s]/g, "");
}
