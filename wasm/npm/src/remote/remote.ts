/** A store behind a gateway, over whichever transport there is. */
import type { Connection } from "../connection.js";
import type { RemoteOptions } from "../redis.js";
import { DEFAULT_POLICY, type ConnectionState } from "./policy.js";
import { RestConnection } from "./rest.js";
import { WebSocketConnection } from "./websocket.js";

/** The connection that options ask for. */
export function remote(options: RemoteOptions, changed: (state: ConnectionState) => void): Connection {
  const policy = { ...DEFAULT_POLICY, ...options };
  const WebSocketClass = options.webSocket ?? globalThis.WebSocket;
  const transport = options.transport ?? (WebSocketClass && !policy.keepAlive ? "websocket" : "rest");
  if (policy.keepAlive && transport === "websocket") {
    throw new TypeError('keepAlive is about requests over REST: a socket ends with its page. Leave out transport: "websocket"');
  }
  if (transport === "rest") return new RestConnection(options, policy);
  if (!WebSocketClass) throw new TypeError("there is no WebSocket here: pass one as `webSocket`, or use transport: \"rest\"");
  return new WebSocketConnection(options, policy, WebSocketClass, changed);
}
