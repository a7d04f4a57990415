/** What the import of a WebAssembly module gives where the runtime or its bundler compiles it. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
