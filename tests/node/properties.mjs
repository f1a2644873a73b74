// What the tests of properties share: a fixed seed, which is printed, bounds on runs and time, and what every refusal must be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

/** Another one is tried with RESNET50_SEED=N. */
const SEED = Number(process.env.RESNET50_SEED ?? 20_260_101);
/** A busy machine makes fewer runs, milliseconds; how many is printed. */
const MOST_MS = 1500;

/** A test that a property holds for what the arbitraries give. */
export function property(name, arbitraries, predicate, { runs = 500, before = () => undefined } = {}) {
  test(name, async (t) => {
    const shared = await before(t);
    let done = 0;
    const end = performance.now() + MOST_MS;
    const counted = async (...values) => {
      if (performance.now() > end) return;
      done++;
      await predicate(...values, shared);
    };
    await fc.assert(fc.asyncProperty(...arbitraries, counted), { seed: SEED, numRuns: runs });
    t.diagnostic(`${done} runs, seed ${SEED}`);
    assert.ok(done >= 1, `not one run in ${MOST_MS} ms`);
  });
}

/** What people and JSON may give in place of anything: values of all types, shallow ones mostly. */
export const anything = fc.oneof(
  fc.anything({ maxDepth: 2, withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true }),
  fc.anything({ maxDepth: 1, withTypedArray: true, withObjectString: true, withBoxedValues: true }),
  fc.constantFrom(Symbol('x'), () => 1, Promise.resolve(1), new Proxy({}, {}), new WeakMap(), Number.NaN, -0, 2 ** 53),
);

const CODES =
  /^(?:INVALID_ARGUMENT|UNSUPPORTED_INPUT|NOT_AN_IMAGE|FILE_NOT_FOUND|FETCH_FAILED|IMAGE_TOO_LARGE|NOT_READY|NOT_FINITE|MANIFEST_FORMAT|MANIFEST_TOO_NEW|WEIGHTS_FORMAT|WEIGHTS_MISMATCH|UNKNOWN_WEIGHTS|WEIGHTS_NOT_FOUND)$/;

/** An error must be one of ours, of a kind that is the caller's or the file's to mend, and fit a line or two. */
export function assertTyped(error) {
  assert.equal(error?.name, 'ResNet50Error', error?.stack ?? String(error));
  assert.match(error.code, CODES, error.stack);
  assert.ok(error.message.length > 0 && error.message.length <= 1005, error.message);
  assert.doesNotMatch(error.message, /a bug of|\[object|Cannot (?:read|convert)|is not (?:a function|iterable)/);
}

/** `{ value }` of the action, or undefined where it ends in a typed error. */
export async function outcomeOf(action) {
  try {
    return { value: await action() };
  } catch (error) {
    assertTyped(error);
    return undefined;
  }
}

/** A copy of a JSON value in which something at some place is another value, or gone. */
export const spoiled = (json, other = fc.jsonValue({ maxDepth: 2 })) =>
  fc.tuple(fc.constantFrom(...placesIn(json)), other, fc.boolean()).map(([place, value, gone]) => {
    const copy = structuredClone(json);
    const last = place.at(-1);
    const holder = place.slice(0, -1).reduce((at, key) => at[key], copy);
    if (gone && !Array.isArray(holder)) delete holder[last];
    else holder[last] = value;
    return copy;
  });

const placesIn = (value, path = []) =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).flatMap((key) => [[...path, key], ...placesIn(value[key], [...path, key])])
    : [];

/** Bytes with some of them changed, cut off or added. */
export const damaged = (bytes) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length)),
      fc.uint8Array({ maxLength: 9 }),
    )
    .map(([changes, length, tail]) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, value] of changes) copy[at] = value;
      return new Uint8Array([...copy.subarray(0, length), ...tail]);
    });
