"""ResNet-50 v1.5 as a list of rows, its seeded random weights under torchvision's names, and one picture. Everything that
the writers (onnx_writer.py, tflite_writer.py, tfjs_writer.py) and our converter get comes from here, so that all peers
compute the same network. Knows no file format but safetensors."""
import json
import struct
from dataclasses import dataclass

import numpy as np

SEED = 50
SIDE = 224
CLASSES = 1000
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
STAGES = [(3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2)]  # blocks, width, stride of the first block
EPS = 1e-5


@dataclass(frozen=True)
class Row:
    """One operator. `input` and `shortcut` name earlier rows; 'input' is the picture. `side` is the output's, pixels."""

    kind: str  # conv, maxpool, add, mean or linear
    name: str  # torchvision's module path of what computes it
    input: str
    inputs: int
    outputs: int
    side: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    relu: bool = False
    shortcut: str = ""
    norm: str = ""  # module path of the batch norm behind a convolution


def rows():
    table = []

    def conv(name, norm, source, inputs, outputs, kernel, stride, side, relu):
        table.append(Row("conv", name, source, inputs, outputs, side // stride, kernel, stride, kernel // 2, relu, norm=norm))
        return name

    last = conv("conv1", "bn1", "input", 3, 64, 7, 2, SIDE, True)
    table.append(Row("maxpool", "maxpool", last, 64, 64, SIDE // 4, 3, 2, 1))
    last, channels, side = "maxpool", 64, SIDE // 4
    for stage, (blocks, width, first_stride) in enumerate(STAGES, 1):
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            path, outputs, shortcut = f"layer{stage}.{block}", 4 * width, last
            reduced = conv(f"{path}.conv1", f"{path}.bn1", last, channels, width, 1, 1, side, True)
            spatial = conv(f"{path}.conv2", f"{path}.bn2", reduced, width, width, 3, stride, side, True)
            if block == 0:
                shortcut = conv(f"{path}.downsample.0", f"{path}.downsample.1", last, channels, outputs, 1, stride, side, False)
            side //= stride
            expanded = conv(f"{path}.conv3", f"{path}.bn3", spatial, width, outputs, 1, 1, side, False)
            table.append(Row("add", path, expanded, outputs, outputs, side, relu=True, shortcut=shortcut))
            last, channels = path, outputs
    table.append(Row("mean", "avgpool", last, channels, channels, 1))
    table.append(Row("linear", "fc", "avgpool", channels, CLASSES, 1))
    return table


def state_dict(table):
    """torchvision's 320 tensors. Batch norms scale by one and only add, but for the last of a block, which is damped so
    that activations keep their size over sixteen additions."""
    random = np.random.default_rng(SEED)
    normal = lambda shape, deviation: (random.standard_normal(shape, np.float32) * np.float32(deviation)).astype(np.float32)
    state = {}
    for row in table:
        if row.kind == "conv":
            fan_in = row.inputs * row.kernel**2
            state[f"{row.name}.weight"] = normal((row.outputs, row.inputs, row.kernel, row.kernel), np.sqrt(2 / fan_in))
            gain = 0.4 if row.name.endswith("conv3") else 1.0
            state[f"{row.norm}.weight"] = np.full(row.outputs, gain, np.float32)
            state[f"{row.norm}.bias"] = normal(row.outputs, 0.1)
            state[f"{row.norm}.running_mean"] = np.zeros(row.outputs, np.float32)
            state[f"{row.norm}.running_var"] = np.full(row.outputs, 1 - EPS, np.float32)
            state[f"{row.norm}.num_batches_tracked"] = np.array(1, np.int64)
        elif row.kind == "linear":
            state[f"{row.name}.weight"] = normal((row.outputs, row.inputs), np.sqrt(1 / row.inputs))
            state[f"{row.name}.bias"] = normal(row.outputs, 0.1)
    return state


def folded(table, state):
    """{row name: (weight OIHW or OI, bias)} with batch norm folded in."""
    result = {}
    for row in table:
        if row.kind == "linear":
            result[row.name] = (state[f"{row.name}.weight"], state[f"{row.name}.bias"])
        elif row.kind == "conv":
            factor = state[f"{row.norm}.weight"] / np.sqrt(state[f"{row.norm}.running_var"] + np.float32(EPS))
            bias = state[f"{row.norm}.bias"] - state[f"{row.norm}.running_mean"] * factor
            result[row.name] = (state[f"{row.name}.weight"] * factor[:, None, None, None], bias)
    return result


def picture():
    """uint8 [SIDE, SIDE, 3]: colored waves with grain, which excite all channels."""
    random = np.random.default_rng(SEED + 1)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    waves = np.zeros((SIDE, SIDE, 3))
    for amplitude in (60, 40, 25, 15):
        across, down, phase = random.uniform(1, 12, 3), random.uniform(1, 12, 3), random.uniform(0, 2 * np.pi, 3)
        waves += amplitude * np.sin(2 * np.pi * (x[..., None] * across + y[..., None] * down) + phase)
    return np.clip(128 + waves + random.normal(0, 10, waves.shape), 0, 255).astype(np.uint8)


def normalized(pixels):
    """float32 [1, 3, SIDE, SIDE], as torchvision's transforms make it."""
    return np.ascontiguousarray(((pixels.astype(np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1)[None])


def write_safetensors(path, tensors):
    names = {"float32": "F32", "int64": "I64"}
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": names[str(tensor.dtype)], "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())
