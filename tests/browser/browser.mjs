/** The system's Chromium, without a window. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts a browser, with further flags. CHROMIUM names another one than the system's. */
export async function launch(...flags) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    throw new Error(`there is no Chromium at ${executablePath}: install it (apt-get install chromium), or set CHROMIUM to its path`);
  }
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}
