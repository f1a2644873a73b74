// `await using`, for projects whose lib has it.
import { ResNet50 } from 'resnet50-wasm';

export async function used(path: string) {
  await using model = await ResNet50.load();
  return model.classify(path);
}
