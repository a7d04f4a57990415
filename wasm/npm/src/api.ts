/** Everything public but the class `Redis`, which differs in how it finds the WebAssembly module. */
export type { Commands, ScoreMember, ZAddOptions } from "./commands.js";
export type { GeneratedCommands } from "./commands.gen.js";
export type { ExpiryCondition, FieldExpiryCommands } from "./field-expiry.js";
export type { GeoCenter, GeoCommands, GeoFound, GeoMember, GeoSearchOptions, GeoShape, GeoUnit } from "./geo.js";
export type { StreamCommands, StreamEntries, StreamGroupChange, StreamTrim } from "./streams.js";
export type { Listener } from "./events.js";
export type { Durability } from "./local/records.js";
export type { Storage, StorageState } from "./local/storage.js";
export type { WasmSource } from "./local/wasm-store.js";
export type { Mode, Out, PipelineMode } from "./mode.js";
export { Pipeline, type Kept } from "./pipeline.js";
export { deleteStore, type CommonOptions, type LocalOptions, type RedisEvents, type RemoteOptions } from "./redis.js";
export type { ConnectionState, Policy } from "./remote/policy.js";
export { RedisError, StoreError, type Form, type Reply, type StoreErrorCode } from "./reply.js";
export { Subscriber, type ChannelMessage, type PatternMessage } from "./subscriber.js";
export { SyncRedis } from "./sync.js";
export type { Key, Numeric, Value, Word } from "./values.js";
export { Watcher, type KeyEvent } from "./watcher.js";
