#!/usr/bin/env python3
"""Draws the sample pictures in ../cifar10 and measures how a ResNet-50 for CIFAR-10 labels them.

  make_cifar10_pictures.py                    draw all pictures, write pictures.json without measurements
  make_cifar10_pictures.py --check FILE.pth   measure the stored pictures with torchvision's network, write
                                              pictures.json and the network's logits into logits.json (for
                                              make_cifar10_hashes.mjs to complete), fail on a wrong label

Needs numpy and Pillow; --check also torch and torchvision. The same versions draw the same bytes. FILE.pth is a state
dict of torchvision's resnet50(num_classes=10), as weights/training/cifar10.py writes it.
"""
import argparse
import json
import pathlib
import sys

from PIL import Image

import drawings_cifar10

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "cifar10"
INDEX = FOLDER / "pictures.json"
LOGITS = FOLDER / "logits.json"
VARIANT = json.loads((FOLDER.parents[2] / "weights" / "registry.json").read_text())["CIFAR10_DEMO"]
CLASSES = VARIANT["meta"]["categories"]
QUALITY = 85


def draw_all():
    FOLDER.mkdir(exist_ok=True)
    for name, (draw, _) in drawings_cifar10.DRAWINGS.items():
        draw().save(FOLDER / f"{name}.jpg", quality=QUALITY, subsampling=2, optimize=True)


def entries():
    """What pictures.json says of each stored file, measurements apart."""
    for name, (draw, index) in drawings_cifar10.DRAWINGS.items():
        what = draw.__doc__.split("\n")[0]
        yield {"file": f"{name}.jpg", "index": index, "label": CLASSES[index], "what": what}


def measure(rows, checkpoint):
    """Adds top1_index and top1_prob to every row, writes the logits: float32, Pillow and torchvision's transforms."""
    import torch
    from torchvision import transforms
    from torchvision.models import resnet50

    network = resnet50(num_classes=len(CLASSES))
    network.load_state_dict(torch.load(checkpoint, map_location="cpu"))
    network.eval()
    own = VARIANT["transforms"]
    prepare = transforms.Compose([
        transforms.Resize(own["resizeSize"]), transforms.CenterCrop(own["cropSize"]), transforms.ToTensor(),
        transforms.Normalize(own["mean"], own["std"]),
    ])
    logits = []
    for row in rows:
        with Image.open(FOLDER / row["file"]) as image, torch.no_grad():
            logits.append(network(prepare(image.convert("RGB"))[None])[0].double())
        score, index = logits[-1].softmax(0).max(0)
        row["top1_index"], row["top1_prob"] = int(index), round(float(score), 4)
    golden = {"torchvision": [[round(value, 5) for value in values.tolist()] for values in logits]}
    LOGITS.write_text(json.dumps(golden, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", metavar="CHECKPOINT", help="measure instead of drawing")
    options = parser.parse_args()
    if not options.check:
        draw_all()
    rows = list(entries())
    if options.check:
        measure(rows, options.check)
    INDEX.write_text("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n")

    wrong = [
        f"{row['file']}: top1_index is {row['top1_index']} ({CLASSES[row['top1_index']]}), not {row['index']}"
        for row in rows if row.get("top1_index", row["index"]) != row["index"]
    ]
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{len(rows)} pictures, {total} bytes")
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
