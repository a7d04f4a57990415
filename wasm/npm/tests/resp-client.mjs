/** As much of a RESP client as tests need: a request, and the line that answers it. */
import { connect } from "node:net";

/** Connects as soon as somebody listens. `check` may give up. */
export async function createClient(port, check = () => {}) {
  for (;;) {
    check();
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (!isOpen) continue;
    const client = new Client(socket);
    // It listens before its data are there.
    while ((await client.ask(["EXISTS", "k"])).startsWith("-LOADING")) check();
    return client;
  }
}

class Client {
  #socket;
  #lines = [];
  #wake = () => {};
  #rest = "";

  constructor(socket) {
    this.#socket = socket;
    socket.on("data", (data) => {
      const lines = (this.#rest + data).split("\r\n");
      this.#rest = lines.pop();
      this.#lines.push(...lines);
      this.#wake();
    });
  }

  async ask(words) {
    this.#socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
    while (this.#lines.length === 0) await new Promise((resolve) => (this.#wake = resolve));
    return this.#lines.shift();
  }

  end() {
    this.#socket.destroy();
  }
}
