"""The drawings: one function a picture, each returns an RGB image of 500x375. Knows nothing of networks or files."""
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import drawing_tools as t
import drawings_balls as balls

SERIF = "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"
SANS = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def polar(cx, cy, radius, degrees):
    """A point at clockwise degrees from twelve o'clock."""
    a = np.radians(degrees)
    return cx + radius * np.sin(a), cy - radius * np.cos(a)


def disk(cx, cy, r):
    return lambda draw, s: draw.ellipse(s(cx - r, cy - r, cx + r, cy + r), fill=255)


def clock():
    """A round wall clock at ten past ten."""
    cx, cy, r = 250, 188, 142
    canvas = t.wall((188, 203, 205), 1)
    t.shade(canvas, t.mask(disk(cx, cy, r), blur=12, offset=(13, 18)), 0.55)
    x, y = t.grid()
    angle = np.arctan2(y - cy, x - cx)
    rim = (0.34 + 0.24 * np.sin(angle * 2 + 0.9) - 0.16 * np.cos(angle + 0.8))[..., None] * np.array([1.0, 0.95, 0.88])
    t.paint(canvas, t.mask(disk(cx, cy, r)), rim.astype(np.float32))
    t.paint(canvas, t.mask(disk(cx, cy, r - 13)), (38, 34, 30))
    face = t.wall((247, 244, 235), 2, 0.008)
    t.paint(canvas, t.mask(disk(cx, cy, r - 15)), face)
    ring = t.mask(disk(cx, cy, r - 15)) - t.mask(disk(cx, cy, r - 22), blur=5, offset=(3, 4))
    t.shade(canvas, np.clip(ring, 0, 1), 0.45)

    def marks(draw, s):
        for minute in range(60):
            inner = r - (33 if minute % 5 == 0 else 28)
            ends = polar(cx, cy, inner, minute * 6) + polar(cx, cy, r - 22, minute * 6)
            draw.line(s(*ends), fill=255, width=round((3.4 if minute % 5 == 0 else 1.2) * t.SCALE))
        font = ImageFont.truetype(SERIF, 25 * t.SCALE)
        for hour in range(1, 13):
            draw.text(s(*polar(cx, cy, r - 50, hour * 30)), str(hour), fill=255, font=font, anchor="mm")

    t.paint(canvas, t.mask(marks), (26, 26, 28))

    def hands(draw, s):
        for degrees, length, tail, width in ((305, 66, 14, 8), (60, 98, 18, 5.5)):
            tip, end = polar(cx, cy, length, degrees), polar(cx, cy, tail, degrees + 180)
            sides = [polar(*end, width * 0.6, degrees + a) for a in (90, -90)]
            middle = [polar(*polar(cx, cy, length * 0.75, degrees), width / 2, degrees + a) for a in (-90, 90)]
            draw.polygon(s(*sum((sides[1], middle[0], tip, middle[1], sides[0]), ())), fill=255)
        draw.ellipse(s(cx - 8, cy - 8, cx + 8, cy + 8), fill=255)

    t.shade(canvas, t.mask(hands, blur=2.5, offset=(4, 6)), 0.45)
    t.paint(canvas, t.mask(hands), (18, 18, 20))

    def second(draw, s):
        ends = polar(cx, cy, 104, 205) + polar(cx, cy, 26, 25)
        draw.line(s(*ends), fill=255, width=round(1.8 * t.SCALE))
        draw.ellipse(s(cx - 4, cy - 4, cx + 4, cy + 4), fill=255)

    t.shade(canvas, t.mask(second, blur=2, offset=(4, 7)), 0.3)
    t.paint(canvas, t.mask(second), (178, 32, 28))
    glare = t.mask(lambda draw, s: draw.ellipse(s(cx - 105, cy - 122, cx + 45, cy - 30), fill=255), blur=22)
    t.paint(canvas, 0.16 * glare * t.mask(disk(cx, cy, r - 16)), (255, 255, 255))
    return t.finish(canvas, 3)


