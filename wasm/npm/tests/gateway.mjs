/** A stand-in for a gateway, as far as the client can tell: the contract's frames over a store in this process. */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { Redis } from "redstart";

const TOKEN = "secret";

export class Gateway {
  static async start(port = 0) {
    const gateway = new Gateway();
    gateway.db = new Redis({ name: "gateway", automaticDeserialization: false });
    gateway.frames = [];
    gateway.sockets = new Set();
    gateway.streams = new Set();
    gateway.http = createServer((request, response) => gateway.onRequest(request, response));
    gateway.ws = new WebSocketServer({ server: gateway.http, path: "/ws" });
    gateway.ws.on("connection", (socket) => gateway.onSocket(socket));
    await new Promise((resolve) => gateway.http.listen(port, "127.0.0.1", resolve));
    gateway.port = gateway.http.address().port;
    gateway.url = `http://127.0.0.1:${gateway.port}`;
    return gateway;
  }

  /** Breaks every connection without a word. */
  drop() {
    for (const socket of this.sockets) socket.terminate();
  }

  stop() {
    this.drop();
    for (const stream of this.streams) stream.destroy();
    this.http.close();
    this.http.closeAllConnections();
  }

  async run(words) {
    try {
      return { result: await this.db.exec(words.map((word) => (word.$bytes === undefined ? word : Buffer.from(word.$bytes, "base64")))) };
    } catch (error) {
      return { error: error.message };
    }
  }

  onSocket(socket) {
    this.sockets.add(socket);
    const send = (frame) => socket.send(JSON.stringify(frame));
    let isTrusted = false;
    socket.on("message", async (data) => {
      const { id, ...frame } = JSON.parse(data);
      this.frames.push(frame);
      if (frame.auth !== undefined) isTrusted = frame.auth === TOKEN;
      if (!isTrusted) return send({ id, error: { code: "WRONGPASS", message: "WRONGPASS invalid or missing auth token" } });
      if (frame.auth !== undefined) return send({ id, result: "OK" });
      if (this.onFrame?.(frame, socket)) return;
      send({ id, ...(await this.answer(frame, send)) });
    });
  }

  async answer({ cmd, multi, subscribe, psubscribe, unsubscribe }, send) {
    if (multi) return { result: await Promise.all(multi.map((words) => this.run(words))) };
    if (subscribe ?? psubscribe ?? unsubscribe) {
      for (const channel of subscribe ?? []) this.db.subscribe(channel, (data) => send({ push: "message", channel, data, epoch: "e", offset: 1 }));
      for (const pattern of psubscribe ?? []) this.db.psubscribe(pattern, (data, channel) => send({ push: "pmessage", pattern, channel, data }));
      return { result: {} };
    }
    const { result, error } = await this.run(cmd);
    return error === undefined ? { result } : { error: { code: error.split(" ")[0], message: error, temporary: false } };
  }

  async onRequest(request, response) {
    const body = Buffer.concat(await collect(request));
    const say = (status, json) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return say(401, { error: "WRONGPASS invalid or missing auth token" });
    const path = request.url.split("/").slice(1);
    if (path[0] === "subscribe" || path[0] === "psubscribe") return this.stream(path[0], decodeURIComponent(path[1]), response);
    if (path[0] === "pipeline" || path[0] === "multi-exec") {
      const answers = await Promise.all(JSON.parse(body).map((words) => this.run(words)));
      return say(200, answers.map(encoded));
    }
    const words = request.url === "/" ? JSON.parse(body) : [...path.map(bytesOf), body];
    const answer = await this.run(words);
    say(answer.error === undefined ? 200 : 400, encoded(answer));
  }

  stream(kind, name, response) {
    this.streams.add(response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`: hello\n\ndata: ${kind},${name},1\n\n`);
    if (kind === "subscribe") this.db.subscribe(name, (data) => response.write(`data: message,${name},${data.replaceAll("\n", "\ndata: ")}\n\n`));
    else this.db.psubscribe(name, (data, channel) => response.write(`data: pmessage,${name},${channel},${data}\n\n`));
  }
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

function bytesOf(segment) {
  return Buffer.from(segment.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1");
}

function encoded({ result, error }) {
  const base64 = (value) =>
    typeof value === "string" ? Buffer.from(value).toString("base64") : Array.isArray(value) ? value.map(base64) : value;
  return error === undefined ? { result: result === "OK" ? "OK" : base64(result) } : { error };
}
