/**
 * What to convert on this machine's disk, and how.
 */
import type { ConversionSettings } from '../conversion/settings.js';

/** What to convert, and how. */
export interface ConvertOptions extends ConversionSettings {
  /** Path of a .pth or .safetensors state dict. */
  checkpoint: string;
  /** Folder to write; replaced as a whole if it holds a variant already. */
  out: string;
  /** Path of a JSON or text file of class names; ImageNet's for 1000 classes, else 'class N'. */
  labels?: string | undefined;
  /** Folder of photos; generated pictures without. */
  calibrate?: string | undefined;
  /** Folder of labeled photos (labeled.ts) on which int8 is measured against f32; nothing is measured without. */
  evaluate?: string | undefined;
}
