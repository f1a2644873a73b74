/**
 * What quantization cost: both networks on labeled photos.
 */
import { readFile } from 'node:fs/promises';
import { fileError } from '../base/files.node.js';
import type { ConverterModule, CoreConverter } from '../core/converter-types.js';
import { unwrap } from '../core/start.js';
import type { CoreResult } from '../core/types.js';
import type { Manifest } from '../weights/manifest.js';
import { type Measures, measure } from '../weights/measures.js';
import { photoInput } from './calibrate.js';
import { readLabeled } from './labeled.js';
import type { ConvertOptions } from './options.js';

/** Runs the int8 network that was made and the f32 one on labeled photos, as torchvision would see them. */
export async function evaluate(
  core: ConverterModule,
  converter: CoreConverter,
  ranges: Manifest['ranges'],
  options: ConvertOptions,
  folder: string,
): Promise<{ int8: Measures; f32: Measures }> {
  const photos = await readLabeled(folder, converter.classes);
  const { classes } = converter;
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
    for (const [i, { path }] of photos.entries()) {
      const bytes = await readFile(path).catch((error) => {
        throw fileError(path, error);
      });
      const take = (offset: CoreResult<number>): Float32Array => {
        const first = unwrap(offset, path) / 4;
        return core.HEAPF32.slice(first, first + classes);
      };
      const photo = () => photoInput(core, bytes, path, false);
      rows.f32.push(take(converter.runFloat(...photo())));
      const [picture, settings] = photo();
      rows.int8.push(take(session.logits(picture, { ...settings, transforms })));
      options.onProgress?.('evaluating', (i + 1) / photos.length);
    }
    const labels = photos.map(({ label }) => label);
    return { int8: measure(rows.int8, labels, rows.f32), f32: measure(rows.f32, labels) };
  } finally {
    session.delete();
  }
}
