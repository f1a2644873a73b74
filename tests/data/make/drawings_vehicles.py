"""Ships, trucks, automobiles and airplanes: one function a picture, each an RGB image of 240x180. Knows no files."""
import numpy as np

import drawing_camera as camera_tools
import drawing_scenes as scene
import drawing_tools as t


# Ships --------------------------------------------------------------------------------------------------------------


def sea(seed, horizon, top=(110, 132, 150), bottom=(58, 82, 104), heaven=None):
    canvas = scene.sky(seed, *(heaven or ((142, 166, 190), (206, 214, 218))), cover=0.6)
    return scene.ground(canvas, horizon, top, bottom, seed + 3, 0.2, 10)


def wake(canvas, x0, x1, y, seed, strength=0.6):
    """Foam along a waterline and the dark mirror image below it."""
    foam = t.mask(scene.polygon([(x0, y - 2), (x1, y - 2), (x1 + 6, y + 5), (x0 - 10, y + 5)]), blur=2)
    rough = np.clip(0.6 + t.noise(canvas.shape[:2], 8 * t.SCALE, seed, 3), 0, 1)
    t.paint(canvas, strength * foam * rough, (228, 234, 236))


def cargo_ship():
    """A container ship at sea, seen from the side."""
    canvas = sea(101, 208)
    waterline = 252
    t.shade(canvas, t.mask(scene.polygon([(96, 252), (404, 252), (396, 286), (104, 286)]), blur=8), 0.4)
    colors = [(158, 66, 50), (60, 98, 140), (176, 150, 92), (84, 124, 96), (188, 190, 188), (150, 92, 56),
               (64, 74, 96)]
    rng = np.random.default_rng(102)
    for column in range(9):
        left = 122 + column * 20.5
        for row in range(4 if 0 < column < 8 else 3):
            top = 186 - row * 12.5
            color = np.array(colors[rng.integers(len(colors))])
            box = [(left, top), (left + 19.5, top), (left + 19.5, top + 11.8), (left, top + 11.8)]
            scene.blend(canvas, t.mask(scene.polygon(box)), color * 1.05, color * 0.82, top, top + 12)
    house = [(318, 198), (318, 128), (324, 128), (324, 112), (366, 112), (366, 128), (372, 128), (372, 198)]
    scene.blend(canvas, t.mask(scene.polygon(house)), (238, 238, 234), (206, 208, 208), 112, 198)
    for row in range(5):
        for x in range(328, 366, 9):
            window = [(x, 118), (x + 6, 118), (x + 6, 123), (x, 123)]
            t.paint(canvas, t.mask(scene.polygon([(left, top + 15 * row) for left, top in window])), (60, 72, 84))
    funnel = scene.polygon([(374, 198), (376, 122), (394, 122), (396, 198)])
    scene.blend(canvas, t.mask(funnel), (46, 78, 122), (36, 58, 92), 122, 198)
    t.paint(canvas, t.mask(scene.polygon([(375, 134), (395, 134), (395, 144), (375, 144)])), (216, 216, 212))
    t.paint(canvas, t.mask(scene.polygon([(343, 112), (344.5, 78), (346.5, 78), (348, 112)])), (190, 190, 188))
    t.paint(canvas, t.mask(scene.polygon([(333, 90), (357, 90), (357, 92.5), (333, 92.5)])), (190, 190, 188))
    t.paint(canvas, t.mask(scene.polygon([(108, 190), (109.5, 140), (112, 140), (113, 190)])), (206, 200, 180))
    hull = [(84, 178), (120, 186), (126, 198), (408, 198), (412, 204), (404, 236), (398, waterline), (112, waterline),
            (100, 232), (92, 206)]
    scene.blend(canvas, t.mask(scene.polygon(hull)), (44, 60, 84), (28, 38, 54), 180, 240)
    red = t.mask(scene.polygon(hull)) * t.mask(scene.polygon([(0, 238), (500, 238), (500, 260), (0, 260)]))
    t.paint(canvas, red, (128, 48, 42))
    rail = [(86, 181), (120, 190), (126, 201), (408, 201), (407, 203), (124, 203)]
    t.paint(canvas, t.mask(scene.polygon(rail)), (170, 176, 182))
    wake(canvas, 98, 400, waterline, 104)
    return scene.photograph(canvas, 105)


