// What was learnt as one page: the page of demo/one-page.mjs with the files of the network, its wasm and the head in it.

/** Base64 takes four characters for three bytes. */
const inBase64 = (bytes) => (bytes * 4) / 3;

/** What such a page weighs. @param {{ frame: number, wasm: number }} onePage of site.json @returns {number} bytes, nearly */
export const onePageBytes = ({ frame, wasm }, network, head) => frame + inBase64(wasm + network.bytes + head.size);

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
 * @param {string} folder address of the network's weights
 * @param {string} precision of its shards
 * @param {Blob} head
 * @returns {Promise<Blob>} HTML
 * @throws where a part cannot be fetched
 */
export async function makeOnePage(folder, precision, head) {
  const manifest = await (await fetched(new URL('manifest.json', folder))).blob();
  const { precisions } = JSON.parse(await manifest.text());
  const shards = precisions[precision].shards.map(({ file }) => [file, new URL(file, folder)]);
  const wasm = ['relaxed', 'simd'].map((flavour) => `resnet50-${flavour}.wasm`);
  const files = [...shards, ...wasm.map((file) => [file, new URL(`dist/wasm/${file}`, document.baseURI)])];
  const blocks = [await block('manifest.json', manifest), await block('head.safetensors', head)];
  for (const [name, address] of files) blocks.push(await block(name, await (await fetched(address)).blob()));
  const frame = await (await fetched(new URL('one-page.html', document.baseURI))).text();
  const [before, after] = frame.split('<!-- files -->');
  return new Blob([before, ...blocks, after], { type: 'text/html' });
}
