"""Shapes, solids and backgrounds of the small pictures, in the 500x375 units of drawing_tools. Knows no subjects."""
import numpy as np
from PIL import Image

import drawing_tools as t

SHOWN = (240, 180)


# Shapes -------------------------------------------------------------------------------------------------------------


def curve(points, steps=8):
    """Closed Catmull-Rom curve through points [(x, y)]."""
    p = np.array(points, float)
    before, after, next_but_one = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    u = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (q[:, None] for q in (before, p, after, next_but_one))
    spline = b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))
    return spline.reshape(-1, 2)


def outline(points):
    """What t.mask takes: the inside of a smooth closed curve."""
    return lambda draw, s: draw.polygon(s(*curve(points).ravel()), fill=255)


def polygon(points):
    """What t.mask takes: the inside of straight lines."""
    return lambda draw, s: draw.polygon(s(*np.ravel(points)), fill=255)


def ellipse(cx, cy, rx, ry=None):
    ry = rx if ry is None else ry
    return lambda draw, s: draw.ellipse(s(cx - rx, cy - ry, cx + rx, cy + ry), fill=255)


def limbs(*chains):
    """What t.mask takes: chains of (x, y, radius), each joined by tapering bones."""

    def draw_shapes(draw, s):
        for chain in chains:
            for (x0, y0, r0), (x1, y1, r1) in zip(chain, chain[1:]):
                n = max(2, int(np.hypot(x1 - x0, y1 - y0)))
                for f in np.linspace(0, 1, n):
                    x, y, r = x0 + f * (x1 - x0), y0 + f * (y1 - y0), r0 + f * (r1 - r0)
                    draw.ellipse(s(x - r, y - r, x + r, y + r), fill=255)

    return draw_shapes


def joined(shapes, blur=5.0):
    """Coverage of several shapes grown together: their corners filled as by a skin."""
    coverage = np.max([t.mask(shape) for shape in shapes], axis=0)
    soft = Image.fromarray((coverage * 255).astype(np.uint8))
    soft = t.blurred(np.repeat(np.asarray(soft, np.float32)[..., None] / 255, 3, 2), blur)[..., 0]
    return np.clip((soft - 0.5) * blur * 2 + 0.5, 0, 1)


def dome(coverage):
    """Normals [h, w, 3] of a skin blown up over what is covered: over a disk, half a ball.

    The square of its height solves Poisson's equation with 0 at the edge; solved from coarse to fine grids.
    """
    height, width = coverage.shape
    source, u = Image.fromarray(coverage.astype(np.float32)), np.zeros((2, 2), np.float32)
    for cell in (64, 32, 16, 8, 4, 2):  # picture pixels
        shape = (max(2, round(width / t.SCALE / cell)), max(2, round(height / t.SCALE / cell)))
        inside = np.asarray(source.resize(shape, Image.BOX))
        u = np.asarray(Image.fromarray(u).resize(shape, Image.BILINEAR))
        for _ in range(40):
            p = np.pad(u, 1)
            u = inside * ((p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]) / 4 + cell**2)
    slope_y, slope_x = np.gradient(u, 2.0)
    full = lambda a: np.asarray(Image.fromarray(a.astype(np.float32)).resize((width, height), Image.BICUBIC))
    normals = np.stack([-full(slope_x), -full(slope_y), 2 * np.sqrt(np.maximum(full(u), 1e-3))], -1)
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True)


def solid(canvas, coverage, colors, ambient=0.5, gloss=0.0, shine=12, grain=0.0, seed=0):
    """Paints a rounded body: a color (0..255) or a canvas of them, lit from the upper left, darker below."""
    if not isinstance(colors, np.ndarray):
        colors = t.flat(colors)
    normals = dome(coverage)
    if grain:
        colors = colors * (1 + grain * t.noise(coverage.shape, 9 * t.SCALE / 3, seed, 3))[..., None]
    body = t.lit(colors, normals, ambient, gloss, shine) * (1 - 0.22 * normals[..., 1:2])
    return t.paint(canvas, coverage, body.astype(np.float32))


def blend(canvas, coverage, top, bottom, y0, y1):
    """Paints a color that runs from `top` at height y0 to `bottom` at y1."""
    rows, columns = np.flatnonzero(coverage.any(1)), np.flatnonzero(coverage.any(0))
    if not len(rows):
        return canvas
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # most shapes are small: paint there alone
    y = (np.arange(rows[0], rows[-1] + 1) + 0.5) / t.SCALE
    f = np.clip((y - y0) / (y1 - y0), 0, 1)[:, None, None]
    colors = ((1 - f) * np.array(top) + f * np.array(bottom)).astype(np.float32) / 255
    t.paint(canvas[part], coverage[part], colors)
    return canvas


def photograph(canvas, seed, grain=0.016, soft=0.5):
    """The finished picture at the size it is stored in."""
    return t.finish(t.blurred(canvas, soft), seed, grain, 0.15).resize(SHOWN, Image.LANCZOS)


# Backgrounds --------------------------------------------------------------------------------------------------------


def sky(seed, top=(96, 138, 186), bottom=(190, 208, 220), cover=0.5):
    """Blue with soft clouds; `cover` is how much of it they hide."""
    canvas = t.gradient(top, bottom)
    clouds = np.clip(t.noise(canvas.shape[:2], 130 * t.SCALE, seed, 6) + cover - 0.3, 0, 1)
    return t.blurred(t.paint(canvas, 0.75 * clouds, (236, 238, 240)), 1.5)


def ground(canvas, horizon, top, bottom, seed, grain=0.12, streaks=4, edge=3.0):
    """Paints sea, road or grass below the horizon: noise stretched sideways, finer far away."""
    h, w = canvas.shape[:2]
    _, y = t.grid()
    flat = Image.fromarray(t.noise((h, max(8, w // streaks)), 4 * t.SCALE, seed, 4)).resize((w, h), Image.BICUBIC)
    near = np.clip((y - horizon) / (t.HEIGHT - horizon), 0, 1)
    surface = ((1 - near)[..., None] * np.array(top) + near[..., None] * np.array(bottom)) / 255
    surface = surface * (1 + grain * (0.35 + 0.65 * near) * np.asarray(flat))[..., None]
    return t.paint(canvas, np.clip((y - horizon) / edge + 0.5, 0, 1), surface.astype(np.float32))


def bushes(canvas, bottom, height, color, seed, soft=5, cell=60):
    """A hedge or a wood out of focus: a ragged dark band above `bottom`."""
    _, y = t.grid()
    ragged = t.noise(canvas.shape[:2], cell * t.SCALE, seed, 5)
    light = np.clip(1 + 0.35 * t.noise(canvas.shape[:2], 26 * t.SCALE, seed + 1, 5), 0.3, 2)
    leaves = t.flat(color) * light[..., None]
    band = np.clip((y - bottom + height * (1 + 0.35 * ragged)) / 8, 0, 1)
    return t.blurred(t.paint(canvas, band, leaves.astype(np.float32)), soft)


def meadow(seed, horizon, wood_color=(58, 78, 46), grass=((128, 146, 78), (92, 120, 52)), wood=200):
    """Grass before a wood out of focus."""
    canvas = bushes(t.gradient((176, 190, 196), (196, 204, 196)), horizon + 5, wood, wood_color, seed)
    ground(canvas, horizon, *grass, seed + 7, 0.2, 1, 14)
    return canvas


def shadow_below(canvas, cx, cy, rx, ry, strength=0.5, blur=6):
    t.shade(canvas, t.mask(ellipse(cx, cy, rx, ry), blur=blur), strength)