def sailing_boat():
    """A sailing boat with two white sails."""
    canvas = sea(111, 236, (96, 130, 156), (44, 82, 116), ((98, 144, 192), (196, 212, 222)))
    coast = [(0, 224), (140, 216), (300, 226), (500, 220), (500, 237), (0, 237)]
    t.paint(canvas, 0.6 * t.mask(scene.polygon(coast), blur=2), (104, 126, 138))
    t.paint(canvas, 0.35 * t.mask(scene.polygon([(180, 304), (330, 304), (300, 350), (220, 350)]), blur=8), (214, 218, 216))
    main = [(262, 36), (268, 90), (282, 160), (318, 252), (262, 258)]
    jib = [(254, 60), (236, 130), (200, 200), (146, 262), (200, 262), (252, 256)]
    for sail, light in ((main, 1.0), (jib, 0.93)):
        top, bottom = np.array((246, 245, 238)), np.array((214, 216, 216))
        scene.blend(canvas, t.mask(scene.polygon(sail)), top * light, bottom * light, 40, 260)
    x, _ = t.grid()
    crease = t.mask(scene.polygon(main)) * np.clip((x - 262) / 60, 0, 1)
    t.shade(canvas, crease, 0.16)
    for y in (110, 160, 210):
        seam = scene.polygon([(255, y), (330, y + 6), (330, y + 7.5), (255, y + 1.5)])
        t.shade(canvas, t.mask(scene.polygon(main)) * t.mask(seam), 0.16)
    t.paint(canvas, t.mask(scene.polygon([(256, 28), (260, 28), (262, 272), (256, 272)])), (120, 104, 84))
    t.paint(canvas, t.mask(scene.polygon([(260, 258), (330, 254), (330, 258), (260, 262)])), (130, 108, 84))
    scene.blend(canvas, t.mask(scene.polygon([(214, 280), (226, 264), (290, 264), (298, 280)])), (226, 224, 216), (190, 190, 186),
          264, 280)
    for x0 in (234, 250, 266):
        t.paint(canvas, t.mask(scene.ellipse(x0 + 6, 271, 5, 2.5)), (60, 66, 76))
    hull = [(128, 268), (180, 276), (340, 276), (352, 272), (344, 296), (328, 306), (178, 306), (152, 292)]
    scene.blend(canvas, t.mask(scene.polygon(hull)), (240, 240, 236), (176, 182, 188), 268, 306)
    stripe = t.mask(scene.polygon(hull)) * t.mask(scene.polygon([(0, 279), (500, 279), (500, 285), (0, 285)]))
    t.paint(canvas, stripe, (40, 62, 110))
    t.paint(canvas, t.mask(scene.polygon(hull)) * t.mask(scene.polygon([(0, 299), (500, 299), (500, 310), (0, 310)])),
            (120, 44, 42))
    for px in (306, 324):
        t.paint(canvas, t.mask(scene.limbs([(px, 272, 5), (px, 258, 5.5)])), (170, 56, 48))
        t.paint(canvas, t.mask(scene.ellipse(px, 249, 4.2)), (196, 152, 126))
    wake(canvas, 160, 338, 306, 113)
    return scene.photograph(canvas, 114)


# Trucks -------------------------------------------------------------------------------------------------------------


