// Emscripten's glue as browsers need it: without Node's branches (bundlers stumble over node: imports) and without
// addresses of its own (bundlers rewrite or lose them): the caller says where the wasm lies (locateFile) and starts the
// workers that are threads (startThread). Knows the text that Emscripten writes, and fails when it writes another.

/** What is replaced, and how often it occurs. */
const EDITS = [
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

/**
 * The glue of a flavour for browsers.
 * @param glue text of resnet50-FLAVOUR.mjs
 */
export function forBrowsers(glue) {
  let text = glue;
  for (const { from, to, times } of EDITS) {
    const found = text.match(from)?.length ?? 0;
    if (times && !times.includes(found))
      throw new Error(`Emscripten's glue has ${from} ${found} times, not ${times.join(' or ')}`);
    text = text.replace(from, to);
  }
  const left = /import\.meta|import\(/.exec(text)?.[0];
  if (left) throw new Error(`Emscripten's glue still has '${left}'`);
  return text;
}
