/** The console against both stores. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "../browser.mjs";
import { ConsolePage } from "../console-page.mjs";
import { startGateway } from "../gateway.mjs";
import { serveSite } from "../site.mjs";

let browser;
let site;
let gateway;

before(async () => {
  [browser, site] = await Promise.all([launch(), serveSite()]);
  gateway = await startGateway();
});

after(async () => {
  await browser?.close();
  await gateway?.close();
  await site?.close();
});

/** The page from a plain web server has its store inside; the gateway serves the page for its own. */
function open(place, options) {
  return ConsolePage.open(browser, place === "page" ? site.url : `${gateway.url}/console/`, place, options);
}

for (const place of ["page", "gateway"]) {
  describe(`on the ${place}'s store`, () => {
    let ui;
    before(async () => {
      ui = await open(place);
      await ui.run("FLUSHALL");
    });
    after(() => ui?.close());

    test("answers are printed as redis-cli prints them", async () => {
      assert.equal(await ui.run("SET a 1"), "OK");
      assert.equal(await ui.run("GET a"), '"1"');
      assert.equal(await ui.run("GET nothing"), "(nil)");
      assert.equal(await ui.run("INCR a"), "(integer) 2");
      assert.equal(await ui.run("KEYS zzz*"), "(empty array)");
      assert.equal(await ui.run("RPUSH list x y"), "(integer) 2");
      assert.equal(await ui.run("LRANGE list 0 -1"), '1) "x"\n2) "y"');
      assert.equal(await ui.run("TYPE list"), "list");
      assert.equal(await ui.run("SCAN 0 MATCH list"), '1) "0"\n2) 1) "list"');
    });

    test("errors are printed in red and change nothing", async () => {
      assert.match(await ui.run("INCR list"), /^\(error\) WRONGTYPE Operation/);
      const colour = await ui.output.locator(".entry").last().locator(".error").evaluate((part) => getComputedStyle(part).color);
      const [red, green, blue] = colour.match(/\d+/g).map(Number);
      assert.ok(red > 150 && green < 100 && blue < 100, colour);
      assert.match(await ui.run("NOSUCH a b"), /^\(error\) ERR unknown command/);
      assert.match(await ui.run('GET "a'), /Invalid argument/);
    });

    test("bytes go in and come out unchanged", async () => {
      assert.equal(await ui.run(String.raw`SET "k\xff\x00" "\x00\x01\xfe\"end"`), "OK");
      assert.equal(await ui.run(String.raw`GET "k\xff\x00"`), String.raw`"\x00\x01\xfe\"end"`);
      assert.equal(await ui.run(String.raw`STRLEN "k\xff\x00"`), "(integer) 7");
      assert.equal(await ui.run("SET t größe"), "OK");
      assert.equal(await ui.run("GET t"), '"größe"');
    });

    test("a transaction shows in the prompt", async () => {
      const prompt = ui.page.locator("#prompt");
      assert.equal(await ui.run("MULTI"), "OK");
      assert.match(await prompt.textContent(), /\(TX\)>$/);
      assert.equal(await ui.run("INCR counter"), "QUEUED");
      assert.equal(await ui.run("INCR list"), "QUEUED");
      assert.match(await ui.run("EXEC"), /^1\) \(integer\) 1\n2\) \(error\) WRONGTYPE Operation/);
      assert.doesNotMatch(await prompt.textContent(), /TX/);
    });

    test("a database is selected, and shows in the prompt and in the keys", async () => {
      await ui.run("SELECT 3");
      assert.match(await ui.page.locator("#prompt").textContent(), /\[3\]>$/);
      await ui.page.getByText("No keys yet.").waitFor();
      await ui.run("SELECT 0");
      await ui.key("counter").waitFor();
    });

    test("a blocking command waits and holds up no other", async () => {
      await ui.line.fill("BLPOP queue 0");
      await ui.line.press("Enter");
      const waiting = ui.output.locator(".entry").filter({ hasText: "BLPOP" });
      await waiting.getByText("waiting").waitFor();
      assert.equal(await ui.run("RPUSH queue job"), "(integer) 1");
      await waiting.getByText('"job"').waitFor();
      assert.equal(await waiting.locator("pre").textContent(), '1) "queue"\n2) "job"');
    });

    test("completion and syntax come from the command table", async () => {
      await ui.type("zrangeb");
      await ui.offers("zrangebylex", "zrangebyscore");
      await ui.page.keyboard.press("ArrowDown");
      await ui.page.keyboard.press("ArrowDown");
      await ui.page.keyboard.press("Tab");
      assert.equal(await ui.line.inputValue(), "zrangebyscore ");
      const hint = ui.page.locator("#hint");
      assert.match(await hint.textContent(), /ZRANGEBYSCORE key min max \[WITHSCORES\]/);
      assert.equal(await hint.locator(".next").textContent(), "key");
      await ui.type("SET k v E");
      await ui.offers("EX", "EXAT");
      await ui.type("config g");
      await ui.offers("get");
      await ui.line.fill("");
      assert.match(await ui.run("help get"), /^GET key\n/);
    });

    test("keys are listed with type and time to live, filtered and opened", async () => {
      await ui.run("HSET user:1 name Ada");
      await ui.run("ZADD scores 1.5 ada");
      await ui.run("SET short-lived x EX 100");
      const row = ui.key("short-lived");
      await row.waitFor();
      assert.match(await row.locator(".ttl").textContent(), /^1m \d+s$/);
      const first = await row.locator(".ttl").textContent();
      await ui.page.waitForFunction(
        (text) => [...document.querySelectorAll(".ttl")].every((ttl) => ttl.textContent !== text),
        first,
      );
      await ui.page.getByRole("textbox", { name: "Pattern", exact: true }).fill("user:*");
      await ui.key("scores").waitFor({ state: "detached" });
      assert.equal(await ui.key("user:1").locator(".type").textContent(), "hash");
      await ui.key("user:1").click();
      await ui.value.getByRole("cell", { name: "Ada" }).waitFor();
      await ui.page.getByRole("textbox", { name: "Pattern", exact: true }).fill("");
      await ui.key("scores").click();
      await ui.value.getByRole("cell", { name: "1.5" }).waitFor();
      await ui.value.getByRole("button", { name: "Close" }).click();
      await ui.value.waitFor({ state: "hidden" });
    });

    test("many keys come in pages", async () => {
      const pairs = Array.from({ length: 1200 }, (_, n) => `page:${n} x`).join(" ");
      await ui.run(`MSET ${pairs}`);
      const more = ui.page.getByRole("button", { name: "More keys" });
      await more.waitFor();
      const rows = ui.keys.getByRole("option");
      const shown = await rows.count();
      assert.ok(shown >= 100 && shown < 1200, String(shown));
      await more.click();
      await ui.page.waitForFunction((count) => document.querySelectorAll("#key-list [role=option]").length > count, shown);
      await ui.page.getByRole("textbox", { name: "Pattern", exact: true }).fill("page:77*");
      await ui.page.getByText("11 shown").waitFor();
      await ui.page.getByRole("textbox", { name: "Pattern", exact: true }).fill("");
    });

    test("messages arrive, wait during a pause, and are cleared", async () => {
      const { page } = ui;
      await page.getByRole("textbox", { name: "Channel or pattern" }).fill("news user.*");
      await page.getByRole("button", { name: "Subscribe", exact: true }).click();
      await page.getByRole("button", { name: "Stop listening to the pattern user.*" }).waitFor();
      const publish = async (channel, text) => {
        await page.getByRole("textbox", { name: "Channel to publish to" }).fill(channel);
        await page.getByRole("textbox", { name: "Message to publish" }).fill(text);
        await page.getByRole("button", { name: "Publish", exact: true }).click();
      };
      await publish("news", "hello there");
      await ui.messages.getByText("hello there").waitFor();
      await page.getByText("Sent to 1 subscriber").waitFor();
      assert.equal(await ui.run('PUBLISH user.7 "it is me"'), "(integer) 1");
      const second = ui.messages.locator(".message").nth(1);
      assert.match(await second.textContent(), /^\d\d:\d\d:\d\duser\.7user\.\*it is me$/);
      await ui.run(String.raw`PUBLISH news "not text: \xff"`);
      await ui.messages.getByText("not text:").waitFor();
      await page.getByRole("button", { name: "Pause" }).click();
      await publish("news", "held back");
      await page.getByRole("button", { name: "Resume (1)" }).waitFor();
      assert.equal(await ui.messages.locator(".message").count(), 3);
      await page.getByRole("button", { name: "Resume (1)" }).click();
      await ui.messages.getByText("held back").waitFor();
      await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Clear" }).click();
      assert.equal(await ui.messages.locator(".message").count(), 0);
      await ui.run("UNSUBSCRIBE news");
      assert.equal(await ui.run("PUBLISH news x"), "(integer) 0");
    });
  });
}