def cab(canvas, eye, color, height=2.75, back=2.0, wide=1.25):
    """A forward-control cab from x = 0 to `back`: side, then front with windscreen, grille and lamps."""
    c = np.array(color, float)
    slant = lambda y: 0.0 if y < 1.5 else 0.16 * (y - 1.5)
    lean = lambda z0, z1, y0, y1: [(slant(y0), y0, z0), (slant(y0), y0, z1), (slant(y1), y1, z1), (slant(y1), y1, z0)]
    eye.fill(canvas, [(0, 0.45, wide), (back, 0.45, wide), (back, height, wide), (slant(height), height, wide),
                      (0, 1.5, wide)],
             c * 0.82, c * 0.62)
    glass = [(0.22, 1.5, wide), (1.3, 1.5, wide), (1.3, 2.4, wide), (slant(2.4) + 0.12, 2.4, wide)]
    eye.fill(canvas, glass, (70, 84, 94), (42, 50, 58))
    eye.fill(canvas, camera_tools.side(wide, 1.38, 1.41, 0.6, 2.5), c * 0.45)
    eye.fill(canvas, camera_tools.side(wide, 0.2, 0.23, 0.6, 1.5), c * 0.45)
    eye.fill(canvas, camera_tools.side(wide, 1.15, 1.3, 1.25, 1.31), (30, 30, 32))
    eye.fill(canvas, camera_tools.front(0, -wide, wide, 0.45, 1.5), c, c * 0.86)
    eye.fill(canvas, lean(-wide, wide, 1.5, height), c * 1.08, c)
    eye.fill(canvas, lean(-wide + 0.1, wide - 0.1, 1.5, 2.4), (98, 116, 130), (40, 48, 56))
    eye.fill(canvas, lean(-wide + 0.2, -0.2, 1.9, 2.36), (130, 148, 160), (78, 92, 104), blur=3)
    eye.fill(canvas, camera_tools.front(-0.01, -0.85, 0.85, 0.85, 1.35), (52, 54, 58), (36, 37, 40))
    for y in (0.95, 1.07, 1.19):
        eye.fill(canvas, camera_tools.front(-0.02, -0.82, 0.82, y, y + 0.03), (112, 114, 118))
    eye.fill(canvas, camera_tools.front(-0.05, -wide, wide, 0.38, 0.72), (92, 94, 98), (58, 60, 63))
    eye.fill(canvas, camera_tools.side(wide, -0.05, 0.5, 0.38, 0.72), (70, 72, 76), (48, 49, 52))
    for z in (-0.95, 0.95):
        eye.fill(canvas, camera_tools.front(-0.06, z - 0.2, z + 0.2, 0.47, 0.66), (246, 244, 226), (206, 206, 196))
    eye.fill(canvas, camera_tools.front(-0.06, -0.28, 0.28, 0.45, 0.6), (226, 224, 200))
    for z in (-wide - 0.22, wide + 0.08):
        eye.fill(canvas, camera_tools.front(0.05, z, z + 0.16, 1.7, 2.25), (34, 35, 38))


def street(seed, horizon, wood=(70, 88, 58)):
    """A road before trees."""
    canvas = scene.bushes(scene.sky(seed, (120, 156, 196), (204, 214, 220)), horizon + 6, 105, wood, seed + 1, 4)
    scene.ground(canvas, horizon, (128, 138, 92), (110, 124, 76), seed + 2, 0.2, 2, 6)
    return scene.ground(canvas, horizon + 22, (140, 139, 137), (112, 111, 110), seed + 3, 0.1, 6, 4)


def box_lorry():
    """A box lorry on a road, seen from its front left."""
    canvas = street(121, 196)
    eye = camera_tools.Camera((-6.2, 2.0, 8.8), (2.9, 1.75, 0), 670)
    eye.shadow(canvas, [(-0.3, 0, -1.2), (7.2, 0, -1.2), (7.4, 0, 1.7), (-0.3, 0, 1.6)], 0.7, 5)
    for x in (1.0, 5.6):
        camera_tools.wheel(canvas, eye, x, -0.8, 0.5)
    eye.fill(canvas, camera_tools.side(1.0, 1.8, 7.0, 0.5, 0.95), (40, 41, 44), (24, 24, 26))
    eye.fill(canvas, camera_tools.front(2.2, -1.3, 1.3, 0.95, 3.65), (214, 214, 208), (180, 180, 176))
    eye.fill(canvas, camera_tools.side(1.3, 2.2, 7.2, 0.95, 3.65), (234, 233, 226), (196, 196, 190))
    eye.fill(canvas, camera_tools.side(1.31, 2.2, 7.2, 0.9, 1.02), (96, 98, 102))
    eye.fill(canvas, camera_tools.side(1.31, 2.2, 7.2, 3.56, 3.65), (150, 152, 154))
    eye.fill(canvas, camera_tools.side(1.31, 2.6, 6.8, 1.75, 2.15), (44, 84, 140), (38, 70, 120))
    eye.fill(canvas, camera_tools.side(1.31, 3.4, 6.0, 2.4, 2.85), (60, 96, 146), (52, 84, 130))
    for x in (1.0, 5.6):
        eye.fill(canvas, camera_tools.disc(x, 0.55, 1.24, 0.62), (16, 16, 18))
    eye.fill(canvas, camera_tools.side(1.2, 2.4, 4.6, 0.45, 0.85), (74, 76, 80), (46, 47, 50))
    cab(canvas, eye, (48, 84, 142))
    eye.fill(canvas, camera_tools.disc(1.0, 0.55, 1.255, 0.6), (18, 18, 20))
    for x in (1.0, 5.6):
        camera_tools.wheel(canvas, eye, x, 1.27, 0.5)
    return scene.photograph(canvas, 124)


