// torchvision's names and numbers (and our own demo's), in every spelling that torchvision takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const { default: registry } = await import('../../weights/registry.json', { with: { type: 'json' } });
const { DEFAULT_NAME, DEFAULT_TRANSFORMS } = await importSource('weights/variants.ts');
const { ResNet50_Weights, Weights, getWeight } = await importSource('weights/registry.ts');
const { listWeights } = await importSource('weights/variants.ts');

test('every spelling gives the same object', () => {
  for (const name of ['IMAGENET1K_V2', 'ResNet50_Weights.IMAGENET1K_V2', 'DEFAULT', 'ResNet50_Weights.DEFAULT']) {
    assert.equal(getWeight(name), ResNet50_Weights.IMAGENET1K_V2, name);
  }
  assert.equal(getWeight('ResNet50_Weights.IMAGENET1K_V1'), ResNet50_Weights.IMAGENET1K_V1);
  assert.equal(String(ResNet50_Weights.DEFAULT), 'ResNet50_Weights.IMAGENET1K_V2');
  assert.deepEqual(listWeights(), ['IMAGENET1K_V1', 'IMAGENET1K_V2', 'CIFAR10_DEMO']);
});

test('names that do not exist get a list of those that do', () => {
  for (const name of ['IMAGENET1K_V3', 'default', 'ResNet18_Weights.DEFAULT', '', 'toString', '__proto__']) {
    assert.throws(
      () => getWeight(name),
      { code: 'UNKNOWN_WEIGHTS', message: /DEFAULT, IMAGENET1K_V1, IMAGENET1K_V2/ },
      name,
    );
  }
});

test("torchvision's facts", () => {
  const { IMAGENET1K_V1: v1, IMAGENET1K_V2: v2 } = ResNet50_Weights;
  assert.ok(v1 instanceof Weights);
  assert.match(v1.url, /\/resnet50-0676ba61\.pth$/);
  assert.match(v2.url, /\/resnet50-11ad3fa6\.pth$/);
  assert.equal(v2.meta.num_params, 25557032);
  assert.deepEqual(v1.meta._metrics['ImageNet-1K'], { 'acc@1': 76.13, 'acc@5': 92.862 });
  assert.deepEqual(v2.meta._metrics['ImageNet-1K'], { 'acc@1': 80.858, 'acc@5': 95.434 });
  assert.equal(v1.meta.categories.length, 1000);
  assert.equal(v1.meta.categories[0], 'tench');
  assert.equal(v1.meta.categories[999], 'toilet tissue');
});

test('our own variant: no checkpoint to download, ten labels, small pictures, measured on CIFAR-10', () => {
  const { CIFAR10_DEMO: demo } = ResNet50_Weights;
  assert.equal(demo.url, null);
  assert.deepEqual([demo.meta.categories.length, demo.meta.categories[8]], [10, 'ship']);
  assert.equal(demo.meta.num_params, 23528522);
  assert.deepEqual([demo.transforms().resizeSize, demo.transforms().cropSize], [72, 64]);
  assert.deepEqual(Object.keys(demo.meta._metrics), ['CIFAR-10']);
  assert.equal(getWeight('ResNet50_Weights.CIFAR10_DEMO'), demo);
});

test('transforms: plain numbers, overridable, checked', () => {
  const { IMAGENET1K_V1: v1, IMAGENET1K_V2: v2 } = ResNet50_Weights;
  const { mean, std } = v1.transforms();
  assert.deepEqual([v1.transforms().resizeSize, v2.transforms().resizeSize, v2.transforms().cropSize], [256, 232, 224]);
  assert.deepEqual(
    [mean, std],
    [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ],
  );
  assert.equal(v2.transforms({ resizeSize: 300 }).resizeSize, 300);
  assert.equal(v2.transforms().resizeSize, 232, 'an override does not stick');
  assert.throws(() => v2.transforms({ std: [0, 1, 1] }), { code: 'INVALID_ARGUMENT', subject: 'transforms.std' });
  assert.throws(() => v2.transforms({ size: 3 }), { code: 'INVALID_ARGUMENT', subject: 'transforms.size' });
});

test('what loading knows beforehand is what the registry says', () => {
  const { DEFAULT, ...variants } = registry;
  assert.equal(DEFAULT_NAME, DEFAULT);
  assert.deepEqual(listWeights(), Object.keys(variants));
  assert.deepEqual(DEFAULT_TRANSFORMS, ResNet50_Weights.DEFAULT.transforms());
});
