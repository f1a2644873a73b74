"""Gradients of ResNet-50's layer4 and fc as PyTorch computes them, for tests/cpp/training_layer4_gradients_test.cc.

make_layer4_gradients.py [--full] OUT.safetensors. Small channels by default, for a file to commit; torchvision's own
with --full. Blocks are torchvision's Bottleneck, batch norms in evaluation mode with random statistics, the loss is
cross entropy. The file holds, in the layout of weight shards: input [n, h, w, c], labels, LAYER.weight and LAYER.bias
with the batch norm folded in, LAYER.factor (what folding multiplied each output channel by), and what torch says of the
unfolded network: LAYER.weight.grad (of the convolution) and LAYER.bias.grad (of the batch norm's bias); logits; loss.
"""

import json
import struct
import sys

import numpy as np
import torch
from torch import nn
from torchvision.models.resnet import Bottleneck


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        kind = {"float32": "F32", "int32": "I32"}[str(array.dtype)]
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def make(channels, width, classes, batch, height, columns):
    torch.manual_seed(5)
    projection = nn.Sequential(nn.Conv2d(channels, 4 * width, 1, stride=2, bias=False), nn.BatchNorm2d(4 * width))
    blocks = [Bottleneck(channels, width, stride=2, downsample=projection)]
    blocks += [Bottleneck(4 * width, width) for _ in range(2)]
    net = nn.Sequential()
    net.add_module("layer4", nn.Sequential(*blocks))
    net.add_module("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    net.add_module("fc", nn.Linear(4 * width, classes))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    net.eval()
    images = torch.relu(torch.randn(batch, channels, height, columns))
    labels = torch.arange(batch) * 3 % classes
    logits = net(images)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()

    tensors = {"input": images.permute(0, 2, 3, 1).numpy(), "labels": labels.numpy().astype(np.int32)}
    modules = dict(net.named_modules())
    for name, conv in modules.items():
        if not isinstance(conv, nn.Conv2d):
            continue
        norm = modules[name.replace("conv", "bn") if "conv" in name else name.replace("downsample.0", "downsample.1")]
        with torch.no_grad():
            factor = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
            weight = conv.weight.double() * factor[:, None, None, None]
            bias = norm.bias.double() - norm.running_mean.double() * factor
        tensors[name + ".weight"] = weight.permute(0, 2, 3, 1).float().numpy()
        tensors[name + ".bias"] = bias.float().numpy()
        tensors[name + ".factor"] = factor.float().numpy()
        tensors[name + ".weight.grad"] = conv.weight.grad.permute(0, 2, 3, 1).numpy()
        tensors[name + ".bias.grad"] = norm.bias.grad.numpy()
    tensors["fc.weight"] = net.fc.weight.detach().numpy()
    tensors["fc.bias"] = net.fc.bias.detach().numpy()
    tensors["fc.factor"] = np.ones(classes, np.float32)
    tensors["fc.weight.grad"] = net.fc.weight.grad.numpy()
    tensors["fc.bias.grad"] = net.fc.bias.grad.numpy()
    tensors["logits"] = logits.detach().numpy()
    tensors["loss"] = loss.detach().numpy().reshape(1)
    return tensors


full = "--full" in sys.argv
shape = (1024, 512, 10, 3, 8, 7) if full else (12, 6, 5, 3, 7, 6)
write_safetensors(sys.argv[-1], make(*shape))
