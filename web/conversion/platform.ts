/**
 * What conversion needs of the platform it runs on; one implementation for browsers, one for Node.js.
 */
import type { Limits } from '../base/limits.js';
import type { Transforms } from '../base/transforms.js';
import type { AddressOpener } from '../client/inputs.js';
import type { Connection } from '../protocol/connection.js';
import type { ConverterJobs, ConverterStart } from '../protocol/conversion.js';
import type { Category } from '../weights/manifest.js';
import type { ConvertOptions, FileInput } from './convert-options.js';
import type { Evaluation, Photo } from './run.js';

/** What a conversion needs of its platform. */
export interface ConvertPlatform extends AddressOpener {
  readonly limits: Limits;
  /** How many threads 'auto' means. */
  threads(): number;
  /** A converter whose core has started; rejects with the signal's reason as soon as it aborts. */
  connect(
    start: Pick<ConverterStart, 'threads' | 'networks'>,
    where: Pick<ConvertOptions, 'wasmUrl' | 'workerUrl'>,
    signal: AbortSignal | undefined,
  ): Promise<Connection<keyof ConverterJobs>>;
  /** Folders of photos, and what lies beside a checkpoint on the disk. */
  readonly disk?: {
    photos(folder: string): Promise<{ photos: readonly Photo[]; from: string }>;
    labeled(folder: string, categories: readonly Category[]): Promise<Evaluation>;
    /** The whole of the transforms that a config beside a checkpoint tells. */
    transforms(checkpoint: string, given: Partial<Transforms>): Promise<Transforms | undefined>;
    activation(checkpoint: string): Promise<ConvertOptions['activation']>;
    /** The path that a checkpoint was given by, or undefined. */
    pathOf(checkpoint: FileInput): string | undefined;
  };
}
