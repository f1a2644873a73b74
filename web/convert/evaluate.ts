/**
 * What quantization cost: both networks on labeled photos.
 */
import { fault } from '../base/check.js';
import { ResNet50Error } from '../base/errors.js';
import type { ConverterModule, CoreConverter } from '../core/converter-types.js';
import { atOnce } from '../core/run.js';
import { unwrap } from '../core/start.js';
import type { CoreResult } from '../core/types.js';
import type { Category, Manifest } from '../weights/manifest.js';
import { type Measures, measure } from '../weights/measures.js';
import { photoInput } from './calibrate.js';
import { readLabeled, readPhoto } from './labeled.js';
import type { ConvertOptions } from './options.js';
import type { Phases } from './phases.js';

/** Of a network with one logit: its class, and the other. */
const TWO_CLASSES = [{ label: 'class 0' }, { label: 'class 1' }];

/** Runs the int8 network that was made and the f32 one on labeled photos, as torchvision would see them. */
export async function evaluate(
  core: ConverterModule,
  converter: CoreConverter,
  ranges: Manifest['ranges'],
  options: ConvertOptions,
  folder: string,
  categories: readonly Category[],
  phases: Phases,
): Promise<{ int8: Measures; f32: Measures }> {
  const { classes } = converter;
  // One logit decides between two classes, as if the first one's were 0: folders (or labels) 0 and 1.
  const binary = classes === 1;
  const { photos, notes } = await readLabeled(folder, binary ? TWO_CLASSES : categories);
  for (const note of notes) options.onWarning?.(`${folder}: ${note}`);
  const { threads, transforms } = options;
  const session = unwrap(
    core.createSession({ classes, precision: 'int8', activationBits: 7, threads, ranges }),
    'int8',
  );
  try {
    const count = unwrap(converter.planShards('int8', options.shardBytes), 'int8');
    for (let i = 0; i < count; i++) {
      const { pointer, bytes } = unwrap(converter.shard(i), 'int8');
      unwrap(session.loadShard(pointer, bytes, `shard ${i}`), 'int8');
    }
    const rows: { int8: Float32Array[]; f32: Float32Array[] } = { int8: [], f32: [] };
    const labels: number[] = [];
    const take = (offset: CoreResult<number>, path: string): Float32Array => {
      const first = unwrap(offset, path) / 4;
      const logits = core.HEAPF32.slice(first, first + classes);
      return binary ? Float32Array.of(0, ...logits) : logits;
    };
    for (const [i, { path, label }] of photos.entries()) {
      try {
        const bytes = await readPhoto(path);
        const f32 = take(converter.runFloat(...photoInput(core, bytes, path, false)), path);
        const [picture, settings] = photoInput(core, bytes, path, false);
        rows.int8.push(take(atOnce(session, session.logits(picture, { ...settings, transforms })), path));
        rows.f32.push(f32);
        labels.push(label);
      } catch (error) {
        if (!(error instanceof ResNet50Error)) throw error;
        options.onWarning?.(`left out of the evaluation: ${error.message}`);
      }
      phases.at('evaluate', i + 1, photos.length);
    }
    if (labels.length === 0) throw fault(folder, 'holds no photo that could be read (JPEG, PNG, BMP)');
    return { int8: measure(rows.int8, labels, rows.f32), f32: measure(rows.f32, labels) };
  } finally {
    session.delete();
  }
}
