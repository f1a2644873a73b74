/**
 * A folder of weights written whole or not at all.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ResNet50Error } from '../base/errors.js';
import { fileError, systemCode, writeError } from '../base/files.node.js';
import { MANIFEST_FILE } from '../weights/manifest.js';

/**
 * Puts a folder with these files in place of `out`, which may be absent, empty or a variant of ours, and stays where that
 * fails.
 * @throws ResNet50Error CANNOT_WRITE
 */
export async function replaceFolder(out: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const old = await readdir(out).catch((error) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(out, error);
  });
  const foreign = old?.find(
    (name) => name !== MANIFEST_FILE && !/^resnet50-(?:int8|f32)-\d+(?:\.gzip)?\.safetensors(?:\.gz)?$/.test(name),
  );
  if (foreign !== undefined) {
    throw new ResNet50Error(
      'INVALID_ARGUMENT',
      `${out} holds other files (${foreign}): give a folder of its own with --out`,
      {
        subject: out,
      },
    );
  }
  const staging = join(dirname(out), `.${basename(out)}.${process.pid}.new`);
  const outgoing = join(dirname(out), `.${basename(out)}.${process.pid}.old`);
  try {
    await mkdir(staging, { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(staging, name), bytes);
    if (old !== undefined) await rename(out, outgoing);
    await rename(staging, out).catch(async (error) => {
      if (old !== undefined) await rename(outgoing, out);
      throw error;
    });
  } catch (error) {
    throw writeError(out, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
    await rm(outgoing, { recursive: true, force: true });
  }
}
