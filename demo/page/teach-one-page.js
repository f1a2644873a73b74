// What was learnt as one page: the page of demo/one-page.mjs with the files of the network, its wasm and the head in it.

/** Base64 takes four characters for three bytes. */
const inBase64 = (bytes) => (bytes * 4) / 3;

/** @typedef {{ bytes: number, wasm: { file: string, bytes: number }[] }} Frame of site.json: the page without a network */

/** What such a page weighs. @param {Frame} frame @returns {number} bytes, nearly */
export function onePageBytes({ bytes, wasm }, network, head) {
  return bytes + inBase64(wasm.reduce((sum, file) => sum + file.bytes, network.bytes + head.size));
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: the server answered ${response.status}`);
  return response;
}

/** @param {Blob} blob @returns {Promise<string>} */
function base64Of(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

const block = async (name, blob) => `<script type="text/base64" data-file="${name}">${await base64Of(blob)}</script>\n`;

/**
 * @param {Frame} frame
 * @param {string} folder address of the network's weights
 * @param {string} precision of its shards
 * @param {Blob} head
 * @returns {Promise<Blob>} HTML
 * @throws where a part cannot be fetched
 */
export async function makeOnePage({ wasm }, folder, precision, head) {
  const manifest = await (await fetched(new URL('manifest.json', folder))).blob();
  const { precisions } = JSON.parse(await manifest.text());
  const shards = precisions[precision].shards.map(({ file }) => [file, new URL(file, folder)]);
  const files = [...shards, ...wasm.map(({ file }) => [file.split('/').at(-1), new URL(file, document.baseURI)])];
  const blocks = [await block('manifest.json', manifest), await block('head.safetensors', head)];
  for (const [name, address] of files) blocks.push(await block(name, await (await fetched(address)).blob()));
  const frame = await (await fetched(new URL('one-page.html', document.baseURI))).text();
  const [before, after] = frame.split('<!-- files -->');
  return new Blob([before, ...blocks, after], { type: 'text/html' });
}
