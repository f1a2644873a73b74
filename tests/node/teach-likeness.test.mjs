// What the demo's teach page calls unlike everything: demo/page/teach-likeness.js, arithmetic without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStranger } from '../../demo/page/teach-likeness.js';

/** A vector at an angle in the plane; its length does not matter. */
const at = (degrees, length = 1) =>
  Float32Array.of(length * Math.cos((degrees * Math.PI) / 180), length * Math.sin((degrees * Math.PI) / 180));
const examplesOf = (classes) =>
  Object.entries(classes).flatMap(([label, angles]) => angles.map((angle) => ({ label, embedding: at(angle) })));

test('a picture is a stranger where it is farther from all examples than each of them is from its nearest', () => {
  const isStranger = createStranger(examplesOf({ low: [0, 2, 10], high: [80, 84, 88] }));
  // The loneliest example is at 10 degrees, 8 from the next of its class.
  for (const angle of [-7, 5, 17, 73, 95]) assert.equal(isStranger(at(angle)), false, `${angle} degrees`);
  for (const angle of [-9, 19, 45, 71, 97, 180]) assert.equal(isStranger(at(angle)), true, `${angle} degrees`);
});

test('lengths do not matter', () => {
  const examples = examplesOf({ low: [0, 2, 10], high: [80, 84, 88] });
  const scaled = examples.map(({ label, embedding }, i) => ({ label, embedding: embedding.map((x) => x * (i + 1)) }));
  const isStranger = createStranger(scaled);
  assert.deepEqual([isStranger(at(17, 50)), isStranger(at(19, 0.02))], [false, true]);
});

test('examples of another class are no neighbors of an example: they do not narrow the limit', () => {
  const isStranger = createStranger(examplesOf({ wide: [0, 40, 80], narrow: [41, 42, 43] }));
  assert.equal(isStranger(at(110)), false, '30 degrees from the next one, where a class has 40 between its examples');
});

test('the same picture twice is as alike as can be', () => {
  const isStranger = createStranger(examplesOf({ same: [10, 10, 10], other: [50, 50, 50] }));
  assert.deepEqual([isStranger(at(10)), isStranger(at(11))], [false, true]);
});

test('with fewer than three examples of a class nothing is told', () => {
  assert.equal(createStranger(examplesOf({ many: [0, 1, 2, 3], few: [80, 81] })), null);
  assert.equal(createStranger([]), null);
});
