"""Makes this folder's pictures from those of tests/data/pictures, which are ours: python3 demo/samples/make.py

They show what a network finds hard: two things at once, a wrong color, no focus. Needs Pillow.
"""
from pathlib import Path

from PIL import Image, ImageFilter

HERE = Path(__file__).parent
SOURCES = HERE.parent.parent / "tests" / "data" / "pictures"
# Degrees of hue from orange to the green of a tennis ball, of Pillow's 256 to the circle.
TO_GREEN = 40


def read(name: str) -> Image.Image:
    return Image.open(SOURCES / name).convert("RGB")


def two_balls() -> Image.Image:
    """The middles of two pictures side by side."""
    both = Image.new("RGB", (500, 375))
    for i, name in enumerate(["soccer-ball.jpg", "basketball.jpg"]):
        both.paste(read(name).crop((125, 0, 375, 375)), (250 * i, 0))
    return both


def green_basketball() -> Image.Image:
    hue, saturation, value = read("basketball.jpg").convert("HSV").split()
    turned = hue.point([(h + TO_GREEN) % 256 for h in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def blurred_ball() -> Image.Image:
    return read("golf-ball.jpg").filter(ImageFilter.GaussianBlur(8))


for make in (two_balls, green_basketball, blurred_ball):
    make().save(HERE / f"{make.__name__.replace('_', '-')}.jpg", quality=88)
