#!/usr/bin/python3
"""Makes picture files of odd but valid kinds, compares the image room with Pillow on them, and writes the section "Odd files beside
Pillow" of docs/decoder-table.md.

  /usr/bin/python3 tests/tools/compare_odd_files.py PATH/TO/image_probe [--write] [--keep FOLDER]
  /usr/bin/python3 tests/tools/compare_odd_files.py --make FOLDER     the files alone

Exits with 1 where a file that Pillow reads is refused or reads otherwise, unless DECLARED says why. Needs Pillow and NumPy.
"""
import io
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
from PIL import Image

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
JPEG_LIMIT = 1.0  # mean absolute difference in levels of 255
BEGIN = "## Odd files beside Pillow"

# Deviations that we mean: file -> reason.
DECLARED = {
    "jpeg-end-missing.jpg": "all blocks are there; Pillow waits for the end marker",
    "jpeg-end-half.jpg": "all blocks are there; Pillow waits for the end marker",
    "jpeg-restarts-end-missing.jpg": "all blocks are there; Pillow waits for the end marker",
    "jpeg-progressive-end-missing.jpg": "all scans are there; Pillow waits for the end marker",
    "jpeg-progressive-end-is-newline.jpg": "all scans are there; Pillow waits for the end marker",
    "png-text-before-pixels-bad-crc.png": "the checksum of a text is wrong, not that of the picture",
    "png-next-chunk-too-long.png": "the pixels are complete",
    "webp-in-jpg.jpg": "WebP is decoded by browsers, not by the core",
    "gif-in-jpg.jpg": "GIF is decoded by browsers, not by the core",
}


def scene(width, height):
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    red, green = 255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1)
    blue = 127 + 120 * numpy.sin(x / 7) * numpy.cos(y / 5)
    return Image.fromarray(numpy.stack([red, green, blue], -1).astype(numpy.uint8))


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def tiff(orientation, big):
    e = ">" if big else "<"
    head = (b"MM\0*" if big else b"II*\0") + struct.pack(e + "I", 8)
    return head + struct.pack(e + "HHHIHHI", 1, 0x112, 3, 1, orientation, 0, 0)


def segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def behind_soi(file, *segments):
    return file[:2] + b"".join(segments) + file[2:]