def traffic_light():
    """Three lamps, red lit, before a cloudy sky."""
    canvas = t.gradient((92, 132, 178), (206, 212, 208))
    clouds = np.clip(t.noise(canvas.shape[:2], 380, 51, 6), 0, 1.4)
    t.paint(canvas, np.clip(clouds * 0.7, 0, 1), (240, 240, 240))
    canvas = t.blurred(canvas, 2)
    cx = 250
    pole = lambda draw, s: draw.rectangle(s(cx - 9, 300, cx + 9, 400), fill=255)
    t.paint(canvas, t.mask(pole), (70, 72, 70))
    body = lambda draw, s: draw.rounded_rectangle(s(cx - 62, 14, cx + 62, 352), 16 * t.SCALE, fill=255)
    x, y = t.grid()
    metal = np.array([0.13, 0.14, 0.13]) * (1.25 - 0.5 * (x - cx + 62) / 124)[..., None]
    t.paint(canvas, t.mask(body), metal.astype(np.float32))
    lamps = ((72, (255, 52, 30), True), (183, (86, 60, 14), False), (294, (16, 62, 36), False))
    for cy, color, on in lamps:
        t.paint(canvas, t.mask(disk(cx, cy, 49)), (10, 10, 10))
        coverage, normals = t.sphere(cx, cy, 44)
        lens = 1 + 0.10 * np.sin(x * 1.1) * np.sin(y * 1.1)
        colors = np.array(color) / 255 * lens[..., None]
        if on:
            core = np.clip(1.15 - np.hypot(x - cx, y - cy) / 60, 0, 1)[..., None]
            glow = colors * (0.75 + 0.45 * core) + 0.30 * core**3
        else:
            glow = t.lit(colors, normals, 0.45, 0.35, 14)
        t.paint(canvas, coverage, np.asarray(glow, np.float32))
        visor = t.mask(disk(cx, cy, 51)) * (1 - t.mask(disk(cx, cy + 15, 52)))
        t.paint(canvas, visor, (24, 25, 24))
    halo = t.mask(disk(cx, 72, 56), blur=26)
    canvas += 0.38 * halo[..., None] * np.array([1.0, 0.25, 0.15], np.float32)
    return t.finish(canvas, 52)


WORDS = {
    3: ("TEA", "OAK", "SUN"),
    4: ("LAMP", "BIRD", "MOON"),
    5: ("RIVER", "STONE", "APPLE"),
    6: ("GARDEN", "WINTER"),
    7: ("HARVEST", "LANTERN"),
    8: ("MOUNTAIN",),
    9: ("ADVENTURE",),
}


def across_words(black, row):
    """The letters of the solved words across, as (column, letter): two rows of three are solved."""
    if row % 3 == 2:
        return
    column = 0
    while column < len(black):
        end = column
        while end < len(black) and not black[end]:
            end += 1
        choice = WORDS.get(end - column, ("",))
        yield from ((column + k, letter) for k, letter in enumerate(choice[(row + column) % len(choice)]))
        column = end + 1


