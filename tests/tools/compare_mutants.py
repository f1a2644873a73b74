#!/usr/bin/python3
"""Decodes seeded mutants of picture files with the image room and with Pillow, sorts the differences into kinds, and writes the
section "Mutants" of docs/decoder-table.md.

  /usr/bin/python3 tests/tools/compare_mutants.py FOLDER_OF_PROGRAMS [--count N] [--seed N] [--write] [--keep FOLDER]

FOLDER_OF_PROGRAMS holds image_mutants and image_probe (build/native-sanitized/tests/cpp). Exits with 1 where a difference has no
kind in KINDS. Needs Pillow, NumPy and libturbojpeg0, which tells a damaged JPEG from a whole one by the warnings that Pillow hides.
"""
import argparse
import collections
import ctypes
import io
import pathlib
import re
import struct
import subprocess
import sys
import warnings

import numpy
from PIL import Image

from mutant_kinds import KINDS, kind_of

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BEGIN = "## Mutants"
JPEG_LIMIT = 1.0  # mean absolute difference in levels of 255
MAX_BYTES = 4096
MAX_PIXELS = 1 << 18
FOLDERS = ["tests/data/image", "tests/data/fuzz"]


def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def mutants(programs, seed, count):
    command = [programs / "image_mutants", str(seed), str(count), str(MAX_BYTES), *[REPOSITORY / folder for folder in FOLDERS]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while head := process.stdout.read(4):
            yield read_exactly(process.stdout, struct.unpack("<I", head)[0])
    if process.returncode != 0:
        sys.exit(f"image_mutants ended with {process.returncode}")


class Ours:
    """One process that decodes file after file."""

    def __init__(self, programs):
        self.process = subprocess.Popen([programs / "image_probe", "batch", str(MAX_PIXELS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def decode(self, file):
        """((width, height), orientation, pixels) or the text of the error."""
        self.process.stdin.write(struct.pack("<I", len(file)) + file)
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode()
        if not line:
            pathlib.Path("died.bin").write_bytes(file)
            sys.exit("image_probe died of the file that is in died.bin now")
        if line[0].isupper():
            return line.rstrip("\n")
        width, height, orientation = map(int, line.split())
        pixels = numpy.frombuffer(read_exactly(self.process.stdout, width * height * 3), numpy.uint8)
        return (width, height), orientation, pixels.reshape(height, width, 3).astype(int)


def pillows(file):
    """The same of Pillow's."""
    try:
        image = Image.open(io.BytesIO(file))
        if image.format not in ("JPEG", "MPO", "PNG", "BMP", "DIB"):
            return f"{image.format}"
        if image.size[0] * image.size[1] > MAX_PIXELS:
            return "too large"
        image.load()
        try:
            orientation = image.getexif().get(0x112, 1)
            # What viewers take for 1.
            orientation = orientation if orientation in range(2, 9) else 1
        except Exception as error:  # of the EXIF data alone
            orientation = f"{type(error).__name__}"
        return image.size, orientation, numpy.asarray(image.convert("RGB")).astype(int)
    except Exception as error:
        return re.sub(r" <_io.*|\d+", "", f"{type(error).__name__}: {error}")


def complaint_of(turbo, file):
    """What libjpeg-turbo says of a JPEG: nothing, or its last warning or error."""
    turbo.tjInitDecompress.restype = ctypes.c_void_p
    turbo.tjGetErrorStr2.restype = ctypes.c_char_p
    handle = ctypes.c_void_p(turbo.tjInitDecompress())  # one per file: words of the last one would stay
    size = ctypes.c_ulong(len(file))
    width, height, subsampling, space = (ctypes.c_int() for _ in range(4))
    said = turbo.tjDecompressHeader3(handle, file, size, *map(ctypes.byref, (width, height, subsampling, space)))
    # Subsamplings that have no name are an error here, but none of libjpeg's.
    if said == 0 and width.value * height.value <= MAX_PIXELS:
        pixels = ctypes.create_string_buffer(width.value * height.value * 4)
        of_cmyk = 11 if space.value in (3, 4) else 0
        said = turbo.tjDecompress2(handle, file, size, pixels, width, 0, height, of_cmyk, 0)
    words = turbo.tjGetErrorStr2(handle).decode() if said != 0 else ""
    turbo.tjDestroy(handle)
    return words


def difference(mine, theirs, is_jpeg):
    """None if they agree; else in what they differ."""
    if isinstance(mine, str) or isinstance(theirs, str):
        if isinstance(mine, str) == isinstance(theirs, str):
            return None
        return "only Pillow reads it" if isinstance(mine, str) else "only we read it"
    if mine[0] != theirs[0]:
        return "sizes"
    if mine[1] != theirs[1]:
        return "orientations"
    apart = numpy.abs(mine[2] - theirs[2])
    if apart.max() == 0 or (is_jpeg and apart.mean() <= JPEG_LIMIT):
        return None
    return "pixels"


def compare(programs, seed, count, keep):
    ours, turbo = Ours(programs), ctypes.CDLL("libturbojpeg.so.0")
    verdicts, kinds, unknown = collections.Counter(), collections.Counter(), collections.Counter()
    for number, file in enumerate(mutants(programs, seed, count)):
        mine, theirs = ours.decode(file), pillows(file)
        is_jpeg = file.startswith(b"\xff\xd8")
        what = difference(mine, theirs, is_jpeg)
        if what is None:
            verdicts["both refuse it" if isinstance(mine, str) else "both read it alike"] += 1
            continue
        verdicts[what] += 1
        complaint = complaint_of(turbo, file) if is_jpeg else ""
        kind = kind_of(what, file, mine, theirs, complaint)
        kinds[what, kind] += 1
        if kind not in KINDS:
            unknown[what, kind] += 1
        if keep and kinds[what, kind] <= 6:
            name = re.sub(r"\W+", "-", f"{what} {kind}")[:120]
            (keep / f"{name}.{number}.{'jpg' if is_jpeg else 'bin'}").write_bytes(file)
    return verdicts, kinds, unknown


def write(seed, count, verdicts, kinds):
    path = REPOSITORY / "docs/decoder-table.md"
    before = path.read_text().split(f"\n{BEGIN}", 1)[0].rstrip("\n")
    total = sum(verdicts.values())
    lines = [
        BEGIN,
        "",
        f"{total:,} files: {', '.join(FOLDERS)} and mutants of them (seed {seed}), changed segment by segment and chunk by chunk with right lengths",
        "and checksums by the fuzzers' mutator. Libjpeg-turbo's warnings, which Pillow hides, tell a damaged JPEG from a whole one. Compared by",
        "",
        "```sh",
        f"/usr/bin/python3 tests/tools/compare_mutants.py build/native-sanitized/tests/cpp --count {count} --seed {seed} --write",
        "```",
        "",
        "| outcome | files |",
        "| --- | --- |",
        *[f"| {verdict} | {number:,} |" for verdict, number in verdicts.most_common()],
        "",
        "| difference | kind | files | why |",
        "| --- | --- | --- | --- |",
        *[f"| {what} | {kind} | {number:,} | {KINDS.get(kind, '')} |" for (what, kind), number in sorted(kinds.items(), key=lambda item: (item[0][0], -item[1]))],
        "",
    ]
    path.write_text(before + "\n\n" + "\n".join(lines))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    verdicts, kinds, unknown = compare(options.programs, options.seed, options.count, options.keep)
    for (what, kind), number in sorted(kinds.items()):
        print(f"{number:7} {what}: {kind}{'' if kind in KINDS else ' (not explained)'}")
    print(dict(verdicts))
    if options.write:
        write(options.seed, options.count, verdicts, kinds)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
