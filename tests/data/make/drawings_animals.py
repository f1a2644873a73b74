"""Animals: one function a picture, each an RGB image of 240x180. Knows no files."""
import numpy as np

import drawing_scenes as scene
import drawing_tools as t


# Animals ------------------------------------------------------------------------------------------------------------


def streaks(canvas, coverage, color, seed, cell=4, strength=0.4):
    """Hair painted over what is covered: darker and lighter strands."""
    hair = t.flat(color) * (1 + strength * t.noise(coverage.shape, cell * t.SCALE, seed, 2))[..., None]
    t.paint(canvas, coverage, hair.astype(np.float32))


def horse():
    """A brown horse standing on a meadow, seen from the side."""
    canvas = scene.meadow(181, 228)
    scene.shadow_below(canvas, 275, 342, 130, 9, 0.5)
    coat, dark = (136, 82, 50), (84, 52, 34)
    far_front = scene.limbs([(188, 205, 20), (178, 262, 10), (176, 316, 7), (168, 336, 9)])
    far_hind = scene.limbs([(356, 190, 30), (350, 236, 16), (364, 272, 10), (354, 318, 7), (348, 338, 9)])
    for leg in (far_front, far_hind):
        scene.solid(canvas, t.mask(leg), dark, 0.5)
    tail = scene.limbs([(380, 146, 7), (398, 176, 10), (404, 230, 12), (400, 280, 8), (398, 300, 3)])
    streaks(canvas, t.mask(tail), (44, 34, 28), 182)
    trunk = [(144, 54), (176, 78), (202, 108), (230, 124), (268, 134), (308, 130), (342, 124), (370, 136),
             (386, 162), (388, 190), (376, 218), (344, 216), (320, 212), (280, 224), (238, 228), (204, 224),
             (176, 212), (160, 184), (162, 150), (154, 126), (144, 108), (122, 114), (102, 132), (88, 136),
             (78, 126), (80, 112), (96, 90), (114, 64), (128, 50)]
    near_front = scene.limbs([(200, 190, 28), (206, 236, 15), (206, 272, 10.5), (204, 318, 7), (198, 338, 9.5)])
    near_hind = scene.limbs([(360, 178, 32), (366, 224, 22), (384, 272, 11), (378, 318, 7.5), (372, 338, 9.5)])
    coverage = scene.joined([scene.outline(trunk), near_front, near_hind], 3)
    colors = t.flat(coat)
    x, y = t.grid()
    t.paint(colors, np.clip((y - 250) / 50, 0, 1), (52, 36, 28))
    t.paint(colors, np.clip((104 - x) / 16, 0, 1) * np.clip((150 - y) / 5, 0, 1), (62, 42, 34))
    scene.solid(canvas, coverage, colors, 0.46, 0.10, 8, 0.06, 183)
    muscles = scene.limbs([(216, 136, 5), (196, 178, 7), (214, 214, 6)], [(340, 150, 4), (336, 206, 6)])
    t.shade(canvas, t.mask(muscles, blur=8) * coverage, 0.27)
    t.shade(canvas, t.mask(scene.limbs([(150, 70, 3), (138, 104, 4)]), blur=4) * coverage, 0.35)
    for ear in ([(126, 54), (124, 30), (138, 46)], [(138, 54), (142, 28), (150, 56)]):
        t.paint(canvas, t.mask(scene.outline(ear)), (112, 68, 42))
    mane = scene.limbs([(136, 46, 6), (160, 66, 12), (186, 94, 15), (212, 118, 10), (230, 126, 4)])
    streaks(canvas, t.mask(mane) * 0.95, (44, 34, 28), 184)
    t.paint(canvas, t.mask(scene.ellipse(117, 76, 4.2, 3.6)), (24, 18, 16))
    t.paint(canvas, t.mask(scene.ellipse(86, 118, 3, 2.2)), (30, 22, 20))
    t.shade(canvas, t.mask(scene.limbs([(82, 129, 0.9), (98, 124, 0.9)])), 0.5)
    for x0, y0 in ((198, 341), (372, 341), (168, 338), (348, 340)):
        hoof = scene.polygon([(x0 - 10, y0 + 5), (x0 - 7, y0 - 8), (x0 + 7, y0 - 8), (x0 + 9, y0 + 5)])
        t.paint(canvas, t.mask(hoof), (46, 40, 36))
    return scene.photograph(canvas, 185)


