/** npm's `idb`, which the build puts here, so that a page without a bundler finds it, and a worker, which has no import map. */
export * from "idb";
