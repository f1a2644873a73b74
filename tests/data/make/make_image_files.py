#!/usr/bin/python3
"""Draws the small image files in ../image and writes down what Pillow and torchvision make of them.

  make_image_files.py            needs numpy, Pillow and torchvision (Debian 12's: Pillow 9.4, torchvision 0.14)

image/decode.txt     a line a file: name, width, height, EXIF orientation, FNV-1a hash of the pixels of convert('RGB');
                     JPEG files have '-' for a hash and their pixels in NAME.rgb, since decoders differ by a level
image/upright.txt    the same after ImageOps.exif_transpose
image/resize.txt     source.png resized by Pillow: width, height, filter, hash
image/transform.txt  source.png (or tall.png) through torchvision's resize and center_crop: file, resize, crop, filter, hash
image/tensor.txt     the same through torchvision's resize of 8-bit tensors, which does not antialias: file, resize, crop,
                     filter; the pixels, one after the other, in tensor.rgb, since torchvision itself differs by a
                     level here and there between memory layouts and CPUs
image/crops.txt      the crops of ten_crop: file, resize, crop, index, hash
image/view.txt       source.png turned clockwise and cut by Pillow: degrees, left, top, width, height, hash
image/normalize.f32  torchvision's ToTensor and Normalize of 0..255 in three channels: float32 [256, 3]
"""
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageOps
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "image"
FILTERS = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}
WIDTH, HEIGHT = 29, 19  # odd, so that rows end inside a byte and blocks inside the picture


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def picture(width, height, seed):
    """Smooth colors, a few hard edges and a little noise: nothing of it symmetric."""
    random = numpy.random.RandomState(seed)
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    planes = [127 + 110 * numpy.sin(x / (5 + c) + y / (9 - c) + c) for c in range(3)]
    rgb = numpy.stack(planes, axis=2) + random.normal(0, 6, (height, width, 3))
    rgb[height // 4 : height // 2, width // 5 : width // 3] = (250, 20, 60)
    return numpy.clip(rgb, 0, 255).astype(numpy.uint8)


# --- PNG, written by hand: every color type, depth, filter and interlacing ------------------------------------------

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def pack_row(row, bits):
    if bits == 16:
        return row.astype(">u2").tobytes()
    if bits == 8:
        return row.astype(numpy.uint8).tobytes()
    shifted = numpy.unpackbits(row.astype(numpy.uint8)[:, None], axis=1)[:, -bits:]
    return numpy.packbits(shifted.reshape(-1)).tobytes()


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def filter_row(kind, row, above, step):
    out = bytearray()
    for i, value in enumerate(row):
        left = row[i - step] if i >= step else 0
        up = above[i]
        corner = above[i - step] if i >= step else 0
        guess = (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]
        out.append((value - guess) & 255)
    return bytes([kind]) + bytes(out)


def image_data(samples, bits):
    rows, above = b"", None
    step = max(1, samples.shape[2] * bits // 8)
    for y, line in enumerate(samples):
        row = pack_row(line.reshape(-1), bits)
        rows += filter_row(y % 5, row, above or bytes(len(row)), step)
        above = row
    return rows


def png(samples, color_type, bits, interlaced=False, extra=b""):
    height, width, _ = samples.shape
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, int(interlaced))
    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in PASSES]
        data = b"".join(image_data(part, bits) for part in parts if part.size)
    else:
        data = image_data(samples, bits)
    packed = zlib.compress(data, 9)
    half = len(packed) // 2
    body = chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + body + chunk(b"IEND", b"")


def png_files():
    rgb = picture(WIDTH, HEIGHT, 1)
    grey = rgb[:, :, 1:2]
    alpha = picture(WIDTH, HEIGHT, 2)[:, :, :1]
    palette = chunk(b"PLTE", bytes(numpy.random.RandomState(3).randint(0, 256, 3 * 200).tolist()))
    deep = rgb.astype(numpy.uint16) * 251 + 97
    for interlaced in (False, True):
        tail = "-adam7" if interlaced else ""
        for bits in (1, 2, 4, 8):
            yield f"grey{bits}{tail}.png", png(grey >> (8 - bits), 0, bits, interlaced)
            used = min(199, 2**bits - 1)
            short = chunk(b"PLTE", palette[8:-4][: 3 * (used + 1)])
            yield f"palette{bits}{tail}.png", png(numpy.minimum(grey >> (8 - bits), used), 3, bits, interlaced, short)
        yield f"grey16{tail}.png", png(deep[:, :, 1:2] >> 5, 0, 16, interlaced)
        for name, samples, kind in (
            ("rgb", rgb, 2),
            ("greyalpha", numpy.concatenate([grey, alpha], 2), 4),
            ("rgba", numpy.concatenate([rgb, alpha], 2), 6),
        ):
            yield f"{name}8{tail}.png", png(samples, kind, 8, interlaced)
            yield f"{name}16{tail}.png", png(samples.astype(numpy.uint16) * 257 - 3 * (samples > 9), kind, 16, interlaced)
    yield "palette-transparent.png", png(grey // 2, 3, 8, False, palette + chunk(b"tRNS", bytes(range(100))))
    yield "grey-transparent.png", png(grey, 0, 8, False, chunk(b"tRNS", struct.pack(">H", int(grey[0, 0, 0]))))
    yield "rgb-transparent.png", png(rgb, 2, 8, False, chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[0, 0]))))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"orientation{orientation}.png", png(rgb, 2, 8, False, chunk(b"eXIf", exif.tobytes()[6:]))


