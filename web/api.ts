/**
 * What every entry of the package exports besides its own ResNet50.
 */

export type { TensorSpec } from './architecture.js';
export type { CachedShard, WeightsCache } from './cache-storage.js';
export type { Interpolation } from './core.js';
export { type ErrorCode, ResNet50Error } from './errors.js';
export type { Explanation, Grid } from './explain.js';
export { type Features, type Flavour, probeFeatures } from './features.js';
export type {
  Example,
  FinetuneReport,
  Fit,
  FitOptions,
  FitProgress,
  FitReport,
  Head,
  LinearHead,
  NearestHead,
} from './head.js';
export { heatmapPixels, paintHeatmap } from './heatmap.js';
export type { Drawable, ImageInput, RawPixels, TensorInput } from './inputs.js';
export type { Category, Manifest, Precision, Shard } from './manifest.js';
export type { ModelInfo, ModelWeights } from './model.js';
export type {
  ClassifyOptions,
  ExplainOptions,
  HeadInput,
  ImageOptions,
  LoadOptions,
  PreprocessOptions,
} from './options.js';
export type { Parameter } from './parameters.js';
export type { Classification, Preprocessed, ProgressEvent, StageOutput } from './protocol.js';
export { getWeight, ResNet50_Weights, Weights, type WeightsMeta } from './registry.js';
export { cosineSimilarity, rankBySimilarity, type Vector } from './similarity.js';
export type { Summary, SummaryOptions, SummaryRow } from './summary.js';
export type { Transforms } from './transforms.js';
export { listWeights, type WeightsName } from './variants.js';
export type { Region, Rotation } from './view.js';