def with_restarts(image):
    """A JPEG with a restart marker between rows of blocks: each row coded as a picture, as both begin anew there."""

    def parts(picture):
        file = saved(picture, "JPEG", quality=90, subsampling=0)
        scan = file.index(b"\xff\xda") + 2 + 12
        return file[:scan], file[scan:-2]

    width, height = image.size
    rows = [parts(image.crop((0, top, width, top + 8)))[1] for top in range(0, height, 8)]
    data = rows[0] + b"".join(bytes([0xFF, 0xD0 + i % 8]) + row for i, row in enumerate(rows[1:]))
    return behind_soi(parts(image)[0], segment(0xDD, struct.pack(">H", width // 8))) + data + b"\xff\xd9"


def jpegs():
    image = scene(160, 120)
    base = saved(image, "JPEG", quality=90)
    progressive = saved(image, "JPEG", quality=90, progressive=True)
    restarts = with_restarts(image)
    exif = segment(0xE1, b"Exif\0\0" + tiff(6, True))
    icc = [segment(0xE2, b"ICC_PROFILE\0" + bytes([i + 1, 40]) + bytes(65000)) for i in range(40)]
    yield "jpeg-exif-after-jfif.jpg", base[:20] + exif + base[20:]
    yield "jpeg-xmp-before-exif.jpg", behind_soi(base, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"), exif)
    yield "jpeg-two-exif.jpg", behind_soi(base, exif, segment(0xE1, b"Exif\0\0" + tiff(1, False)))
    long = struct.pack("<4sIHHHIII", b"II*\0", 8, 1, 0x112, 4, 1, 6, 0)
    yield "jpeg-orientation-is-long.jpg", behind_soi(base, segment(0xE1, b"Exif\0\0" + long))
    yield "jpeg-fill-bytes.jpg", behind_soi(base, b"\xff\xff" + exif)
    yield "jpeg-icc-of-2.6-mb.jpg", behind_soi(base, *icc)
    yield "jpeg-comment-of-64-kb.jpg", behind_soi(base, segment(0xFE, b"x" * 65533))
    yield "jpeg-text-behind.jpg", base + b"\n<?php echo 1; ?>"
    yield "jpeg-video-behind.jpg", base + struct.pack(">I", 24) + b"ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 12
    yield "jpeg-second-picture-behind.jpg", base + saved(scene(80, 60), "JPEG")
    yield "jpeg-multi-picture.jpg", saved(image, "MPO", save_all=True, append_images=[scene(80, 60)])
    yield "jpeg-restart-every-row.jpg", restarts
    yield "jpeg-gray.jpg", saved(image.convert("L"), "JPEG")
    yield "jpeg-4-1-1.jpg", saved(image, "JPEG", subsampling="4:1:1")
    yield "jpeg-1x1.jpg", saved(scene(1, 1), "JPEG")
    yield "jpeg-1x60000.jpg", saved(scene(1, 60000), "JPEG")
    yield "jpeg-20000x10.jpg", saved(scene(20000, 10), "JPEG")
    yield "jpeg-end-missing.jpg", base[:-2]
    yield "jpeg-end-half.jpg", base[:-1]
    yield "jpeg-end-is-newline.jpg", base[:-2] + b"\n"
    yield "jpeg-end-is-zeros.jpg", base[:-2] + bytes(1000)
    yield "jpeg-end-is-half-segment.jpg", base[:-2] + b"\xff\xda"
    yield "jpeg-restarts-end-missing.jpg", restarts[:-2]
    yield "jpeg-progressive-end-missing.jpg", progressive[:-2]
    yield "jpeg-progressive-end-is-newline.jpg", progressive[:-2] + b"\n"
    yield "jpeg-cut-in-last-row.jpg", base[:-40]
    yield "jpeg-restarts-cut-between-rows.jpg", restarts[: restarts.rindex(b"\xff\xd4")]
    yield "jpeg-progressive-cut-between-scans.jpg", progressive[: progressive.rindex(b"\xff\xda")]


def chunk(name, data, crc=None):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) if crc is None else crc)


def pngs():
    pixels = numpy.asarray(scene(64, 48))
    idat = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0))
    body, end = chunk(b"IDAT", idat), chunk(b"IEND", b"")
    text = b"Comment\0x"
    yield "png-junk-behind.png", head + body + end + b"\r\n"
    yield "png-pixels-byte-by-byte.png", head + b"".join(chunk(b"IDAT", idat[i : i + 1]) for i in range(len(idat))) + end
    yield "png-empty-idat-behind.png", head + body + chunk(b"IDAT", b"") + end
    yield "png-text-behind-pixels.png", head + body + chunk(b"tEXt", text) + end
    yield "png-animated.png", saved(scene(64, 48), "PNG", save_all=True, append_images=[scene(64, 48).rotate(90)])
    yield "png-20000x10.png", saved(scene(20000, 10), "PNG")
    yield "png-1x60000.png", saved(scene(1, 60000), "PNG")
    yield "png-70000x2.png", saved(scene(70000, 2), "PNG")
    yield "png-no-end.png", head + body
    yield "png-half-end.png", head + body + end[:6]
    yield "png-end-bad-crc.png", head + body + chunk(b"IEND", b"", 1)
    yield "png-pixels-without-crc.png", head + body[:-4]
    yield "png-pixels-with-half-crc.png", head + body[:-2]
    yield "png-pixels-without-checksums.png", head + body[:-8]
    yield "png-pixels-bad-crc.png", head + chunk(b"IDAT", idat, 1) + end
    yield "png-second-pixels-bad-crc.png", head + chunk(b"IDAT", idat[:99]) + chunk(b"IDAT", idat[99:], 1) + end
    yield "png-text-behind-pixels-bad-crc.png", head + body + chunk(b"tEXt", text, 1) + end
    yield "png-text-before-pixels-bad-crc.png", head + chunk(b"tEXt", text, 1) + body + end
    yield "png-zeros-for-end.png", head + body + bytes(64)
    yield "png-text-for-end.png", head + body + b"garbage!garbage!"
    yield "png-next-chunk-too-long.png", head + body + struct.pack(">I", 5000) + b"tEXtabc"
    yield "png-unknown-chunk-behind-pixels.png", head + body + chunk(b"ABCD", b"xx") + end
    yield "png-cut-in-pixels.png", head + body[:-40]
    wrong = idat[:50] + bytes([idat[50] ^ 255]) + idat[51:]
    yield "png-wrong-pixels-bad-crc.png", head + chunk(b"IDAT", wrong, 1) + end


