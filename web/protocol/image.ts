/**
 * Images on their way to a host. Plain data.
 */

/** An image ready to cross to the host; its buffers may be transferred. */
export type PreparedImage =
  /** An encoded file. */
  | { kind: 'bytes'; name: string; bytes: Uint8Array<ArrayBuffer> }
  /** 8-bit pixels, rows top to bottom, channels interleaved, no padding. */
  | { kind: 'pixels'; name: string; data: Uint8Array<ArrayBuffer>; width: number; height: number; channels: 1 | 3 | 4 }
  /** Decoded by the browser. */
  | { kind: 'bitmap'; name: string; bitmap: ImageBitmap }
  /** float32 [n, 3, height, width], already normalized; logits only. */
  | { kind: 'tensor'; name: string; data: Float32Array<ArrayBuffer>; shape: [number, number, number, number] };

/** How to decode an image. */
export interface DecodeSettings {
  maxPixels: number;
  applyOrientation: boolean;
  background: readonly [number, number, number] | null;
}