test("the store inside the page is still there after a reload", async () => {
  const ui = await open("page");
  await ui.run("SET kept yes EX 1000");
  await ui.run("ZADD kept-too 2 b 1 a");
  await ui.page.reload();
  await ui.isReady();
  assert.equal(await ui.run("GET kept"), '"yes"');
  assert.equal(await ui.run("ZRANGE kept-too 0 -1"), '1) "a"\n2) "b"');
  await ui.key("kept").waitFor();
  await ui.close();
});

test("the store is switched, and each keeps its own data", async () => {
  const ui = await open("gateway");
  await ui.run("SET where gateway");
  await ui.page.getByText("This page", { exact: true }).click();
  await ui.page.getByText("Kept in this browser").waitFor();
  assert.equal(await ui.run("GET where"), "(nil)");
  await ui.run("SET where page");
  await ui.page.getByRole("radio", { name: "Gateway" }).check({ force: true });
  await ui.page.getByText("Connected", { exact: true }).waitFor();
  assert.equal(await ui.run("GET where"), '"gateway"');
  await ui.close();
});

test("a gateway that goes away shows, and one that comes back is found again", async () => {
  const ui = await open("gateway");
  await gateway.stop();
  await ui.page.locator('#status:not([data-level="ok"])').waitFor();
  await gateway.start();
  await ui.isReady();
  assert.equal(await ui.run("PING"), "PONG");
  await ui.close();
});

test("a gateway that wants a token gets it from the dialog", async () => {
  const guarded = await startGateway("--token", "open-sesame");
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${guarded.url}/console/`);
    await page.getByText("The gateway wants another token").waitFor();
    await page.getByRole("button", { name: "Connection…" }).click();
    await page.getByRole("textbox", { name: "Token" }).fill("open-sesame");
    await page.keyboard.press("Enter");
    await page.locator('#status[data-level="ok"]').waitFor();
    await page.getByRole("combobox", { name: "Command" }).fill("ECHO hello");
    await page.keyboard.press("Enter");
    await page.getByText('"hello"').waitFor();
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.doesNotMatch(kept, /open-sesame/);
  } finally {
    await context.close();
    await guarded.close();
  }
});
