"""ONNX: float32, and int8 in QDQ form with uint8 activations and int8 weights (what onnxruntime's quantization tool calls
u8s8, the form it recommends for x64)."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import quantization
from network import CLASSES, SIDE

OPSET = 13


class Graph:
    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def save(self, path):
        graph = helper.make_graph(
            self.nodes, "resnet50",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])],
            self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="resnet50-wasm bench")
        model.ir_version = 7
        onnx.checker.check_model(model)
        onnx.save(model, path)


class Float32:
    """Tensors go as they are."""

    def __init__(self, graph):
        self.graph = graph

    def parameters(self, row, weight, bias):
        return [self.graph.constant(f"{row.name}.weight", weight), self.graph.constant(f"{row.name}.bias", bias)]

    def tensor(self, name, value):
        return value


class Qdq(Float32):
    """Every tensor goes through QuantizeLinear and DequantizeLinear; weights and biases are stored as codes."""

    def __init__(self, graph, ranges):
        super().__init__(graph)
        self.ranges = ranges

    def codes(self, name, range_name):
        scale, zero = quantization.activation(self.ranges[range_name], signed=False)
        return [self.graph.constant(f"{name}.scale", scale), self.graph.constant(f"{name}.zero", np.uint8(zero))]

    def tensor(self, name, value):
        codes = self.codes(name, {"maxpool": "conv1"}.get(name, name))
        self.graph.node("QuantizeLinear", [value, *codes], f"{name}.codes")
        return self.graph.node("DequantizeLinear", [f"{name}.codes", *codes], f"{name}.real")

    def parameters(self, row, weight, bias):
        input_scale, _ = quantization.activation(self.ranges[{"maxpool": "conv1"}.get(row.input, row.input)], signed=False)
        codes, scales = quantization.weight(weight)
        result = []
        for kind, values, scale in (("weight", codes, scales), ("bias", quantization.bias(bias, input_scale, scales), input_scale * scales)):
            name = f"{row.name}.{kind}"
            stored = [self.graph.constant(f"{name}.codes", values), self.graph.constant(f"{name}.scale", scale.astype(np.float32)),
                      self.graph.constant(f"{name}.zero", np.zeros(len(scale), values.dtype))]
            result.append(self.graph.node("DequantizeLinear", stored, f"{name}.real", axis=0))
        return result


def write(path, table, weights, ranges=None):
    """`ranges` ({row name: (low, high)}) makes it int8."""
    graph = Graph()
    form = Float32(graph) if ranges is None else Qdq(graph, ranges)
    values = {"input": form.tensor("input", "input")}
    for row in table:
        source = values[row.input]
        if row.kind == "conv":
            attributes = {"kernel_shape": [row.kernel] * 2, "strides": [row.stride] * 2, "pads": [row.padding] * 4}
            value = graph.node("Conv", [source, *form.parameters(row, *weights[row.name])], row.name, **attributes)
        elif row.kind == "maxpool":
            value = graph.node("MaxPool", [source], row.name, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        elif row.kind == "add":
            value = graph.node("Add", [source, values[row.shortcut]], row.name)
        elif row.kind == "mean":
            value = graph.node("GlobalAveragePool", [source], row.name)
        else:
            flat = graph.node("Flatten", [source], "flat")
            value = graph.node("Gemm", [flat, *form.parameters(row, *weights[row.name])], row.name, transB=1)
        if row.relu:
            value = graph.node("Relu", [value], f"{row.name}.relu")
        values[row.name] = form.tensor(row.name, value)
    graph.node("Identity", [values["fc"]], "logits")
    graph.save(path)
