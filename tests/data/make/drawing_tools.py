"""Canvas, light and noise for drawn pictures: floats 0..1, RGB, y down. Knows nothing of what is drawn.

Everything is drawn SCALE times too large and reduced at the end, so edges are smooth without any antialiasing here.
"""
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SCALE = 3
WIDTH, HEIGHT = 500, 375
LIGHT = np.array([-0.45, -0.62, 0.64])  # towards the lamp; x right, y down, z towards the viewer
LIGHT /= np.linalg.norm(LIGHT)


def size(width=WIDTH, height=HEIGHT):
    """Canvas size in drawing pixels."""
    return width * SCALE, height * SCALE


def grid(width=WIDTH, height=HEIGHT):
    """x, y of every drawing pixel, in picture pixels, float32 [height * SCALE, width * SCALE]."""
    w, h = size(width, height)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    return (x + 0.5) / SCALE, (y + 0.5) / SCALE


def noise(shape, cell, seed, octaves=4):
    """Smooth noise around 0, about -1..1: octaves of random grids, the coarsest of `cell` drawing pixels."""
    rng = np.random.default_rng(seed)
    total, weight = np.zeros(shape, np.float32), 1.0
    for _ in range(octaves):
        rows, columns = max(2, round(shape[0] / cell)), max(2, round(shape[1] / cell))
        coarse = Image.fromarray(rng.standard_normal((rows, columns)).astype(np.float32))
        total += weight * np.asarray(coarse.resize((shape[1], shape[0]), Image.BICUBIC))
        cell, weight = max(1, cell / 2), weight * 0.5
    return total / 2


def flat(color, width=WIDTH, height=HEIGHT):
    """A canvas of one color (0..255)."""
    w, h = size(width, height)
    return np.ones((h, w, 3), np.float32) * (np.array(color, np.float32) / 255)


def gradient(top, bottom, width=WIDTH, height=HEIGHT):
    """A canvas running from one color (0..255) at the top to another at the bottom."""
    w, h = size(width, height)
    t = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    rows = (1 - t) * (np.array(top, np.float32) / 255) + t * (np.array(bottom, np.float32) / 255)
    return np.repeat(rows, w, axis=1)


def wall(color, seed, grain=0.02, light=(0.3, 0.25)):
    """A plastered wall lit from one side; `light` is the lamp's place as fractions of the canvas."""
    canvas = flat(color)
    x, y = grid()
    distance = np.hypot(x / WIDTH - light[0], y / HEIGHT - light[1])
    canvas *= (1.08 - 0.38 * distance)[..., None]
    canvas *= (1 + grain * noise(distance.shape, 90, seed, 6))[..., None]
    return canvas


def wood(color, seed, width=WIDTH, height=HEIGHT, vertical=False):
    """Boards with grain along x (or y)."""
    canvas = flat(color, width, height)
    h, w = canvas.shape[:2]
    if vertical:
        h, w = w, h
    long = np.asarray(Image.fromarray(noise((h, max(8, w // 24)), 60, seed, 6)).resize((w, h), Image.BICUBIC))
    fine = np.asarray(Image.fromarray(noise((h, max(8, w // 60)), 6, seed + 1, 2)).resize((w, h), Image.BICUBIC))
    rings = 0.5 + 0.5 * np.sin(9 * long)
    shade = 1 - 0.16 * rings + 0.06 * fine
    shade = shade.T if vertical else shade
    tint = np.array([1.0, 1.0, 1.0], np.float32) - (1 - shade[..., None]) * np.array([0.8, 1.0, 1.2], np.float32)
    return canvas * tint


def mask(draw_shapes, width=WIDTH, height=HEIGHT, blur=0.0, offset=(0, 0)):
    """Coverage 0..1 of what `draw_shapes(draw, s)` paints with fill=255; s turns picture into drawing pixels."""
    image = Image.new("L", size(width, height), 0)
    draw_shapes(ImageDraw.Draw(image), lambda *v: [float(a) * SCALE for a in v])
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur * SCALE))
    coverage = np.asarray(image, np.float32) / 255
    if any(offset):
        coverage = np.roll(coverage, (round(offset[1] * SCALE), round(offset[0] * SCALE)), (0, 1))
    return coverage


def paint(canvas, coverage, color):
    """Lays a color (0..255, or a canvas of 0..1) over the canvas where covered."""
    top = color if isinstance(color, np.ndarray) else np.array(color, np.float32) / 255
    canvas += coverage[..., None] * (top - canvas)
    return canvas


def shade(canvas, coverage, strength):
    """Darkens where covered: a shadow."""
    canvas *= 1 - strength * coverage[..., None]
    return canvas


def blurred(canvas, radius):
    """The canvas out of focus; radius in picture pixels."""
    channels = [Image.fromarray((np.clip(canvas[..., c], 0, 1) * 255).astype(np.uint8)) for c in range(3)]
    soft = [np.asarray(c.filter(ImageFilter.GaussianBlur(radius * SCALE)), np.float32) / 255 for c in channels]
    return np.stack(soft, axis=-1)


def sphere(cx, cy, r, width=WIDTH, height=HEIGHT):
    """A ball: coverage and unit normals [h, w, 3] (z towards the viewer), zeros outside."""
    x, y = grid(width, height)
    nx, ny = (x - cx) / r, (y - cy) / r
    inside = 1 - nx**2 - ny**2
    coverage = np.clip(inside * r / 2 * SCALE * 0.7 + 0.5, 0, 1).astype(np.float32)
    nz = np.sqrt(np.maximum(inside, 0))
    return coverage, np.stack([nx, ny, nz], axis=-1)


def lit(colors, normals, ambient=0.35, gloss=0.35, shine=24):
    """Lambert and Phong light on colors (0..1) with normals."""
    diffuse = np.clip(normals @ LIGHT, 0, 1)
    reflected = 2 * diffuse[..., None] * normals - LIGHT
    highlight = gloss * np.clip(reflected[..., 2], 0, 1) ** shine
    return colors * (ambient + (1.08 - ambient) * diffuse)[..., None] + highlight[..., None]


def contact_shadow(canvas, cx, bottom, r, strength=0.75):
    """The soft shadow of a ball of radius r that touches the ground at (cx, bottom), picture pixels."""
    for wide, high, blur in ((1.15, 0.26, 9), (0.7, 0.13, 4)):
        ellipse = (cx - r * wide + r * 0.2, bottom - r * high, cx + r * wide + r * 0.2, bottom + r * high)
        shade(canvas, mask(lambda draw, s: draw.ellipse(s(*ellipse), fill=255), blur=blur), strength)


def rotation(yaw, pitch, roll):
    """Rotation matrix from degrees."""
    a, b, c = np.radians([yaw, pitch, roll])
    ry = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    rx = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rz @ rx @ ry


def finish(canvas, seed, grain=0.007, vignette=0.22):
    """The photograph: vignette, reduction, sensor noise, 8 bits."""
    h, w = canvas.shape[:2]
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    canvas = canvas * (1 - vignette * ((x**2 + y**2) / 2) ** 1.5)[..., None]
    image = Image.fromarray((np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8))
    image = image.resize((w // SCALE, h // SCALE), Image.LANCZOS)
    pixels = np.asarray(image, np.float32)
    rng = np.random.default_rng(seed)
    pixels = pixels + 255 * grain * rng.standard_normal(pixels.shape[:2] + (1,))
    return Image.fromarray((np.clip(pixels, 0, 255) + 0.5).astype(np.uint8))
