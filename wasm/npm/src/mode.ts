/** How the same commands answer in different places: as a promise, at once, as a part of a pipeline. */
import type { Command } from "./command.js";
import type { Pipeline } from "./pipeline.js";

/** A pipeline that has collected results of these types so far. */
export interface PipelineMode<Results extends unknown[]> {
  readonly results: Results;
}

/** Where a command is called. */
export type Mode = "async" | "sync" | "encode" | PipelineMode<unknown[]>;

/** What a command of result `T` gives there. */
export type Out<M extends Mode, T> = M extends "async"
  ? Promise<T>
  : M extends "sync"
    ? T
    : M extends "encode"
      ? Command<T>
      : M extends PipelineMode<infer Results>
        ? Pipeline<[...Results, T]>
        : never;
