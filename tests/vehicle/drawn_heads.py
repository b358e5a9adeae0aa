"""Heads of our own drawing, which the face models take for faces."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SKIN, HAIR, BROW, WALL, SHIRT = (214, 170, 140), (60, 40, 30), (60, 40, 30), (70, 80, 95), (40, 60, 110)


def head(turn: float = 0.0, *, shut: bool = False, size: int = 320) -> NDArray[np.uint8]:
    """A head (size, size, 3); `turn`: how far the features lie to the head's own left, in half widths of the face."""
    image = Image.new("RGB", (size, size), WALL)
    draw = ImageDraw.Draw(image)
    middle, width, height = size / 2, size * 0.17, size * 0.23

    def spot(x: float, y: float, across: float, down: float, colour: tuple[int, int, int]) -> None:
        draw.ellipse((x - across, y - down, x + across, y + down), fill=colour)

    spot(middle, middle - 0.25 * height, 1.15 * width, 1.1 * height, HAIR)
    draw.rectangle((middle - 0.5 * width, middle + 0.6 * height, middle + 0.5 * width, middle + 1.6 * height), fill=(190, 148, 120))
    shoulders = [(-2.2 * width, size / 2), (-0.6 * width, 1.3 * height), (0.6 * width, 1.3 * height), (2.2 * width, size / 2)]
    draw.polygon([(middle + x, middle + y) for x, y in shoulders], fill=SHIRT)
    spot(middle, middle, width, height, SKIN)
    centre = middle + turn * width
    for side in (-1, 1):
        x, y = centre + side * 0.42 * width, middle - 0.15 * height
        draw.line((x - 0.22 * width, y - 0.17 * height, x + 0.22 * width, y - 0.18 * height), fill=BROW, width=max(size // 80, 1))
        if shut:
            draw.line((x - 0.18 * width, y, x + 0.18 * width, y), fill=(120, 80, 60), width=2)
        else:
            spot(x, y, 0.19 * width, 0.07 * height, (250, 250, 250))
            spot(x, y, 0.08 * width, 0.07 * height, (50, 35, 25))
    nose = middle + 1.3 * turn * width
    draw.polygon(
        [(nose, middle - 0.05 * height), (nose - 0.16 * width, middle + 0.26 * height), (nose + 0.16 * width, middle + 0.26 * height)],
        fill=(196, 150, 122),
    )
    spot(centre, middle + 0.5 * height, 0.34 * width, 0.07 * height, (170, 80, 75))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1.2)))
