// What of other people's work ends up in the package, as data: for the notices (notices.mjs) and the list of components
// (sbom.mjs). Versions, commits and checksums come from dependencies.cmake and package-lock.json, not from here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

/** By the names of dependencies.cmake: SPDX license, and the files of the fetched sources that state it. */
export const NATIVE = {
  xnnpack: { title: 'XNNPACK', license: 'BSD-3-Clause', files: ['LICENSE'] },
  pthreadpool: { title: 'pthreadpool', license: 'BSD-2-Clause', files: ['LICENSE'] },
  fxdiv: { title: 'FXdiv', license: 'MIT', files: ['LICENSE'] },
  fp16: { title: 'FP16', license: 'MIT', files: ['LICENSE'] },
  stb: { title: 'stb_image', license: 'MIT OR Unlicense', files: ['LICENSE'] },
  yyjson: { title: 'yyjson', license: 'MIT', files: ['LICENSE'] },
  zlib: { title: 'zlib and minizip', license: 'Zlib', files: ['LICENSE', 'contrib/minizip/MiniZip64_info.txt'] },
};

/** Packages that are bundled into our JavaScript. */
export const BUNDLED = ['@noble/hashes', 'fast-png', 'fflate', 'hyparquet', 'hyparquet-writer', 'iobuffer', 'leven'];

/** What Emscripten links into every module; its sources come with the compiler, so the notices are written out. */
export const RUNTIME = [
  { title: 'Emscripten runtime and Embind', license: 'MIT', copyright: 'Copyright (c) 2010-2026 Emscripten authors' },
  { title: 'musl libc', license: 'MIT', copyright: 'Copyright (c) 2005-2020 Rich Felker, et al.' },
  {
    title: 'LLVM libc++, libc++abi and compiler-rt',
    license: 'Apache-2.0 WITH LLVM-exception',
    note: 'Part of the LLVM Project. Portions are embedded in the modules in object form, which the LLVM exception allows without further conditions.',
  },
  { title: 'dlmalloc', license: 'CC0-1.0', note: 'Written by Doug Lea and released to the public domain.' },
];

/** The rows of dependencies.cmake. */
export function pinned() {
  const text = readFileSync(join(root, 'cmake', 'dependencies.cmake'), 'utf8');
  const rows = text
    .split('\n')
    .map((line) => /^\s+"([^"]+)"/.exec(line)?.[1].split('|'))
    .filter((row) => row?.length === 5);
  return rows.map(([name, debian, sha256, repository, commit]) => ({
    name,
    debian,
    sha256,
    repository: repository.replace(/\.git$/, ''),
    commit,
  }));
}

/** The packages of package-lock.json, without the project itself. */
export function locked() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({ name: path.slice(path.lastIndexOf('node_modules/') + 13), ...entry }));
}
