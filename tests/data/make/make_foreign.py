#!/usr/bin/python3
"""Writes tests/data/foreign: pictures in formats that only browsers decode, each with Pillow's RGB pixels as a PNG.

alpha.png has the same RGBA pixels as alpha-lossless.webp, for comparing what is composed on a background."""
from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 36, 48
folder = Path(__file__).resolve().parent.parent / 'foreign'
folder.mkdir(exist_ok=True)

y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
rgb = np.stack([x * 5 % 256, y * 7 % 256, (x * 3 + y * 4) % 256], -1).astype(np.uint8)
alpha = np.clip(x * 6 - 16, 0, 255).astype(np.uint8)  # from fully transparent to opaque
rgba = Image.fromarray(np.dstack([rgb, alpha]), 'RGBA')
opaque = Image.fromarray(rgb, 'RGB')
sideways = Image.Exif()
sideways[0x112] = 6

rgba.save(folder / 'alpha.png')
rgba.save(folder / 'alpha-lossless.webp', lossless=True, exact=True)
rgba.save(folder / 'alpha-lossy.webp', quality=90, exact=True)
opaque.save(folder / 'opaque-lossy.webp', quality=90)
opaque.save(folder / 'orientation-6.webp', lossless=True, exif=sideways.tobytes())
opaque.convert('P', palette=Image.ADAPTIVE).save(folder / 'palette.gif')

for path in sorted(folder.iterdir()):
    if path.suffix in ('.webp', '.gif'):
        Image.open(path).convert('RGB').save(folder / f'{path.stem}.pillow.png')
