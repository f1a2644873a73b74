// Configs of timm and Hugging Face beside a checkpoint, as their programs write them, and everything in them that must not
// be followed.
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { importSource, scratch } from './helpers.mjs';

const { configActivation, configTransforms } = await importSource('convert/checkpoint-config.ts');

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const PROCESSOR = { image_mean: IMAGENET.mean, image_std: IMAGENET.std };
/** microsoft/resnet-50's preprocessor_config.json. */
const CONVNEXT = {
  ...{ crop_pct: 0.875, do_normalize: true, do_resize: true, feature_extractor_type: 'ConvNextFeatureExtractor' },
  ...{ ...PROCESSOR, resample: 3, size: 224 },
};
const CENTER_CROP = {
  ...{ image_processor_type: 'BitImageProcessor', do_resize: true, size: { shortest_edge: 256 }, resample: 2 },
  ...{ do_center_crop: true, crop_size: { height: 224, width: 224 }, do_rescale: true, rescale_factor: 1 / 255 },
  ...{ do_normalize: true, ...PROCESSOR },
};
/** timm/resnet50.a1_in1k's config.json. */
const TIMM = {
  architecture: 'resnet50',
  num_classes: 1000,
  num_features: 2048,
  pretrained_cfg: {
    ...{ tag: 'a1_in1k', input_size: [3, 224, 224], test_input_size: [3, 288, 288], fixed_input_size: false },
    ...{ interpolation: 'bicubic', crop_pct: 0.95, test_crop_pct: 1.0, crop_mode: 'center', ...IMAGENET },
    ...{ num_classes: 1000, pool_size: [7, 7], first_conv: 'conv1', classifier: 'fc' },
  },
};

/** The transforms in a folder with these files beside a checkpoint. */
async function read(t, files, given = {}) {
  const folder = await scratch(t);
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return configTransforms(join(folder, 'model.safetensors'), given);
}
const processor = (t, config, given) => read(t, { 'preprocessor_config.json': config }, given);
const timm = (t, change = {}, given = {}) =>
  read(t, { 'config.json': { ...TIMM, pretrained_cfg: { ...TIMM.pretrained_cfg, ...change } } }, given);
const shape = ({ transforms: { resizeSize, cropSize, interpolation } }) => [resizeSize, cropSize, interpolation];

test('preprocessor_config.json of Hugging Face, each kind as its processor means it', async (t) => {
  const found = await processor(t, CONVNEXT);
  assert.match(found.path, /preprocessor_config\.json$/);
  const transforms = { resizeSize: 256, cropSize: 224, interpolation: 'bicubic', antialias: true, ...IMAGENET };
  assert.deepEqual(found.transforms, transforms);
  const { crop_pct: _, ...withoutShare } = CONVNEXT;
  const cases = [
    [{ ...CONVNEXT, size: { shortest_edge: 224 }, crop_pct: 0.9 }, [248, 224, 'bicubic']],
    [withoutShare, [256, 224, 'bicubic']],
    [{ ...CONVNEXT, crop_pct: null, resample: 2 }, [256, 224, 'bilinear']],
    [CENTER_CROP, [256, 224, 'bilinear']],
    [{ ...CENTER_CROP, crop_size: 192, size: 200, resample: 0 }, [200, 192, 'nearest']],
    [{ ...CENTER_CROP, resample: 'BICUBIC' }, [256, 224, 'bicubic']],
    [{ ...CENTER_CROP, crop_pct: 0.9, size: { shortest_edge: 224 } }, [248, 224, 'bilinear']],
  ];
  for (const [config, expected] of cases) assert.deepEqual(shape(await processor(t, config)), expected);
});

test('normalization that is left out, scalar, or of pixels in another range', async (t) => {
  const normalization = async (change) => {
    const { mean, std } = (await processor(t, { ...CENTER_CROP, ...change })).transforms;
    return { mean, std };
  };
  assert.deepEqual(await normalization({ image_mean: 0.5, image_std: [0.25, 0.5, 0.5] }), {
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.5, 0.5],
  });
  assert.deepEqual(await normalization({ do_normalize: false }), { mean: [0, 0, 0], std: [1, 1, 1] });
  const bytes = { do_rescale: false, image_mean: [127.5, 127.5, 127.5], image_std: [51, 51, 51] };
  assert.deepEqual(await normalization(bytes), { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] });
  const twice = { rescale_factor: 1 / 127.5, image_mean: 1, image_std: 0.5 };
  const { mean, std } = await normalization(twice);
  for (const value of mean) assert.ok(Math.abs(value - 0.5) < 1e-12);
  for (const value of std) assert.ok(Math.abs(value - 0.25) < 1e-12);
});

