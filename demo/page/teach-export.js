// What was learnt, to take along: as a file that load({ head }) takes.

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser may ask first where to put it
}

/** @param {{ download: HTMLButtonElement }} elements */
export function createExport({ download }) {
  /** The last result. */
  let head;
  download.addEventListener('click', () => save(head, 'head.safetensors'));
  return {
    /** @param model of the package, which has learnt something */
    async offer(model) {
      head = new Blob([await model.save()], { type: 'application/octet-stream' });
      download.hidden = false;
    },
  };
}