def fire_engine():
    """A red fire engine with a ladder on its roof."""
    canvas = street(131, 192, (84, 92, 78))
    eye = camera_tools.Camera((-5.2, 1.9, 8.4), (2.7, 1.6, 0), 610)
    eye.shadow(canvas, [(-0.3, 0, -1.2), (6.6, 0, -1.2), (6.8, 0, 1.7), (-0.3, 0, 1.6)], 0.7, 5)
    for x in (1.0, 5.0):
        camera_tools.wheel(canvas, eye, x, -0.8, 0.5)
    red = np.array((186, 36, 30))
    eye.fill(canvas, camera_tools.side(1.25, 2.0, 6.6, 0.5, 2.9), red, red * 0.72)
    for k in range(4):
        x = 2.9 + k * 0.9
        eye.fill(canvas, camera_tools.side(1.26, x, x + 0.8, 1.35, 2.7), (196, 198, 200), (142, 144, 148))
        for y in np.arange(1.45, 2.7, 0.16):
            eye.fill(canvas, camera_tools.side(1.27, x, x + 0.8, y, y + 0.03), (120, 122, 126))
    eye.fill(canvas, camera_tools.side(1.26, 2.12, 2.8, 1.5, 2.4), (70, 84, 94), (42, 50, 58))
    eye.fill(canvas, camera_tools.side(1.26, 2.0, 6.6, 1.08, 1.26), (232, 230, 220))
    for y in (3.0, 3.2):
        eye.fill(canvas, camera_tools.side(0.9, 1.8, 6.9, y, y + 0.07), (206, 208, 210), (150, 152, 156))
    for x in np.arange(1.9, 6.9, 0.36):
        eye.fill(canvas, camera_tools.side(0.9, x, x + 0.05, 3.0, 3.25), (180, 182, 186))
    for x in (1.0, 5.0):
        eye.fill(canvas, camera_tools.disc(x, 0.55, 1.255, 0.6), (18, 18, 20))
    cab(canvas, eye, (200, 38, 32), 2.8)
    eye.fill(canvas, camera_tools.side(1.26, 0.0, 2.0, 1.08, 1.26), (226, 224, 216))
    eye.fill(canvas, camera_tools.front(-0.03, -1.25, 1.25, 1.38, 1.5), (232, 230, 222))
    eye.fill(canvas, camera_tools.front(0.35, -0.9, 0.9, 2.8, 3.0), (60, 110, 196), (36, 66, 140))
    eye.fill(canvas, camera_tools.disc(1.0, 0.55, 1.255, 0.6), (18, 18, 20))
    for x in (1.0, 5.0):
        camera_tools.wheel(canvas, eye, x, 1.27, 0.5)
    return scene.photograph(canvas, 134)


# Automobiles --------------------------------------------------------------------------------------------------------


def side_wheel(canvas, cx, cy, r):
    """A wheel seen from the side, with spokes."""
    t.paint(canvas, t.mask(scene.ellipse(cx, cy, r)), (24, 24, 26))
    t.paint(canvas, t.mask(scene.ellipse(cx, cy, r * 0.68)), (52, 53, 56))
    for a in np.arange(5) * 2 * np.pi / 5 + 0.3:
        spoke = scene.limbs([(cx, cy, r * 0.14), (cx + 0.6 * r * np.cos(a), cy + 0.6 * r * np.sin(a), r * 0.12)])
        t.paint(canvas, t.mask(spoke), (186, 188, 190))
    ring = t.mask(scene.ellipse(cx, cy, r * 0.7)) - t.mask(scene.ellipse(cx, cy, r * 0.6))
    t.paint(canvas, np.clip(ring, 0, 1), (172, 174, 176))