# --- BMP -------------------------------------------------------------------------------------------------------------


def bmp(header, palette, rows):
    offset = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + header + palette + rows


def info(width, height, bits, compression=0, colors=0, size=40, tail=b""):
    return struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, 0, 2835, 2835, colors, 0) + tail


def padded(row):
    return row + bytes(-len(row) % 4)


def bmp_files():
    rgb = picture(WIDTH, HEIGHT, 4)
    bgr = rgb[:, :, ::-1]
    upward = list(reversed(range(HEIGHT)))
    rows24 = [padded(bgr[y].tobytes()) for y in range(HEIGHT)]
    yield "rgb24.bmp", bmp(info(WIDTH, HEIGHT, 24), b"", b"".join(rows24[y] for y in upward))
    yield "rgb24-topdown.bmp", bmp(info(WIDTH, -HEIGHT, 24), b"", b"".join(rows24))
    core = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24)
    yield "rgb24-os2.bmp", bmp(core, b"", b"".join(rows24[y] for y in upward))
    four = numpy.concatenate([bgr, numpy.full((HEIGHT, WIDTH, 1), 7, numpy.uint8)], 2)
    yield "rgb32.bmp", bmp(info(WIDTH, HEIGHT, 32), b"", b"".join(four[y].tobytes() for y in upward))
    wide = rgb.astype(numpy.uint16)
    for name, shifts, masks in (("rgb555", (3, 3, 3), None), ("rgb565", (3, 2, 3), (0xF800, 0x07E0, 0x001F))):
        red, green, blue = (wide[:, :, c] >> shifts[c] for c in range(3))
        pixels = red << (16 - 5 - (masks is None)) | green << 5 | blue
        header = info(WIDTH, HEIGHT, 16, 3 if masks else 0) + (struct.pack("<III", *masks) if masks else b"")
        yield f"{name}.bmp", bmp(header, b"", b"".join(padded(pixels[y].astype("<u2").tobytes()) for y in upward))
    index = rgb[:, :, 0]
    colors = numpy.random.RandomState(5).randint(0, 256, (256, 4)).astype(numpy.uint8)
    colors[:, 3] = 0
    for bits in (1, 4, 8):
        used = 2**bits
        rows = [padded(pack_row(index[y] >> (8 - bits), bits)) for y in upward]
        yield f"palette{bits}.bmp", bmp(info(WIDTH, HEIGHT, bits, 0, used), colors[:used].tobytes(), b"".join(rows))
    runs = b""
    for y in upward:
        row = index[y] // 16
        x = 0
        while x < WIDTH:
            length = 1
            while x + length < WIDTH and row[x + length] == row[x]:
                length += 1
            runs += bytes([length, row[x]])
            x += length
        runs += b"\0\0"
    yield "runs8.bmp", bmp(info(WIDTH, HEIGHT, 8, 1, 256), colors.tobytes(), runs + b"\0\1")


# --- JPEG, by Pillow -------------------------------------------------------------------------------------------------


def jpeg_files():
    smooth = Image.fromarray(picture(WIDTH, HEIGHT, 6)).resize((45, 37), Image.Resampling.BICUBIC)
    for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
        for progressive in (False, True):
            path = f"jpeg{name}{'-progressive' if progressive else ''}.jpg"
            smooth.save(FOLDER / path, quality=90, subsampling=sampling, progressive=progressive)
            yield path
    smooth.convert("L").save(FOLDER / "jpeg-grey.jpg", quality=90)
    yield "jpeg-grey.jpg"
    smooth.convert("CMYK").save(FOLDER / "jpeg-cmyk.jpg", quality=90)
    yield "jpeg-cmyk.jpg"
    smooth.save(FOLDER / "jpeg-rgb.jpg", quality=90, subsampling=0, optimize=True)
    yield "jpeg-rgb.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    smooth.save(FOLDER / "jpeg-orientation6.jpg", quality=90, subsampling=0, exif=exif)
    yield "jpeg-orientation6.jpg"


