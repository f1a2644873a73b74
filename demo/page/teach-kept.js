// The line that says what an earlier visit left, with the way to forget it; or that nothing can be kept.

const NOT_KEPT = 'This browser does not keep your pictures: they are gone when you leave this page.';
const NOT_FORGOTTEN = 'They could not be forgotten: delete this site’s data in the browser’s settings.';

const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

/**
 * @param {{ box: HTMLElement, text: HTMLElement, forget: HTMLButtonElement }} elements
 * @param keeping of teach-keeping.js
 * @param {import('./teach-keeping.js').KeptClass[]} kept
 */
export function showKept({ box, text, forget }, keeping, kept) {
  function say(sentence) {
    box.hidden = false;
    if (text.textContent !== sentence) text.textContent = sentence;
  }

  const pictures = kept.reduce((sum, one) => sum + one.pictures.length, 0);
  if (kept.length > 0) {
    const what = `${counted(kept.length, 'class', 'classes')} with ${counted(pictures, 'picture', 'pictures')}`;
    say(`Kept from your last visit, in this browser alone: ${what}.`);
    forget.hidden = false;
  }
  keeping.onFailure = () => {
    forget.hidden = true;
    say(NOT_KEPT);
  };
  forget.addEventListener('click', async () => {
    try {
      await keeping.forget();
    } catch {
      return say(NOT_FORGOTTEN);
    }
    location.reload(); // nothing of them stays in memory either
  });
}
