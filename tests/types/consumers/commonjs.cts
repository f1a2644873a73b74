// CommonJS in a project that tells modules apart by their file names.
import resnet50 = require('resnet50-wasm');

export async function label(path: string): Promise<string | undefined> {
  const model = await resnet50.ResNet50.load();
  const [best] = await model.classify(path);
  // @ts-expect-error a number is no image
  await model.classify(42);
  return best?.label;
}
