"""TensorFlow Lite flatbuffers: float32, and int8 with float32 input and output (QUANTIZE and DEQUANTIZE inside, because
LiteRT.js takes no int8 tensors). Slots and enumerations follow TensorFlow Lite's schema.fbs, version 3."""
from dataclasses import dataclass

import flatbuffers
import numpy as np

import quantization
from network import CLASSES, SIDE

FLOAT32, INT32, INT8 = 0, 2, 9
SAME, VALID = 0, 1
NO_ACTIVATION, RELU = 0, 1
# Builtin operators: code, type of the options (0: none), version in float32 and in int8.
OPERATORS = {
    "ADD": (0, 11, 1, 2), "CONV_2D": (3, 1, 1, 3), "DEQUANTIZE": (6, 0, 1, 2), "FULLY_CONNECTED": (9, 8, 1, 4),
    "MAX_POOL_2D": (17, 5, 1, 2), "PAD": (34, 22, 1, 2), "MEAN": (40, 27, 1, 2), "QUANTIZE": (114, 0, 1, 1),
}


@dataclass(frozen=True)
class Scalar:
    kind: str  # as flatbuffers' builder calls it: Int8, Uint8, Int32, Uint32
    value: int


def int8(value):
    return Scalar("Int8", value)


def int32(value):
    return Scalar("Int32", value)


def encode(builder, value):
    """Offset of a string, an array, a list of tables or a table: a dict from slot to value."""
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, np.ndarray):
        if value.dtype != np.uint8:
            return builder.CreateNumpyVector(value)
        builder.StartVector(1, len(value), 16)  # buffers of weights are aligned to 16 bytes
        builder.head -= len(value)
        builder.Bytes[builder.head : builder.head + len(value)] = value.tobytes()
        return builder.EndVector()
    if isinstance(value, list):
        offsets = [encode(builder, item) for item in value]
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()
    offsets = {slot: encode(builder, item) for slot, item in value.items() if not isinstance(item, Scalar)}
    builder.StartObject(max(value, default=-1) + 1)
    for slot, item in value.items():
        if slot in offsets:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
        else:
            getattr(builder, f"Prepend{item.kind}")(item.value)
            builder.Slot(slot)
    return builder.EndObject()


class Graph:
    """Collects tensors and operators; the first buffer is empty, as the format wants it."""

    def __init__(self, ranges):
        self.ranges = ranges
        self.tensors, self.index, self.buffers, self.codes, self.operators = [], {}, [{}], [], []

    @property
    def quantized(self):
        return self.ranges is not None

    def codes_of(self, name):
        return quantization.activation(self.ranges[{"maxpool": "conv1"}.get(name, name)], signed=True)

    def tensor(self, name, shape, kind, values=None, scales=None, zeros=None):
        table = {0: np.array(shape, np.int32), 1: int8(kind), 3: name}
        if values is not None:
            table[2] = Scalar("Uint32", len(self.buffers))
            self.buffers.append({0: np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)})
        if scales is not None:
            table[4] = {2: np.atleast_1d(scales).astype(np.float32), 3: np.atleast_1d(zeros).astype(np.int64), 6: int32(0)}
        self.index[name] = len(self.tensors)
        self.tensors.append(table)
        return name

    def activation(self, name, shape, range_name):
        if not self.quantized:
            return self.tensor(name, shape, FLOAT32)
        scale, zero = self.codes_of(range_name)
        return self.tensor(name, shape, INT8, None, scale, zero)

    def parameters(self, row, weight, bias):
        if not self.quantized:
            return [self.tensor(f"{row.name}.weight", weight.shape, FLOAT32, weight), self.tensor(f"{row.name}.bias", bias.shape, FLOAT32, bias)]
        input_scale, _ = self.codes_of(row.input)
        codes, scales = quantization.weight(weight, per_channel=row.kind == "conv")
        stored = self.tensor(f"{row.name}.weight", weight.shape, INT8, codes, scales, np.zeros(len(scales)))
        sums = quantization.bias(bias, input_scale, scales)
        return [stored, self.tensor(f"{row.name}.bias", bias.shape, INT32, sums, input_scale * scales, np.zeros(len(scales)))]

    def operator(self, kind, inputs, output, options=None):
        code, options_type, float_version, int_version = OPERATORS[kind]
        version = int_version if self.quantized else float_version
        entry = {0: int8(code), 2: int32(version), 3: int32(code)}
        if entry not in self.codes:
            self.codes.append(entry)
        table = {0: Scalar("Uint32", self.codes.index(entry)), 1: self.numbers(inputs), 2: self.numbers([output])}
        if options_type:
            table |= {3: Scalar("Uint8", options_type), 4: options or {}}
        self.operators.append(table)

    def numbers(self, names):
        return np.array([self.index[name] for name in names], np.int32)

    def save(self, path, output):
        subgraph = {0: self.tensors, 1: self.numbers(["input.real"]), 2: self.numbers([output]), 3: self.operators, 4: "main"}
        model = {0: Scalar("Uint32", 3), 1: self.codes, 2: [subgraph], 3: "resnet50-wasm bench", 4: self.buffers}
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(encode(builder, model), file_identifier=b"TFL3")
        with open(path, "wb") as file:
            file.write(builder.Output())


