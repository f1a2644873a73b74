#!/usr/bin/env python3
"""Draws the sample pictures in ../pictures and measures how a real ResNet-50 labels them.

  make_pictures.py                                  draw all pictures, write pictures.json without measurements
  make_pictures.py --check pqf=FILE.pth ktb=...     measure the stored pictures with torchvision's network and both of
                                                    its presets, write pictures.json, fail on a wrong label

Needs numpy, Pillow and the DejaVu fonts; --check also torch and torchvision. The same versions draw the same bytes.
A checkpoint is a torchvision resnet50 state dict; its name becomes part of the fields in pictures.json.
"""
import argparse
import json
import pathlib
import sys

from PIL import Image, ImageOps

import drawings

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "pictures"
INDEX = FOLDER / "pictures.json"
SHOWN_QUALITY = 85


def save_shown(name, picture):
    picture.save(FOLDER / f"{name}.jpg", quality=SHOWN_QUALITY, subsampling=2, optimize=True)


def save_variants(pictures):
    """Files of other kinds for tests, from the same drawings."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn clockwise by 90 degrees to see it upright
    sideways = pictures["clock"].transpose(Image.Transpose.ROTATE_90)
    sideways.save(FOLDER / "clock-orientation-6.jpg", quality=SHOWN_QUALITY, exif=exif)
    small = {name: picture.resize((240, 180), Image.Resampling.LANCZOS) for name, picture in pictures.items()}
    small["tennis-ball"].save(FOLDER / "tennis-ball-progressive.jpg", quality=90, progressive=True)
    small["golf-ball"].convert("L").save(FOLDER / "golf-ball-grey.jpg", quality=90)
    tiny = small["traffic-light"].resize((160, 120), Image.Resampling.LANCZOS)
    with_alpha(tiny).save(FOLDER / "traffic-light-alpha.png", optimize=True)
    pictures["soccer-ball"].resize((120, 90), Image.Resampling.LANCZOS).save(FOLDER / "soccer-ball.bmp")


def with_alpha(picture):
    """Opaque in the middle, transparent at the edges; the colors under transparent pixels stay as they are."""
    width, height = picture.size
    alpha = Image.new("L", picture.size)
    alpha.putdata([min(255, 8 * min(x, y, width - 1 - x, height - 1 - y)) for y in range(height) for x in range(width)])
    picture = picture.copy()
    picture.putalpha(alpha)
    return picture


VARIANTS = {
    "clock-orientation-6.jpg": (892, "stored sideways with EXIF orientation 6; torchvision and Pillow ignore it"),
    "tennis-ball-progressive.jpg": (852, "progressive JPEG"),
    "golf-ball-grey.jpg": (574, "JPEG with one component"),
    "traffic-light-alpha.png": (920, "RGBA; dropping alpha gives the whole picture, composing fades its edges"),
    "soccer-ball.bmp": (805, "24-bit BMP of 120x90: smaller than the resize target"),
}


def entries():
    """What pictures.json says of each stored file, measurements apart."""
    classes = json.loads((FOLDER.parents[2] / "weights" / "imagenet-1k.json").read_text())
    wanted = {f"{name}.jpg": (index, draw.__doc__.split("\n")[0]) for name, (draw, index) in drawings.DRAWINGS.items()}
    for file, (index, what) in {**wanted, **VARIANTS}.items():
        with Image.open(FOLDER / file) as image:
            kind = {"format": image.format, "mode": image.mode, "width": image.width, "height": image.height}
            kind["orientation"] = image.getexif().get(0x0112, 1)
        shown = file in wanted
        yield {"file": file, "index": index, **classes[index], "what": what, "shown": shown, **kind}


def measure(rows, checkpoints):
    """Adds top1_NAME_v1_index, top1_NAME_v1_prob, ..._v2_... to every row: Pillow's decoding, EXIF ignored."""
    import torch
    from torchvision.models import ResNet50_Weights, resnet50

    for name, path in checkpoints:
        network = resnet50()
        network.load_state_dict(torch.load(path, map_location="cpu"))
        network.eval()
        for weights in ResNet50_Weights:
            transforms = weights.transforms()
            key = f"top1_{name}_{weights.name[-2:].lower()}"
            for row in rows:
                with Image.open(FOLDER / row["file"]) as image, torch.no_grad():
                    scores = network(transforms(image.convert("RGB"))[None])[0].double().softmax(0)
                score, index = scores.max(0)
                row[f"{key}_index"], row[f"{key}_prob"] = int(index), round(float(score), 4)


def draw_all():
    FOLDER.mkdir(exist_ok=True)
    pictures = {name: draw() for name, (draw, _) in drawings.DRAWINGS.items()}
    for name, picture in pictures.items():
        save_shown(name, picture)
    save_variants(pictures)
    with Image.open(FOLDER / "clock-orientation-6.jpg") as image:
        assert ImageOps.exif_transpose(image).size == pictures["clock"].size


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", nargs="+", metavar="NAME=CHECKPOINT", help="measure instead of drawing")
    options = parser.parse_args()
    if not options.check:
        draw_all()
    rows = list(entries())
    measure(rows, [argument.split("=", 1) for argument in options.check or []])
    INDEX.write_text("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n")

    measured = ((row, key) for row in rows for key in row if key.startswith("top1_") and key.endswith("_index"))
    wrong = [f"{row['file']}: {key} is {row[key]}" for row, key in measured if row[key] != row["index"]]
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{len(rows)} pictures, {total} bytes")
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
