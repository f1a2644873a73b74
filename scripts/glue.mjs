// Emscripten's glue, corrected for the runtimes it has to run in.
// For browsers: without Node's branches (bundlers stumble over node: imports) and without
// addresses of its own (bundlers rewrite or lose them): the caller says where the wasm lies (locateFile) and starts the
// workers that are threads (startThread). Knows the text that Emscripten writes, and fails when it writes another.

/** What is replaced for browsers, and how often it occurs. */
const BROWSER_EDITS = [
  { from: /var ENVIRONMENT_IS_NODE=[^;]+;/g, to: '', times: [1] },
  { from: /\bENVIRONMENT_IS_NODE\b/g, to: 'false' },
  { from: /return new URL\("[^"]+\.wasm",import\.meta\.url\)\.href/g, to: 'return ""', times: [1] },
  { from: /var _scriptName=import\.meta\.url;/g, to: 'var _scriptName="";', times: [1] },
  {
    from: /new Worker\(new URL\("[^"]+\.mjs",import\.meta\.url\),\{[^}]*\}\)/g,
    to: 'Module["startThread"]()',
    times: [0, 1],
  },
  { from: /var isNode=[^;]+;if\(isNode\)isPthread=[^;]+;/g, to: '', times: [0, 1] },
  { from: /const\{createRequire\}=await import\("node:module"\);/g, to: '', times: [1] },
  { from: /createRequire\(import\.meta\.url\)/g, to: 'undefined', times: [1] },
];

/** A function of the glue, up to the next definition. */
const definition = (name) => new RegExp(`var ${name}=.*?\\};(?=var |class |function )`, 'gs');

/**
 * Parts of Embind that this package does without, in fewer bytes for pages: no function of the core has overloads, and text
 * is encoded by what every browser has. Where Emscripten writes them otherwise they stay as they are.
 */
const BROWSER_SAVINGS = Object.entries({
  exposePublicSymbol: `(name,value)=>{if(Module.hasOwnProperty(name)){throwBindingError("Cannot register public name '"+name+"' twice")}Module[name]=value}`,
  replacePublicSymbol: '(name,value)=>{Module[name]=value}',
  stringToUTF8Array:
    '(text,heap,at)=>{var bytes=new TextEncoder().encode(text);heap.set(bytes,at);heap[at+bytes.length]=0}',
  lengthBytesUTF8: '(text)=>new TextEncoder().encode(text).length',
}).map(([name, value]) => ({ from: definition(name), to: `var ${name}=${value};`, times: [0, 1] }));

BROWSER_SAVINGS.push(
  // A wasm file that cannot be streamed (a wrong content type) is fetched once more, and not a third time by XMLHttpRequest.
  {
    from: /async function getWasmBinary\(.*?\}(?=async function )/gs,
    to: 'async function getWasmBinary(file){return new Uint8Array(await readAsync(file))}',
    times: [0, 1],
  },
  // Functions only, no methods.
  {
    from: /function usesDestructorStack\(.*?(?=var ensureOverloadTable=)/gs,
    to: `function craftInvokerFunction(name,types,classType,invoker,target){var [result,,...args]=types;return createNamedFunction(name,(...values)=>{var wired=args.map((type,i)=>type.toWireType([],values[i]));var value=invoker(target,...wired);args.forEach((type,i)=>type.destructorFunction?.(wired[i]));return result.fromWireType(value)})}`,
    times: [0, 1],
  },
);

/**
 * Bun has a global postMessage in its workers, which the glue takes for a sign that messages come to onmessage; in Bun
 * (1.4) they come to parentPort only, so threads would never start.
 */
const SERVER_EDITS = [
  {
    from: /if\(!globalThis\.postMessage\)\{parentPort/g,
    to: 'if(!globalThis.postMessage||globalThis.process.versions.bun){parentPort',
    times: [0, 1],
  },
];

function edited(glue, edits) {
  let text = glue;
  for (const { from, to, times } of edits) {
    const found = text.match(from)?.length ?? 0;
    if (times && !times.includes(found))
      throw new Error(`Emscripten's glue has ${from} ${found} times, not ${times.join(' or ')}`);
    text = text.replace(from, to);
  }
  return text;
}

/**
 * The glue of a flavour for Node, Bun and Deno.
 * @param glue text of resnet50-FLAVOUR.mjs as Emscripten wrote it
 */
export const forServers = (glue) => edited(glue, SERVER_EDITS);

/**
 * The glue of a flavour for browsers.
 * @param glue text of resnet50-FLAVOUR.mjs
 */
export function forBrowsers(glue) {
  const text = edited(glue, [...BROWSER_EDITS, ...BROWSER_SAVINGS]);
  const left = /import\.meta|import\(/.exec(text)?.[0];
  if (left) throw new Error(`Emscripten's glue still has '${left}'`);
  return text;
}