def other_formats():
    """Files that are recognised and refused."""
    image = Image.fromarray(picture(WIDTH, HEIGHT, 7))
    for name in ("refused.gif", "refused.webp", "refused.tif"):
        image.save(FOLDER / name)


def line(name, image):
    return f"{name} {image.width} {image.height} {image.getexif().get(0x0112, 1)}"


def write_tensors(sources):
    lines, pixels = [], b""
    for name in sources:
        tensor = F.pil_to_tensor(Image.open(FOLDER / name))
        for size, crop in ((17, 32), (37, 32), (97, 48)):
            for kind, mode in MODES.items():
                cut = F.center_crop(F.resize(tensor, [size], mode), [crop, crop])
                lines.append(f"{name} {size} {crop} {kind}")
                pixels += cut.permute(1, 2, 0).contiguous().numpy().tobytes()
    (FOLDER / "tensor.rgb").write_bytes(pixels)
    (FOLDER / "tensor.txt").write_text("\n".join(lines) + "\n")


def write_crops(sources):
    lines = []
    for name in sources:
        for size, crop in ((37, 32), (40, 33), (43, 32), (40, 40)):
            for i, cut in enumerate(F.ten_crop(F.resize(Image.open(FOLDER / name), [size]), [crop, crop])):
                lines.append(f"{name} {size} {crop} {i} {fnv1a(cut.tobytes())}")
    (FOLDER / "crops.txt").write_text("\n".join(lines) + "\n")


def write_views():
    lines = []
    for degrees in (0, 90, 180, 270):
        turned = Image.open(FOLDER / "source.png").rotate(-degrees, expand=True)
        whole = (0, 0, turned.width, turned.height)
        for left, top, width, height in (whole, (3, 5, 20, 31), (turned.width - 1, 0, 1, turned.height)):
            cut = turned.crop((left, top, left + width, top + height))
            lines.append(f"{degrees} {left} {top} {width} {height} {fnv1a(cut.tobytes())}")
    (FOLDER / "view.txt").write_text("\n".join(lines) + "\n")


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    decoded, upright = [], []
    for name, content in [*png_files(), *bmp_files()]:
        (FOLDER / name).write_bytes(content)
        image = Image.open(FOLDER / name)
        decoded.append(f"{line(name, image)} {fnv1a(image.convert('RGB').tobytes())}")
        if name.startswith("orientation"):
            turned = ImageOps.exif_transpose(image)
            upright.append(f"{name} {turned.width} {turned.height} {fnv1a(turned.convert('RGB').tobytes())}")
    for name in jpeg_files():
        image = Image.open(FOLDER / name)
        decoded.append(f"{line(name, image)} -")
        (FOLDER / f"{name}.rgb").write_bytes(image.convert("RGB").tobytes())
    other_formats()
    (FOLDER / "decode.txt").write_text("\n".join(decoded) + "\n")
    (FOLDER / "upright.txt").write_text("\n".join(upright) + "\n")

    sources = {"source.png": picture(61, 43, 8), "tall.png": picture(23, 97, 9)}
    for name, pixels in sources.items():
        Image.fromarray(pixels).save(FOLDER / name, optimize=True)
    resized = []
    for width, height in ((61, 43), (30, 21), (31, 43), (61, 20), (100, 90), (7, 5), (1, 1), (200, 3), (64, 64), (122, 86)):
        for name, kind in FILTERS.items():
            image = Image.open(FOLDER / "source.png").resize((width, height), kind)
            resized.append(f"{width} {height} {name} {fnv1a(image.tobytes())}")
    (FOLDER / "resize.txt").write_text("\n".join(resized) + "\n")
    transformed = []
    for name in sources:
        for size, crop in ((32, 32), (37, 32), (40, 33), (43, 32), (23, 32), (30, 48), (97, 64), (256, 224), (232, 224)):
            for kind, mode in MODES.items():
                image = F.center_crop(F.resize(Image.open(FOLDER / name), [size], mode), [crop, crop])
                transformed.append(f"{name} {size} {crop} {kind} {fnv1a(image.tobytes())}")
    (FOLDER / "transform.txt").write_text("\n".join(transformed) + "\n")
    write_tensors(sources)
    write_crops(sources)
    write_views()
    levels = Image.fromarray(numpy.repeat(numpy.arange(256, dtype=numpy.uint8)[None, :, None], 3, axis=2))
    tensor = F.normalize(F.to_tensor(levels), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    (FOLDER / "normalize.f32").write_bytes(tensor.permute(1, 2, 0).contiguous().numpy().astype("<f4").tobytes())


if __name__ == "__main__":
    main()
