/** The console without a mouse, and for everyone: keyboard, themes, contrast, small screens. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch } from "../browser.mjs";
import { ConsolePage } from "../console-page.mjs";
import { serveSite } from "../site.mjs";

let browser;
let site;

before(async () => {
  [browser, site] = await Promise.all([launch(), serveSite()]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

function open(options) {
  return ConsolePage.open(browser, site.url, "page", options);
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.id ?? "");
}

test("the command line has the keyboard at once, and history comes back after a reload", async () => {
  const ui = await open();
  const { keyboard } = ui.page;
  assert.equal(await focused(ui.page), "line");
  for (const line of ["SET a 1", "GET a", "INCR a"]) await ui.run(line);
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowUp");
  assert.equal(await ui.line.inputValue(), "GET a");
  await keyboard.press("ArrowDown");
  assert.equal(await ui.line.inputValue(), "INCR a");
  await keyboard.press("ArrowDown");
  assert.equal(await ui.line.inputValue(), "");
  await ui.page.reload();
  await ui.isReady();
  await ui.type("SE");
  await keyboard.press("ArrowUp");
  assert.equal(await ui.line.inputValue(), "SET a 1");
  await keyboard.press("Enter");
  await ui.output.locator(".entry").first().getByText("OK").waitFor();
  await ui.close();
});

test("passwords are not kept in the history", async () => {
  const ui = await open();
  await ui.run("AUTH default secret");
  const kept = await ui.page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.doesNotMatch(kept, /secret/);
  await ui.close();
});

test("Tab completes, and moves on where nothing can be completed", async () => {
  const ui = await open();
  const { keyboard } = ui.page;
  await ui.type("zunions");
  await ui.offers("zunionstore");
  await keyboard.press("Tab");
  assert.equal(await ui.line.inputValue(), "zunionstore ");
  await ui.type("SET k v ");
  await keyboard.press("Tab");
  await ui.offers("NX", "XX", "IFEQ", "IFNE", "IFDEQ", "IFDNE", "GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL");
  await keyboard.press("Escape");
  await keyboard.press("Tab");
  assert.notEqual(await focused(ui.page), "line");
  await ui.line.focus();
  await ui.line.fill("");
  await keyboard.press("Tab");
  assert.notEqual(await focused(ui.page), "line");
  await ui.close();
});

test("everything is done with the keyboard alone", async () => {
  const ui = await open();
  const { page } = ui;
  const { keyboard } = page;
  await keyboard.type("hset user:1 name Ada\n");
  await keyboard.type("set zebra stripes\n");
  await ui.key("zebra").waitFor();
  // To the keys, and into a value.
  await keyboard.press("Escape");
  await keyboard.press("k");
  assert.equal(await focused(page), "key-list");
  await keyboard.press("End");
  await keyboard.press("Enter");
  await ui.value.getByText("stripes").waitFor();
  await keyboard.press("Escape");
  await ui.value.waitFor({ state: "hidden" });
  assert.equal(await focused(page), "key-list");
  await keyboard.press("Home");
  await keyboard.press("Enter");
  await ui.value.getByRole("cell", { name: "Ada" }).waitFor();
  await keyboard.press("Escape");
  // To the messages, listen and publish.
  await keyboard.press("m");
  await keyboard.type("news\n");
  await page.getByRole("button", { name: "Stop listening to news" }).waitFor();
  await page.getByRole("textbox", { name: "Channel to publish to" }).focus();
  await keyboard.type("news");
  await keyboard.press("Tab");
  await keyboard.type("typed, not clicked\n");
  await ui.messages.getByText("typed, not clicked").waitFor();
  // Round the page, and back to the command line.
  await keyboard.press("F6");
  assert.equal(await focused(page), "line");
  await keyboard.press("F6");
  assert.equal(await focused(page), "key-list");
  await keyboard.press("Shift+F6");
  assert.equal(await focused(page), "line");
  await keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys to press" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await ui.close();
});

test("every control is reached by Tab in the order that it is read", async () => {
  const ui = await open();
  const { page } = ui;
  // From the top of the page on.
  await page.getByRole("heading", { level: 1 }).click();
  const seen = [];
  for (let n = 0; n < 40; n++) {
    await page.keyboard.press("Tab");
    const id = await page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute("name") || document.activeElement?.className);
    if (seen.includes(id) && id !== "example") break;
    seen.push(id);
  }
  for (const id of ["place", "theme-button", "help-button", "output", "line", "key-pattern", "key-type", "key-list", "channel", "message-list", "publish-text"]) {
    assert.ok(seen.includes(id), `${id} is not among ${seen.join(", ")}`);
  }
  const rank = (id) => seen.indexOf(id);
  assert.ok(rank("place") < rank("line") && rank("line") < rank("channel"), seen.join(", "));
  await ui.close();
});

test("the theme follows the system, can be chosen, and is kept", async () => {
  const ui = await open({ colorScheme: "dark" });
  const brightness = () =>
    ui.page.evaluate(() => {
      const colours = getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? [];
      return colours.slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
    });
  assert.ok((await brightness()) < 150, "dark as the system");
  const theme = ui.page.getByRole("button", { name: /^Theme/ });
  await theme.click();
  assert.ok((await brightness()) > 600, "light by choice");
  await ui.page.reload();
  assert.ok((await brightness()) > 600, "light is kept");
  await theme.click();
  assert.ok((await brightness()) < 150, "dark by choice");
  await ui.close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`the ${colorScheme} page has no accessibility fault that can be found by rule`, async () => {
    const ui = await open({ colorScheme });
    const { page } = ui;
    await ui.run("HSET user:1 name Ada");
    await ui.run("SET a 1 EX 1000");
    await ui.run("SADD s 1");
    await ui.run("RPUSH l 1");
    await ui.run("ZADD z 1 a");
    await ui.run("LRANGE l 0 -1");
    await ui.run("INCR l");
    await ui.run("SUBSCRIBE news");
    await ui.run("PUBLISH news hello");
    await ui.key("user:1").click();
    await ui.value.getByRole("cell", { name: "Ada" }).waitFor();
    await ui.type("zr");
    await page.keyboard.press("ArrowDown");
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]), []);
    await ui.close();
  });
}

test("a narrow screen scrolls down only", async () => {
  const ui = await open({ viewport: { width: 360, height: 740 } });
  await ui.run(`SET a ${"x".repeat(300)}`);
  await ui.run("GET a");
  const [inner, outer] = await ui.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(inner <= outer, `${inner} in ${outer}`);
  await ui.close();
});

test("a second tab has the same store, and goes on with it when the first one is closed", async () => {
  const first = await open();
  const context = first.page.context();
  const second = await ConsolePage.open(browser, site.url, "page", { context });
  assert.equal(await first.run("SET shared 1"), "OK");
  assert.equal(await second.run("INCR shared"), "(integer) 2");
  await second.key("shared").waitFor();
  assert.equal(await first.run("GET shared"), '"2"');
  await first.page.close();
  assert.equal(await second.run("INCR shared"), "(integer) 3");
  await second.close();
});