def padded(graph, row, name, side):
    """A tensor with explicit zeros around it: TensorFlow's SAME pads strided windows elsewhere than PyTorch."""
    p = row.padding
    amounts = graph.tensor(f"{row.name}.padding", [4, 2], INT32, np.array([[0, 0], [p, p], [p, p], [0, 0]], np.int32))
    result = graph.activation(f"{row.name}.padded", [1, side + 2 * p, side + 2 * p, row.inputs], name)
    graph.operator("PAD", [name, amounts], result)
    return result


def write(path, table, weights, ranges=None):
    """`ranges` ({row name: (low, high)}) makes it int8."""
    graph = Graph(ranges)
    names = {"input": "input" if graph.quantized else "input.real"}
    graph.tensor("input.real", [1, SIDE, SIDE, 3], FLOAT32)
    if graph.quantized:
        graph.activation("input", [1, SIDE, SIDE, 3], "input")
        graph.operator("QUANTIZE", ["input.real"], "input")
    for row in table:
        source = names.get(row.input, row.input)
        activation = RELU if row.relu else NO_ACTIVATION
        shape = [1, row.outputs] if row.kind in ("mean", "linear") else [1, row.side, row.side, row.outputs]
        strides = {1: int32(row.stride), 2: int32(row.stride)}
        if row.kind in ("conv", "maxpool") and row.padding and row.stride > 1:
            source = padded(graph, row, source, row.side * row.stride)
        graph.activation(row.name, shape, row.name)
        if row.kind == "conv":
            weight, bias = weights[row.name]
            padding = SAME if row.padding and row.stride == 1 else VALID
            inputs = [source, *graph.parameters(row, weight.transpose(0, 2, 3, 1), bias)]
            graph.operator("CONV_2D", inputs, row.name, {0: int8(padding), **strides, 3: int8(activation)})
        elif row.kind == "maxpool":
            graph.operator("MAX_POOL_2D", [source], row.name, {0: int8(VALID), **strides, 3: int32(3), 4: int32(3)})
        elif row.kind == "add":
            graph.operator("ADD", [source, row.shortcut], row.name, {0: int8(activation)})
        elif row.kind == "mean":
            axes = graph.tensor("axes", [2], INT32, np.array([1, 2], np.int32))
            graph.operator("MEAN", [source, axes], row.name)
        else:
            graph.operator("FULLY_CONNECTED", [source, *graph.parameters(row, *weights[row.name])], row.name)
    if not graph.quantized:
        return graph.save(path, "fc")
    graph.tensor("logits", [1, CLASSES], FLOAT32)
    graph.operator("DEQUANTIZE", ["fc"], "logits")
    return graph.save(path, "logits")
