"""python3 make.py FOLDER: the same seeded ResNet-50 in every peer's format, a state dict for our own converter, the input,
the picture behind it, and the reference: torchvision's logits. Ranges for int8 are torchvision's on that one picture, so
speed, size and agreement are those of a real network, while accuracy says nothing."""
import os
import sys

import numpy as np
import torch
import torchvision
from PIL import Image

import network
import onnx_writer
import tflite_writer
import tfjs_writer


def reference(table, state, tensor):
    """torchvision's logits and the range of every row's output, after its ReLU."""
    model = torchvision.models.resnet50(weights=None).eval()
    model.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in state.items()})
    modules = dict(model.named_modules())
    ranges = {"input": (float(tensor.min()), float(tensor.max()))}

    def watch(row):
        def hook(_, __, output):
            low, high = float(output.min()), float(output.max())
            ranges[row.name] = (max(low, 0.0), max(high, 0.0)) if row.relu else (low, high)

        modules[row.norm or row.name].register_forward_hook(hook)

    for row in table:
        watch(row)
    with torch.inference_mode():
        return model(torch.from_numpy(tensor)).numpy(), ranges


def main(folder):
    os.makedirs(f"{folder}/calibration", exist_ok=True)
    table = network.rows()
    state = network.state_dict(table)
    weights = network.folded(table, state)
    pixels = network.picture()
    tensor = network.normalized(pixels)
    logits, ranges = reference(table, state, tensor)

    Image.fromarray(pixels).save(f"{folder}/calibration/picture.png")
    tensor.tofile(f"{folder}/input-nchw.f32")
    np.ascontiguousarray(tensor.transpose(0, 2, 3, 1)).tofile(f"{folder}/input-nhwc.f32")
    logits.astype(np.float32).tofile(f"{folder}/reference.f32")
    network.write_safetensors(f"{folder}/state.safetensors", state)
    onnx_writer.write(f"{folder}/f32.onnx", table, weights)
    onnx_writer.write(f"{folder}/int8.onnx", table, weights, ranges)
    tflite_writer.write(f"{folder}/f32.tflite", table, weights)
    tflite_writer.write(f"{folder}/int8.tflite", table, weights, ranges)
    tfjs_writer.write(f"{folder}/tfjs-f32", table, weights)


if __name__ == "__main__":
    main(sys.argv[1])
