// Made by `cargo xtask generate` from the command table. Do not edit.
/** The commands whose form follows from their grammar. */
import { command, flatPairs, listOf, optionWords, scanned, someOf, type AtMostOne, type Command } from "./command.js";
import type { Mode, Out } from "./mode.js";
import type { Key, Numeric, Value } from "./values.js";

/** Commands in the form that a place gives them. */
export interface GeneratedCommands<M extends Mode> {
  /**
   * Gives the categories, or the commands of one.
   *
   * O(N) for N commands. Since Redis 6.0.0.
   */
  aclCat<T = string>(categoryname?: Value): Out<M, T[]>;

  /**
   * Removes users, and closes the connections that belong to them.
   *
   * O(N) for N connections. Since Redis 6.0.0.
   */
  aclDeluser(...usernames: Value[]): Out<M, number>;

  /**
   * Tells whether a user may run a request, without running it.
   *
   * O(N) for N rules. Since Redis 7.0.0.
   */
  aclDryrun<T = string>(...args: Value[]): Out<M, "OK" | T>;

  /**
   * Makes up a password.
   *
   * O(1). Since Redis 6.0.0.
   */
  aclGenpass<T = unknown>(bits?: Numeric): Out<M, T>;

  /**
   * Shows a user: its flags, passwords' digests and rules.
   *
   * O(N) for N rules. Since Redis 6.0.0.
   */
  aclGetuser<T = string>(username: Value): Out<M, (T | unknown)[] | null>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 6.0.0.
   */
  aclHelp(): Out<M, string[]>;

  /**
   * Shows each user as a line of rules.
   *
   * O(N) for N users. Since Redis 6.0.0.
   */
  aclList<T = string>(): Out<M, T[]>;

  /**
   * Replaces the users by those of the file of users, or changes nothing if a line of it is wrong.
   *
   * O(N) for N users. Since Redis 6.0.0.
   */
  aclLoad(): Out<M, "OK">;

  /**
   * Shows what was denied lately, or forgets it.
   *
   * O(N) for N entries. Since Redis 6.0.0.
   */
  aclLog<T = string>(...args: Value[]): Out<M, ((T | unknown)[])[] | "OK">;

  /**
   * Makes a bearer token with which HTTP and WebSocket clients are this user.
   *
   * O(N) for N passwords of the user. Since Redis 7.2.0.
   */
  aclResttoken<T = unknown>(username: Value, password: Value): Out<M, T>;

  /**
   * Writes the users into the file of users.
   *
   * O(N) for N users. Since Redis 6.0.0.
   */
  aclSave(): Out<M, "OK">;

  /**
   * Adds a user or changes one, by all of the rules or, if one is wrong, by none.
   *
   * O(N) for N rules. Since Redis 6.0.0.
   */
  aclSetuser(...args: Value[]): Out<M, "OK">;

  /**
   * Gives the names of all users.
   *
   * O(N) for N users. Since Redis 6.0.0.
   */
  aclUsers<T = string>(): Out<M, T[]>;

  /**
   * Gives the name of the user that this connection belongs to.
   *
   * O(1). Since Redis 6.0.0.
   */
  aclWhoami<T = unknown>(): Out<M, T>;

  /**
   * Adds bytes to the end of a value; a missing key counts as empty.
   *
   * O(1) amortised. Since Redis 2.0.0.
   */
  append(key: Key, value: Value): Out<M, number>;

  /**
   * Begins the append-only log anew with the data as it is, while requests go on.
   *
   * O(N) for N keys. Since Redis 1.0.0.
   */
  bgrewriteaof(): Out<M, string>;

  /**
   * Saves all data in an RDB file, and answers at once.
   *
   * O(N) for N keys. Since Redis 1.0.0.
   */
  bgsave(options?: { schedule?: boolean }): Out<M, string>;

  /**
   * Counts the bits that are set in a value or in a part of it.
   *
   * O(N) for N bytes. Since Redis 2.6.0.
   */
  bitcount(key: Key, options?: { start?: Numeric; end?: Numeric; unit?: "BYTE" | "byte" | "BIT" | "bit" }): Out<M, number>;

  /**
   * Reads and changes integers of any width within a value.
   *
   * O(1) for each operation. Since Redis 3.2.0.
   */
  bitfield(...args: Value[]): Out<M, (number | null)[]>;

  /**
   * Reads integers of any width within a value.
   *
   * O(1) for each operation. Since Redis 6.0.0.
   */
  bitfield_ro(key: Key, options?: { encoding?: Value; offset?: Numeric }): Out<M, number[]>;

