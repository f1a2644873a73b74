// What a screen reader is told of something that changes many times a second: what has lasted, once.

/** A label must be the best for this long before it is read, in milliseconds. */
const LASTING = 1500;

/** @returns {{ isNew(label: string): boolean, forget(): void }} `isNew` is true once, when the label has lasted */
export function createLasting() {
  let [leader, since] = ['', 0];
  return {
    isNew(label) {
      if (label !== leader) [leader, since] = [label, performance.now()];
      else if (since > 0 && performance.now() - since > LASTING) {
        since = 0;
        return true;
      }
      return false;
    },
    forget() {
      leader = '';
    },
  };
}
