/**
 * From a compiled flavour to a running core, and what every caller of a core does: results unwrapped, bytes copied in.
 */

import type { Flavour } from '../base/engine-support.js';
import { describe, type ErrorCode, ResNet50Error } from '../base/errors.js';
import { withObjects } from './objects.js';
import type { CoreMemory, CoreModule, CoreResult } from './types.js';

/** Options of Emscripten's module factory that this package uses. */
export interface CoreFactoryOptions {
  /** Threads started before the factory resolves (the caller's own not counted). */
  pthreadPoolSize?: number;
  locateFile?: (file: string) => string;
  instantiateWasm?: (
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
  print?: (line: string) => void;
  printErr?: (line: string) => void;
  /** Browsers: the next of the workers that are threads (see scripts/build-javascript.mjs, web/browser/threads.ts). */
  startThread?: () => Worker;
}

/** How to start a core. */
interface CoreStart {
  /** The caller's own included. */
  threads: number;
  /** Address of the wasm file; null where the core's glue knows by itself (Node). */
  wasmFile: string | null;
  /** Compiled module to use instead of fetching one. */
  wasmModule: WebAssembly.Module | null;
}

/** The default export of a compiled flavour. */
export type CoreFactory = (options?: CoreFactoryOptions) => Promise<CoreMemory>;

/** The value of a result, or its error thrown as ours; an empty subject becomes `subject`. */
export function unwrap<T>(result: CoreResult<T>, subject = ''): T {
  if (result.error === undefined) return result.value as T;
  const { code, message } = result.error;
  // The decoder knows no names.
  const own = result.error.subject;
  const about = own === '' || own === 'image' ? subject || own : own;
  const text = about === '' || message.includes(about) ? message : `${about}: ${message}`;
  throw new ResNet50Error(code as ErrorCode, text, { subject: about });
}

/** Copies bytes or numbers into a new block of the core's memory. The caller releases it. */
export function copyIn(core: CoreMemory, data: ArrayBufferView, subject: string): number {
  const { buffer, byteOffset, byteLength } = data;
  const pointer = core.allocate(byteLength);
  if (pointer === 0) {
    throw new ResNet50Error('OUT_OF_MEMORY', `no memory for the ${byteLength} bytes of ${subject}`, { subject });
  }
  core.HEAPU8.set(new Uint8Array(buffer, byteOffset, byteLength), pointer);
  return pointer;
}

/** Starts a compiled core; which of its modules it is, the caller knows by the factory. */
export async function startCore<T extends CoreMemory = CoreModule>(factory: CoreFactory, spec: CoreStart): Promise<T> {
  const { threads, wasmFile, wasmModule } = spec;
  // Emscripten's own promise never settles when instantiateWasm fails, so that failure is raced against it.
  let fail: (reason: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const options: CoreFactoryOptions = {
    pthreadPoolSize: threads - 1,
    print: () => undefined,
    printErr: () => undefined,
  };
  if (wasmFile !== null) options.locateFile = () => wasmFile;
  if (wasmModule !== null) {
    options.instantiateWasm = (imports, receive) => {
      WebAssembly.instantiate(wasmModule, imports).then((instance) => receive(instance, wasmModule), fail);
      return {};
    };
  }
  return Promise.race([factory(options).then((module) => withObjects(module as T)), failure]);
}

/** CORE_LOAD_FAILED for what kept a core from starting. */
export function coreLoadFailed(spec: { flavour: Flavour; wasmFile: string | null }, cause: unknown): ResNet50Error {
  const from = spec.wasmFile === null ? '' : ` from ${spec.wasmFile}`;
  return new ResNet50Error(
    'CORE_LOAD_FAILED',
    `resnet50-${spec.flavour}.wasm could not be started${from}: ${describe(cause)} (if the file is elsewhere, set wasmUrl)`,
    { subject: `resnet50-${spec.flavour}.wasm`, cause },
  );
}
