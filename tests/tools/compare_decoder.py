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

APPLE = "Apple's variety of PNG; Pillow's pixels are blank, not the picture"
FIELDS = "Pillow 9.4 reads only some bit fields"
RUN_LENGTH = "Pillow 9.4 misreads run-length codes (odd literals, jumps)"

# Deviations from Pillow that we mean: file -> reason.
DECLARED = {
    "jpeg-decoder-mozilla/jpg-size-3x3.jpg": "chroma of 2 x 2: libjpeg repeats so narrow planes, stb_image interpolates",
    "jpeg-decoder-reftest/progressive-missing-dc.jpg": "libjpeg smooths blocks whose coefficients are missing",
    "libjpeg-turbo/testimgari.jpg": "stb_image does not read arithmetic coding; browsers do not either",
    "torchvision/bad_huffman.jpg": "damaged: libjpeg warns and goes on, stb_image stops",
    "pillow/truncated_exif_dpi.jpg": "the picture is whole; Pillow 9.4 trips over its EXIF data",
    "pillow-bmp-bad/badrle.bmp": "a run passes the end of its row; " + RUN_LENGTH,
    "pillow-bmp-good/pal4rle.bmp": RUN_LENGTH,
    "pillow-bmp-questionable/pal4rletrns.bmp": RUN_LENGTH,
    "pillow-bmp-good/rgb32bf.bmp": FIELDS,
    "pillow-bmp-questionable/rgb32-111110.bmp": FIELDS,
    "pillow-bmp-questionable/rgb32h52.bmp": FIELDS,
    "pillow-bmp-questionable/rgba16-4444.bmp": FIELDS,
    "pillow-bmp-questionable/rgba32.bmp": FIELDS,
    "pillow-bmp-questionable/pal8oversizepal.bmp": "300 palette entries, of which 256 can be named; Pillow refuses",
    **{f"pngsuite-iphone/iphone_{name}.png": APPLE
       for name in ("basi0g01", "basi3p02", "bgwn6a08", "bgyn6a16", "tbyn3p08", "z06n2c08")},
}

# Where Pillow cannot say, the same picture in a file that it reads: file -> (file, largest difference).
TWINS = {
    "pillow-bmp-good/pal4rle.bmp": ("pillow-bmp-good/pal4.bmp", 0),
    "pillow-bmp-good/rgb32bf.bmp": ("pillow-bmp-good/rgb32.bmp", 0),
    "pillow-bmp-questionable/rgb32h52.bmp": ("pillow-bmp-good/rgb32.bmp", 0),
    "pillow-bmp-questionable/rgb32-111110.bmp": ("pillow-bmp-good/rgb32.bmp", 1),
    "pillow-bmp-questionable/pal8oversizepal.bmp": ("pillow-bmp-good/pal8-0.bmp", 0),
}

# What Pillow's refusals must be here, by the beginning of its message.
EXPECTED_CODES = {
    "OSError: image file is truncated": ("TRUNCATED_IMAGE", "CORRUPT_IMAGE"),
}


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
            expected = [codes for start, codes in EXPECTED_CODES.items() if entry["pillow_error"].startswith(start)]
            wrong = expected and mine["code"] not in expected[0]
            return ("deviates" if wrong else "refused by both"), mine["code"]
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
            if entry["file"] in TWINS:
                verdict, detail = against_twin(folder, mine, *TWINS[entry["file"]], reason)
        counts[verdict] += 1
        if verdict in ("deviates", "crash"):
            undeclared.append((entry["file"], describe_theirs(entry), describe_ours(mine), verdict, detail))
        shown = f"{verdict}: {detail}" if detail and detail != mine.get("code") else verdict
        rows.append((entry["file"], describe_theirs(entry), describe_ours(mine), shown))
    print(dict(counts))
    for row in undeclared:
        print(" | ".join(row))
    if "--write" in sys.argv:
        write_table(counts, rows)
    return 1 if undeclared else 0


def against_twin(folder, mine, twin, limit, reason):
    theirs = numpy.asarray(pillows(folder / twin)).reshape(-1).astype(int)
    worst = numpy.abs(numpy.frombuffer(mine.get("pixels", b""), numpy.uint8).astype(int) - theirs).max()
    detail = f"{reason}; our pixels differ from Pillow's of {twin.split('/')[1]} by {worst}"
    return ("declared" if worst <= limit else "deviates"), detail


VERDICTS = {
    "exact": "every pixel equals Pillow's `convert('RGB')`",
    "close": "JPEG: the mean difference is at most one level of 255",
    "refused by both": "Pillow refuses the file too; ours is a typed error",
    "typed refusal": "a format that we do not read, refused by name",
    "declared": "differs from Pillow for the reason given",
    "deviates": "differs without a reason",
    "crash": "the decoder died",
}


def write_table(counts, rows):
    lines = [
        "# What the decoder makes of 238 difficult files, beside Pillow".replace("238", str(len(rows))),
        "",
        "Pillow 9.4 with libjpeg-turbo is the reference, as torchvision uses it: `Image.open(file).convert('RGB')`, EXIF",
        "orientation not applied. Ours is a build with AddressSanitizer and UndefinedBehaviorSanitizer. The files come from the",
        "test suites of Pillow, PngSuite, the BMP suite, libjpeg-turbo, image decoders in Rust, and torchvision. Made by",
        "",
        "```sh",
        "RESNET50_TEST_MATERIAL=DIR /usr/bin/python3 tests/tools/compare_decoder.py build/native-sanitized/tests/cpp/image_probe --write",
        "```",
        "",
        "| verdict | files | meaning |",
        "| --- | --- | --- |",
        *[f"| {verdict} | {counts[verdict]} | {meaning} |" for verdict, meaning in VERDICTS.items()],
        "",
        "| file | Pillow | ours | verdict |",
        "| --- | --- | --- | --- |",
        *["| " + " | ".join(row) + " |" for row in rows],
        "",
    ]
    path = REPOSITORY / "docs/decoder-table.md"
    odd_files = path.read_text().partition("\n## Odd files")  # the section of compare_odd_files.py
    path.write_text("\n".join(lines) + "".join(odd_files[1:]))


if __name__ == "__main__":
    sys.exit(main())