def antler(side_of):
    """One antler above (322, 92), on the right (1) or left (-1): a curved beam with tines."""
    x = lambda offset: 322 + side_of * offset
    beam = [(x(9), 92, 5), (x(24), 78, 4.6), (x(46), 64, 4.2), (x(58), 44, 3.6), (x(54), 22, 2)]
    tines = [((16, 86), (20, 60)), ((34, 72), (38, 42)), ((52, 56), (74, 42)), ((58, 42), (70, 22))]
    return scene.limbs(beam, *[[(x(x0), y0, 3.6), (x(x1), y1, 1.6)] for (x0, y0), (x1, y1) in tines])


def tall_grass(canvas, y0, seed, color=(158, 148, 96)):
    """Blades in front of what stands on a meadow, rooted from y0 down."""
    rng = np.random.default_rng(seed)
    for light in (0.72, 0.88, 1.0):
        roots = np.stack([rng.uniform(0, t.WIDTH, 420), rng.uniform(y0, t.HEIGHT + 20, 420)], -1)
        tips = roots + np.stack([rng.normal(0, 7, 420), rng.uniform(-42, -16, 420)], -1)

        def blades(draw, s):
            for root, tip in zip(roots, tips):
                draw.line(s(*root, *tip), fill=255, width=round(1.6 * t.SCALE))

        t.paint(canvas, 0.8 * t.mask(blades), tuple(light * c for c in color))


def deer():
    """A stag in tall grass before a wood, looking at the viewer."""
    canvas = scene.meadow(191, 236, (66, 74, 50), ((142, 136, 86), (118, 112, 64)), 420)
    scene.shadow_below(canvas, 250, 340, 120, 10, 0.5)
    coat, dark = (150, 116, 82), (98, 76, 56)
    far = [
        scene.limbs([(304, 230, 15), (296, 276, 6), (300, 340, 4.6)]),
        scene.limbs([(172, 214, 22), (180, 256, 10), (164, 288, 6), (170, 340, 4.6)]),
    ]
    for leg in far:
        scene.solid(canvas, t.mask(leg), dark, 0.5)
    trunk = [(304, 132), (338, 132), (346, 168), (340, 206), (326, 234), (300, 246), (262, 244), (224, 234), (196, 228),
             (172, 228), (148, 212), (142, 186), (150, 168), (176, 160), (214, 160), (252, 166), (280, 164), (296, 150)]
    near_front = scene.limbs([(306, 216, 24), (302, 258, 10), (312, 298, 6.5), (310, 344, 4.8)])
    near_hind = scene.limbs([(172, 194, 30), (184, 236, 16), (190, 264, 9), (174, 298, 6.5), (178, 344, 4.8)])
    coverage = scene.joined([scene.outline(trunk), near_front, near_hind], 3)
    colors = t.flat(coat)
    x, y = t.grid()
    belly = np.clip((y - 222) / 16, 0, 1) * np.clip((x - 200) / 12, 0, 1) * np.clip((288 - x) / 12, 0, 1)
    t.paint(colors, belly, (200, 184, 158))
    t.paint(colors, t.mask(scene.ellipse(146, 200, 15, 28), blur=4), (226, 218, 202))
    t.paint(colors, t.mask(scene.ellipse(324, 162, 15, 18), blur=5), (222, 212, 194))
    t.paint(colors, 0.6 * np.clip((y - 266) / 40, 0, 1), (92, 72, 56))
    t.paint(colors, 0.5 * t.mask(scene.limbs([(156, 162, 6), (250, 164, 6), (300, 150, 6)]), blur=6), (96, 72, 52))
    scene.solid(canvas, coverage, colors, 0.48, 0.05, 8, 0.14, 193)
    t.shade(canvas, t.mask(scene.limbs([(290, 176, 4), (284, 230, 6)]), blur=8) * coverage, 0.3)
    t.shade(canvas, t.mask(scene.limbs([(202, 182, 4), (206, 226, 5)]), blur=8) * coverage, 0.3)
    t.paint(canvas, t.mask(scene.outline([(148, 172), (138, 186), (138, 208), (146, 196)])), (120, 88, 62))
    for side_of in (-1, 1):
        turned = lambda points: scene.outline([(322 + side_of * dx, y0) for dx, y0 in points])
        scene.solid(canvas, t.mask(antler(side_of)), (166, 142, 110), 0.5)
        scene.solid(canvas, t.mask(turned([(12, 100), (34, 84), (54, 84), (48, 98), (22, 112)])), (128, 98, 72), 0.55)
        t.paint(canvas, t.mask(turned([(20, 101), (36, 90), (48, 88), (42, 97), (26, 106)]), blur=1), (208, 188, 168))
    face = [(322, 86), (338, 92), (345, 110), (338, 130), (333, 148), (322, 154), (311, 148), (306, 130), (299, 110),
            (306, 92)]
    head = t.mask(scene.outline(face))
    colors = t.flat((146, 108, 74))
    t.paint(colors, t.mask(scene.ellipse(322, 148, 13, 9), blur=2), (216, 204, 186))
    t.paint(colors, 0.6 * t.mask(scene.ellipse(322, 98, 9, 14), blur=4), (96, 70, 50))
    t.shade(canvas, t.mask(scene.outline(face), blur=5, offset=(2, 6)) * coverage, 0.4)
    scene.solid(canvas, head, colors, 0.5, 0.05, 8, 0.1, 194)
    t.paint(canvas, t.mask(scene.ellipse(322, 145, 7, 5)), (32, 26, 24))
    for dx in (-15, 15):
        t.paint(canvas, t.mask(scene.ellipse(322 + dx, 112, 4, 4.4)), (20, 16, 14))
    tall_grass(canvas, 318, 195)
    return scene.photograph(canvas, 196)