def others():
    image = scene(40, 30)
    yield "bmp-in-jpg.jpg", saved(image, "BMP")
    yield "png-in-jpg.jpg", saved(image, "PNG")
    yield "webp-in-jpg.jpg", saved(image, "WEBP")
    yield "gif-in-jpg.jpg", saved(image, "GIF")
    yield "bmp-20000x3.bmp", saved(scene(20000, 3), "BMP")
    yield "bmp-junk-behind.bmp", saved(image, "BMP") + b"junk"
    yield "empty.jpg", b""
    yield "page-in-jpg.jpg", b"\n\n<!DOCTYPE html><html><title>404</title></html>"


def turned(orientation):
    return f", orientation {orientation}" if orientation != 1 else ""


def pillows(file):
    """(description, pixels or None)."""
    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(io.BytesIO(file))
        image.load()
        orientation = image.getexif().get(0x112, 1)
        shown = f"{image.format} {image.mode} {image.size[0]} x {image.size[1]}{turned(orientation)}"
        return shown, numpy.asarray(image.convert("RGB")).astype(int)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).split(' <_io')[0]}", None


def ours(probe, path):
    """The same of ours; pixels are None where there is a typed error. Any other end is an error of this script's caller."""
    run = subprocess.run([probe, "decode", path], capture_output=True, timeout=120)
    if run.returncode == 0:
        head, pixels = run.stdout.split(b"\n", 1)
        width, height, orientation = map(int, head.split())
        return f"{width} x {height}{turned(orientation)}", numpy.frombuffer(pixels, numpy.uint8).astype(int).reshape(height, width, 3)
    text = run.stderr.decode(errors="replace").strip()
    if run.returncode != 1 or not text.split(" ", 1)[0].isupper():
        sys.exit(f"{path}: {text}")
    code, message = text.split(" ", 1)
    return f"`{code}`: {message}", None


def judge(name, theirs, mine, same_turn):
    if theirs is None and mine is None:
        return "refused by both"
    if theirs is not None and mine is not None and theirs.shape == mine.shape and same_turn:
        worst, mean = numpy.abs(theirs - mine).max(), numpy.abs(theirs - mine).mean()
        if worst == 0:
            return "exact"
        if name.startswith("jpeg-") and mean <= JPEG_LIMIT:
            return f"close: mean difference {mean:.3f}, largest {worst}"
        return f"deviates: mean difference {mean:.3f}, largest {worst}"
    return f"declared: {DECLARED[name]}" if name in DECLARED else "deviates"


def files():
    return [*jpegs(), *pngs(), *others()]


def make(folder):
    os.makedirs(folder, exist_ok=True)
    for name, file in files():
        pathlib.Path(folder, name).write_bytes(file)
    return 0


def main():
    if sys.argv[1] == "--make":
        return make(sys.argv[2])
    probe = sys.argv[1]
    rows, bad = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = sys.argv[sys.argv.index("--keep") + 1] if "--keep" in sys.argv else scratch
        os.makedirs(folder, exist_ok=True)
        for name, file in files():
            path = os.path.join(folder, name)
            pathlib.Path(path).write_bytes(file)
            (shown, theirs), (answer, mine) = pillows(file), ours(probe, path)
            same_turn = shown.partition(", ")[2] == answer.partition(", ")[2]
            verdict = judge(name, theirs, mine, same_turn)
            bad += verdict.startswith("deviates")
            rows.append([name, shown, answer, verdict])
            if verdict.startswith("deviates"):
                print(" | ".join(rows[-1]))
    print(f"{len(rows)} files, {bad} deviate")
    if "--write" in sys.argv:
        write(rows)
    return 1 if bad else 0


def write(rows):
    path = REPOSITORY / "docs/decoder-table.md"
    before, _, behind = path.read_text().partition(f"\n{BEGIN}")
    _, heading, rest = behind.partition("\n## ")
    lines = [
        BEGIN,
        "",
        f"{len(rows)} files of kinds that people have and test suites lack: damaged ends, long sides, wrong names. A file that",
        "lacks nothing but its end is read. Made and compared by",
        "",
        "```sh",
        "/usr/bin/python3 tests/tools/compare_odd_files.py build/native-sanitized/tests/cpp/image_probe --write",
        "```",
        "",
        "| file | Pillow | ours | verdict |",
        "| --- | --- | --- | --- |",
        *["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows],
        "",
    ]
    path.write_text(before.rstrip("\n") + "\n\n" + "\n".join(lines) + heading + rest)


if __name__ == "__main__":
    sys.exit(main())
