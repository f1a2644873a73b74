// What `embed` and `classify` write as Parquet, read by DuckDB.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { readNpy } from '../../bench/npy.mjs';
import { installTools } from '../support/prepare.mjs';
import { fakeImage, fakePackage, ROOT, run, scratch, writeVariant } from './helpers.mjs';

const LIMIT = { timeout: 300_000 };

async function command(t) {
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  await writeVariant(join(home, 'weights'), 'IMAGENET1K_V2');
  const env = { XDG_CACHE_HOME: join(home, 'cache'), RESNET50_WEIGHTS_DIR: join(home, 'weights') };
  const cli = (args, options) =>
    run(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], { env, cwd: home, timeout: 120_000, ...options });
  return { cli, home, folder };
}

/** Runs queries over files in a folder; rows as arrays. */
async function duckdb(t, home) {
  const tools = await installTools('readers', join(ROOT, 'tests', 'node', 'readers'));
  const { DuckDBInstance } = createRequire(join(tools, 'package.json'))('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  t.after(() => connection.closeSync());
  return async (sql) => (await connection.runAndReadAll(sql.replaceAll('FILE:', `${home}/`))).getRowsJS();
}

test('embed: names and vectors, those of the .npy file', LIMIT, async (t) => {
  const { cli, home } = await command(t);
  const query = await duckdb(t, home);
  // More than a row group; a name with everything that names may have.
  const names = Array.from({ length: 530 }, (_, i) => (i === 7 ? 'ä "7",\t☂.jpg' : `${i}.jpg`));
  for (const [i, name] of names.entries()) await writeFile(join(home, name), i === 9 ? 'bad' : fakeImage(i % 4));
  const input = names.join('\n');
  const parquet = await cli(['embed', '--out', 'v.parquet', '--names', 'n.txt', '--jobs', '2'], { input });
  assert.deepEqual([parquet.status, /v\.parquet: 529 x 2048/.test(parquet.stderr)], [1, true], parquet.stderr);
  assert.equal((await cli(['embed', '--out', 'v.npy'], { input })).status, 1);
  const vectors = readNpy(join(home, 'v.npy'));
  assert.deepEqual([vectors.length, vectors[0].length], [529, 2048]);

  assert.deepEqual(
    await query("describe select * from 'FILE:v.parquet'").then((rows) => rows.map((row) => row.slice(0, 2))),
    [
      ['file', 'VARCHAR'],
      ['embedding', 'FLOAT[]'],
    ],
  );
  const rows = await query("select file, embedding from 'FILE:v.parquet'");
  assert.deepEqual(
    rows.map(([file]) => file),
    names.filter((_, i) => i !== 9),
  );
  for (const at of [0, 7, 511, 512, 528]) {
    assert.deepEqual(Float32Array.from(rows[at][1]), vectors[at], `row ${at}`);
  }
  assert.equal(
    rows.every(([, vector]) => vector.length === 2048),
    true,
  );
  const facts = await query("select key::varchar, value::varchar from parquet_kv_metadata('FILE:v.parquet')");
  assert.deepEqual(Object.fromEntries(facts), { weights: 'IMAGENET1K_V2', features: '2048' });
  assert.equal((await readFile(join(home, 'n.txt'), 'utf8')).split('\n').length, 530);
  // What it is for.
  const [[nearest]] = await query(
    "select b.file from 'FILE:v.parquet' a, 'FILE:v.parquet' b where a.file = '1.jpg' and b.file <> a.file order by list_cosine_similarity(a.embedding, b.embedding) desc, b.file limit 1",
  );
  assert.ok(names.indexOf(nearest) % 4 === 1, nearest);
});

test('classify: the columns and rows of --csv', LIMIT, async (t) => {
  const { cli, home } = await command(t);
  const query = await duckdb(t, home);
  const names = Array.from({ length: 20 }, (_, i) => `${i}.jpg`);
  for (const [i, name] of names.entries()) await writeFile(join(home, name), i === 3 ? 'bad' : fakeImage(i % 4));
  const list = { input: names.join('\n') };
  const { status, stdout, stderr } = await cli(['classify', '--parquet', 'c.parquet', '-k', '2', '--jobs', '2'], list);
  assert.deepEqual([status, stdout], [1, ''], stderr);
  const csv = await cli(['classify', '--csv', '-k', '2'], list);
  await writeFile(join(home, 'c.csv'), csv.stdout);
  const all = (file) => query(`select file, "index"::int, wnid, label, score::double, error from 'FILE:${file}'`);
  const rows = await all('c.parquet');
  assert.equal(rows.length, 39);
  assert.deepEqual(rows, await all('c.csv'));
  assert.match(rows.find(([file]) => file === '3.jpg')[5], /signature/);
  const [[best]] = await query("select count(*)::int from 'FILE:c.parquet' where label = 'label 2' and score > 0.9");
  assert.equal(best, 5);
});

test('no rows; an end that leaves nothing; what excludes what', LIMIT, async (t) => {
  const { cli, home } = await command(t);
  const query = await duckdb(t, home);
  await writeFile(join(home, 'bad.jpg'), 'bad');
  assert.equal((await cli(['embed', 'bad.jpg', '--out', 'none.parquet'])).status, 1);
  assert.deepEqual(await query("select * from 'FILE:none.parquet'"), []);
  const both = await cli(['classify', 'bad.jpg', '--parquet', 'c.parquet', '--csv']);
  assert.deepEqual([both.status, /--csv and --parquet exclude/.test(both.stderr)], [2, true], both.stderr);
  assert.match((await cli(['classify', 'bad.jpg', '--parquet', 'no/c.parquet'])).stderr, /--parquet no\/c\.parquet: /);
  await assert.rejects(readFile(join(home, 'c.parquet')), { code: 'ENOENT' });
  const grown = await cli(['embed', 'bad.jpg', '--resume', 'v.parquet']);
  assert.deepEqual([grown.status, /Parquet files do not grow/.test(grown.stderr)], [2, true], grown.stderr);
  assert.match(
    (await cli(['embed', 'bad.jpg', '--resume', 'v.npy', '--out', 'w.npy'])).stderr,
    /--resume and --out exclude/,
  );
});
