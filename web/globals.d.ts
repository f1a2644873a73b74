/** What the build and Emscripten put beside our own sources: the version and the compiled cores. */
declare const __VERSION__: string;
/** True in bundles that run in secure contexts only, where WebCrypto is. */
declare const __SECURE_CONTEXT__: boolean;

declare module '*.mjs' {
  const factory: import('./core/start.js').CoreFactory;
  export default factory;
}
