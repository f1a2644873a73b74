"""CIFAR-10's pictures, and the random windows of them that networks learn from. Knows no network.

A window is a square part of a picture: its side, place and whether it is mirrored. The classifier learns from windows as
large as what its transforms show it, CROP/RESIZE of a picture; its teacher sees the same windows with the border around them.
"""

import os

import numpy
import torch
import torch.nn.functional as F
from PIL import Image

MEAN = (0.485, 0.456, 0.406)  # those of torchvision's variants, so that the demo's transforms look like theirs
STD = (0.229, 0.224, 0.225)
RESIZE, CROP, SIDE = 72, 64, 32  # evaluation sees the middle CROP/RESIZE of each 32x32 picture
WINDOWS = (23.0, 33.0)  # sides of random windows, in pixels of the picture
CUT = 8  # side of the square that is blanked, in pixels of the picture


def read_split(folder):
    """Pictures [N, 3, 32, 32] uint8, labels [N] and the class names, in the order of their names."""
    names = sorted(os.listdir(folder))
    pictures, labels = [], []
    for label, name in enumerate(names):
        for file in sorted(os.listdir(os.path.join(folder, name))):
            with Image.open(os.path.join(folder, name, file)) as picture:
                pictures.append(numpy.asarray(picture.convert("RGB")))
            labels.append(label)
    return torch.from_numpy(numpy.stack(pictures)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels), names


def normalize(pictures):
    """uint8 [N, 3, H, W] -> float32 of mean 0 and deviation 1."""
    mean = torch.tensor(MEAN, device=pictures.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=pictures.device).view(1, 3, 1, 1)
    return (pictures.float() / 255 - mean) / std


def cut(normalized):
    """Blanks one square of CUT pixels, anywhere, in each picture [N, 3, 32, 32]."""
    count, device = len(normalized), normalized.device
    place = torch.arange(SIDE, device=device).view(1, 1, SIDE)
    corner = torch.randint(-CUT // 2, SIDE - CUT // 2, (2, count, 1, 1), device=device)
    rows = (place.transpose(1, 2) >= corner[0]) & (place.transpose(1, 2) < corner[0] + CUT)
    columns = (place >= corner[1]) & (place < corner[1] + CUT)
    return normalized * ~(rows & columns).unsqueeze(1)


def random_windows(count, device="cpu"):
    """Affine maps [N, 2, 3] from the window's coordinates to the picture's (-1..1)."""
    scale = torch.empty(count, device=device).uniform_(*WINDOWS) / SIDE
    reach = (1 - scale).abs() + 2 / SIDE  # windows may look two pixels past the edge, at the mirrored picture
    shift = torch.empty(2, count, device=device).uniform_(-1, 1) * reach
    mirror = torch.randint(0, 2, (count,), device=device) * 2.0 - 1
    windows = torch.zeros(count, 2, 3, device=device)
    windows[:, 0, 0], windows[:, 1, 1] = scale * mirror, scale
    windows[:, 0, 2], windows[:, 1, 2] = shift[0], shift[1]
    return windows


def with_border(windows):
    """The same windows with what lies around them: what a whole picture is to the part that evaluation sees."""
    return windows * torch.tensor([RESIZE / CROP, RESIZE / CROP, 1.0], device=windows.device)


def look(normalized, windows, size):
    """What the windows show of the pictures: [N, 3, size, size]."""
    grid = F.affine_grid(windows, (len(windows), 3, size, size), align_corners=False)
    return F.grid_sample(normalized, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
