/**
 * What every entry of the package exports besides its own ResNet50.
 */

export { type Features, type Flavour, probeFeatures } from '../base/engine-support.js';
export { type ErrorCode, ResNet50Error } from '../base/errors.js';
export type { TensorSpec } from '../base/resnet50.js';
export type { Transforms } from '../base/transforms.js';
export type { Region, Rotation } from '../base/view.js';
export type { Interpolation } from '../core/types.js';
export type { Explanation, Grid } from '../host/explain.js';
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
} from '../protocol/head.js';
export type { Classification, Preprocessed, ProgressEvent, StageOutput } from '../protocol/messages.js';
export type { CachedShard, WeightsCache } from '../weights/cache-storage.js';
export type { Category, Manifest, Precision, Shard } from '../weights/manifest.js';
export type { Parameter } from '../weights/parameters.js';
export { getWeight, ResNet50_Weights, Weights, type WeightsMeta } from '../weights/registry.js';
export { listWeights, type WeightsName } from '../weights/variants.js';
export { heatmapPixels, paintHeatmap } from './heatmap.js';
export type { Drawable, ImageInput, RawPixels, TensorInput } from './inputs.js';
export type { ModelInfo, ModelWeights } from './model.js';
export type {
  ClassifyOptions,
  ExplainOptions,
  HeadInput,
  ImageOptions,
  LoadOptions,
  PreprocessOptions,
} from './options.js';
export { cosineSimilarity, rankBySimilarity, type Vector } from './similarity.js';
export type { Summary, SummaryOptions, SummaryRow } from './summary.js';
