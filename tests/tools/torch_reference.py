#!/usr/bin/python3
"""Writes checkpoints, inputs and logits of torchvision's own ResNet-50 for tests/node/logits-torchvision.test.mjs.

  torch_reference.py FOLDER     needs torch and torchvision (Debian 12's: 1.13 and 0.14)

seeded.pth, seeded-stream.pth   one seeded network with random batch-norm statistics, in both of PyTorch's formats
seeded-SHAPE.f32, .logits.f32   normalized inputs [n, 3, height, width] and what the network makes of them
model-tester.pth, .f32          the network and input of torchvision's own ModelTester (seed 0, 50 classes)
"""
import pathlib
import sys

import torch
import torchvision


def write(path, tensor):
    path.write_bytes(tensor.contiguous().numpy().astype("<f4").tobytes())


def seeded():
    torch.manual_seed(20)
    model = torchvision.models.resnet50(weights=None).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.6, 1.4)
            torch.nn.init.normal_(module.bias, 0, 0.2)
            torch.nn.init.normal_(module.running_mean, 0, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


def main():
    folder = pathlib.Path(sys.argv[1])
    model = seeded()
    torch.save(model.state_dict(), folder / "seeded.pth")
    torch.save(model.state_dict(), folder / "seeded-stream.pth", _use_new_zipfile_serialization=False)
    for n, height, width in ((2, 224, 224), (1, 97, 64), (1, 32, 33)):
        image = torch.randn(n, 3, height, width)
        name = f"seeded-{n}x{height}x{width}"
        write(folder / f"{name}.f32", image)
        with torch.no_grad():
            write(folder / f"{name}.logits.f32", model(image))
    torch.manual_seed(0)
    tester = torchvision.models.resnet50(num_classes=50).eval()
    write(folder / "model-tester.f32", torch.rand(1, 3, 224, 224))
    torch.save(tester.state_dict(), folder / "model-tester.pth")


if __name__ == "__main__":
    main()
