// A picture by its address, as a file. It is loaded as an <img> is, which sends nothing but the address: the page's policy
// allows no other requests to other servers.

/** What the server's own words for the picture are: the last part of its path. */
export function nameOf(address) {
  if (address.startsWith('data:')) return '';
  return decodeURIComponent(new URL(address).pathname.split('/').at(-1)) || new URL(address).host;
}

/**
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<Blob>} a PNG file
 * @throws where the address is no picture, or its server does not let other pages read it
 */
export async function fetchPicture(address, signal) {
  const image = new Image();
  image.crossOrigin = 'anonymous';
  image.referrerPolicy = 'no-referrer';
  image.src = address;
  await image.decode();
  signal.throwIfAborted();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.convertToBlob();
}
