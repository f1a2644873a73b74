#!/usr/bin/python3
"""Writes what torchvision's own transforms, network and feature extractor make of two pictures, for
tests/node/model-torchvision.test.mjs. Needs torch and torchvision (Debian 12's: 1.13 and 0.14).

  torch_model.py PICTURES FOLDER     PICTURES is tests/data/pictures

seeded.pth         the network of torch_reference.py, its classifier scaled down so that no class takes all probability
parameters.json    named_parameters and named_buffers: [name, shape, numel]
values.json        a few entries of the state dict: name -> file
tensors.json       [{file, options, expected}]: preprocessing of the options, float32 [3, side, side]
picture.png        what they are of
ten-crop.f32       softmax of ten crops, averaged: [1000]
features.json      stage -> {file, shape}; of features-input.f32, [2, 3, 96, 64]
square.png         a picture that the resize leaves alone; square-cam.f32: its class activation map [7, 7] of class
                   square.json's index, enlarged.f32: the same as [224, 224], bilinear
"""
import json
import pathlib
import sys

import torch
from PIL import Image
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms._presets import ImageClassification

from torch_reference import seeded, write

STAGES = ["relu", "maxpool", "layer1", "layer2.1", "layer3", "layer4", "avgpool"]
VALUES = ["conv1.weight", "layer1.0.downsample.0.weight", "layer4.2.conv2.weight", "layer4.2.bn3.weight", "bn1.running_var",
          "layer1.0.downsample.1.bias", "fc.weight", "fc.bias"]
HALF = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.5, 0.75]}


def preset(**options):
    return ImageClassification(**{"crop_size": 224, "resize_size": 232, **options})


def tensors(pictures, folder):
    bitmap = Image.open(pictures / "clock.jpg").convert("RGB")
    bitmap.save(folder / "picture.png")
    width, height = bitmap.size
    box = (0.1, 0.25, 0.73, 0.9)
    cut = bitmap.crop((box[0] * width, box[1] * height, box[2] * width, box[3] * height))
    region = dict(zip(("left", "top", "right", "bottom"), box))
    cases = [
        ({}, preset()(bitmap)),
        ({"transforms": {"resizeSize": 300, "cropSize": 288, **HALF}}, preset(resize_size=300, crop_size=288, **HALF)(bitmap)),
        ({"transforms": {"interpolation": "bicubic"}}, preset(interpolation=InterpolationMode.BICUBIC)(bitmap)),
        ({"transforms": {"resizeSize": 100}}, preset(resize_size=100)(bitmap)),
        ({"rotate": 90}, preset()(bitmap.rotate(-90, expand=True))),
        ({"region": region}, preset()(cut)),
        ({"region": region, "rotate": 180}, preset()(bitmap.rotate(180).crop(tuple(round(f * s) for f, s in zip(box, (width, height) * 2))))),
        ({"transforms": {"antialias": False}, "close": True}, preset()(F.pil_to_tensor(bitmap))),
    ]
    listed = []
    for i, (options, tensor) in enumerate(cases):
        write(folder / f"tensor-{i}.f32", tensor)
        listed.append({"options": options, "expected": f"tensor-{i}.f32"})
    (folder / "tensors.json").write_text(json.dumps(listed))
    return bitmap


def crops(model, bitmap, folder):
    cuts = F.ten_crop(F.resize(bitmap, [232]), [224, 224])
    batch = torch.stack([F.normalize(F.to_tensor(cut), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) for cut in cuts])
    write(folder / "ten-crop.f32", model(batch).softmax(1).mean(0))


def features(model, folder):
    image = torch.randn(2, 3, 96, 64)
    write(folder / "features-input.f32", image)
    listed = {}
    for stage, value in create_feature_extractor(model, STAGES)(image).items():
        write(folder / f"features-{stage}.f32", value)
        listed[stage] = {"file": f"features-{stage}.f32", "shape": list(value.shape)}
    (folder / "features.json").write_text(json.dumps(listed))


def activation_map(model, pictures, folder):
    square = Image.open(pictures / "clock.jpg").convert("RGB").resize((320, 232))
    square.save(folder / "square.png")
    image = preset()(square)[None]
    stage = create_feature_extractor(model, ["layer4"])(image)["layer4"][0]
    logits = model(image)[0]
    index = int(logits.argmin())  # not the one that would be chosen unasked
    cam = torch.einsum("k,khw->hw", model.fc.weight[index], stage)
    write(folder / "square-cam.f32", cam)
    write(folder / "enlarged.f32", torch.nn.functional.interpolate(cam[None, None], (224, 224), mode="bilinear")[0, 0])
    facts = {"index": index, "best": int(logits.argmax()), "score": float(logits.softmax(0)[index])}
    (folder / "square.json").write_text(json.dumps(facts))


def main():
    pictures, folder = (pathlib.Path(argument) for argument in sys.argv[1:])
    model = seeded()
    with torch.no_grad():
        for parameter in model.fc.parameters():
            parameter *= 0.005
    torch.save(model.state_dict(), folder / "seeded.pth")
    listed = {kind: [[name, list(p.shape), p.numel()] for name, p in getattr(model, f"named_{kind}")()] for kind in ("parameters", "buffers")}
    (folder / "parameters.json").write_text(json.dumps(listed))
    state = model.state_dict()
    for name in VALUES:
        write(folder / f"{name}.f32", state[name])
    (folder / "values.json").write_text(json.dumps({name: f"{name}.f32" for name in VALUES}))
    with torch.no_grad():
        bitmap = tensors(pictures, folder)
        crops(model, bitmap, folder)
        features(model, folder)
        activation_map(model, pictures, folder)


if __name__ == "__main__":
    main()
