"""A TensorFlow.js graph model, float32: model.json with the nodes that tensorflowjs_converter leaves (fused convolution,
bias and ReLU) and the weights in shards of 4 MiB."""
import base64
import json
import os

import numpy as np

from network import CLASSES, SIDE

SHARD_BYTES = 4 << 20
FLOAT = {"type": "DT_FLOAT"}


def text(value):
    return base64.b64encode(value.encode()).decode()


def integers(values):
    return {"list": {"i": [str(value) for value in values]}}


def shape_of(sizes):
    return {"dim": [{"size": str(size)} for size in sizes]}


class Graph:
    def __init__(self):
        self.nodes, self.specs, self.data = [], [], []

    def node(self, kind, inputs, name, **attributes):
        self.nodes.append({"name": name, "op": kind, "input": inputs, "attr": attributes})
        return name

    def constant(self, name, values):
        kind = {"float32": "DT_FLOAT", "int32": "DT_INT32"}[str(values.dtype)]
        tensor = {"dtype": kind, "tensorShape": shape_of(values.shape)}
        self.specs.append({"name": name, "shape": list(values.shape), "dtype": str(values.dtype)})
        self.data.append(np.ascontiguousarray(values).tobytes())
        return self.node("Const", [], name, dtype={"type": kind}, value={"tensor": tensor})

    def save(self, folder):
        os.makedirs(folder, exist_ok=True)
        data = b"".join(self.data)
        files = []
        for start in range(0, len(data), SHARD_BYTES):
            files.append(f"shard-{start // SHARD_BYTES:02}.bin")
            with open(f"{folder}/{files[-1]}", "wb") as file:
                file.write(data[start : start + SHARD_BYTES])
        port = lambda name, shape: {"name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": shape_of(shape)}
        signature = {"inputs": {"input": port("input", [1, SIDE, SIDE, 3])}, "outputs": {"fc": port("fc", [1, CLASSES])}}
        model = {
            "format": "graph-model", "generatedBy": "resnet50-wasm bench", "signature": signature,
            "modelTopology": {"node": self.nodes, "library": {}, "versions": {"producer": 1}},
            "weightsManifest": [{"paths": files, "weights": self.specs}],
        }
        with open(f"{folder}/model.json", "w") as file:
            json.dump(model, file)


def fused(operations):
    return {"list": {"s": [text(operation) for operation in operations]}}


def write(folder, table, weights):
    graph = Graph()
    graph.node("Placeholder", [], "input", dtype=FLOAT, shape={"shape": shape_of([1, SIDE, SIDE, 3])})
    for row in table:
        if row.kind in ("conv", "linear"):
            weight, bias = weights[row.name]
            order = (2, 3, 1, 0) if row.kind == "conv" else (1, 0)
            inputs = [row.input, graph.constant(f"{row.name}/weight", weight.transpose(order)), graph.constant(f"{row.name}/bias", bias)]
            common = {"T": FLOAT, "num_args": {"i": "1"}, "epsilon": {"f": 0.0}}
        if row.kind == "conv":
            p = row.padding
            graph.node("_FusedConv2D", inputs, row.name, **common, data_format={"s": text("NHWC")},
                       strides=integers([1, row.stride, row.stride, 1]), dilations=integers([1] * 4),
                       padding={"s": text("EXPLICIT" if p else "VALID")},
                       explicit_paddings=integers([0, 0, p, p, p, p, 0, 0] if p else []),
                       fused_ops=fused(["BiasAdd", "Relu"] if row.relu else ["BiasAdd"]))
        elif row.kind == "maxpool":
            # Behind a ReLU zeros are as good as the lowest number around the picture.
            amounts = graph.constant("maxpool/padding", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
            graph.node("Pad", [row.input, amounts], "maxpool/padded", T=FLOAT, Tpaddings={"type": "DT_INT32"})
            graph.node("MaxPool", ["maxpool/padded"], row.name, T=FLOAT, ksize=integers([1, 3, 3, 1]),
                       strides=integers([1, 2, 2, 1]), padding={"s": text("VALID")}, data_format={"s": text("NHWC")})
        elif row.kind == "add":
            graph.node("AddV2", [row.input, row.shortcut], f"{row.name}/sum", T=FLOAT)
            graph.node("Relu", [f"{row.name}/sum"], row.name, T=FLOAT)
        elif row.kind == "mean":
            axes = graph.constant("avgpool/axes", np.array([1, 2], np.int32))
            graph.node("Mean", [row.input, axes], row.name, T=FLOAT, Tidx={"type": "DT_INT32"}, keep_dims={"b": False})
        else:
            graph.node("_FusedMatMul", inputs, row.name, **common, transpose_a={"b": False}, transpose_b={"b": False},
                       fused_ops=fused(["BiasAdd"]))
    graph.save(folder)
