/** The errors of `@upstash/redis`, with what ours have besides. */
import type { Words } from "../connection.js";
import { RedisError } from "../reply.js";
import { textOf } from "../values.js";

/** What the store answered instead of a result. */
export class UpstashError extends RedisError {
  constructor(error: RedisError, words: Words) {
    const { code, temporary } = error;
    super(`${error.message}, command was: ${JSON.stringify(words.map((word) => textOf(word)))}`, { code, temporary });
    Object.defineProperty(this, "name", { value: "UpstashError" });
    this.cause = error;
  }
}

/** The address is none. */
export class UrlError extends Error {
  constructor(url: unknown) {
    super(`Upstash Redis client was passed an invalid URL. You should pass a URL starting with https. Received: "${String(url)}". `);
    this.name = "UrlError";
  }
}

/** What the gateway answered is not JSON. */
export class UpstashJSONParseError extends Error {
  constructor(body: string, options?: ErrorOptions) {
    super(`Unable to parse response body: ${body.slice(0, 200)}`, options);
    this.name = "UpstashJSONParseError";
  }
}

/** All of them, under the name that `@upstash/redis` exports. */
export const errors = { UpstashError, UrlError, UpstashJSONParseError };
