"""A camera for things made of planes and discs, in metres. Knows nothing of what is drawn."""
import numpy as np

import drawing_tools as t
import drawing_scenes as scene


# Things seen by a camera --------------------------------------------------------------------------------------------


class Camera:
    """Perspective of things in metres: x to the right, y up, z towards the viewer."""

    def __init__(self, eye, target, focal, centre=(250, 188)):
        self.eye, self.focal, self.centre = np.array(eye, float), focal, centre
        self.forward = np.array(target, float) - self.eye
        self.forward /= np.linalg.norm(self.forward)
        self.right = np.cross(self.forward, (0, 1, 0))
        self.right /= np.linalg.norm(self.right)
        self.up = np.cross(self.right, self.forward)

    def __call__(self, points):
        """Picture places [n, 2] of points [n, 3]."""
        p = np.array(points, float) - self.eye
        depth = p @ self.forward
        x = self.centre[0] + self.focal * (p @ self.right) / depth
        return np.stack([x, self.centre[1] - self.focal * (p @ self.up) / depth], -1)

    def fill(self, canvas, points, top, bottom=None, blur=0.0):
        """Paints the polygon of points, from one color at its upper end to another at its lower end."""
        places = self(points)
        low, high = places[:, 1].min(), places[:, 1].max()
        bottom = top if bottom is None else bottom
        scene.blend(canvas, t.mask(scene.polygon(places), blur=blur), top, bottom, low, max(high, low + 1))

    def shadow(self, canvas, points, strength, blur):
        t.shade(canvas, t.mask(scene.polygon(self(points)), blur=blur), strength)


def side(z, x0, x1, y0, y1):
    """A rectangle on a vehicle's side."""
    return [(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]


def front(x, z0, z1, y0, y1):
    """A rectangle across a vehicle."""
    return [(x, y0, z0), (x, y0, z1), (x, y1, z1), (x, y1, z0)]


def disc(x, y, z, r):
    a = np.linspace(0, 2 * np.pi, 48)
    return np.stack([x + r * np.cos(a), y + r * np.sin(a), np.full(48, z)], -1)


def wheel(canvas, camera, x, z, r, rim=0.6, width=0.22, hub=(150, 152, 155)):
    """A wheel whose outer face is at z."""
    for depth in np.linspace(width, 0, 8):
        camera.fill(canvas, disc(x, r, z - depth, r), (26, 26, 28), (18, 18, 19))
    camera.fill(canvas, disc(x, r, z, r * 0.92), (44, 44, 46), (26, 26, 28))
    camera.fill(canvas, disc(x, r, z, r * rim), hub, [c * 0.7 for c in hub])
    camera.fill(canvas, disc(x, r, z - 0.01, r * rim * 0.55), (70, 71, 74), (100, 100, 104))
    camera.fill(canvas, disc(x, r, z, r * rim * 0.25), (160, 160, 162), (100, 100, 104))
