/**
 * Pixels of a bitmap as its file has them: a canvas keeps colors premultiplied by alpha and so loses those under
 * transparent pixels, which Pillow keeps. Two other ways out of a bitmap exist; which of them works is found by
 * trying.
 */

/** RGBA, rows top to bottom; undefined where this way does not exist here or cannot take the size. */
type Reader = (bitmap: ImageBitmap) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/** Through a canvas: exact for opaque pixels. */
export function readByCanvas(bitmap: ImageBitmap): Uint8Array<ArrayBuffer> | undefined {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(bitmap, 0, 0);
  return new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
}

/** Through a texture, which is not premultiplied unless asked for. */
const readByTexture: Reader = async (bitmap) => {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl');
  if (gl === null || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return undefined;
  try {
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    const texture = gl.getParameter(gl.TEXTURE_BINDING_2D);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const data = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
    return gl.getError() === gl.NO_ERROR ? data : undefined;
  } finally {
    gl.getExtension('WEBGL_lose_context')?.loseContext(); // browsers allow few contexts at a time
  }
};

/** Through a video frame. */
const readByFrame: Reader = async (bitmap) => {
  if (typeof VideoFrame !== 'function') return undefined;
  const frame = new VideoFrame(bitmap, { timestamp: 0 });
  try {
    const layout = { format: 'RGBA' } as VideoFrameCopyToOptions;
    const data = new Uint8Array(frame.allocationSize(layout));
    await frame.copyTo(data, layout);
    return data.length === bitmap.width * bitmap.height * 4 ? data : undefined;
  } finally {
    frame.close();
  }
};

/** Colors that do not survive premultiplication. */
const PROBE = [200, 100, 50, 1, 10, 20, 30, 0, 255, 128, 1, 128, 7, 77, 177, 255];

async function probe(reader: Reader): Promise<boolean> {
  const image = new ImageData(Uint8ClampedArray.from(PROBE), 2, 2);
  const bitmap = await createImageBitmap(image, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
  try {
    const data = await reader(bitmap);
    return data !== undefined && PROBE.every((value, i) => data[i] === value);
  } finally {
    bitmap.close();
  }
}

let exactReader: Promise<Reader | undefined> | undefined;

/** The first way that keeps the probe's colors. */
async function findExactReader(): Promise<Reader | undefined> {
  for (const reader of [readByFrame, readByTexture]) {
    if (await probe(reader).catch(() => false)) return reader;
  }
  return undefined;
}

/**
 * RGBA of a bitmap, not premultiplied. Where no exact way exists, colors under transparent pixels are black and those
 * under nearly transparent ones coarse. Undefined where there is no memory for it.
 */
export async function readPixels(bitmap: ImageBitmap): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const drawn = readByCanvas(bitmap);
  if (drawn === undefined || isOpaque(drawn)) return drawn;
  exactReader ??= findExactReader();
  const exact = await (await exactReader)?.(bitmap).catch(() => undefined);
  return exact ?? drawn;
}

function isOpaque(rgba: Uint8Array): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return false;
  return true;
}
