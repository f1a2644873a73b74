/** What the build and Emscripten put beside our own sources: the version and the compiled cores. */
declare const __VERSION__: string;

declare module '*.mjs' {
  const factory: import('./engine.js').CoreFactory;
  export default factory;
}
