"""A variant's int8 shards as the start of a training: what the package runs, in torchvision's layers again.

Knows the manifest and the shards as far as that needs (weights, scales and biases by layer), and no training.
"""

import gzip
import json
import os
import struct

import numpy
import torch

TYPES = {"F32": numpy.float32, "I8": numpy.int8}


def read_shards(folder):
    """{layer: (weights float32 in torch's order, biases float32)} of the int8 shards named in FOLDER/manifest.json."""
    with open(os.path.join(folder, "manifest.json")) as file:
        manifest = json.load(file)
    pieces = {}  # tensor: {first output channel: values}
    for shard in manifest["precisions"]["int8"]["shards"]:
        with open(os.path.join(folder, shard["file"]), "rb") as file:
            data = file.read()
        if shard.get("encoding") == "gzip":
            data = gzip.decompress(data)
        for name, values in _read_safetensors(data):
            tensor, _, first = name.partition("#")
            pieces.setdefault(tensor, {})[int(first or 0)] = values
    tensors = {name: numpy.concatenate([cut for _, cut in sorted(cuts.items())]) for name, cuts in pieces.items()}
    layers = [name[: -len(".scale")] for name in tensors if name.endswith(".scale")]
    return {layer: _dequantize(tensors, layer) for layer in layers}


def _read_safetensors(data):
    (length,) = struct.unpack("<Q", data[:8])
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            yield name, numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])


def _dequantize(tensors, layer):
    weights = torch.from_numpy(tensors[layer + ".weight"].astype(numpy.float32))
    scale = torch.from_numpy(tensors[layer + ".scale"])
    weights = weights * scale.view(-1, *[1] * (weights.ndim - 1))
    by_kernel = weights.ndim == 4 and weights.shape[2] == weights.shape[3] > 1
    if weights.ndim == 4 and not by_kernel:
        weights = weights.permute(0, 3, 1, 2)  # OHWI -> OIHW
    return weights.contiguous(), torch.from_numpy(tensors[layer + ".bias"])


def start_from_shards(model, folder, inputs):
    """Gives `model` the function of FOLDER's shards. Batch norms were folded into the shards' convolutions; here each gets
    the statistics of `inputs` [N, 3, S, S] and the affine part that leaves the convolution's output as it is. Filters get
    the length that new ones have, on which the step of a training depends."""
    folded = read_shards(folder)
    convolutions = _convolutions_and_norms(model)
    with torch.no_grad():
        for layer, (convolution, norm) in convolutions.items():
            weights, biases = folded.pop(layer)
            lengths = weights.flatten(1).norm(dim=1)
            new = convolution.weight.flatten(1).norm(dim=1).mean()
            stretch = torch.where(lengths > 0, new / lengths.clamp(min=1e-12), torch.ones_like(lengths))
            convolution.weight.copy_(weights * stretch.view(-1, 1, 1, 1))
            norm.register_forward_pre_hook(_fit_norm(biases, stretch))
        (weights, biases), = folded.values()
        model.fc.weight.copy_(weights.view_as(model.fc.weight))
        model.fc.bias.copy_(biases)
        model.eval()
        model(inputs)
    for _, norm in convolutions.values():
        norm._forward_pre_hooks.clear()


def _convolutions_and_norms(model):
    """{name of a convolution: (it, the batch norm behind it)}, by torchvision's names."""
    modules = dict(model.named_modules())
    names = [name for name, module in modules.items() if isinstance(module, torch.nn.Conv2d)]
    behind = {name: name.replace("conv", "bn") if "conv" in name else name[:-1] + "1" for name in names}
    return {name: (modules[name], modules[behind[name]]) for name in names}


def _fit_norm(biases, stretch):
    """On its way in: statistics of what comes, and the affine part so that out = in / stretch + biases."""

    def fit(norm, arguments):
        variance, mean = torch.var_mean(arguments[0].float(), dim=(0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt() / stretch)
        norm.bias.copy_(biases + mean / stretch)

    return fit
