// A button that takes one for a click, and one after another for as long as it is held.

/** Held for this long, a button repeats, so often; in milliseconds. */
const HOLD = 300;
const INTERVAL = 100;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @param {HTMLButtonElement} button
 * @param {{ act: () => Promise<void>, onLetGo: () => void }} options
 * @returns {{ readonly isHeld: boolean }}
 */
export function holdToRepeat(button, { act, onLetGo }) {
  let [presses, held, repeated] = [0, false, false];
  button.addEventListener('pointerdown', async ({ pointerId }) => {
    button.setPointerCapture(pointerId); // the first pictures move the button away from under the finger
    const mine = ++presses;
    [held, repeated] = [true, false];
    await pause(HOLD);
    while (held && mine === presses && button.isConnected && !button.hidden) {
      repeated = true;
      await Promise.all([act(), pause(INTERVAL)]);
    }
    if (mine === presses) held = false; // it may have vanished under the finger
    onLetGo();
  });
  for (const type of ['pointerup', 'pointercancel', 'lostpointercapture'])
    button.addEventListener(type, () => {
      held = false;
    });
  button.addEventListener('contextmenu', (event) => event.preventDefault()); // what a long touch opens
  button.addEventListener('click', (event) => {
    const byKey = event.detail === 0;
    if (byKey || !repeated) act();
  });
  return {
    get isHeld() {
      return held;
    },
  };
}