def red_car():
    """A red car on a road, seen from the side."""
    canvas = street(141, 142)
    scene.shadow_below(canvas, 250, 262, 165, 9, 0.75, 4)
    body = [(86, 236), (86, 212), (94, 198), (120, 188), (168, 180), (206, 150), (226, 142), (276, 140), (306, 144),
            (348, 176), (396, 182), (410, 194), (414, 220), (410, 240), (380, 250), (250, 254), (110, 250)]
    shell = t.mask(scene.outline(body))
    scene.blend(canvas, shell, (206, 62, 54), (112, 16, 18), 142, 250)
    x, y = t.grid()
    t.paint(canvas, 0.55 * shell * np.exp(-(((y - 190 - 0.01 * (x - 250)) / 7) ** 2)), (236, 150, 140))
    t.shade(canvas, shell * np.clip((y - 226) / 20, 0, 1), 0.55)
    glass = [(186, 178), (213, 154), (230, 149), (276, 147), (302, 151), (330, 176)]
    scene.blend(canvas, t.mask(scene.polygon(glass)), (112, 128, 138), (44, 50, 58), 147, 178)
    for pillar in ([(248, 146), (254, 146), (256, 180), (249, 180)], [(298, 148), (304, 149), (316, 178), (309, 178)]):
        t.paint(canvas, t.mask(scene.polygon(pillar)), (150, 32, 30))
    for line in ([(186, 180), (194, 236)], [(252, 180), (252, 240)], [(314, 178), (306, 222)]):
        (x0, y0), (x1, y1) = line
        t.shade(canvas, t.mask(scene.limbs([(x0, y0, 0.9), (x1, y1, 0.9)])), 0.5)
    for x0 in (232, 290):
        t.paint(canvas, t.mask(scene.limbs([(x0, 198, 1.6), (x0 + 12, 198, 1.6)])), (88, 12, 14))
    t.paint(canvas, t.mask(scene.outline([(88, 206), (98, 197), (118, 194), (112, 204)])), (232, 232, 222))
    t.paint(canvas, t.mask(scene.outline([(398, 190), (410, 196), (412, 208), (402, 206)])), (92, 10, 12))
    t.paint(canvas, t.mask(scene.polygon([(86, 230), (110, 232), (108, 244), (88, 240)])), (40, 40, 42))
    t.paint(canvas, t.mask(scene.outline([(184, 178), (192, 172), (200, 176), (198, 183), (186, 184)])), (168, 40, 36))
    for cx in (146, 352):
        t.paint(canvas, t.mask(scene.ellipse(cx, 240, 31)) * np.clip(252 - y, 0, 1), (20, 18, 19))
        side_wheel(canvas, cx, 242, 25)
    return scene.photograph(canvas, 144)