def crossword():
    """A printed crossword, partly filled in with pencil, slightly turned."""
    n, cell = 13, 33
    side = n * cell
    rng = np.random.default_rng(61)
    black = np.zeros((n, n), bool)
    for _ in range(26):
        i, j = rng.integers(0, n, 2)
        black[i, j] = black[n - 1 - i, n - 1 - j] = True
    black[n // 2, n // 2] = True
    scale = t.SCALE
    page = Image.new("L", (700 * scale, 700 * scale), 255)
    draw = ImageDraw.Draw(page)
    left = top = 130 * scale
    small, hand = ImageFont.truetype(SANS, 9 * scale), ImageFont.truetype(SERIF, 20 * scale)
    number = 0
    for i in range(n):
        for j in range(n):
            x0, y0 = left + j * cell * scale, top + i * cell * scale
            box = (x0, y0, x0 + cell * scale, y0 + cell * scale)
            draw.rectangle(box, outline=20, width=scale, fill=18 if black[i, j] else 252)
            if black[i, j]:
                continue
            across = (j == 0 or black[i, j - 1]) and j + 1 < n and not black[i, j + 1]
            down = (i == 0 or black[i - 1, j]) and i + 1 < n and not black[i + 1, j]
            if across or down:
                number += 1
                draw.text((x0 + 2.5 * scale, y0 + 1.5 * scale), str(number), fill=40, font=small)
        for j, letter in across_words(black[i], i):
            place = (left + (j + 0.55) * cell * scale, top + (i + 0.6) * cell * scale)
            draw.text(place, letter, fill=85, font=hand, anchor="mm")
    draw.rectangle((left, top, left + side * scale, top + side * scale), outline=10, width=3 * scale)
    page = page.rotate(7, Image.BICUBIC, fillcolor=255)
    w, h = t.size()
    x0, y0 = (page.width - w) // 2 + 10 * scale, (page.height - h) // 2 - 6 * scale
    ink = np.asarray(page.crop((x0, y0, x0 + w, y0 + h)), np.float32)[..., None] / 255
    paper = t.wall((240, 236, 224), 62, 0.02)
    return t.finish(paper * (0.08 + 0.92 * ink), 63)


def jack_o_lantern():
    """A carved pumpkin, lit from within, at night."""
    cx, cy, rx, ry = 250, 205, 165, 135
    canvas = t.gradient((14, 12, 26), (30, 20, 16))
    canvas *= (1 + 0.3 * t.noise(canvas.shape[:2], 200, 71))[..., None]
    t.contact_shadow(canvas, cx, cy + ry - 4, 150)
    x, y = t.grid()
    u, v = (x - cx) / rx, (y - cy) / ry
    squeeze = np.sqrt(np.clip(1 - v**2, 1e-4, 1))
    inside = 1 - np.abs(u) ** 2.1 - np.abs(v) ** 2.3
    longitude = np.arcsin(np.clip(u / squeeze, -1, 1))
    ribs = np.abs(np.cos(longitude * 5.0))
    nz = np.sqrt(np.clip(inside, 0, 1))
    normals = np.stack([u * 0.9 + 0.32 * np.sin(longitude * 10), v, nz + 0.15], -1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    skin = np.array([0.93, 0.42, 0.07]) * (0.62 + 0.38 * ribs**0.45)[..., None]
    skin = skin * (1 + 0.08 * t.noise(u.shape, 60, 72))[..., None]
    t.paint(canvas, np.clip(inside * 120 + 0.5, 0, 1), t.lit(skin, normals, 0.30, 0.14, 16).astype(np.float32))

    def stem(draw, s):
        draw.polygon(s(228, 82, 236, 34, 268, 24, 276, 40, 262, 50, 276, 82, 252, 88), fill=255)

    t.paint(canvas, t.mask(stem), (82, 92, 40))

    def face(draw, s, grow=0.0):
        g = grow
        draw.polygon(s(152 - g, 176 + g, 190, 122 - g, 224 + g, 178 + g), fill=255)
        draw.polygon(s(276 - g, 178 + g, 310, 122 - g, 348 + g, 176 + g), fill=255)
        draw.polygon(s(234 - g, 214 + g, 250, 186 - g, 266 + g, 214 + g), fill=255)
        mouth = [(138, 228), (172, 244), (182, 262), (204, 266), (206, 250), (232, 254), (234, 272), (266, 272)]
        mouth += [(268, 254), (294, 250), (296, 266), (318, 262), (328, 244), (362, 228), (346, 276), (308, 304)]
        mouth += [(290, 308), (288, 292), (262, 294), (260, 314), (240, 314), (238, 294), (212, 292), (210, 308)]
        mouth += [(186, 302), (154, 276)]
        draw.polygon(s(*[c for p in mouth for c in p]), fill=255)

    glow = t.mask(face, blur=10)
    canvas += 0.30 * glow[..., None] * np.array([1.0, 0.55, 0.1], np.float32)
    t.paint(canvas, t.mask(lambda d, s: face(d, s, 3)), (150, 66, 8))
    fire = np.clip(1.25 - np.hypot((x - cx) / 190, (y - 300) / 190), 0.15, 1)[..., None]
    light = np.array([1.0, 0.78, 0.22]) * (0.55 + 0.55 * fire) + np.array([0.1, 0.15, 0.3]) * fire**3
    t.paint(canvas, t.mask(face), light.astype(np.float32))
    return t.finish(canvas, 73)


def spider_web():
    """An orb web with dew before a dark garden."""
    canvas = t.gradient((34, 52, 30), (18, 30, 20))
    canvas *= np.clip(1 + 0.5 * t.noise(canvas.shape[:2], 260, 81, 4), 0.3, 2.2)[..., None]
    canvas = t.blurred(canvas, 5)
    rng = np.random.default_rng(82)
    cx, cy, count = 262, 178, 22
    spokes = np.sort((np.arange(count) + rng.uniform(-0.28, 0.28, count)) * 360 / count)
    reach = 330 + rng.uniform(-20, 40, count)
    wobble = rng.uniform(-1.6, 1.6, (19, count + 1))
    wobble[:-1, count] = wobble[1:, 0]

    def chords():
        """The spiral as (start, sagging middle, end) between neighbouring spokes."""
        for turn in range(18):
            for i, a in enumerate(spokes):
                b = spokes[(i + 1) % count] + (360 if i + 1 == count else 0)
                ra, rb = (16 + (turn + k / count) * 11 + wobble[turn, k] for k in (i, i + 1))
                yield polar(cx, cy, ra, a), polar(cx, cy, (ra + rb) / 2 * 0.965, (a + b) / 2), polar(cx, cy, rb, b)

    def threads(draw, s):
        for a, length in zip(spokes, reach):
            draw.line(s(*polar(cx, cy, 6, a), *polar(cx, cy, length, a)), fill=235, width=round(1.0 * t.SCALE))
        for chord in chords():
            draw.line(s(*sum(chord, ())), fill=200, width=round(0.8 * t.SCALE))

    def dew(draw, s):
        for start, middle, end in chords():
            for f in rng.uniform(0, 2, 1):
                p, q = (start, middle) if f < 1 else (middle, end)
                x, y = (p[k] + f % 1 * (q[k] - p[k]) for k in (0, 1))
                d = rng.uniform(0.3, 1.0)
                draw.ellipse(s(x - d, y - d, x + d, y + d), fill=230)

    t.paint(canvas, t.mask(threads) * 0.85, (226, 232, 230))
    t.paint(canvas, t.mask(dew), (250, 252, 252))
    return t.finish(canvas, 84)


# Name of the picture: the drawing and its class among ImageNet's 1000.
DRAWINGS = {
    "clock": (clock, 892),
    "soccer-ball": (balls.soccer_ball, 805),
    "basketball": (balls.basketball, 430),
    "golf-ball": (balls.golf_ball, 574),
    "tennis-ball": (balls.tennis_ball, 852),
    "traffic-light": (traffic_light, 920),
    "crossword": (crossword, 918),
    "jack-o-lantern": (jack_o_lantern, 607),
    "spider-web": (spider_web, 815),
}