  /**
   * Combines values bit by bit and keeps the result in a key.
   *
   * O(N) for N bytes in all values. Since Redis 2.6.0.
   */
  bitop(operation: "AND" | "and" | "OR" | "or" | "XOR" | "xor" | "NOT" | "not" | "DIFF" | "diff" | "DIFF1" | "diff1" | "ANDOR" | "andor" | "ONE" | "one", destkey: Key, ...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Finds the first bit that is set or clear in a value or in a part of it.
   *
   * O(N) for N bytes. Since Redis 2.8.7.
   */
  bitpos(...args: Value[]): Out<M, number>;

  /**
   * Takes an element from an end of one list and adds it at an end of another, or waits for one.
   *
   * O(1). Since Redis 6.2.0.
   */
  blmove<T = unknown>(source: Key, destination: Key, wherefrom: "LEFT" | "left" | "RIGHT" | "right", whereto: "LEFT" | "left" | "RIGHT" | "right", timeout: Numeric): Out<M, T | null>;

  /**
   * Pops elements from the first of several lists that exists, or waits for one.
   *
   * O(N+M) with N keys and M elements returned. Since Redis 7.0.0.
   */
  blmpop<T = string>(timeout: Numeric, numkeys: Numeric, keys: Key | Key[], where: "LEFT" | "left" | "RIGHT" | "right", options?: { count?: Numeric }): Out<M, null | [T, T[]]>;

  /**
   * Pops the first element from the first of several lists that exists, or waits for one.
   *
   * O(N) for N keys. Since Redis 2.0.0.
   */
  blpop<T = string>(keys: Key | Key[], timeout: Numeric): Out<M, null | [T, T]>;

  /**
   * Pops the last element from the first of several lists that exists, or waits for one.
   *
   * O(N) for N keys. Since Redis 2.0.0.
   */
  brpop<T = string>(keys: Key | Key[], timeout: Numeric): Out<M, null | [T, T]>;

  /**
   * Takes the last element of one list and adds it at the head of another, or waits for one.
   *
   * O(1). Since Redis 2.2.0.
   */
  brpoplpush<T = unknown>(source: Key, destination: Key, timeout: Numeric): Out<M, T | null>;

  /**
   * Pops members from the first of several sorted sets that is not empty, or waits for one.
   *
   * O(log(N)*M) with M members popped. Since Redis 7.0.0.
   */
  bzmpop<T = string>(timeout: Numeric, numkeys: Numeric, keys: Key | Key[], where: "MIN" | "min" | "MAX" | "max", options?: { count?: Numeric }): Out<M, null | [T, [T, number][]]>;

  /**
   * Pops the member with the highest score from the first sorted set that is not empty, or waits.
   *
   * O(log(N)). Since Redis 5.0.0.
   */
  bzpopmax<T = string>(keys: Key | Key[], timeout: Numeric): Out<M, null | [T, T, number]>;

  /**
   * Pops the member with the lowest score from the first sorted set that is not empty, or waits.
   *
   * O(log(N)). Since Redis 5.0.0.
   */
  bzpopmin<T = string>(keys: Key | Key[], timeout: Numeric): Out<M, null | [T, T, number]>;

  /**
   * Gives the name of this connection.
   *
   * O(1). Since Redis 2.6.9.
   */
  clientGetname<T = unknown>(): Out<M, T | null>;

  /**
   * Gives the connection that is told of changed keys: 0 for this one, -1 for none.
   *
   * O(1). Since Redis 6.0.0.
   */
  clientGetredir(): Out<M, number>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 5.0.0.
   */
  clientHelp(): Out<M, string[]>;

  /**
   * Gives the number of this connection.
   *
   * O(1). Since Redis 5.0.0.
   */
  clientId(): Out<M, number>;

  /**
   * Gives the line of fields of this connection.
   *
   * O(1). Since Redis 6.2.0.
   */
  clientInfo(): Out<M, string>;

  /**
   * Gives a line of fields for each connection.
   *
   * O(N) for N connections. Since Redis 2.4.0.
   */
  clientList(options?: { type?: "NORMAL" | "normal" | "MASTER" | "master" | "REPLICA" | "replica" | "PUBSUB" | "pubsub"; id?: Numeric[] }): Out<M, string>;

  /**
   * Says whether this connection may be closed when memory runs out.
   *
   * O(1). Since Redis 7.0.0.
   */
  clientNoEvict(enabled: "ON" | "on" | "OFF" | "off"): Out<M, "OK">;

  /**
   * Says whether reads of this connection count as uses of a key.
   *
   * O(1). Since Redis 7.2.0.
   */
  clientNoTouch(enabled: "ON" | "on" | "OFF" | "off"): Out<M, "OK">;

  /**
   * Lets requests, or those that may write, wait for some time.
   *
   * O(1). Since Redis 2.9.50.
   */
  clientPause(timeout: Numeric, mode?: "WRITE" | "write" | "ALL" | "all"): Out<M, "OK">;

  /**
   * Tells which library the client uses.
   *
   * O(1). Since Redis 7.2.0.
   */
  clientSetinfo(...args: Value[]): Out<M, "OK">;

  /**
   * Names this connection; an empty name takes its name away.
   *
   * O(1). Since Redis 2.6.9.
   */
  clientSetname(connectionName: Value): Out<M, "OK">;

  /**
   * Tells how this connection tracks keys.
   *
   * O(1). Since Redis 6.2.0.
   */
  clientTrackinginfo<T = string>(): Out<M, (T | unknown)[]>;

  /**
   * Ends the wait of another connection, as if its time were over or with an error.
   *
   * O(log N) for N waits. Since Redis 5.0.0.
   */
  clientUnblock(clientId: Numeric, unblockType?: "TIMEOUT" | "timeout" | "ERROR" | "error"): Out<M, number>;

  /**
   * Ends a pause: what has waited is executed now.
   *
   * O(N) for N waiting requests. Since Redis 6.2.0.
   */
  clientUnpause(): Out<M, "OK">;

  /**
   * Describes every command.
   *
   * O(N) for N commands. Since Redis 2.8.13.
   */
  command(): Out<M, unknown[]>;

  /**
   * Gives the number of commands.
   *
   * O(1). Since Redis 2.8.13.
   */
  commandCount(): Out<M, number>;

  /**
   * Describes some commands, or all, for people.
   *
   * O(N) for N commands. Since Redis 7.0.0.
   */
  commandDocs<T = string>(...args: Value[]): Out<M, (T | unknown)[]>;

  /**
   * Gives the keys of a request.
   *
   * O(N) for N words. Since Redis 2.8.13.
   */
  commandGetkeys<T = string>(command_: Value, ...args: Value[]): Out<M, T[]>;

  /**
   * Gives the keys of a request and what is done with them.
   *
   * O(N) for N words. Since Redis 7.0.0.
   */
  commandGetkeysandflags<T = string>(command_: Value, ...args: Value[]): Out<M, [T, string[]][]>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 5.0.0.
   */
  commandHelp(): Out<M, string[]>;

  /**
   * Describes some commands, or all, for programs.
   *
   * O(N) for N commands. Since Redis 2.8.13.
   */
  commandInfo(...args: Value[]): Out<M, unknown[]>;

  /**
   * Gives the names of the commands, or of those that fit a condition.
   *
   * O(N) for N commands. Since Redis 7.0.0.
   */
  commandList<T = string>(...args: Value[]): Out<M, T[]>;

  /**
   * Gives the parameters whose names match the patterns.
   *
   * O(N) for N parameters. Since Redis 2.0.0.
   */
  configGet<T = string>(...args: Value[]): Out<M, T[]>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 5.0.0.
   */
  configHelp(): Out<M, string[]>;

  /**
   * Sets the counters of INFO to zero.
   *
   * O(1). Since Redis 2.0.0.
   */
  configResetstat(): Out<M, "OK">;

  /**
   * Writes the parameters that were changed into the configuration file.
   *
   * O(1). Since Redis 2.8.0.
   */
  configRewrite(): Out<M, "OK">;

  /**
   * Changes parameters, all of them or, if one cannot be changed, none.
   *
   * O(N) for N parameters. Since Redis 2.0.0.
   */
  configSet(...args: Value[]): Out<M, "OK">;

  /**
   * Gives the number of keys of the database.
   *
   * O(1). Since Redis 1.0.0.
   */
  dbsize(): Out<M, number>;

  /**
   * Shows and does what tests of a store need; DEBUG HELP tells more.
   *
   * Depends on the subcommand. Since Redis 1.0.0.
   */
  debug(...args: Value[]): Out<M, unknown>;

  /**
   * Takes one from the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  decr(key: Key): Out<M, number>;

  /**
   * Takes from the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  decrby(key: Key, decrement: Numeric): Out<M, number>;

  /**
   * Removes keys; gives how many there were.
   *
   * O(N) for N keys and the elements in them. Since Redis 1.0.0.
   */
  del(...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Removes a key if its value fits a condition.
   *
   * O(1) for IFEQ and IFNE, else O(N) for N bytes. Since Redis 8.4.0.
   */
  delex(key: Key, options?: AtMostOne<{ ifeq?: Value } | { ifne?: Value } | { ifdeq?: Value } | { ifdne?: Value }>): Out<M, number>;

  /**
   * Gives the digest of a value, to compare it with later.
   *
   * O(N) for N bytes. Since Redis 8.4.0.
   */
  digest<T = unknown>(key: Key): Out<M, T | null>;

  /**
   * Gives what a key holds as bytes that RESTORE understands.
   *
   * O(N) for N bytes. Since Redis 2.6.0.
   */
  dump<T = unknown>(key: Key): Out<M, T | null>;

  /**
   * Answers the message.
   *
   * O(1). Since Redis 1.0.0.
   */
  echo(message: Value): Out<M, string>;

  /**
   * Runs a script in Lua as one step.
   *
   * That of the script. Since Redis 2.6.0.
   */
  eval(...args: Value[]): Out<M, unknown>;

  /**
   * Runs a script that is known already, by the SHA-1 of its text.
   *
   * That of the script. Since Redis 2.6.0.
   */
  evalsha(...args: Value[]): Out<M, unknown>;

  /**
   * Runs a script that is known already and only reads, by the SHA-1 of its text.
   *
   * That of the script. Since Redis 7.0.0.
   */
  evalsha_ro(...args: Value[]): Out<M, unknown>;

  /**
   * Runs a script in Lua that only reads.
   *
   * That of the script. Since Redis 7.0.0.
   */
  eval_ro(...args: Value[]): Out<M, unknown>;

  /**
   * Gives how many of the keys are there; one that is named twice counts twice.
   *
   * O(N) for N keys. Since Redis 1.0.0.
   */
  exists(...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Lets a key expire in so many seconds.
   *
   * O(1). Since Redis 1.0.0.
   */
  expire(key: Key, seconds: Numeric, condition?: "NX" | "nx" | "XX" | "xx" | "GT" | "gt" | "LT" | "lt"): Out<M, number>;

  /**
   * Lets a key expire at a time in seconds since 1970.
   *
   * O(1). Since Redis 1.2.0.
   */
  expireat(key: Key, unixTimeSeconds: Numeric, condition?: "NX" | "nx" | "XX" | "xx" | "GT" | "gt" | "LT" | "lt"): Out<M, number>;

  /**
   * Gives the time when a key expires, in seconds since 1970.
   *
   * O(1). Since Redis 7.0.0.
   */
  expiretime(key: Key): Out<M, number>;

  /**
   * Runs a function of a library as one step.
   *
   * That of the script. Since Redis 7.0.0.
   */
  fcall(...args: Value[]): Out<M, unknown>;

  /**
   * Runs a function of a library that only reads.
   *
   * That of the script. Since Redis 7.0.0.
   */
  fcall_ro(...args: Value[]): Out<M, unknown>;

  /**
   * Removes a library and its functions.
   *
   * O(1). Since Redis 7.0.0.
   */
  functionDelete(libraryName: Value): Out<M, "OK">;

  /**
   * Gives all libraries as bytes that FUNCTION RESTORE understands.
   *
   * O(N) for N functions. Since Redis 7.0.0.
   */
  functionDump<T = unknown>(): Out<M, T>;

  /**
   * Removes all libraries.
   *
   * O(N) for N functions. Since Redis 7.0.0.
   */
  functionFlush(flushType?: "ASYNC" | "async" | "SYNC" | "sync"): Out<M, "OK">;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 7.0.0.
   */
  functionHelp(): Out<M, string[]>;

  /**
   * Ends the function that runs, unless it has written something.
   *
   * O(1). Since Redis 7.0.0.
   */
  functionKill(): Out<M, "OK">;

  /**
   * Shows the libraries and their functions.
   *
   * O(N) for N functions. Since Redis 7.0.0.
   */
  functionList<T = string>(options?: { libraryname?: Value; withcode?: boolean }): Out<M, ((T | unknown)[])[]>;

  /**
   * Adds a library of functions, and gives its name.
   *
   * O(N) for a text of N bytes. Since Redis 7.0.0.
   */
  functionLoad<T = unknown>(...args: Value[]): Out<M, T>;

  /**
   * Adds the libraries that FUNCTION DUMP gave: all of them or none.
   *
   * O(N) for N functions. Since Redis 7.0.0.
   */
  functionRestore(serializedValue: Value, policy?: "FLUSH" | "flush" | "APPEND" | "append" | "REPLACE" | "replace"): Out<M, "OK">;

  /**
   * Shows the function that runs, and how many libraries and functions there are.
   *
   * O(1). Since Redis 7.0.0.
   */
  functionStats<T = string>(): Out<M, (T | unknown)[]>;

  /**
   * Gives the distance between two members.
   *
   * O(log(N)). Since Redis 3.2.0.
   */
  geodist<T = unknown>(key: Key, member1: Value, member2: Value, unit?: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi"): Out<M, T | null>;

  /**
   * Finds the members within a distance of a place; may store them.
   *
   * O(log(N)+M) for M members in the cells of the map that cover the area. Since Redis 3.2.0.
   */
  georadius<T = string>(key: Key, longitude: Numeric, latitude: Numeric, radius: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi", options?: { withcoord?: boolean; withdist?: boolean; withhash?: boolean; count?: Numeric; any?: boolean; store?: Key; storedist?: Key } & AtMostOne<{ asc?: boolean } | { desc?: boolean }>): Out<M, (T | unknown[])[] | number>;

  /**
   * Finds the members within a distance of a member; may store them.
   *
   * O(log(N)+M) for M members in the cells of the map that cover the area. Since Redis 3.2.0.
   */
  georadiusbymember<T = string>(key: Key, member: Value, radius: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi", options?: { withcoord?: boolean; withdist?: boolean; withhash?: boolean; count?: Numeric; any?: boolean; store?: Key; storedist?: Key } & AtMostOne<{ asc?: boolean } | { desc?: boolean }>): Out<M, (T | unknown[])[] | number>;

  /**
   * Finds the members within a distance of a member.
   *
   * O(log(N)+M) for M members in the cells of the map that cover the area. Since Redis 3.2.10.
   */
  georadiusbymember_ro<T = string>(key: Key, member: Value, radius: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi", options?: { withcoord?: boolean; withdist?: boolean; withhash?: boolean; count?: Numeric; any?: boolean } & AtMostOne<{ asc?: boolean } | { desc?: boolean }>): Out<M, (T | unknown[])[]>;

  /**
   * Finds the members within a distance of a place.
   *
   * O(log(N)+M) for M members in the cells of the map that cover the area. Since Redis 3.2.10.
   */
  georadius_ro<T = string>(key: Key, longitude: Numeric, latitude: Numeric, radius: Numeric, unit: "M" | "m" | "KM" | "km" | "FT" | "ft" | "MI" | "mi", options?: { withcoord?: boolean; withdist?: boolean; withhash?: boolean; count?: Numeric; any?: boolean } & AtMostOne<{ asc?: boolean } | { desc?: boolean }>): Out<M, (T | unknown[])[]>;

  /**
   * Gives the value of a key.
   *
   * O(1). Since Redis 1.0.0.
   */
  get<T = unknown>(key: Key): Out<M, T | null>;

  /**
   * Gives a bit of a value; bits behind its end are 0.
   *
   * O(1). Since Redis 2.2.0.
   */
  getbit(key: Key, offset: Numeric): Out<M, number>;

  /**
   * Gives the value of a key and removes the key.
   *
   * O(1). Since Redis 6.2.0.
   */
  getdel<T = unknown>(key: Key): Out<M, T | null>;

  /**
   * Gives the value of a key and changes its TTL.
   *
   * O(1). Since Redis 6.2.0.
   */
  getex<T = unknown>(key: Key, options?: AtMostOne<{ ex?: Numeric } | { px?: Numeric } | { exat?: Numeric } | { pxat?: Numeric } | { persist?: boolean }>): Out<M, T | null>;

  /**
   * Gives a part of a value; negative offsets count from its end.
   *
   * O(N) for N bytes given. Since Redis 2.4.0.
   */
  getrange(key: Key, start: Numeric, end: Numeric): Out<M, string>;

  /**
   * Sets the value of a key and gives the one before.
   *
   * O(1). Since Redis 1.0.0.
   */
  getset<T = unknown>(key: Key, value: Value): Out<M, T | null>;

  /**
   * Removes fields from a hash.
   *
   * O(N) for N fields given. Since Redis 2.0.0.
   */
  hdel(key: Key, ...fields: Value[]): Out<M, number>;

  /**
   * Says whether a hash has a field.
   *
   * O(1). Since Redis 2.0.0.
   */
  hexists(key: Key, field: Value): Out<M, number>;

  /**
   * Gives the value of a field.
   *
   * O(1). Since Redis 2.0.0.
   */
  hget<T = unknown>(key: Key, field: Value): Out<M, T | null>;

  /**
   * Gives the values of fields and removes these.
   *
   * O(N) for N fields given. Since Redis 8.0.0.
   */
  hgetdel<T = string>(...args: Value[]): Out<M, (T | null)[]>;

  /**
   * Gives the values of fields and changes when these expire.
   *
   * O(N log M) for N fields of M that expire. Since Redis 8.0.0.
   */
  hgetex<T = string>(...args: Value[]): Out<M, (T | null)[]>;

  /**
   * Adds to the integer in a field; a missing field counts as 0.
   *
   * O(1). Since Redis 2.0.0.
   */
  hincrby(key: Key, field: Value, increment: Numeric): Out<M, number>;

  /**
   * Adds to the float in a field; a missing field counts as 0.
   *
   * O(1). Since Redis 2.6.0.
   */
  hincrbyfloat(key: Key, field: Value, increment: Numeric): Out<M, number>;

  /**
   * Gives all fields of a hash without their values.
   *
   * O(N) for N fields. Since Redis 2.0.0.
   */
  hkeys<T = string>(key: Key): Out<M, T[]>;

  /**
   * Counts the fields of a hash.
   *
   * O(1). Since Redis 2.0.0.
   */
  hlen(key: Key): Out<M, number>;

  /**
   * Gives some fields of a hash, with or without values, and a cursor to go on with.
   *
   * O(COUNT) for each call. Since Redis 2.8.0.
   */
  hscan<T = string | number>(key: Key, cursor: Numeric, options?: { match?: string; count?: Numeric; noValues?: boolean }): Out<M, [string, T[]]>;

  /**
   * Sets fields of a hash and when they expire, on a condition that all of them have to meet.
   *
   * O(N log M) for N fields of M that expire. Since Redis 8.0.0.
   */
  hsetex(...args: Value[]): Out<M, number>;

  /**
   * Sets a field that the hash does not have yet.
   *
   * O(1). Since Redis 2.0.0.
   */
  hsetnx(key: Key, field: Value, value: Value): Out<M, number>;

  /**
   * Gives the length of a field's value in bytes.
   *
   * O(1). Since Redis 3.2.0.
   */
  hstrlen(key: Key, field: Value): Out<M, number>;

  /**
   * Gives the values of all fields of a hash.
   *
   * O(N) for N fields. Since Redis 2.0.0.
   */
  hvals<T = string>(key: Key): Out<M, T[]>;

  /**
   * Adds one to the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  incr(key: Key): Out<M, number>;

  /**
   * Adds to the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  incrby(key: Key, increment: Numeric): Out<M, number>;

  /**
   * Adds to the float in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 2.6.0.
   */
  incrbyfloat(key: Key, increment: Numeric): Out<M, number>;

  /**
   * Tells about the server: what it is, what it has done, what it holds.
   *
   * O(1). Since Redis 1.0.0.
   */
  info(...args: Value[]): Out<M, string>;

  /**
   * Gives every key that matches a pattern.
   *
   * O(N) for N keys of the database. Since Redis 1.0.0.
   */
  keys(pattern: string): Out<M, string[]>;

  /**
   * Gives when the data was last saved in an RDB file, in seconds since 1970; else when the store began.
   *
   * O(1). Since Redis 1.0.0.
   */
  lastsave(): Out<M, number>;

  /**
   * Tells people what took too long lately.
   *
   * O(1). Since Redis 2.8.13.
   */
  latencyDoctor<T = unknown>(): Out<M, T>;

  /**
   * Draws when an event took too long, and how long.
   *
   * O(1). Since Redis 2.8.13.
   */
  latencyGraph<T = unknown>(event: Value): Out<M, T>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 2.8.13.
   */
  latencyHelp(): Out<M, string[]>;

  /**
   * Tells how often commands took how long, where latency-tracking measures them.
   *
   * O(N) for N commands. Since Redis 7.0.0.
   */
  latencyHistogram<T = string>(...args: Value[]): Out<M, (T | (T | unknown)[])[]>;

  /**
   * Gives the times at which an event took too long, and how many milliseconds.
   *
   * O(1). Since Redis 2.8.13.
   */
  latencyHistory(event: Value): Out<M, [number, number][]>;

  /**
   * Gives for each event when it last took too long, how long then, and how long at most.
   *
   * O(1). Since Redis 2.8.13.
   */
  latencyLatest<T = string>(): Out<M, [T, number, number, number][]>;

  /**
   * Forgets some events, or all.
   *
   * O(N) for N events. Since Redis 2.8.13.
   */
  latencyReset(...args: Value[]): Out<M, number>;

  /**
   * Finds the longest common subsequence of two values.
   *
   * O(N*M) for values of N and M bytes. Since Redis 7.0.0.
   */
  lcs<T = string>(key1: Key, key2: Key, options?: { len?: boolean; idx?: boolean; minMatchLen?: Numeric; withMatchLen?: boolean }): Out<M, T | number | (T | unknown)[]>;

  /**
   * Returns the element at an index.
   *
   * O(N) with N elements between it and the nearer end. Since Redis 1.0.0.
   */
  lindex<T = unknown>(key: Key, index: Numeric): Out<M, T | null>;

  /**
   * Inserts an element before or after the first one that equals the pivot.
   *
   * O(N) with N elements before it. Since Redis 2.2.0.
   */
  linsert(key: Key, where: "BEFORE" | "before" | "AFTER" | "after", pivot: Value, element: Value): Out<M, number>;

  /**
   * Counts the elements of a list.
   *
   * O(1). Since Redis 1.0.0.
   */
  llen(key: Key): Out<M, number>;

  /**
   * Takes an element from an end of one list and adds it at an end of another.
   *
   * O(1). Since Redis 6.2.0.
   */
  lmove<T = unknown>(source: Key, destination: Key, wherefrom: "LEFT" | "left" | "RIGHT" | "right", whereto: "LEFT" | "left" | "RIGHT" | "right"): Out<M, T | null>;

  /**
   * Shows a picture and the version: a duck, a maze (5) or a city (6), of so many columns and rows.
   *
   *  Since Redis 5.0.0.
   */
  lolwut<T = unknown>(options?: { version?: Numeric }): Out<M, T>;

  /**
   * Removes the first elements of a list and returns them.
   *
   * O(N) with N elements returned. Since Redis 1.0.0.
   */
  lpop<T = unknown>(key: Key, count?: Numeric): Out<M, T | null>;

  /**
   * Returns the indexes of elements that equal the given one.
   *
   * O(N) with N elements looked at. Since Redis 6.0.6.
   */
  lpos(key: Key, element: Value, options?: { rank?: Numeric; count?: Numeric; maxLen?: Numeric }): Out<M, number | null | number[]>;

  /**
   * Adds elements at the head of a list, one before the other.
   *
   * O(N) for N elements. Since Redis 1.0.0.
   */
  lpush(key: Key, ...elements: Value[]): Out<M, number>;

  /**
   * Adds elements at the head of a list that exists.
   *
   * O(N) for N elements. Since Redis 2.2.0.
   */
  lpushx(key: Key, ...elements: Value[]): Out<M, number>;

  /**
   * Returns the elements from one index to another, both included.
   *
   * O(S+N) with S elements between the first one and the nearer end, and N returned. Since Redis 1.0.0.
   */
  lrange<T = string>(key: Key, start: Numeric, stop: Numeric): Out<M, T[]>;

  /**
   * Removes elements that equal the given one: from the head, from the tail (negative count), or all (0).
   *
   * O(N) with N elements in the list. Since Redis 1.0.0.
   */
  lrem(key: Key, count: Numeric, element: Value): Out<M, number>;

  /**
   * Replaces the element at an index.
   *
   * O(N) with N elements between it and the nearer end. Since Redis 1.0.0.
   */
  lset(key: Key, index: Numeric, element: Value): Out<M, "OK">;

  /**
   * Keeps the elements from one index to another, both included.
   *
   * O(N) with N elements removed. Since Redis 1.0.0.
   */
  ltrim(key: Key, start: Numeric, stop: Numeric): Out<M, "OK">;

  /**
   * Tells people whether there is a problem with memory.
   *
   * O(1). Since Redis 4.0.0.
   */
  memoryDoctor<T = unknown>(): Out<M, T>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 4.0.0.
   */
  memoryHelp(): Out<M, string[]>;

  /**
   * Says that the allocator tells nothing.
   *
   * O(1). Since Redis 4.0.0.
   */
  memoryMallocStats<T = unknown>(): Out<M, T>;

  /**
   * Does nothing: memory that is free is given back without being asked.
   *
   * O(1). Since Redis 4.0.0.
   */
  memoryPurge(): Out<M, "OK">;

  /**
   * Tells what the keys take in all.
   *
   * O(1). Since Redis 4.0.0.
   */
  memoryStats<T = string>(): Out<M, (T | unknown)[]>;

  /**
   * Gives the bytes that a key and its value take. Large values are estimated from some elements.
   *
   * O(1). Since Redis 4.0.0.
   */
  memoryUsage(key: Key, options?: { samples?: Numeric }): Out<M, number | null>;

  /**
   * Gives the values of several keys; null for one that is missing or not a string.
   *
   * O(N) for N keys. Since Redis 1.0.0.
   */
  mget<T extends unknown[] = string[]>(...keys: (Key | Key[])[]): Out<M, T>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 5.0.0.
   */
  moduleHelp(): Out<M, string[]>;

  /**
   * Lists the modules: none.
   *
   * O(1). Since Redis 4.0.0.
   */
  moduleList(): Out<M, unknown[]>;

  /**
   * Moves a key to another database, unless it is there already.
   *
   * O(1). Since Redis 1.0.0.
   */
  move(key: Key, db: Numeric): Out<M, number>;

  /**
   * Sets several keys and their TTL, if all of them are there or none is.
   *
   * O(N) for N keys. Since Redis 8.4.0.
   */
  msetex(...args: Value[]): Out<M, number>;

  /**
   * Gives the form in which a key's value is stored.
   *
   * O(1). Since Redis 2.2.3.
   */
  objectEncoding<T = unknown>(key: Key): Out<M, T | null>;

  /**
   * Gives how often a key is used, on a logarithmic scale, under a policy that counts uses.
   *
   * O(1). Since Redis 4.0.0.
   */
  objectFreq(key: Key): Out<M, number | null>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 6.2.0.
   */
  objectHelp(): Out<M, string[]>;

  /**
   * Gives the seconds since a key was used, or since the store began if that is later.
   *
   * O(1). Since Redis 2.2.3.
   */
  objectIdletime(key: Key): Out<M, number | null>;

  /**
   * Gives how many keys share a value: always 1, for values are not shared.
   *
   * O(1). Since Redis 2.2.3.
   */
  objectRefcount(key: Key): Out<M, number | null>;

  /**
   * Gives a key's version, for a transaction that is to run only if the key is still the same.
   *
   * O(1). Since Redis 7.2.0.
   */
  objectVersion<T = unknown>(key: Key): Out<M, T>;

  /**
   * Takes away a key's deadline.
   *
   * O(1). Since Redis 2.2.0.
   */
  persist(key: Key): Out<M, number>;

  /**
   * Lets a key expire in so many milliseconds.
   *
   * O(1). Since Redis 2.6.0.
   */
  pexpire(key: Key, milliseconds: Numeric, condition?: "NX" | "nx" | "XX" | "xx" | "GT" | "gt" | "LT" | "lt"): Out<M, number>;

  /**
   * Lets a key expire at a time in milliseconds since 1970.
   *
   * O(1). Since Redis 2.6.0.
   */
  pexpireat(key: Key, unixTimeMilliseconds: Numeric, condition?: "NX" | "nx" | "XX" | "xx" | "GT" | "gt" | "LT" | "lt"): Out<M, number>;

  /**
   * Gives the time when a key expires, in milliseconds since 1970.
   *
   * O(1). Since Redis 7.0.0.
   */
  pexpiretime(key: Key): Out<M, number>;

  /**
   * Adds elements to a HyperLogLog and says whether its estimate may have changed.
   *
   * O(1) for each element. Since Redis 2.8.9.
   */
  pfadd(...args: Value[]): Out<M, number>;

  /**
   * Estimates how many different elements were added to a HyperLogLog, or to several together.
   *
   * O(1) for a single key whose estimate is known, else O(N) for N keys, with a large constant. Since Redis 2.8.9.
   */
  pfcount(...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Shows the registers or the encoding of a HyperLogLog, or makes it dense.
   *
   * O(1), the registers aside. Since Redis 2.8.9.
   */
  pfdebug<T = string>(subcommand: Value, key: Key): Out<M, number[] | T | string | number>;

  /**
   * Adds several HyperLogLogs to one.
   *
   * O(N) for N keys, with a large constant. Since Redis 2.8.9.
   */
  pfmerge(...args: Value[]): Out<M, "OK">;

  /**
   * Checks the estimates of HyperLogLogs against known numbers of elements.
   *
   * O(1), with a large constant. Since Redis 2.8.9.
   */
  pfselftest(): Out<M, "OK">;

  /**
   * Answers PONG, or the message.
   *
   * O(1). Since Redis 1.0.0.
   */
  ping<T = string>(message?: Value): Out<M, string | T | [T, T]>;

  /**
   * Sets the value of a key and its TTL in milliseconds.
   *
   * O(1). Since Redis 2.6.0.
   */
  psetex(key: Key, milliseconds: Numeric, value: Value): Out<M, "OK">;

  /**
   * Gives the milliseconds until a key expires.
   *
   * O(1). Since Redis 2.6.0.
   */
  pttl(key: Key): Out<M, number>;

  /**
   * Sends a message to everyone who listens to the channel; gives the number of receivers.
   *
   * O(N+M) for N listeners of the channel and M patterns. Since Redis 2.0.0.
   */
  publish(channel: Value, message: Value): Out<M, number>;

  /**
   * Gives the channels that someone listens to.
   *
   * O(N) for N channels. Since Redis 2.8.0.
   */
  pubsubChannels<T = string>(pattern?: string): Out<M, T[]>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 6.2.0.
   */
  pubsubHelp(): Out<M, string[]>;

  /**
   * Gives the number of patterns that someone listens to.
   *
   * O(N) for N patterns. Since Redis 2.8.0.
   */
  pubsubNumpat(): Out<M, number>;

  /**
   * Gives each channel with the number of its listeners, patterns not counted.
   *
   * O(N) for N channels. Since Redis 2.8.0.
   */
  pubsubNumsub<T = string>(...args: Value[]): Out<M, (T | number)[]>;

  /**
   * Gives the sharded channels that someone listens to.
   *
   * O(N) for N channels. Since Redis 7.0.0.
   */
  pubsubShardchannels<T = string>(pattern?: string): Out<M, T[]>;

  /**
   * Gives each sharded channel with the number of its listeners.
   *
   * O(N) for N channels. Since Redis 7.0.0.
   */
  pubsubShardnumsub<T = string>(...args: Value[]): Out<M, (T | number)[]>;

  /**
   * Gives a key by chance.
   *
   * O(1). Since Redis 1.0.0.
   */
  randomkey(): Out<M, string | null>;

  /**
   * Gives a key another name, in the place of whatever had that name.
   *
   * O(1). Since Redis 1.0.0.
   */
  rename(key: Key, newkey: Key): Out<M, "OK">;

  /**
   * Gives a key another name that no key has yet.
   *
   * O(1). Since Redis 1.0.0.
   */
  renamenx(key: Key, newkey: Key): Out<M, number>;

  /**
   * Makes a key of what DUMP gave.
   *
   * O(N) for N bytes; O(N*log(N)) for a sorted set. Since Redis 2.6.0.
   */
  restore(key: Key, ttl: Numeric, serializedValue: Value, options?: { replace?: boolean; absttl?: boolean; idletime?: Numeric; freq?: Numeric }): Out<M, "OK">;

  /**
   * Tells the store's part in replication: a primary, how much it has written, and its replicas, of which it has none.
   *
   * O(1). Since Redis 2.8.12.
   */
  role<T = string>(): Out<M, [T, number, unknown[]]>;

  /**
   * Removes the last elements of a list and returns them, last first.
   *
   * O(N) with N elements returned. Since Redis 1.0.0.
   */
  rpop<T = unknown>(key: Key, count?: Numeric): Out<M, T | null>;

  /**
   * Takes the last element of one list and adds it at the head of another.
   *
   * O(1). Since Redis 1.2.0.
   */
  rpoplpush<T = unknown>(source: Key, destination: Key): Out<M, T | null>;

  /**
   * Adds elements at the tail of a list, one behind the other.
   *
   * O(N) for N elements. Since Redis 1.0.0.
   */
  rpush(key: Key, ...elements: Value[]): Out<M, number>;

  /**
   * Adds elements at the tail of a list that exists.
   *
   * O(N) for N elements. Since Redis 2.2.0.
   */
  rpushx(key: Key, ...elements: Value[]): Out<M, number>;

  /**
   * Adds members to a set; a missing key counts as an empty set.
   *
   * O(N) for N members given. Since Redis 1.0.0.
   */
  sadd(key: Key, ...members: Value[]): Out<M, number>;

  /**
   * Saves all data in an RDB file, and answers when it is on the disk.
   *
   * O(N) for N keys. Since Redis 1.0.0.
   */
  save(): Out<M, "OK">;

  /**
   * Gives some keys, and a cursor to go on with.
   *
   * O(1) per call, O(N) for all N keys. Since Redis 2.8.0.
   */
  scan<T = string | number>(cursor: Numeric, options?: { match?: string; count?: Numeric; type?: Value }): Out<M, [string, T[]]>;

  /**
   * Counts the members of a set.
   *
   * O(1). Since Redis 1.0.0.
   */
  scard(key: Key): Out<M, number>;

  /**
   * Would turn the debugging of scripts on or off; it is always off.
   *
   * O(1). Since Redis 3.2.0.
   */
  scriptDebug(mode: "YES" | "yes" | "SYNC" | "sync" | "NO" | "no"): Out<M, "OK">;

  /**
   * Tells which scripts are known.
   *
   * O(N) for N scripts. Since Redis 2.6.0.
   */
  scriptExists(...sha1s: Value[]): Out<M, number[]>;

  /**
   * Forgets all scripts.
   *
   * O(N) for N scripts. Since Redis 2.6.0.
   */
  scriptFlush(flushType?: "ASYNC" | "async" | "SYNC" | "sync"): Out<M, "OK">;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 5.0.0.
   */
  scriptHelp(): Out<M, string[]>;

  /**
   * Ends the script that runs, unless it has written something.
   *
   * O(1). Since Redis 2.6.0.
   */
  scriptKill(): Out<M, "OK">;

  /**
   * Makes a script known without running it, and gives the SHA-1 of its text.
   *
   * O(N) for a text of N bytes. Since Redis 2.6.0.
   */
  scriptLoad<T = unknown>(script: Value): Out<M, T>;

  /**
   * Gives the members of the first set that no other set has.
   *
   * O(N) for N members in all sets together. Since Redis 1.0.0.
   */
  sdiff<T = string>(...keys: (Key | Key[])[]): Out<M, T[]>;

  /**
   * Keeps the members of the first set that no other has in a key.
   *
   * O(N) for N members in all sets together. Since Redis 1.0.0.
   */
  sdiffstore(destination: Key, ...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Sets the value of a key, whatever it held before.
   *
   * O(1). Since Redis 1.0.0.
   */
  set<T = string>(key: Key, value: Value, options?: { get?: boolean } & AtMostOne<{ nx?: boolean } | { xx?: boolean } | { ifeq?: Value } | { ifne?: Value } | { ifdeq?: Value } | { ifdne?: Value }> & AtMostOne<{ ex?: Numeric } | { px?: Numeric } | { exat?: Numeric } | { pxat?: Numeric } | { keepTtl?: boolean }>): Out<M, "OK" | null | T>;

  /**
   * Sets a bit of a value, which grows by zeros where it is too short, and gives the bit before.
   *
   * O(1). Since Redis 2.2.0.
   */
  setbit(key: Key, offset: Numeric, value: Numeric): Out<M, number>;

  /**
   * Sets the value of a key and its TTL in seconds.
   *
   * O(1). Since Redis 2.0.0.
   */
  setex(key: Key, seconds: Numeric, value: Value): Out<M, "OK">;

  /**
   * Sets the value of a key that is not there yet.
   *
   * O(1). Since Redis 1.0.0.
   */
  setnx(key: Key, value: Value): Out<M, number>;

  /**
   * Overwrites a part of a value, which grows by zero bytes where it is too short.
   *
   * O(1) for small values, else O(M) for M bytes. Since Redis 2.2.0.
   */
  setrange(key: Key, offset: Numeric, value: Value): Out<M, number>;

  /**
   * Gives the members that all sets have in common.
   *
   * O(N*M) for N members in the smallest of M sets. Since Redis 1.0.0.
   */
  sinter<T = string>(...keys: (Key | Key[])[]): Out<M, T[]>;

  /**
   * Counts the members that all sets have in common.
   *
   * O(N*M) for N members in the smallest of M sets. Since Redis 7.0.0.
   */
  sintercard(numkeys: Numeric, keys: Key | Key[], options?: { limit?: Numeric }): Out<M, number>;

  /**
   * Keeps the members that all sets have in common in a key.
   *
   * O(N*M) for N members in the smallest of M sets. Since Redis 1.0.0.
   */
  sinterstore(destination: Key, ...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Says whether a member is in a set.
   *
   * O(1). Since Redis 1.0.0.
   */
  sismember(key: Key, member: Value): Out<M, number>;

  /**
   * Shows the latest requests that took long: number, time, microseconds, words, address and name of the client.
   *
   * O(N) for N requests. Since Redis 2.2.12.
   */
  slowlogGet<T = string>(count?: Numeric): Out<M, [number, number, number, T[], T, T][]>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 6.2.0.
   */
  slowlogHelp(): Out<M, string[]>;

  /**
   * Gives how many slow requests are remembered.
   *
   * O(1). Since Redis 2.2.12.
   */
  slowlogLen(): Out<M, number>;

  /**
   * Forgets the slow requests.
   *
   * O(N) for N requests. Since Redis 2.2.12.
   */
  slowlogReset(): Out<M, "OK">;

  /**
   * Gives all members of a set.
   *
   * O(N) for N members. Since Redis 1.0.0.
   */
  smembers<T extends unknown[] = string[]>(key: Key): Out<M, T>;

  /**
   * Moves a member from one set to another.
   *
   * O(1). Since Redis 1.0.0.
   */
  smove(source: Key, destination: Key, member: Value): Out<M, number>;

  /**
   * Sorts the elements of a list, set or sorted set; may store them as a list.
   *
   * O(N+M*log(M)) for N elements of which M are given, O(N) where they are not sorted. Since Redis 1.0.0.
   */
  sort<T = string>(key: Key, options?: { by?: string; offset?: Numeric; count?: Numeric; get?: string[]; alpha?: boolean; store?: Key } & AtMostOne<{ asc?: boolean } | { desc?: boolean }>): Out<M, (T | null)[] | number>;

  /**
   * Sorts the elements of a list, set or sorted set.
   *
   * O(N+M*log(M)) for N elements of which M are given, O(N) where they are not sorted. Since Redis 7.0.0.
   */
  sort_ro<T = string>(key: Key, options?: { by?: string; offset?: Numeric; count?: Numeric; get?: string[]; alpha?: boolean } & AtMostOne<{ asc?: boolean } | { desc?: boolean }>): Out<M, (T | null)[]>;

  /**
   * Removes random members from a set and gives them.
   *
   * O(N) for N members given. Since Redis 1.0.0.
   */
  spop<T = unknown>(key: Key, count?: Numeric): Out<M, T | null>;

  /**
   * Sends a message to everyone who listens to the sharded channel; gives the number of receivers.
   *
   * O(N) for N listeners of the channel. Since Redis 7.0.0.
   */
  spublish(shardchannel: Value, message: Value): Out<M, number>;

  /**
   * Gives random members of a set: different ones, or, for a negative count, any.
   *
   * O(N) for N members given. Since Redis 1.0.0.
   */
  srandmember<T = unknown>(key: Key, count?: Numeric): Out<M, T | null>;

  /**
   * Removes members from a set.
   *
   * O(N) for N members given. Since Redis 1.0.0.
   */
  srem(key: Key, ...members: Value[]): Out<M, number>;

  /**
   * Gives some members of a set and a cursor to go on with.
   *
   * O(COUNT) for each call. Since Redis 2.8.0.
   */
  sscan<T = string | number>(key: Key, cursor: Numeric, options?: { match?: string; count?: Numeric }): Out<M, [string, T[]]>;

  /**
   * Gives the length of a value in bytes.
   *
   * O(1). Since Redis 2.2.0.
   */
  strlen(key: Key): Out<M, number>;

  /**
   * The older name of GETRANGE.
   *
   * O(N) for N bytes given. Since Redis 1.0.0.
   */
  substr(key: Key, start: Numeric, end: Numeric): Out<M, string>;

  /**
   * Gives the members of all sets, each once.
   *
   * O(N) for N members in all sets together. Since Redis 1.0.0.
   */
  sunion<T = string>(...keys: (Key | Key[])[]): Out<M, T[]>;

  /**
   * Keeps the members of all sets, each once, in a key.
   *
   * O(N) for N members in all sets together. Since Redis 1.0.0.
   */
  sunionstore(destination: Key, ...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Exchanges two databases: every connection sees the other's keys.
   *
   * O(N) for N watched keys. Since Redis 4.0.0.
   */
  swapdb(index1: Numeric, index2: Numeric): Out<M, "OK">;

  /**
   * Counts as a use of the keys; gives how many of them are there.
   *
   * O(N) for N keys. Since Redis 3.2.1.
   */
  touch(...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Gives the seconds until a key expires.
   *
   * O(1). Since Redis 1.0.0.
   */
  ttl(key: Key): Out<M, number>;

  /**
   * Gives the type of what a key holds, or none.
   *
   * O(1). Since Redis 1.0.0.
   */
  type(key: Key): Out<M, string>;

  /**
   * Removes keys; gives how many there were. (The same as DEL.).
   *
   * O(N) for N keys and the elements in them. Since Redis 4.0.0.
   */
  unlink(...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Gives the number of replicas that have what was written so far: 0.
   *
   * O(1). Since Redis 3.0.0.
   */
  wait(numreplicas: Numeric, timeout: Numeric): Out<M, number>;

  /**
   * Gives whether the server's log, and the logs of how many replicas, have what was written so far.
   *
   * O(1). Since Redis 7.2.0.
   */
  waitaof(numlocal: Numeric, numreplicas: Numeric, timeout: Numeric): Out<M, [number, number]>;

  /**
   * Says that a group is done with entries and deletes them; tells for each what became of it.
   *
   * O(log(N)) for each entry and group. Since Redis 8.2.0.
   */
  xackdel(...args: Value[]): Out<M, number[]>;

  /**
   * Deletes entries from a stream, minding the groups that refer to them; tells for each what became of it.
   *
   * O(log(N)) for each entry and group. Since Redis 8.2.0.
   */
  xdelex(...args: Value[]): Out<M, number[]>;

  /**
   * Makes a group that reads behind an ID.
   *
   * O(log(N)) with N groups. Since Redis 5.0.0.
   */
  xgroupCreate(...args: Value[]): Out<M, "OK">;

  /**
   * Adds a consumer to a group; gives 1, or 0 if it is there.
   *
   * O(log(N)) with N consumers. Since Redis 6.2.0.
   */
  xgroupCreateconsumer(key: Key, groupname: Value, consumername: Value): Out<M, number>;

  /**
   * Removes a consumer; gives how many entries were pending with it.
   *
   * O(N) with N pending entries. Since Redis 5.0.0.
   */
  xgroupDelconsumer(key: Key, groupname: Value, consumername: Value): Out<M, number>;

  /**
   * Removes a group with all that is pending in it.
   *
   * O(N) with N pending entries. Since Redis 5.0.0.
   */
  xgroupDestroy(key: Key, groupname: Value): Out<M, number>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 5.0.0.
   */
  xgroupHelp(): Out<M, string[]>;

  /**
   * Lets a group go on behind an ID.
   *
   * O(1). Since Redis 5.0.0.
   */
  xgroupSetid(...args: Value[]): Out<M, "OK">;

  /**
   * Describes the consumers of a group.
   *
   * O(N) with N consumers. Since Redis 5.0.0.
   */
  xinfoConsumers<T = string>(key: Key, groupname: Value): Out<M, ((T | unknown)[])[]>;

  /**
   * Describes the groups of a stream.
   *
   * O(N) with N groups. Since Redis 5.0.0.
   */
  xinfoGroups<T = string>(key: Key): Out<M, ((T | unknown)[])[]>;

  /**
   * Explains the subcommands.
   *
   * O(1). Since Redis 5.0.0.
   */
  xinfoHelp(): Out<M, string[]>;

  /**
   * Describes a stream, with its groups and consumers if all is wanted.
   *
   * O(1), or O(N) with N things shown. Since Redis 5.0.0.
   */
  xinfoStream<T = string>(...args: Value[]): Out<M, (T | unknown)[]>;

  /**
   * Counts the entries of a stream.
   *
   * O(1). Since Redis 5.0.0.
   */
  xlen(key: Key): Out<M, number>;

  /**
   * Sets what a stream remembers of its past; used to rebuild one.
   *
   * O(1). Since Redis 5.0.0.
   */
  xsetid(key: Key, lastId: Value, options?: { entriesadded?: Numeric; maxdeletedid?: Value }): Out<M, "OK">;

  /**
   * Counts the members of a sorted set.
   *
   * O(1). Since Redis 1.2.0.
   */
  zcard(key: Key): Out<M, number>;

  /**
   * Counts the members in a range of scores.
   *
   * O(log(N)). Since Redis 2.0.0.
   */
  zcount(key: Key, min: Numeric, max: Numeric): Out<M, number>;

  /**
   * Returns the members of the first sorted set that the others do not have.
   *
   * O(L+M*log(M)) with L members in all inputs and M in the result. Since Redis 6.2.0.
   */
  zdiff<T = string | number>(numkeys: Numeric, keys: Key | Key[], options?: { withScores?: boolean }): Out<M, T[]>;

  /**
   * Stores the members of the first sorted set that the others do not have.
   *
   * O(L+M*log(M)) with L members in all inputs and M in the result. Since Redis 6.2.0.
   */
  zdiffstore(destination: Key, numkeys: Numeric, ...keys: (Key | Key[])[]): Out<M, number>;

  /**
   * Adds to the score of a member, which is added with that score if it is not there.
   *
   * O(log(N)). Since Redis 1.2.0.
   */
  zincrby(key: Key, increment: Numeric, member: Value): Out<M, number>;

  /**
   * Returns the members that all of several sorted sets have.
   *
   * O(N*K)+O(M*log(M)) with N members in the smallest of K inputs and M in the result. Since Redis 6.2.0.
   */
  zinter<T = string | number>(numkeys: Numeric, keys: Key | Key[], options?: { weights?: Numeric[]; aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max"; withScores?: boolean }): Out<M, T[]>;

  /**
   * Counts the members that all of several sorted sets have, up to a limit.
   *
   * O(N*K)+O(M*log(M)) with N members in the smallest of K inputs and M in the result. Since Redis 7.0.0.
   */
  zintercard(numkeys: Numeric, keys: Key | Key[], options?: { limit?: Numeric }): Out<M, number>;

  /**
   * Stores the members that all of several sorted sets have.
   *
   * O(N*K)+O(M*log(M)) with N members in the smallest of K inputs and M in the result. Since Redis 2.0.0.
   */
  zinterstore(destination: Key, numkeys: Numeric, keys: Key | Key[], options?: { weights?: Numeric[]; aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max" }): Out<M, number>;

  /**
   * Counts the members in a range of members, where all have the same score.
   *
   * O(log(N)). Since Redis 2.8.9.
   */
  zlexcount(key: Key, min: Value, max: Value): Out<M, number>;

  /**
   * Pops members from the first of several sorted sets that is not empty.
   *
   * O(log(N)*M) with M members popped. Since Redis 7.0.0.
   */
  zmpop<T = string>(numkeys: Numeric, keys: Key | Key[], where: "MIN" | "min" | "MAX" | "max", options?: { count?: Numeric }): Out<M, null | [T, [T, number][]]>;

  /**
   * Removes the members with the highest scores and returns them.
   *
   * O(log(N)*M) with M members popped. Since Redis 5.0.0.
   */
  zpopmax<T = string | number>(key: Key, count?: Numeric): Out<M, T[]>;

  /**
   * Removes the members with the lowest scores and returns them.
   *
   * O(log(N)*M) with M members popped. Since Redis 5.0.0.
   */
  zpopmin<T = string | number>(key: Key, count?: Numeric): Out<M, T[]>;

  /**
   * Returns random members: different ones, or, for a negative count, any.
   *
   * O(N) for N members returned. Since Redis 6.2.0.
   */
  zrandmember<T = unknown>(key: Key, options?: { count?: Numeric; withScores?: boolean }): Out<M, T | null>;

  /**
   * Returns members in a range of ranks, scores or members.
   *
   * O(log(N)+M) with M members in the range. Since Redis 1.2.0.
   */
  zrange<T extends unknown[] = string[]>(key: Key, start: Value, stop: Value, options?: { rev?: boolean; offset?: Numeric; count?: Numeric; withScores?: boolean } & AtMostOne<{ byScore?: boolean } | { byLex?: boolean }>): Out<M, T>;

  /**
   * Returns members in a range of members, where all have the same score.
   *
   * O(log(N)+M) with M members in the range. Since Redis 2.8.9.
   */
  zrangebylex<T = string>(key: Key, min: Value, max: Value, options?: { offset?: Numeric; count?: Numeric }): Out<M, T[]>;

  /**
   * Returns members in a range of scores.
   *
   * O(log(N)+M) with M members in the range. Since Redis 1.0.5.
   */
  zrangebyscore<T = string | number>(key: Key, min: Numeric, max: Numeric, options?: { withScores?: boolean; offset?: Numeric; count?: Numeric }): Out<M, T[]>;

  /**
   * Stores the members of a range in another key.
   *
   * O(log(N)+M) with M members stored. Since Redis 6.2.0.
   */
  zrangestore(dst: Key, src: Key, min: Value, max: Value, options?: { rev?: boolean; offset?: Numeric; count?: Numeric } & AtMostOne<{ byScore?: boolean } | { byLex?: boolean }>): Out<M, number>;

  /**
   * Returns the rank of a member, counted from the lowest score.
   *
   * O(log(N)). Since Redis 2.0.0.
   */
  zrank(key: Key, member: Value, options?: { withScore?: boolean }): Out<M, number | [number, number] | null>;

  /**
   * Removes members from a sorted set.
   *
   * O(log(N)*M) with M members removed. Since Redis 1.2.0.
   */
  zrem(key: Key, ...members: Value[]): Out<M, number>;

  /**
   * Removes the members in a range of members, where all have the same score.
   *
   * O(log(N)*M) with M members removed. Since Redis 2.8.9.
   */
  zremrangebylex(key: Key, min: Value, max: Value): Out<M, number>;

  /**
   * Removes the members in a range of ranks.
   *
   * O(log(N)*M) with M members removed. Since Redis 2.0.0.
   */
  zremrangebyrank(key: Key, start: Numeric, stop: Numeric): Out<M, number>;

  /**
   * Removes the members in a range of scores.
   *
   * O(log(N)*M) with M members removed. Since Redis 1.2.0.
   */
  zremrangebyscore(key: Key, min: Numeric, max: Numeric): Out<M, number>;

  /**
   * Returns members in a range of ranks, counted from the highest score.
   *
   * O(log(N)+M) with M members in the range. Since Redis 1.2.0.
   */
  zrevrange<T = string | number>(key: Key, start: Numeric, stop: Numeric, options?: { withScores?: boolean }): Out<M, T[]>;

  /**
   * Returns members in a range of members, the last first, where all have the same score.
   *
   * O(log(N)+M) with M members in the range. Since Redis 2.8.9.
   */
  zrevrangebylex<T = string>(key: Key, max: Value, min: Value, options?: { offset?: Numeric; count?: Numeric }): Out<M, T[]>;

  /**
   * Returns members in a range of scores, the highest first.
   *
   * O(log(N)+M) with M members in the range. Since Redis 2.2.0.
   */
  zrevrangebyscore<T = string | number>(key: Key, max: Numeric, min: Numeric, options?: { withScores?: boolean; offset?: Numeric; count?: Numeric }): Out<M, T[]>;

  /**
   * Returns the rank of a member, counted from the highest score.
   *
   * O(log(N)). Since Redis 2.0.0.
   */
  zrevrank(key: Key, member: Value, options?: { withScore?: boolean }): Out<M, number | [number, number] | null>;

  /**
   * Walks over the members and scores in steps.
   *
   * O(1) for a step, O(N) for all. Since Redis 2.8.0.
   */
  zscan<T = string | number>(key: Key, cursor: Numeric, options?: { match?: string; count?: Numeric }): Out<M, [string, T[]]>;

  /**
   * Returns the score of a member.
   *
   * O(1). Since Redis 1.2.0.
   */
  zscore(key: Key, member: Value): Out<M, number | null>;

  /**
   * Returns the members of any of several sorted sets.
   *
   * O(N)+O(M*log(M)) with N members in all inputs and M in the result. Since Redis 6.2.0.
   */
  zunion<T = string | number>(numkeys: Numeric, keys: Key | Key[], options?: { weights?: Numeric[]; aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max"; withScores?: boolean }): Out<M, T[]>;

  /**
   * Stores the members of any of several sorted sets.
   *
   * O(N)+O(M*log(M)) with N members in all inputs and M in the result. Since Redis 2.0.0.
   */
  zunionstore(destination: Key, numkeys: Numeric, keys: Key | Key[], options?: { weights?: Numeric[]; aggregate?: "SUM" | "sum" | "MIN" | "min" | "MAX" | "max" }): Out<M, number>;
}

/** The same as words. */
export const generated = {
  aclCat: (categoryname?: unknown) => command(["ACL", "CAT", ...someOf(categoryname)]),
  aclDeluser: (...usernames: unknown[]) => command(["ACL", "DELUSER", ...usernames]),
  aclDryrun: (...args: unknown[]) => command(["ACL", "DRYRUN", ...args]),
  aclGenpass: (bits?: unknown) => command(["ACL", "GENPASS", ...someOf(bits)]),
  aclGetuser: (username: unknown) => command(["ACL", "GETUSER", username]),
  aclHelp: () => command(["ACL", "HELP"]),
  aclList: () => command(["ACL", "LIST"]),
  aclLoad: () => command(["ACL", "LOAD"]),
  aclLog: (...args: unknown[]) => command(["ACL", "LOG", ...args]),
  aclResttoken: (username: unknown, password: unknown) => command(["ACL", "RESTTOKEN", username, password]),
  aclSave: () => command(["ACL", "SAVE"]),
  aclSetuser: (...args: unknown[]) => command(["ACL", "SETUSER", ...args]),
  aclUsers: () => command(["ACL", "USERS"]),
  aclWhoami: () => command(["ACL", "WHOAMI"]),
  append: (key: unknown, value: unknown) => command(["APPEND", key, value]),
  bgrewriteaof: () => command(["BGREWRITEAOF"]),
  bgsave: (options?: object) => command(["BGSAVE", ...optionWords(options, [["schedule", "SCHEDULE"]])]),
  bitcount: (key: unknown, options?: object) => command(["BITCOUNT", key, ...optionWords(options, [["start", ""], ["end", ""], ["unit", ""]])]),
  bitfield: (...args: unknown[]) => command(["BITFIELD", ...args]),
  bitfield_ro: (key: unknown, options?: object) => command(["BITFIELD_RO", key, ...optionWords(options, [["encoding", "GET"], ["offset", ""]])]),
  bitop: (operation: unknown, destkey: unknown, ...keys: unknown[]) => command(["BITOP", operation, destkey, ...keys.flat()]),
  bitpos: (...args: unknown[]) => command(["BITPOS", ...args]),
  blmove: (source: unknown, destination: unknown, wherefrom: unknown, whereto: unknown, timeout: unknown) => command(["BLMOVE", source, destination, wherefrom, whereto, timeout]),
  blmpop: (timeout: unknown, numkeys: unknown, keys: unknown, where: unknown, options?: object) => command(["BLMPOP", timeout, numkeys, ...listOf(keys), where, ...optionWords(options, [["count", "COUNT"]])]),
  blpop: (keys: unknown, timeout: unknown) => command(["BLPOP", ...listOf(keys), timeout]),
  brpop: (keys: unknown, timeout: unknown) => command(["BRPOP", ...listOf(keys), timeout]),
  brpoplpush: (source: unknown, destination: unknown, timeout: unknown) => command(["BRPOPLPUSH", source, destination, timeout]),
  bzmpop: (timeout: unknown, numkeys: unknown, keys: unknown, where: unknown, options?: object) => command(["BZMPOP", timeout, numkeys, ...listOf(keys), where, ...optionWords(options, [["count", "COUNT"]])]),
  bzpopmax: (keys: unknown, timeout: unknown) => command(["BZPOPMAX", ...listOf(keys), timeout]),
  bzpopmin: (keys: unknown, timeout: unknown) => command(["BZPOPMIN", ...listOf(keys), timeout]),
  clientGetname: () => command(["CLIENT", "GETNAME"]),
  clientGetredir: () => command(["CLIENT", "GETREDIR"]),
  clientHelp: () => command(["CLIENT", "HELP"]),
  clientId: () => command(["CLIENT", "ID"]),
  clientInfo: () => command(["CLIENT", "INFO"]),
  clientList: (options?: object) => command(["CLIENT", "LIST", ...optionWords(options, [["type", "TYPE"], ["id", "ID"]])]),
  clientNoEvict: (enabled: unknown) => command(["CLIENT", "NO-EVICT", enabled]),
  clientNoTouch: (enabled: unknown) => command(["CLIENT", "NO-TOUCH", enabled]),
  clientPause: (timeout: unknown, mode?: unknown) => command(["CLIENT", "PAUSE", timeout, ...someOf(mode)]),
  clientSetinfo: (...args: unknown[]) => command(["CLIENT", "SETINFO", ...args]),
  clientSetname: (connectionName: unknown) => command(["CLIENT", "SETNAME", connectionName]),
  clientTrackinginfo: () => command(["CLIENT", "TRACKINGINFO"]),
  clientUnblock: (clientId: unknown, unblockType?: unknown) => command(["CLIENT", "UNBLOCK", clientId, ...someOf(unblockType)]),
  clientUnpause: () => command(["CLIENT", "UNPAUSE"]),
  command: () => command(["COMMAND"]),
  commandCount: () => command(["COMMAND", "COUNT"]),
  commandDocs: (...args: unknown[]) => command(["COMMAND", "DOCS", ...args]),
  commandGetkeys: (command_: unknown, ...args: unknown[]) => command(["COMMAND", "GETKEYS", command_, ...args]),
  commandGetkeysandflags: (command_: unknown, ...args: unknown[]) => command(["COMMAND", "GETKEYSANDFLAGS", command_, ...args]),
  commandHelp: () => command(["COMMAND", "HELP"]),
  commandInfo: (...args: unknown[]) => command(["COMMAND", "INFO", ...args]),
  commandList: (...args: unknown[]) => command(["COMMAND", "LIST", ...args]),
  configGet: (...args: unknown[]) => command(["CONFIG", "GET", ...args]),
  configHelp: () => command(["CONFIG", "HELP"]),
  configResetstat: () => command(["CONFIG", "RESETSTAT"]),
  configRewrite: () => command(["CONFIG", "REWRITE"]),
  configSet: (...args: unknown[]) => command(["CONFIG", "SET", ...args]),
  dbsize: () => command(["DBSIZE"]),
  debug: (...args: unknown[]) => command(["DEBUG", ...args]),
  decr: (key: unknown) => command(["DECR", key]),
  decrby: (key: unknown, decrement: unknown) => command(["DECRBY", key, decrement]),
  del: (...keys: unknown[]) => command(["DEL", ...keys.flat()]),
  delex: (key: unknown, options?: object) => command(["DELEX", key, ...optionWords(options, [["ifeq", "IFEQ"], ["ifne", "IFNE"], ["ifdeq", "IFDEQ"], ["ifdne", "IFDNE"]])]),
  digest: (key: unknown) => command(["DIGEST", key]),
  dump: (key: unknown) => command(["DUMP", key]),
  echo: (message: unknown) => command(["ECHO", message]),
  eval: (...args: unknown[]) => command(["EVAL", ...args]),
  evalsha: (...args: unknown[]) => command(["EVALSHA", ...args]),
  evalsha_ro: (...args: unknown[]) => command(["EVALSHA_RO", ...args]),
  eval_ro: (...args: unknown[]) => command(["EVAL_RO", ...args]),
  exists: (...keys: unknown[]) => command(["EXISTS", ...keys.flat()]),
  expire: (key: unknown, seconds: unknown, condition?: unknown) => command(["EXPIRE", key, seconds, ...someOf(condition)]),
  expireat: (key: unknown, unixTimeSeconds: unknown, condition?: unknown) => command(["EXPIREAT", key, unixTimeSeconds, ...someOf(condition)]),
  expiretime: (key: unknown) => command(["EXPIRETIME", key]),
  fcall: (...args: unknown[]) => command(["FCALL", ...args]),
  fcall_ro: (...args: unknown[]) => command(["FCALL_RO", ...args]),
  functionDelete: (libraryName: unknown) => command(["FUNCTION", "DELETE", libraryName]),
  functionDump: () => command(["FUNCTION", "DUMP"]),
  functionFlush: (flushType?: unknown) => command(["FUNCTION", "FLUSH", ...someOf(flushType)]),
  functionHelp: () => command(["FUNCTION", "HELP"]),
  functionKill: () => command(["FUNCTION", "KILL"]),
  functionList: (options?: object) => command(["FUNCTION", "LIST", ...optionWords(options, [["libraryname", "LIBRARYNAME"], ["withcode", "WITHCODE"]])]),
  functionLoad: (...args: unknown[]) => command(["FUNCTION", "LOAD", ...args]),
  functionRestore: (serializedValue: unknown, policy?: unknown) => command(["FUNCTION", "RESTORE", serializedValue, ...someOf(policy)]),
  functionStats: () => command(["FUNCTION", "STATS"]),
  geodist: (key: unknown, member1: unknown, member2: unknown, unit?: unknown) => command(["GEODIST", key, member1, member2, ...someOf(unit)]),
  georadius: (key: unknown, longitude: unknown, latitude: unknown, radius: unknown, unit: unknown, options?: object) => command(["GEORADIUS", key, longitude, latitude, radius, unit, ...optionWords(options, [["withcoord", "WITHCOORD"], ["withdist", "WITHDIST"], ["withhash", "WITHHASH"], ["count", "COUNT"], ["any", "ANY"], ["asc", "ASC"], ["desc", "DESC"], ["store", "STORE"], ["storedist", "STOREDIST"]])]),
  georadiusbymember: (key: unknown, member: unknown, radius: unknown, unit: unknown, options?: object) => command(["GEORADIUSBYMEMBER", key, member, radius, unit, ...optionWords(options, [["withcoord", "WITHCOORD"], ["withdist", "WITHDIST"], ["withhash", "WITHHASH"], ["count", "COUNT"], ["any", "ANY"], ["asc", "ASC"], ["desc", "DESC"], ["store", "STORE"], ["storedist", "STOREDIST"]])]),
  georadiusbymember_ro: (key: unknown, member: unknown, radius: unknown, unit: unknown, options?: object) => command(["GEORADIUSBYMEMBER_RO", key, member, radius, unit, ...optionWords(options, [["withcoord", "WITHCOORD"], ["withdist", "WITHDIST"], ["withhash", "WITHHASH"], ["count", "COUNT"], ["any", "ANY"], ["asc", "ASC"], ["desc", "DESC"]])]),
  georadius_ro: (key: unknown, longitude: unknown, latitude: unknown, radius: unknown, unit: unknown, options?: object) => command(["GEORADIUS_RO", key, longitude, latitude, radius, unit, ...optionWords(options, [["withcoord", "WITHCOORD"], ["withdist", "WITHDIST"], ["withhash", "WITHHASH"], ["count", "COUNT"], ["any", "ANY"], ["asc", "ASC"], ["desc", "DESC"]])]),
  get: (key: unknown) => command(["GET", key]),
  getbit: (key: unknown, offset: unknown) => command(["GETBIT", key, offset]),
  getdel: (key: unknown) => command(["GETDEL", key]),
  getex: (key: unknown, options?: object) => command(["GETEX", key, ...optionWords(options, [["ex", "EX"], ["px", "PX"], ["exat", "EXAT"], ["pxat", "PXAT"], ["persist", "PERSIST"]])]),
  getrange: (key: unknown, start: unknown, end: unknown) => command(["GETRANGE", key, start, end]),
  getset: (key: unknown, value: unknown) => command(["GETSET", key, value]),
  hdel: (key: unknown, ...fields: unknown[]) => command(["HDEL", key, ...fields]),
  hexists: (key: unknown, field: unknown) => command(["HEXISTS", key, field]),
  hget: (key: unknown, field: unknown) => command(["HGET", key, field]),
  hgetdel: (...args: unknown[]) => command(["HGETDEL", ...args]),
  hgetex: (...args: unknown[]) => command(["HGETEX", ...args]),
  hincrby: (key: unknown, field: unknown, increment: unknown) => command(["HINCRBY", key, field, increment]),
  hincrbyfloat: (key: unknown, field: unknown, increment: unknown) => command(["HINCRBYFLOAT", key, field, increment]),
  hkeys: (key: unknown) => command(["HKEYS", key]),
  hlen: (key: unknown) => command(["HLEN", key]),
  hscan: (key: unknown, cursor: unknown, options?: object) => command(["HSCAN", key, cursor, ...optionWords(options, [["match", "MATCH"], ["count", "COUNT"], ["noValues", "NOVALUES"]])], scanned),
  hsetex: (...args: unknown[]) => command(["HSETEX", ...args]),
  hsetnx: (key: unknown, field: unknown, value: unknown) => command(["HSETNX", key, field, value]),
  hstrlen: (key: unknown, field: unknown) => command(["HSTRLEN", key, field]),
  hvals: (key: unknown) => command(["HVALS", key]),
  incr: (key: unknown) => command(["INCR", key]),
  incrby: (key: unknown, increment: unknown) => command(["INCRBY", key, increment]),
  incrbyfloat: (key: unknown, increment: unknown) => command(["INCRBYFLOAT", key, increment]),
  info: (...args: unknown[]) => command(["INFO", ...args]),
  keys: (pattern: unknown) => command(["KEYS", pattern]),
  lastsave: () => command(["LASTSAVE"]),
  latencyDoctor: () => command(["LATENCY", "DOCTOR"]),
  latencyGraph: (event: unknown) => command(["LATENCY", "GRAPH", event]),
  latencyHelp: () => command(["LATENCY", "HELP"]),
  latencyHistogram: (...args: unknown[]) => command(["LATENCY", "HISTOGRAM", ...args]),
  latencyHistory: (event: unknown) => command(["LATENCY", "HISTORY", event]),
  latencyLatest: () => command(["LATENCY", "LATEST"]),
  latencyReset: (...args: unknown[]) => command(["LATENCY", "RESET", ...args]),
  lcs: (key1: unknown, key2: unknown, options?: object) => command(["LCS", key1, key2, ...optionWords(options, [["len", "LEN"], ["idx", "IDX"], ["minMatchLen", "MINMATCHLEN"], ["withMatchLen", "WITHMATCHLEN"]])]),
  lindex: (key: unknown, index: unknown) => command(["LINDEX", key, index]),
  linsert: (key: unknown, where: unknown, pivot: unknown, element: unknown) => command(["LINSERT", key, where, pivot, element]),
  llen: (key: unknown) => command(["LLEN", key]),
  lmove: (source: unknown, destination: unknown, wherefrom: unknown, whereto: unknown) => command(["LMOVE", source, destination, wherefrom, whereto]),
  lolwut: (options?: object) => command(["LOLWUT", ...optionWords(options, [["version", "VERSION"]])]),
  lpop: (key: unknown, count?: unknown) => command(["LPOP", key, ...someOf(count)]),
  lpos: (key: unknown, element: unknown, options?: object) => command(["LPOS", key, element, ...optionWords(options, [["rank", "RANK"], ["count", "COUNT"], ["maxLen", "MAXLEN"]])]),
  lpush: (key: unknown, ...elements: unknown[]) => command(["LPUSH", key, ...elements]),
  lpushx: (key: unknown, ...elements: unknown[]) => command(["LPUSHX", key, ...elements]),
  lrange: (key: unknown, start: unknown, stop: unknown) => command(["LRANGE", key, start, stop]),
  lrem: (key: unknown, count: unknown, element: unknown) => command(["LREM", key, count, element]),
  lset: (key: unknown, index: unknown, element: unknown) => command(["LSET", key, index, element]),
  ltrim: (key: unknown, start: unknown, stop: unknown) => command(["LTRIM", key, start, stop]),
  memoryDoctor: () => command(["MEMORY", "DOCTOR"]),
  memoryHelp: () => command(["MEMORY", "HELP"]),
  memoryMallocStats: () => command(["MEMORY", "MALLOC-STATS"]),
  memoryPurge: () => command(["MEMORY", "PURGE"]),
  memoryStats: () => command(["MEMORY", "STATS"]),
  memoryUsage: (key: unknown, options?: object) => command(["MEMORY", "USAGE", key, ...optionWords(options, [["samples", "SAMPLES"]])]),
  mget: (...keys: unknown[]) => command(["MGET", ...keys.flat()]),
  moduleHelp: () => command(["MODULE", "HELP"]),
  moduleList: () => command(["MODULE", "LIST"]),
  move: (key: unknown, db: unknown) => command(["MOVE", key, db]),
  msetex: (...args: unknown[]) => command(["MSETEX", ...args]),
  objectEncoding: (key: unknown) => command(["OBJECT", "ENCODING", key]),
  objectFreq: (key: unknown) => command(["OBJECT", "FREQ", key]),
  objectHelp: () => command(["OBJECT", "HELP"]),
  objectIdletime: (key: unknown) => command(["OBJECT", "IDLETIME", key]),
  objectRefcount: (key: unknown) => command(["OBJECT", "REFCOUNT", key]),
  objectVersion: (key: unknown) => command(["OBJECT", "VERSION", key]),
  persist: (key: unknown) => command(["PERSIST", key]),
  pexpire: (key: unknown, milliseconds: unknown, condition?: unknown) => command(["PEXPIRE", key, milliseconds, ...someOf(condition)]),
  pexpireat: (key: unknown, unixTimeMilliseconds: unknown, condition?: unknown) => command(["PEXPIREAT", key, unixTimeMilliseconds, ...someOf(condition)]),
  pexpiretime: (key: unknown) => command(["PEXPIRETIME", key]),
  pfadd: (...args: unknown[]) => command(["PFADD", ...args]),
  pfcount: (...keys: unknown[]) => command(["PFCOUNT", ...keys.flat()]),
  pfdebug: (subcommand: unknown, key: unknown) => command(["PFDEBUG", subcommand, key]),
  pfmerge: (...args: unknown[]) => command(["PFMERGE", ...args]),
  pfselftest: () => command(["PFSELFTEST"]),
  ping: (message?: unknown) => command(["PING", ...someOf(message)]),
  psetex: (key: unknown, milliseconds: unknown, value: unknown) => command(["PSETEX", key, milliseconds, value]),
  pttl: (key: unknown) => command(["PTTL", key]),
  publish: (channel: unknown, message: unknown) => command(["PUBLISH", channel, message]),
  pubsubChannels: (pattern?: unknown) => command(["PUBSUB", "CHANNELS", ...someOf(pattern)]),
  pubsubHelp: () => command(["PUBSUB", "HELP"]),
  pubsubNumpat: () => command(["PUBSUB", "NUMPAT"]),
  pubsubNumsub: (...args: unknown[]) => command(["PUBSUB", "NUMSUB", ...args]),
  pubsubShardchannels: (pattern?: unknown) => command(["PUBSUB", "SHARDCHANNELS", ...someOf(pattern)]),
  pubsubShardnumsub: (...args: unknown[]) => command(["PUBSUB", "SHARDNUMSUB", ...args]),
  randomkey: () => command(["RANDOMKEY"]),
  rename: (key: unknown, newkey: unknown) => command(["RENAME", key, newkey]),
  renamenx: (key: unknown, newkey: unknown) => command(["RENAMENX", key, newkey]),
  restore: (key: unknown, ttl: unknown, serializedValue: unknown, options?: object) => command(["RESTORE", key, ttl, serializedValue, ...optionWords(options, [["replace", "REPLACE"], ["absttl", "ABSTTL"], ["idletime", "IDLETIME"], ["freq", "FREQ"]])]),
  role: () => command(["ROLE"]),
  rpop: (key: unknown, count?: unknown) => command(["RPOP", key, ...someOf(count)]),
  rpoplpush: (source: unknown, destination: unknown) => command(["RPOPLPUSH", source, destination]),
  rpush: (key: unknown, ...elements: unknown[]) => command(["RPUSH", key, ...elements]),
  rpushx: (key: unknown, ...elements: unknown[]) => command(["RPUSHX", key, ...elements]),
  sadd: (key: unknown, ...members: unknown[]) => command(["SADD", key, ...members]),
  save: () => command(["SAVE"]),
  scan: (cursor: unknown, options?: object) => command(["SCAN", cursor, ...optionWords(options, [["match", "MATCH"], ["count", "COUNT"], ["type", "TYPE"]])], scanned),
  scard: (key: unknown) => command(["SCARD", key]),
  scriptDebug: (mode: unknown) => command(["SCRIPT", "DEBUG", mode]),
  scriptExists: (...sha1s: unknown[]) => command(["SCRIPT", "EXISTS", ...sha1s]),
  scriptFlush: (flushType?: unknown) => command(["SCRIPT", "FLUSH", ...someOf(flushType)]),
  scriptHelp: () => command(["SCRIPT", "HELP"]),
  scriptKill: () => command(["SCRIPT", "KILL"]),
  scriptLoad: (script: unknown) => command(["SCRIPT", "LOAD", script]),
  sdiff: (...keys: unknown[]) => command(["SDIFF", ...keys.flat()]),
  sdiffstore: (destination: unknown, ...keys: unknown[]) => command(["SDIFFSTORE", destination, ...keys.flat()]),
  set: (key: unknown, value: unknown, options?: object) => command(["SET", key, value, ...optionWords(options, [["nx", "NX"], ["xx", "XX"], ["ifeq", "IFEQ"], ["ifne", "IFNE"], ["ifdeq", "IFDEQ"], ["ifdne", "IFDNE"], ["get", "GET"], ["ex", "EX"], ["px", "PX"], ["exat", "EXAT"], ["pxat", "PXAT"], ["keepTtl", "KEEPTTL"]])]),
  setbit: (key: unknown, offset: unknown, value: unknown) => command(["SETBIT", key, offset, value]),
  setex: (key: unknown, seconds: unknown, value: unknown) => command(["SETEX", key, seconds, value]),
  setnx: (key: unknown, value: unknown) => command(["SETNX", key, value]),
  setrange: (key: unknown, offset: unknown, value: unknown) => command(["SETRANGE", key, offset, value]),
  sinter: (...keys: unknown[]) => command(["SINTER", ...keys.flat()]),
  sintercard: (numkeys: unknown, keys: unknown, options?: object) => command(["SINTERCARD", numkeys, ...listOf(keys), ...optionWords(options, [["limit", "LIMIT"]])]),
  sinterstore: (destination: unknown, ...keys: unknown[]) => command(["SINTERSTORE", destination, ...keys.flat()]),
  sismember: (key: unknown, member: unknown) => command(["SISMEMBER", key, member]),
  slowlogGet: (count?: unknown) => command(["SLOWLOG", "GET", ...someOf(count)]),
  slowlogHelp: () => command(["SLOWLOG", "HELP"]),
  slowlogLen: () => command(["SLOWLOG", "LEN"]),
  slowlogReset: () => command(["SLOWLOG", "RESET"]),
  smembers: (key: unknown) => command(["SMEMBERS", key]),
  smove: (source: unknown, destination: unknown, member: unknown) => command(["SMOVE", source, destination, member]),
  sort: (key: unknown, options?: object) => command(["SORT", key, ...optionWords(options, [["by", "BY"], ["offset", "LIMIT"], ["count", ""], ["get", "GET"], ["asc", "ASC"], ["desc", "DESC"], ["alpha", "ALPHA"], ["store", "STORE"]])]),
  sort_ro: (key: unknown, options?: object) => command(["SORT_RO", key, ...optionWords(options, [["by", "BY"], ["offset", "LIMIT"], ["count", ""], ["get", "GET"], ["asc", "ASC"], ["desc", "DESC"], ["alpha", "ALPHA"]])]),
  spop: (key: unknown, count?: unknown) => command(["SPOP", key, ...someOf(count)]),
  spublish: (shardchannel: unknown, message: unknown) => command(["SPUBLISH", shardchannel, message]),
  srandmember: (key: unknown, count?: unknown) => command(["SRANDMEMBER", key, ...someOf(count)]),
  srem: (key: unknown, ...members: unknown[]) => command(["SREM", key, ...members]),
  sscan: (key: unknown, cursor: unknown, options?: object) => command(["SSCAN", key, cursor, ...optionWords(options, [["match", "MATCH"], ["count", "COUNT"]])], scanned),
  strlen: (key: unknown) => command(["STRLEN", key]),
  substr: (key: unknown, start: unknown, end: unknown) => command(["SUBSTR", key, start, end]),
  sunion: (...keys: unknown[]) => command(["SUNION", ...keys.flat()]),
  sunionstore: (destination: unknown, ...keys: unknown[]) => command(["SUNIONSTORE", destination, ...keys.flat()]),
  swapdb: (index1: unknown, index2: unknown) => command(["SWAPDB", index1, index2]),
  touch: (...keys: unknown[]) => command(["TOUCH", ...keys.flat()]),
  ttl: (key: unknown) => command(["TTL", key]),
  type: (key: unknown) => command(["TYPE", key]),
  unlink: (...keys: unknown[]) => command(["UNLINK", ...keys.flat()]),
  wait: (numreplicas: unknown, timeout: unknown) => command(["WAIT", numreplicas, timeout]),
  waitaof: (numlocal: unknown, numreplicas: unknown, timeout: unknown) => command(["WAITAOF", numlocal, numreplicas, timeout]),
  xackdel: (...args: unknown[]) => command(["XACKDEL", ...args]),
  xdelex: (...args: unknown[]) => command(["XDELEX", ...args]),
  xgroupCreate: (...args: unknown[]) => command(["XGROUP", "CREATE", ...args]),
  xgroupCreateconsumer: (key: unknown, groupname: unknown, consumername: unknown) => command(["XGROUP", "CREATECONSUMER", key, groupname, consumername]),
  xgroupDelconsumer: (key: unknown, groupname: unknown, consumername: unknown) => command(["XGROUP", "DELCONSUMER", key, groupname, consumername]),
  xgroupDestroy: (key: unknown, groupname: unknown) => command(["XGROUP", "DESTROY", key, groupname]),
  xgroupHelp: () => command(["XGROUP", "HELP"]),
  xgroupSetid: (...args: unknown[]) => command(["XGROUP", "SETID", ...args]),
  xinfoConsumers: (key: unknown, groupname: unknown) => command(["XINFO", "CONSUMERS", key, groupname]),
  xinfoGroups: (key: unknown) => command(["XINFO", "GROUPS", key]),
  xinfoHelp: () => command(["XINFO", "HELP"]),
  xinfoStream: (...args: unknown[]) => command(["XINFO", "STREAM", ...args]),
  xlen: (key: unknown) => command(["XLEN", key]),
  xsetid: (key: unknown, lastId: unknown, options?: object) => command(["XSETID", key, lastId, ...optionWords(options, [["entriesadded", "ENTRIESADDED"], ["maxdeletedid", "MAXDELETEDID"]])]),
  zcard: (key: unknown) => command(["ZCARD", key]),
  zcount: (key: unknown, min: unknown, max: unknown) => command(["ZCOUNT", key, min, max]),
  zdiff: (numkeys: unknown, keys: unknown, options?: object) => command(["ZDIFF", numkeys, ...listOf(keys), ...optionWords(options, [["withScores", "WITHSCORES"]])], flatPairs),
  zdiffstore: (destination: unknown, numkeys: unknown, ...keys: unknown[]) => command(["ZDIFFSTORE", destination, numkeys, ...keys.flat()]),
  zincrby: (key: unknown, increment: unknown, member: unknown) => command(["ZINCRBY", key, increment, member]),
  zinter: (numkeys: unknown, keys: unknown, options?: object) => command(["ZINTER", numkeys, ...listOf(keys), ...optionWords(options, [["weights", "WEIGHTS"], ["aggregate", "AGGREGATE"], ["withScores", "WITHSCORES"]])], flatPairs),
  zintercard: (numkeys: unknown, keys: unknown, options?: object) => command(["ZINTERCARD", numkeys, ...listOf(keys), ...optionWords(options, [["limit", "LIMIT"]])]),
  zinterstore: (destination: unknown, numkeys: unknown, keys: unknown, options?: object) => command(["ZINTERSTORE", destination, numkeys, ...listOf(keys), ...optionWords(options, [["weights", "WEIGHTS"], ["aggregate", "AGGREGATE"]])]),
  zlexcount: (key: unknown, min: unknown, max: unknown) => command(["ZLEXCOUNT", key, min, max]),
  zmpop: (numkeys: unknown, keys: unknown, where: unknown, options?: object) => command(["ZMPOP", numkeys, ...listOf(keys), where, ...optionWords(options, [["count", "COUNT"]])]),
  zpopmax: (key: unknown, count?: unknown) => command(["ZPOPMAX", key, ...someOf(count)], flatPairs),
  zpopmin: (key: unknown, count?: unknown) => command(["ZPOPMIN", key, ...someOf(count)], flatPairs),
  zrandmember: (key: unknown, options?: object) => command(["ZRANDMEMBER", key, ...optionWords(options, [["count", ""], ["withScores", "WITHSCORES"]])], flatPairs),
  zrange: (key: unknown, start: unknown, stop: unknown, options?: object) => command(["ZRANGE", key, start, stop, ...optionWords(options, [["byScore", "BYSCORE"], ["byLex", "BYLEX"], ["rev", "REV"], ["offset", "LIMIT"], ["count", ""], ["withScores", "WITHSCORES"]])], flatPairs),
  zrangebylex: (key: unknown, min: unknown, max: unknown, options?: object) => command(["ZRANGEBYLEX", key, min, max, ...optionWords(options, [["offset", "LIMIT"], ["count", ""]])]),
  zrangebyscore: (key: unknown, min: unknown, max: unknown, options?: object) => command(["ZRANGEBYSCORE", key, min, max, ...optionWords(options, [["withScores", "WITHSCORES"], ["offset", "LIMIT"], ["count", ""]])], flatPairs),
  zrangestore: (dst: unknown, src: unknown, min: unknown, max: unknown, options?: object) => command(["ZRANGESTORE", dst, src, min, max, ...optionWords(options, [["byScore", "BYSCORE"], ["byLex", "BYLEX"], ["rev", "REV"], ["offset", "LIMIT"], ["count", ""]])]),
  zrank: (key: unknown, member: unknown, options?: object) => command(["ZRANK", key, member, ...optionWords(options, [["withScore", "WITHSCORE"]])]),
  zrem: (key: unknown, ...members: unknown[]) => command(["ZREM", key, ...members]),
  zremrangebylex: (key: unknown, min: unknown, max: unknown) => command(["ZREMRANGEBYLEX", key, min, max]),
  zremrangebyrank: (key: unknown, start: unknown, stop: unknown) => command(["ZREMRANGEBYRANK", key, start, stop]),
  zremrangebyscore: (key: unknown, min: unknown, max: unknown) => command(["ZREMRANGEBYSCORE", key, min, max]),
  zrevrange: (key: unknown, start: unknown, stop: unknown, options?: object) => command(["ZREVRANGE", key, start, stop, ...optionWords(options, [["withScores", "WITHSCORES"]])], flatPairs),
  zrevrangebylex: (key: unknown, max: unknown, min: unknown, options?: object) => command(["ZREVRANGEBYLEX", key, max, min, ...optionWords(options, [["offset", "LIMIT"], ["count", ""]])]),
  zrevrangebyscore: (key: unknown, max: unknown, min: unknown, options?: object) => command(["ZREVRANGEBYSCORE", key, max, min, ...optionWords(options, [["withScores", "WITHSCORES"], ["offset", "LIMIT"], ["count", ""]])], flatPairs),
  zrevrank: (key: unknown, member: unknown, options?: object) => command(["ZREVRANK", key, member, ...optionWords(options, [["withScore", "WITHSCORE"]])]),
  zscan: (key: unknown, cursor: unknown, options?: object) => command(["ZSCAN", key, cursor, ...optionWords(options, [["match", "MATCH"], ["count", "COUNT"]])], scanned),
  zscore: (key: unknown, member: unknown) => command(["ZSCORE", key, member]),
  zunion: (numkeys: unknown, keys: unknown, options?: object) => command(["ZUNION", numkeys, ...listOf(keys), ...optionWords(options, [["weights", "WEIGHTS"], ["aggregate", "AGGREGATE"], ["withScores", "WITHSCORES"]])], flatPairs),
  zunionstore: (destination: unknown, numkeys: unknown, keys: unknown, options?: object) => command(["ZUNIONSTORE", destination, numkeys, ...listOf(keys), ...optionWords(options, [["weights", "WEIGHTS"], ["aggregate", "AGGREGATE"]])]),
} satisfies { [Name in keyof GeneratedCommands<"encode">]: (...args: never[]) => Command<unknown> };

/** Commands that change nothing: running one of them twice does no harm. */
export const readOnlyCommands: ReadonlySet<string> = new Set(
  "LINDEX LLEN LPOS LRANGE BITCOUNT BITFIELD_RO BITPOS GETBIT DUMP EXISTS EXPIRETIME KEYS PEXPIRETIME PTTL RANDOMKEY SCAN SORT_RO TOUCH TTL TYPE GEODIST GEOHASH GEOPOS GEORADIUS_RO GEORADIUSBYMEMBER_RO GEOSEARCH HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS PFCOUNT EVALSHA_RO EVAL_RO FCALL_RO DBSIZE LOLWUT SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SRANDMEMBER SSCAN SUNION XLEN XPENDING XRANGE XREAD XREVRANGE DIGEST GET GETRANGE LCS MGET STRLEN SUBSTR ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION".split(" "),
);
