"""The balls among the drawings, each an RGB image of 500x375. Knows nothing of networks or files."""
import numpy as np
from PIL import Image

import drawing_tools as t


def turf(seed):
    """Mown grass, nearer and coarser towards the bottom."""
    canvas = t.gradient((96, 138, 58), (62, 112, 36))
    h, w = canvas.shape[:2]
    blades = Image.fromarray(t.noise((max(8, h // 5), w), 5, seed, 2)).resize((w, h), Image.BICUBIC)
    canvas *= (1 + 0.26 * np.asarray(blades) + 0.1 * t.noise((h, w), 120, seed + 1, 3))[..., None]
    return canvas


def field(seed, horizon=0.34):
    """Turf in focus below, the far side of the field out of focus above."""
    canvas = turf(seed)
    far = t.gradient((58, 92, 48), (104, 148, 72))
    far = t.blurred(far * (1 + 0.25 * t.noise(canvas.shape[:2], 160, seed + 5, 3))[..., None], 6)
    _, y = t.grid()
    return t.paint(canvas, np.clip((horizon * t.HEIGHT - y) / 60 + 0.5, 0, 1), far)


def icosahedron():
    """Twelve corners and twenty face centres, as unit vectors."""
    g = (1 + 5**0.5) / 2
    corners = np.array([p for a in (-1, 1) for b in (-g, g) for p in ((0, a, b), (a, b, 0), (b, 0, a))], float)
    corners /= np.linalg.norm(corners, axis=1)[:, None]
    near = corners @ corners.T > 0.4
    n = range(12)
    triples = ((i, j, k) for i in n for j in n for k in n if i < j < k)
    faces = [corners[[i, j, k]].sum(0) for i, j, k in triples if near[i, j] and near[j, k] and near[i, k]]
    return corners, np.array([f / np.linalg.norm(f) for f in faces])


def soccer_ball():
    """A black and white ball of pentagons and hexagons on a field."""
    cx, cy, r = 250, 192, 125
    canvas = field(11)
    t.contact_shadow(canvas, cx, cy + r - 6, r)
    coverage, normals = t.sphere(cx, cy, r)
    corners, faces = icosahedron()
    turned = normals @ t.rotation(24, -20, 12)
    to_corner, to_face = turned @ corners.T, turned @ faces.T
    # A truncated icosahedron's faces, pushed out to the sphere: pentagon planes lie a little farther out than hexagons.
    values = np.concatenate([to_corner / 0.9393, to_face / 0.9149], axis=-1)
    order = np.sort(values, axis=-1)
    seam = np.clip((order[..., -1] - order[..., -2]) / 0.030, 0, 1)
    black = values.argmax(-1) < 12
    colors = np.where(black[..., None], [0.07, 0.07, 0.08], [0.95, 0.95, 0.94])
    colors = colors * (0.35 + 0.65 * seam)[..., None] * (1 + 0.03 * t.noise(coverage.shape, 40, 12))[..., None]
    ball = t.lit(colors, normals, 0.36, 0.28, 18)
    ball[..., 1] += 0.07 * np.clip(normals[..., 1], 0, 1)
    t.paint(canvas, coverage, ball.astype(np.float32))
    return t.finish(canvas, 13)


def basketball():
    """An orange ball with black seams on a wooden floor."""
    cx, cy, r = 250, 185, 130
    canvas = t.wood((205, 158, 100), 21)
    _, y = t.grid()
    back = t.blurred(t.gradient((70, 62, 60), (120, 96, 72)), 4)
    t.paint(canvas, np.clip((130 - y) / 20 + 0.5, 0, 1), back)
    t.contact_shadow(canvas, cx, cy + r - 6, r)
    coverage, normals = t.sphere(cx, cy, r)
    p = normals @ t.rotation(38, 18, 20)
    bend = 0.61 * np.sqrt(np.clip(1 - p[..., 1] ** 2, 0, 1)) + 0.12 * p[..., 1] ** 2
    lines = np.stack([np.abs(p[..., 0]), np.abs(p[..., 1]), np.abs(np.abs(p[..., 0]) - bend)])
    seam = np.clip((lines.min(0) - 0.016) / 0.01, 0, 1)
    pebbles = t.noise(coverage.shape, 7, 22, 1)
    colors = np.array([0.80, 0.36, 0.13]) * (1 + 0.10 * pebbles + 0.05 * t.noise(coverage.shape, 80, 23))[..., None]
    colors = colors * seam[..., None] + 0.05 * (1 - seam[..., None])
    t.paint(canvas, coverage, t.lit(colors, normals, 0.34, 0.22, 14).astype(np.float32))
    return t.finish(canvas, 24)


def golf_ball():
    """A dimpled white ball on turf."""
    cx, cy, r = 250, 190, 122
    canvas = field(31)
    t.contact_shadow(canvas, cx, cy + r - 6, r)
    coverage, normals = t.sphere(cx, cy, r)
    n = 392
    k = np.arange(n) + 0.5
    phi, theta = np.arccos(1 - 2 * k / n), np.pi * (1 + 5**0.5) * k
    centres = np.stack([np.cos(theta) * np.sin(phi), np.sin(theta) * np.sin(phi), np.cos(phi)], 1)
    centres = centres @ t.rotation(40, 62, 0).T
    centres = centres[centres[:, 2] > -0.1]
    bumped = normals.copy()
    radius = 0.088
    for centre in centres:
        offset = normals - centre
        d = np.linalg.norm(offset, axis=-1)
        hit = d < radius
        bumped[hit] -= 4.16 * offset[hit] * (np.cos(np.pi * d[hit] / radius) * 0.5 + 0.5)[:, None] ** 0.5
    bumped /= np.maximum(np.linalg.norm(bumped, axis=-1, keepdims=True), 1e-6)
    ball = t.lit(np.ones(coverage.shape + (3,)) * [0.93, 0.94, 0.93], bumped, 0.40, 0.18, 20)
    ball *= (0.55 + 0.45 * np.clip(normals[..., 2] * 1.5, 0, 1))[..., None]
    ball[..., 1] += 0.06 * np.clip(normals[..., 1], 0, 1)
    t.paint(canvas, coverage, ball.astype(np.float32))
    return t.finish(canvas, 32)


def tennis_ball():
    """A felt ball with its white curve."""
    cx, cy, r = 250, 188, 128
    canvas = t.wall((58, 104, 142), 41, 0.08)
    t.contact_shadow(canvas, cx, cy + r - 6, r)
    fuzz = t.noise(canvas.shape[:2], 5, 42, 2)
    coverage, normals = t.sphere(cx, cy, r)
    x, y = t.grid()
    edge = np.hypot(x - cx, y - cy) - r - 1.6 * fuzz
    coverage = np.clip(0.5 - edge / 2.4, 0, 1)
    p = normals @ t.rotation(25, 25, 35)
    curve = np.abs(p[..., 2] - 0.72 * (p[..., 0] ** 2 - p[..., 1] ** 2))
    seam = np.clip((curve - 0.045) / 0.03, 0, 1)
    felt = np.array([0.80, 0.90, 0.22]) * (1 + 0.14 * fuzz + 0.06 * t.noise(fuzz.shape, 50, 43))[..., None]
    colors = felt * seam[..., None] + np.array([0.93, 0.94, 0.86]) * (1 - seam[..., None])
    t.paint(canvas, coverage, t.lit(colors, normals, 0.42, 0.0, 10).astype(np.float32))
    return t.finish(canvas, 44)
