/**
 * What every entry of the package exports besides its own ResNet50.
 */

export type { Activation } from '../base/activation.js';
export { type EngineSupport, type Flavour, probeEngine } from '../base/engine-support.js';
export { type ErrorCode, ResNet50Error } from '../base/errors.js';
export type { TensorSpec } from '../base/resnet50.js';
export type { Interpolation, Transforms } from '../base/transforms.js';
export type { Region, Rotation } from '../base/view.js';
export type { Head, LinearHead, NearestHead } from '../protocol/head.js';
export type { Classification, Grid, Preprocessed, ProgressEvent, StageOutput } from '../protocol/messages.js';
export type { FinetuneReport, FitProgress, FitReport, Score } from '../protocol/training.js';
export type { CachedShard, WeightsCache } from '../weights/cache.js';
export type { Category, Manifest, Precision, Shard } from '../weights/manifest.js';
export type { Parameter } from '../weights/parameters.js';
export { getWeight, ResNet50_Weights, Weights, type WeightsMeta } from '../weights/registry.js';
export { listWeights, type WeightsName } from '../weights/variants.js';
export type { Explanation } from './explain.js';
export type { Example, FitOptions } from './fit-options.js';
export { heatmapPixels, paintHeatmap } from './heatmap.js';
export type { ModelInfo, ModelWeights } from './info.js';
export type { Drawable, ImageInput, RawPixels } from './inputs.js';
export type {
  ClassifyOptions,
  ExplainOptions,
  HeadInput,
  ImageOptions,
  LoadOptions,
  PreprocessOptions,
  ScoreOptions,
  Settled,
  WeightsFiles,
} from './options.js';
export { cosineSimilarity, rankBySimilarity, type Vector } from './similarity.js';
export type { Summary, SummaryOptions, SummaryRow } from './summary.js';
export type { TensorInput } from './tensors.js';
export type { WatchResult } from './watch.js';
