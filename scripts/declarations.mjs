// One declaration file per entry of the package, from what tsc wrote per source: rolled up by dts-bundle-generator, then
// made to compile in every project. Consumers have the DOM, WebWorker's half of it, Node.js's types or none of them,
// TypeScript from 5.0 on, exactOptionalPropertyTypes or not, and check the files of libraries or not. A name that a project
// lacks would be an error in one that checks them, and `any` in one that does not: then `classify(42)` would compile.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';
import { root } from './lib.mjs';

// TypeScript 7 has no such API: this is the TypeScript that dts-bundle-generator brings.
const fromBundler = createRequire(createRequire(import.meta.url).resolve('dts-bundle-generator'));
const ts = fromBundler('typescript');

/** What the declarations are written with; added to a file that uses it. Those that use others come before them. */
const HELPERS = {
  Global: `/** An object of the platform, by the name of its class; never in projects whose \`lib\` and \`types\` lack it. */
type Global<Name extends string> = typeof globalThis extends { [K in Name]: { prototype: infer T } } ? T : never;`,
  BlobLike: `/** A Blob or File, of whatever realm or library. */
interface BlobLike {
	readonly size: number;
	readonly type: string;
	arrayBuffer(): Promise<ArrayBuffer>;
	slice(start?: number, end?: number): BlobLike;
}`,
  ResponseLike: `/** What \`fetch\` gives, of whatever realm or library. */
interface ResponseLike {
	readonly ok: boolean;
	readonly status: number;
	readonly url: string;
	readonly body: StreamLike | null;
	arrayBuffer(): Promise<ArrayBuffer>;
}`,
  StreamLike: `/** A ReadableStream of bytes; those of Node.js and of the DOM have types that do not fit each other. */
interface StreamLike {
	getReader(): { read(): Promise<{ done: boolean; value?: any }>; cancel(reason?: any): Promise<void> };
}`,
  WasmModule: `/** A WebAssembly.Module. */
type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer T } } } ? T : object;`,
  Owned: `/** An array of numbers with a buffer that nobody shares: Float32Array<ArrayBuffer>, before TypeScript 5.7 Float32Array. */
type Owned<View extends { slice(): unknown }> = ReturnType<View["slice"]>;`,
  Optional: `/** Partial, and undefined is as good as absent. */
type Optional<T> = { [K in keyof T]?: T[K] | undefined };`,
  AsyncDisposal: `/** \`await using model = await ResNet50.load()\`, in projects whose \`lib\` has it. */
type AsyncDisposal = { [K in SymbolConstructor[keyof SymbolConstructor & "asyncDispose"] & symbol]: () => Promise<void> };`,
};

/** Replacements by name; every other name that is neither declared nor ECMAScript's becomes Global<"Name">. */
const REPLACED = {
  Blob: 'BlobLike',
  File: 'BlobLike',
  ReadableStream: 'StreamLike',
  Response: 'ResponseLike',
  'WebAssembly.Module': 'WasmModule',
};

/** Names of types that ES2022 has: what consumers can be expected to have. */
function standardTypes() {
  const folder = dirname(fromBundler.resolve('typescript'));
  const files = readdirSync(folder).filter((name) => /^lib\.es(5|20(1\d|2[0-2]))(\..+)?\.d\.ts$/.test(name));
  const declared = files.flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(/^(?:declare )?(?:interface|type|class) (\w+)/gm),
  ]);
  return new Set(declared.map(([, name]) => name));
}

/** Names that a file declares: types of its own, type parameters, what it imports. */
function ownTypes(file) {
  const names = new Set();
  const visit = (node) => {
    const declares =
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isTypeParameterDeclaration(node);
    if (declares) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

const TAKES_UNDEFINED = [ts.SyntaxKind.UndefinedKeyword, ts.SyntaxKind.UnknownKeyword, ts.SyntaxKind.AnyKeyword];
const takesUndefined = (type) =>
  TAKES_UNDEFINED.includes(type.kind) || (ts.isUnionTypeNode(type) && type.types.some(takesUndefined));
const isAsyncDispose = (node) => ts.isMethodDeclaration(node) && node.name.getText() === '[Symbol.asyncDispose]';

/** The edits of one node, as [start, end, text]; those of its children come separately. */
function editsOf(node, isKnown) {
  if (ts.isPropertySignature(node) && node.questionToken && node.type && !takesUndefined(node.type)) {
    const { type } = node;
    const [open, close] = ts.isFunctionTypeNode(type) || ts.isConditionalTypeNode(type) ? ['(', ')'] : ['', ''];
    return [
      [type.getStart(), type.getStart(), open],
      [type.end, type.end, `${close} | undefined`],
    ];
  }
  if (ts.isClassDeclaration(node) && node.members.some(isAsyncDispose)) {
    const method = node.members.find(isAsyncDispose);
    return [
      [method.getFullStart(), method.end, ''],
      [node.end, node.end, `\ninterface ${node.name.text} extends AsyncDisposal {\n}`],
    ];
  }
  if (!ts.isTypeReferenceNode(node)) return [];
  const name = node.typeName.getText();
  if (name === 'Partial') return [[node.typeName.getStart(), node.typeName.end, 'Optional']];
  const [argument] = node.typeArguments ?? [];
  if (argument?.getText() === 'ArrayBuffer') return [[node.getStart(), node.end, `Owned<${name}>`]];
  if (isKnown(name)) return [];
  return [[node.getStart(), node.end, REPLACED[name] ?? `Global<"${name}">`]];
}

/** A rolled-up file that compiles everywhere. */
function portable(text, standard) {
  const file = ts.createSourceFile('index.d.ts', text, ts.ScriptTarget.ES2022, true);
  const own = ownTypes(file);
  const isKnown = (name) => own.has(name) || standard.has(name);
  const edits = [];
  const visit = (node) => {
    edits.push(...editsOf(node, isKnown));
    ts.forEachChild(node, visit);
  };
  visit(file);
  // From the end, so that positions stay right; an insertion behind a replacement of the same end comes first.
  edits.sort(([a, , x], [b, , y]) => b - a || y.length - x.length);
  let result = text;
  for (const [start, end, replacement] of edits) result = result.slice(0, start) + replacement + result.slice(end);
  const used = [];
  for (const [name, helper] of Object.entries(HELPERS)) {
    if (new RegExp(`\\b${name}\\b`).test([result, ...used.map(([, text]) => text)].join())) used.push([name, helper]);
  }
  const taken = used.find(([name]) => own.has(name));
  if (taken) throw new Error(`scripts/declarations.mjs has a helper ${taken[0]}, and so have the declarations`);
  return [...used.map(([, helper]) => helper), result.trim(), ''].join('\n');
}

/**
 * The declarations of entries.
 * @param {string[]} files what tsc wrote of the entries, absolute paths
 * @returns {string[]} one text per entry
 */
export function rollUp(files) {
  const log = console.log;
  const config = { preferredConfigPath: join(root, 'tsconfig.types.json') };
  const output = { exportReferencedTypes: false, noBanner: true, inlineDeclareGlobals: false };
  console.log = () => undefined; // it tells of every step
  try {
    const texts = generateDtsBundle(
      files.map((filePath) => ({ filePath, output, failOnClass: false })),
      config,
    );
    const standard = standardTypes();
    return texts.map((text) => portable(text, standard));
  } finally {
    console.log = log;
  }
}