test("timm's config.json: pretrained_cfg, or the fields themselves; what is absent is timm's default", async (t) => {
  const found = await timm(t);
  assert.match(found.path, /[/\\]config\.json$/);
  assert.deepEqual(found.transforms, {
    ...{ resizeSize: 235, cropSize: 224, interpolation: 'bicubic', antialias: true },
    ...IMAGENET,
  });
  assert.deepEqual(shape(await timm(t, { crop_pct: 1, interpolation: 'bilinear' })), [224, 224, 'bilinear']);
  assert.deepEqual(shape(await timm(t, { input_size: [3, 288, 288], crop_pct: null })), [329, 288, 'bicubic']);
  const { architecture, pretrained_cfg: fields } = TIMM;
  assert.deepEqual(shape(await read(t, { 'config.json': { architecture, ...fields } })), [235, 224, 'bicubic']);
  const bare = await read(t, { 'config.json': { architecture, pretrained_cfg: { mean: [0.5, 0.5, 0.5] } } });
  assert.deepEqual([...shape(bare), bare.transforms.mean[0]], [256, 224, 'bicubic', 0.5]);
});

test('no config, and configs that say nothing of pictures', async (t) => {
  assert.equal(await read(t, {}), undefined);
  const model = { architectures: ['ResNetForImageClassification'], id2label: { 0: 'cat' }, hidden_sizes: [256] };
  assert.equal(await read(t, { 'config.json': model }), undefined);
  assert.equal(await read(t, { 'config.json': { mean: [1, 2, 3], input_size: [3, 9, 9] } }), undefined);
  assert.equal(await read(t, { 'preprocessor_config.json': { processor_class: 'X' } }), undefined);
  assert.deepEqual(shape(await read(t, { 'preprocessor_config.json': {}, 'config.json': TIMM })), [
    235,
    224,
    'bicubic',
  ]);
  const both = await read(t, { 'preprocessor_config.json': CENTER_CROP, 'config.json': TIMM });
  assert.deepEqual(shape(both), [256, 224, 'bilinear']);
  const folder = await scratch(t);
  await writeFile(join(folder, 'a.pth'), '');
  assert.equal(await configTransforms(join(folder, 'a.pth', 'b.pth'), {}), undefined);
});

test('options go first, and what they say is not asked of the config', async (t) => {
  const given = { resizeSize: 300, mean: [0, 0, 0] };
  const { transforms } = await processor(t, CENTER_CROP, given);
  assert.deepEqual([transforms.resizeSize, transforms.cropSize, transforms.mean], [300, 224, [0, 0, 0]]);
  const squeezed = { ...CENTER_CROP, size: { height: 224, width: 224 }, resample: 1 };
  const all = { resizeSize: 256, cropSize: 224, interpolation: 'bilinear' };
  assert.deepEqual(shape(await processor(t, squeezed, all)), [256, 224, 'bilinear']);
  assert.deepEqual(shape(await timm(t, { crop_mode: 'squash', interpolation: 'random' }, all)), [256, 224, 'bilinear']);
});