def bird():
    """A songbird with a yellow breast on a twig."""
    canvas = t.gradient((126, 152, 112), (92, 122, 74))
    canvas *= np.clip(1 + 0.3 * t.noise(canvas.shape[:2], 150 * t.SCALE, 201, 3), 0.4, 2)[..., None]
    canvas = t.blurred(canvas, 8)
    side_twig = [(300, 304, 5), (350, 340, 4), (380, 372, 3)]
    twig = scene.limbs([(40, 318, 10), (180, 300, 9), (300, 304, 8), (470, 282, 6)], side_twig)
    scene.solid(canvas, t.mask(twig), (104, 84, 66), 0.45, 0, 8, 0.2, 202)
    tail = [(316, 216), (338, 226), (420, 312), (412, 322), (396, 324), (312, 252)]
    t.paint(canvas, t.mask(scene.polygon(tail)), (62, 64, 60))
    t.paint(canvas, t.mask(scene.polygon([(320, 236), (334, 240), (404, 318), (398, 322)])), (92, 94, 86))
    body = [(150, 92), (172, 72), (202, 68), (228, 84), (244, 112), (282, 148), (318, 196), (334, 232), (316, 250),
            (282, 266), (238, 276), (198, 262), (170, 228), (156, 186), (154, 150), (146, 118)]
    coverage = t.mask(scene.outline(body))
    colors = t.flat((214, 180, 62))
    back = [(150, 92), (170, 70), (204, 64), (236, 80), (260, 108), (330, 190), (350, 240), (290, 220), (232, 160),
            (210, 118), (170, 104)]
    t.paint(colors, t.mask(scene.outline(back), blur=4), (104, 112, 70))
    t.paint(colors, t.mask(scene.ellipse(276, 268, 46, 22), blur=8), (224, 214, 176))
    scene.solid(canvas, coverage, colors, 0.5, 0, 8, 0.10, 203)
    wing = [(222, 140), (252, 138), (290, 166), (330, 214), (362, 262), (348, 262), (300, 244), (256, 230),
            (228, 200), (216, 166)]
    scene.solid(canvas, t.mask(scene.outline(wing)), (84, 88, 70), 0.55, 0, 8, 0.12, 204)
    for k in range(5):
        y0 = 190 + 11 * k
        feather = scene.limbs([(244 + 10 * k, y0, 1.3), (312 + 8 * k, y0 + 26 - 2 * k, 1.3)])
        t.paint(canvas, 0.8 * t.mask(feather), (42, 44, 38))
    for bar in ([(232, 168, 4), (262, 156, 3.5)], [(238, 190, 3.5), (276, 178, 3)]):
        t.paint(canvas, t.mask(scene.limbs(bar), blur=1), (226, 222, 200))
    t.paint(canvas, t.mask(scene.outline([(150, 98), (164, 92), (196, 100), (204, 112), (182, 114), (160, 110)])),
            (50, 50, 44))
    scene.blend(canvas, t.mask(scene.outline([(118, 112), (150, 98), (156, 106), (152, 116)])), (88, 84, 78), (44, 42, 40), 98, 116)
    t.paint(canvas, t.mask(scene.ellipse(181, 100, 7)), (18, 16, 14))
    t.paint(canvas, t.mask(scene.ellipse(178.5, 97, 2)), (240, 240, 236))
    for x0 in (222, 252):
        legs = scene.limbs([(x0 + 4, 268, 3.4), (x0, 296, 2.8)], [(x0 - 14, 302, 3), (x0, 296, 3), (x0 + 12, 304, 3)])
        t.paint(canvas, t.mask(legs), (96, 76, 66))
    return scene.photograph(canvas, 205)


