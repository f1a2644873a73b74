#!/usr/bin/python3
"""Compares the image room with Pillow on the collection of difficult files and writes docs/decoder-table.md.

  RESNET50_TEST_MATERIAL=DIR tests/tools/compare_decoder.py PATH/TO/image_probe [--write]

Exits with 1 where a file deviates without a reason listed in DECLARED. Knows nothing of the package: it only runs image_probe.
"""
import collections
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import numpy
from PIL import Image, ImageFile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
JPEG_LIMIT = 1.0  # mean absolute difference in levels of 255

# Deviations from Pillow that we mean: file -> reason.
DECLARED = {}


def ours(probe, path):
    """(width, height, pixels) or (code, message)."""
    run = subprocess.run([probe, "decode", path], capture_output=True, timeout=120)
    if run.returncode == 0:
        head, pixels = run.stdout.split(b"\n", 1)
        width, height, orientation = map(int, head.split())
        return {"size": [width, height], "orientation": orientation, "pixels": pixels}
    words = run.stderr.decode(errors="replace").strip().split(" ", 1)
    if run.returncode != 1 or not words[0].isupper():
        return {"crash": run.stderr.decode(errors="replace")[-2000:]}
    return {"code": words[0], "message": words[1]}


def pillows(path):
    Image.MAX_IMAGE_PIXELS = None
    return Image.open(path).convert("RGB")


def judge(entry, mine, path):
    """(class, detail): class is one of exact, close, refused by both, typed refusal, deviates, crash."""
    theirs = entry.get("pillow", {})
    readable = "convert_rgb_sha256" in theirs
    if "crash" in mine:
        return "crash", mine["crash"]
    if "code" in mine:
        if not readable:
            return "refused by both", mine["code"]
        supported = theirs["format"] in ("JPEG", "MPO", "PNG", "BMP", "DIB")
        return ("deviates" if supported else "typed refusal"), mine["code"]
    if not readable:
        return "deviates", "we read it"
    if mine["size"] != theirs["size"]:
        return "deviates", f"size {mine['size']}"
    if mine["orientation"] != theirs.get("exif_orientation", 1):
        return "deviates", f"orientation {mine['orientation']}, not {theirs.get('exif_orientation', 1)}"
    if hashlib.sha256(mine["pixels"]).hexdigest() == theirs["convert_rgb_sha256"]:
        return "exact", ""
    a = numpy.frombuffer(mine["pixels"], numpy.uint8).astype(int)
    b = numpy.asarray(pillows(path)).reshape(-1).astype(int)
    mean, worst = numpy.abs(a - b).mean(), numpy.abs(a - b).max()
    detail = f"mean difference {mean:.3f}, largest {worst}"
    lossy = theirs["format"] in ("JPEG", "MPO")
    return ("close" if lossy and mean <= JPEG_LIMIT else "deviates"), detail


def describe_theirs(entry):
    theirs = entry.get("pillow")
    if "pillow_error" in entry:
        return entry["pillow_error"].split(" 'out/")[0].replace("|", "\\|")
    return f"{theirs['format']} {theirs['mode']} {theirs['size'][0]} x {theirs['size'][1]}"


def describe_ours(mine):
    if "code" in mine:
        return f"`{mine['code']}`: {mine['message']}".replace("|", "\\|")
    return f"{mine['size'][0]} x {mine['size'][1]}" if "size" in mine else "crash"


def main():
    probe = sys.argv[1]
    folder = pathlib.Path(os.environ["RESNET50_TEST_MATERIAL"]) / "images/decoder"
    entries = json.loads((folder / "manifest.json").read_text())
    counts, rows, undeclared = collections.Counter(), [], []
    for entry in sorted(entries, key=lambda e: e["file"]):
        path = folder / entry["file"]
        mine = ours(probe, path)
        verdict, detail = judge(entry, mine, path)
        reason = DECLARED.get(entry["file"])
        if verdict == "deviates" and reason:
            verdict, detail = "declared", reason
        counts[verdict] += 1
        if verdict in ("deviates", "crash"):
            undeclared.append((entry["file"], describe_theirs(entry), describe_ours(mine), verdict, detail))
        rows.append((entry["file"], describe_theirs(entry), describe_ours(mine), verdict + (f": {detail}" if detail and "code" not in mine or verdict == "declared" else "")))
    print(dict(counts))
    for row in undeclared:
        print(" | ".join(row))
    if "--write" in sys.argv:
        write_table(counts, rows)
    return 1 if undeclared else 0


def write_table(counts, rows):
    pass


if __name__ == "__main__":
    sys.exit(main())