const { image_mean: _mean, ...noMean } = CENTER_CROP;
const { resample: _resample, ...noResample } = CENTER_CROP;
const PROCESSOR_CASES = [
  ['a squeezed picture', { ...CENTER_CROP, size: { height: 224, width: 224 } }, /squeezes pictures into a square/],
  ['a squeezed large picture', { ...CONVNEXT, size: { shortest_edge: 384 } }, /384 pixels into a square/],
  ['no size', { ...CENTER_CROP, size: undefined }, /no size with a shortest_edge/],
  ['a size that is text', { ...CENTER_CROP, size: '224' }, /no size with a shortest_edge/],
  ['a size below zero', { ...CENTER_CROP, size: -1 }, /no size with a shortest_edge/],
  ['no resizing', { ...CENTER_CROP, do_resize: false }, /do_resize is off/],
  ['no crop', { ...CENTER_CROP, do_center_crop: false }, /no center crop/],
  ['an oblong crop', { ...CENTER_CROP, crop_size: { height: 224, width: 192 } }, /no center crop to a square/],
  ['a share over 1', { ...CONVNEXT, crop_pct: 1.2 }, /crop_pct/],
  ['a share of 0', { ...CONVNEXT, crop_pct: 0 }, /crop_pct/],
  ['a share that is text', { ...CONVNEXT, crop_pct: '0.9' }, /crop_pct/],
  ['sides of millions', { ...CENTER_CROP, size: 1e9 }, /resizeSize 1000000000, which must be .* 4096/],
  ['fractions of pixels', { ...CENTER_CROP, crop_size: 100.5 }, /cropSize 100\.5/],
  ['Lanczos', { ...CENTER_CROP, resample: 1 }, /resample 1 is not nearest .*--interpolation/],
  ['no interpolation', noResample, /resample undefined is not/],
  ['an interpolation by a name of objects', { ...CENTER_CROP, resample: 'constructor' }, /resample "constructor"/],
  ['no mean', noMean, /image_mean must be three numbers; --mean/],
  ['two means', { ...CENTER_CROP, image_mean: [0, 0] }, /image_mean/],
  ['a std of 0', { ...CENTER_CROP, image_std: [1, 1, 0] }, /std 1,1,0, which must be .* greater than 0/],
  ['a std of text', { ...CENTER_CROP, image_std: ['1', '1', '1'] }, /image_std/],
  ['a factor of 0', { ...CENTER_CROP, rescale_factor: 0 }, /rescale_factor/],
];
const TIMM_CASES = [
  ['squashed pictures', { crop_mode: 'squash' }, /crop_mode "squash" is not 'center'/],
  ['a border', { crop_mode: 'border' }, /crop_mode "border"/],
  ['gray pictures', { input_size: [1, 224, 224] }, /input_size must be \[3, N, N\]/],
  ['oblong pictures', { input_size: [3, 224, 192] }, /input_size/],
  ['an input that is no list', { input_size: 224 }, /input_size/],
  ['a random interpolation', { interpolation: 'random' }, /interpolation "random"/],
  ['a share of 5', { crop_pct: 5 }, /crop_pct/],
  ['a huge input', { input_size: [3, 1e6, 1e6] }, /resizeSize \d+, which must be/],
  ['a mean of objects', { mean: [{}, {}, {}] }, /mean must be three numbers/],
];
for (const [what, config, message] of PROCESSOR_CASES)
  test(`preprocessor_config.json with ${what} is refused with the remedy`, async (t) => {
    await assert.rejects(processor(t, config), (error) => refusal(error, 'preprocessor_config.json', message));
  });
for (const [what, change, message] of TIMM_CASES)
  test(`timm's config.json with ${what} is refused with the remedy`, async (t) => {
    await assert.rejects(timm(t, change), (error) => refusal(error, 'config.json', message));
  });

function refusal(error, file, message) {
  assert.deepEqual([error.name, error.code], ['ResNet50Error', 'INVALID_ARGUMENT']);
  assert.ok(error.subject.endsWith(file), error.subject);
  assert.match(error.message, message);
  assert.match(error.message, /: give --transforms, or --resize and --crop, instead$/);
  return true;
}

test('files that are no config of reasonable size are refused', async (t) => {
  for (const content of ['', '{', '[]', 'null', '7', '\u0000'])
    await assert.rejects(processor(t, content), (error) => refusal(error, 'preprocessor_config.json', /JSON/));
  const folder = await scratch(t);
  const path = join(folder, 'preprocessor_config.json');
  const asked = () => configTransforms(join(folder, 'a.pth'), {});
  const refused = (error) => refusal(error, 'preprocessor_config.json', /not a file of at most 16 MiB/);
  await writeFile(path, '');
  await truncate(path, 2 ** 34);
  await assert.rejects(asked(), refused);
  await rm(path);
  await mkdir(path);
  await assert.rejects(asked(), refused);
  await rm(path, { recursive: true });
  await symlink('/dev/zero', path);
  await assert.rejects(asked(), refused);
});

test('a multi-label problem is sigmoid; what cannot be read says nothing', async (t) => {
  const folder = await scratch(t);
  const asked = () => configActivation(join(folder, 'a.pth'));
  assert.equal(await asked(), undefined);
  for (const [content, expected] of [
    ['{"problem_type":"multi_label_classification"}', 'sigmoid'],
    ['{"problem_type":"single_label_classification"}', undefined],
    ['{"problem_type":["multi_label_classification"]}', undefined],
    ['{', undefined],
    ['null', undefined],
  ]) {
    await writeFile(join(folder, 'config.json'), content);
    assert.equal(await asked(), expected, content);
  }
});
