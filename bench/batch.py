"""python3 bench/batch.py MODEL.onnx: writes MODEL-batch.onnx, which takes any number of pictures at a time."""

import sys

import onnx

path = sys.argv[1]
model = onnx.load(path)
del model.graph.value_info[:]
for value in [*model.graph.input, *model.graph.output]:
    value.type.tensor_type.shape.dim[0].dim_param = "batch"
onnx.save(model, path.replace(".onnx", "-batch.onnx"))