def frog():
    """A green frog crouching on the ground, seen from the front."""
    canvas = t.gradient((112, 102, 80), (136, 122, 96))
    litter = t.noise(canvas.shape[:2], 60 * t.SCALE, 211, 6)
    canvas *= np.clip(1 + 0.32 * litter, 0.4, 1.8)[..., None]
    moss = np.clip(t.noise(canvas.shape[:2], 120 * t.SCALE, 212, 4) + 0.3, 0, 1)
    t.paint(canvas, 0.6 * moss, (92, 104, 60))
    canvas = t.blurred(canvas, 2)
    scene.shadow_below(canvas, 250, 306, 172, 24, 0.7, 9)
    green, pale, dark = (112, 134, 56), (188, 188, 116), (56, 66, 32)
    mirrored = lambda chain: [(500 - x, y, r) for x, y, r in chain]
    spots = np.clip(t.noise(canvas.shape[:2], 30 * t.SCALE, 213, 3) * 3.5 - 1.4, 0, 1)
    skin = t.flat(green)
    t.paint(skin, 0.75 * spots, dark)

    def both(*chains, seed):
        """Limbs of the right and of the left side."""
        for side_of in (chains, [mirrored(chain) for chain in chains]):
            shape = scene.limbs(*side_of)
            t.shade(canvas, t.mask(shape, blur=7), 0.35)
            scene.solid(canvas, t.mask(shape), skin, 0.46, 0.2, 14, 0.12, seed)

    scene.solid(canvas, t.mask(scene.outline([(250, 88), (316, 104), (360, 160), (368, 230), (330, 286), (250, 300), (170, 286),
                                  (132, 230), (140, 160), (184, 104)])), skin, 0.46, 0.2, 14, 0.12, 214)
    both([(344, 226, 30), (390, 210, 30), (404, 236, 25), (376, 284, 20)], seed=215)
    both([(368, 292, 13), (392, 302, 9)], [(372, 294, 8), (412, 300, 5)], [(372, 296, 8), (404, 314, 5)], seed=216)
    head = [(250, 104), (296, 106), (334, 128), (360, 168), (362, 196), (338, 226), (296, 246), (250, 252), (204, 246),
            (162, 226), (138, 196), (140, 168), (166, 128), (204, 106)]
    chest = scene.outline([(250, 210), (318, 212), (324, 260), (300, 300), (250, 308), (200, 300), (176, 260), (182, 212)])
    scene.solid(canvas, t.mask(chest), pale, 0.5, 0.1, 14, 0.06, 217)
    both([(324, 232, 23), (334, 268, 16), (318, 302, 11), (304, 318, 8)], [(316, 306, 6), (284, 322, 4)],
         [(316, 308, 6), (308, 334, 4)], [(318, 306, 6), (334, 328, 4)], seed=218)
    t.shade(canvas, t.mask(scene.outline(head), blur=9, offset=(0, 9)) * t.mask(chest), 0.4)
    coverage = scene.joined([scene.outline(head), scene.ellipse(178, 118, 34, 32), scene.ellipse(322, 118, 34, 32)], 4)
    colors = skin.copy()
    lower = [(120, 196), (170, 206), (250, 212), (330, 206), (380, 196), (350, 262), (250, 280), (150, 262)]
    t.paint(colors, t.mask(scene.outline(lower), blur=3), pale)
    t.paint(colors, 0.3 * spots, dark)
    scene.solid(canvas, coverage, colors, 0.46, 0.22, 14, 0.12, 219)
    mouth = scene.limbs([(142, 196, 2), (180, 204, 2.6), (250, 210, 2.8), (320, 204, 2.6), (358, 196, 2)])
    t.shade(canvas, t.mask(mouth, blur=1.2), 0.75)
    for x in (232, 268):
        t.paint(canvas, t.mask(scene.ellipse(x, 172, 4, 3)), (40, 46, 22))
    for x in (172, 328):
        t.paint(canvas, t.mask(scene.ellipse(x, 116, 27, 25)), (70, 80, 38))
        scene.solid(canvas, t.mask(scene.ellipse(x, 116, 22, 20)), (150, 108, 48), 0.55, 0.3, 20)
        t.paint(canvas, t.mask(scene.ellipse(x, 117, 17, 11)), (14, 12, 10))
        t.paint(canvas, t.mask(scene.ellipse(x - 7, 109, 4)), (246, 246, 240))
    return scene.photograph(canvas, 220)
