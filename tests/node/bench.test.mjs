// What the benchmark says about rows that failed or computed something else; its figures are no test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { correlation } from '../../bench/measure.mjs';
import { report, summarise } from '../../bench/report.mjs';
import { ROWS } from '../../bench/rows.mjs';

const machine = { cpu: 'a processor', cores: 2, node: 'v1', chromium: undefined };
const rowNamed = (name) => {
  const row = ROWS.find((candidate) => candidate.name === name);
  assert.ok(row, `no row ${name}`);
  return row;
};
const run = (ms, more = {}) => ({
  ...{ ms, coldMs: 100, cpuMs: ms[0], peakBytes: 1e6, wasmBytes: 1e6, correlation: 1, busy: 0, note: '' },
  ...more,
});
const lineOf = (text, name) => text.split('\n').find((line) => line.startsWith(name));

test('rows have names of their own', () => {
  assert.equal(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
});

test('a peer is held against our row of the same precision, threads, host and variant', () => {
  const rows = [
    { row: rowNamed('resnet50-wasm-int8-t1@node'), runs: [run([40, 50, 60])] },
    { row: rowNamed('resnet50-wasm-int8-t1-no-vnni@node'), runs: [run([80])] },
    { row: rowNamed('litert-int8-t1@node'), runs: [run([60]), run([100, 110])] },
    { row: rowNamed('litert-int8-t1-no-vnni@node'), runs: [run([160])] },
  ];
  const text = report({ machine, rows });
  assert.match(lineOf(text, 'litert-int8-t1@node'), /^\S+ +100\.0 +60\.0 +2\.00 /);
  assert.match(lineOf(text, 'litert-int8-t1-no-vnni@node'), /^\S+ +160\.0 +160\.0 +2\.00 /);
});

test('a row that cannot run is reported with its reason', () => {
  const rows = [{ row: rowNamed('tfjs-f32-t2@node'), runs: [{ error: 'Error: starts no threads\n    at open' }] }];
  assert.match(lineOf(report({ machine, rows }), 'tfjs-f32-t2@node'), /failed.*Error: starts no threads$/);
});

test('logits of another network are marked, whatever the speed', () => {
  const rows = [{ row: rowNamed('litert-int8-t1@node'), runs: [run([1]), run([1], { correlation: 0.7 })] }];
  assert.match(lineOf(report({ machine, rows }), 'litert-int8-t1@node'), /WRONG LOGITS/);
});

test('a run that failed beside good ones is counted, not hidden', () => {
  const summary = summarise({ row: rowNamed('litert-int8-t1@node'), runs: [run([2]), { error: 'crash' }, run([4])] });
  assert.equal(summary.median, 3);
  assert.equal(summary.failures, 1);
});

test('correlation is that of the logits, not of their offsets', () => {
  assert.ok(Math.abs(correlation([1, 2, 3], [12, 14, 16]) - 1) < 1e-12);
  assert.ok(Math.abs(correlation([1, 2, 3], [3, 2, 1]) + 1) < 1e-12);
  assert.ok(Math.abs(correlation([1, 2, 1, 2], [1, 1, 2, 2])) < 1e-12);
});