def blue_car():
    """A blue car on a car park, seen from its front left."""
    canvas = street(151, 134, (92, 100, 84))
    eye = camera_tools.Camera((-3.6, 1.6, 4.6), (1.75, 0.68, 0), 590)
    eye.shadow(canvas, [(-0.1, 0, -0.8), (4.2, 0, -0.8), (4.4, 0, 1.15), (-0.1, 0, 1.05)], 0.75, 5)
    wide = lambda y: 0.86 - 0.22 * np.clip((y - 0.92) / 0.5, 0, 1)
    across = lambda a, b: [(*a, -wide(a[1])), (*a, wide(a[1])), (*b, wide(b[1])), (*b, -wide(b[1]))]
    profile = [(0.06, 0.22), (0.0, 0.5), (0.1, 0.74), (0.5, 0.87), (1.2, 0.96), (1.95, 1.4), (2.5, 1.46),
               (3.2, 1.42)]
    rear = [(3.9, 1.02), (4.2, 0.95), (4.25, 0.6), (4.2, 0.25)]
    blue = np.array((52, 84, 142))
    camera_tools.wheel(canvas, eye, 3.4, -0.5, 0.31)
    lower = [(x, y, wide(y)) for x, y in profile[:5]] + [(x, y, wide(y)) for x, y in rear]
    eye.fill(canvas, lower, blue * 0.98, blue * 0.45)
    upper = [(x, y, wide(y)) for x, y in profile[4:] + rear[:1]]
    eye.fill(canvas, upper, blue * 0.9, blue * 0.8)
    shades = [0.5, 0.72, 1.15, 1.45, None, 1.6, 1.35]
    for a, b, light in zip(profile, profile[1:], shades):
        if light:
            eye.fill(canvas, across(a, b), np.clip(blue * light + 12, 0, 255), np.clip(blue * light, 0, 255))
        else:
            eye.fill(canvas, across(a, b), blue * 1.2)
            inner = [(x, y, z * 0.9) for x, y, z in across((1.27, 1.0), (1.9, 1.37))]
            eye.fill(canvas, inner, (138, 156, 168), (50, 60, 70))
    glass = [(1.45, 0.99), (2.02, 1.34), (2.5, 1.39), (3.1, 1.36), (3.62, 1.02)]
    eye.fill(canvas, [(x, y, wide(y) + 0.01) for x, y in glass], (92, 108, 120), (38, 44, 52))
    for x in (2.45, 3.15):
        eye.fill(canvas, [(x, 0.97, 0.86), (x + 0.07, 0.97, 0.86), (x + 0.05, 1.42, 0.66), (x - 0.02, 1.42, 0.66)],
                 blue * 0.75)
        eye.fill(canvas, camera_tools.side(0.87, x + 0.02, x + 0.045, 0.3, 0.97), blue * 0.4)
    eye.fill(canvas, camera_tools.side(0.87, 1.5, 1.525, 0.3, 0.97), blue * 0.4)
    eye.fill(canvas, camera_tools.side(0.87, 0.9, 3.9, 0.78, 0.81), blue * 1.5)
    for x in (2.25, 3.0):
        eye.fill(canvas, camera_tools.side(0.87, x, x + 0.17, 0.84, 0.87), blue * 0.35)
    eye.fill(canvas, camera_tools.front(-0.02, -0.45, 0.45, 0.5, 0.66), (34, 36, 40), (22, 23, 26))
    eye.fill(canvas, camera_tools.front(-0.02, -0.6, 0.6, 0.24, 0.36), (30, 31, 34))
    eye.fill(canvas, camera_tools.front(-0.03, -0.24, 0.24, 0.38, 0.48), (232, 230, 216))
    for z in (-0.66, 0.66):
        lamp = [(0.02, 0.54, z - 0.17), (0.02, 0.54, z + 0.18), (0.1, 0.7, z + 0.19), (0.06, 0.68, z - 0.14)]
        eye.fill(canvas, lamp, (248, 248, 240), (190, 196, 200))
    eye.fill(canvas, camera_tools.front(1.45, 0.88, 1.05, 0.98, 1.1), blue * 0.9, blue * 0.6)
    for x in (0.78, 3.4):
        eye.fill(canvas, camera_tools.disc(x, 0.33, 0.865, 0.39), (18, 19, 22))
        camera_tools.wheel(canvas, eye, x, 0.87, 0.31, 0.66, 0.15, (190, 192, 194))
    return scene.photograph(canvas, 154)


# Airplanes ----------------------------------------------------------------------------------------------------------


def airliner():
    """An airliner climbing in a blue sky."""
    canvas = scene.sky(161, (78, 126, 186), (150, 186, 216), 0.35)
    turn = np.radians(-9)

    def place(points):
        turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        return (np.array(points, float) - (250, 188)) @ turned + (250, 188)

    def part(points, top, bottom, smooth=False):
        p = place(points)
        shape = scene.outline(p) if smooth else scene.polygon(p)
        scene.blend(canvas, t.mask(shape), top, bottom, p[:, 1].min(), p[:, 1].max())

    part([(236, 178), (262, 178), (322, 118), (306, 116)], (170, 178, 190), (150, 158, 170))
    part([(118, 180), (134, 182), (112, 150), (100, 150)], (178, 184, 194), (150, 156, 168))
    part([(112, 178), (152, 176), (116, 108), (92, 106)], (44, 74, 132), (58, 92, 150))
    tube = [(86, 178), (110, 174), (160, 170), (260, 168), (350, 168), (390, 174), (410, 188), (404, 197),
            (380, 204), (330, 207), (220, 207), (150, 202), (100, 186)]
    scene.solid(canvas, t.mask(scene.outline(place(tube))), (236, 238, 240), 0.62, 0.12)
    belly = t.mask(scene.outline(place(tube))) * t.mask(scene.polygon(place([(80, 197), (420, 197), (420, 215), (80, 215)])))
    t.paint(canvas, 0.6 * belly, (120, 128, 140))
    for x in range(146, 372, 7):
        t.paint(canvas, t.mask(scene.polygon(place([(x, 182), (x + 3.6, 182), (x + 3.6, 187), (x, 187)]))), (58, 66, 80))
    part([(388, 177), (398, 180), (403, 186), (390, 184)], (40, 48, 60), (40, 48, 60))
    part([(96, 184), (130, 186), (84, 214), (70, 212)], (196, 202, 210), (160, 168, 180))
    for x0, y0 in ((232, 222), (196, 240)):
        engine = place([(x0, y0), (x0 + 30, y0 - 2), (x0 + 36, y0 + 6), (x0 + 30, y0 + 15), (x0, y0 + 12)])
        scene.solid(canvas, t.mask(scene.outline(engine)), (170, 176, 188), 0.5, 0.2)
    part([(204, 198), (290, 198), (284, 206), (158, 284), (140, 284), (136, 276)], (216, 220, 226), (166, 172, 184))
    part([(204, 203), (212, 203), (150, 278), (138, 278)], (160, 166, 176), (140, 146, 158))
    return scene.photograph(canvas, 164)


