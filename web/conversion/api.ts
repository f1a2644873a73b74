/**
 * What the entries for conversion export besides `convert`.
 */
export type { ConvertedWeights } from './convert.js';
export type { ConvertOptions, FileInput, LabeledImage } from './convert-options.js';
export type { ConvertPhase, ConvertProgress } from './phases.js';
export type { ConversionReport, PhotoReport } from './report.js';
export type { Recognized } from './settings.js';