def propeller_plane():
    """A small yellow propeller plane on grass."""
    canvas = scene.bushes(scene.sky(171, (112, 152, 200), (206, 216, 222), 0.4), 236, 50, (82, 100, 72), 172, 4, 90)
    scene.ground(canvas, 232, (136, 150, 84), (98, 124, 56), 173, 0.22, 2, 8)
    scene.shadow_below(canvas, 250, 292, 150, 10, 0.6, 6)
    yellow = (222, 178, 52)
    t.paint(canvas, t.mask(scene.limbs([(170, 225, 4), (160, 280, 3)])), (120, 112, 90))
    fuselage = [(96, 184), (104, 166), (130, 156), (168, 152), (196, 128), (236, 122), (272, 134), (300, 158),
                (400, 178), (410, 186), (400, 194), (300, 216), (220, 230), (140, 226), (104, 208)]
    tail = [(350, 172), (378, 112), (402, 104), (414, 112), (412, 186)]
    scene.blend(canvas, t.mask(scene.outline(tail)), (232, 192, 70), (196, 150, 40), 104, 186)
    scene.solid(canvas, t.mask(scene.outline(fuselage)), yellow, 0.52, 0.2)
    glass = [(176, 154), (198, 134), (236, 129), (264, 140), (278, 156)]
    scene.blend(canvas, t.mask(scene.polygon(glass)), (150, 170, 184), (60, 72, 84), 130, 156)
    for x0, x1 in ((212, 214), (246, 250)):
        t.paint(canvas, t.mask(scene.limbs([(x0, 130, 2), (x1, 157, 2)])), (206, 164, 46))
    t.paint(canvas, t.mask(scene.polygon([(112, 192), (396, 184), (396, 188), (300, 200), (112, 204)])), (176, 42, 34))
    scene.blend(canvas, t.mask(scene.outline([(352, 184), (420, 182), (428, 190), (360, 194)])), (236, 200, 86), (160, 122, 34),
          180, 196)
    wing = [(168, 206), (268, 206), (250, 226), (120, 262), (92, 262), (96, 250)]
    scene.blend(canvas, t.mask(scene.outline(wing)), (240, 204, 92), (188, 144, 40), 204, 262)
    for x0, y0, x1, y1 in ((222, 226, 214, 276), (132, 214, 128, 270)):
        t.paint(canvas, t.mask(scene.limbs([(x0, y0, 4), (x1, y1, 3.5)])), (190, 150, 50))
    for cx, cy, r in ((214, 280, 15), (128, 276, 13)):
        t.paint(canvas, t.mask(scene.ellipse(cx, cy, r)), (30, 30, 32))
        t.paint(canvas, t.mask(scene.ellipse(cx, cy, r * 0.45)), (160, 160, 158))
    t.paint(canvas, t.mask(scene.ellipse(404, 212, 6)), (30, 30, 32))
    t.paint(canvas, t.mask(scene.limbs([(402, 190, 2), (404, 210, 2)])), (60, 60, 60))
    scene.blend(canvas, t.mask(scene.outline([(96, 176), (106, 170), (110, 190), (106, 204), (96, 198)])), (60, 58, 56),
          (36, 36, 38), 170, 204)
    t.paint(canvas, t.mask(scene.outline([(82, 187), (97, 178), (98, 198)])), (190, 48, 40))
    t.paint(canvas, 0.85 * t.mask(scene.outline([(90, 130), (95, 130), (97, 187), (94, 244), (89, 244), (90, 187)])),
            (58, 50, 46))
    return scene.photograph(canvas, 174)
