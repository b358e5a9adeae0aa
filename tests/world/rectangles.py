"""Do two cars touch? A reference: their outlines cross, or one holds a corner of the other."""

import math

import numpy as np


def rectangle(agent) -> np.ndarray:
    """(4, 2) corners of an agent's body, counter-clockwise."""
    return corners(
        agent["x"] + math.cos(agent["heading"]) * agent["centre_offset"], agent["y"] + math.sin(agent["heading"]) * agent["centre_offset"],
        agent["heading"], agent["length"], agent["width"],
    )  # fmt: skip


def corners(x, y, heading, length, width) -> np.ndarray:
    c, s = math.cos(heading), math.sin(heading)
    signs = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * 0.5
    along, across = signs[:, 0] * length, signs[:, 1] * width
    return np.stack([x + c * along - s * across, y + s * along + c * across], -1)


def touch(a: np.ndarray, b: np.ndarray) -> bool:
    return holds(a, b[0]) or holds(b, a[0]) or any(crosses(a[k - 1], a[k], b[j - 1], b[j]) for k in range(4) for j in range(4))


def holds(box: np.ndarray, point: np.ndarray) -> bool:
    return all(cross(box[k - 1], box[k], point) >= 0.0 for k in range(4))


def crosses(p, q, r, s) -> bool:
    return cross(p, q, r) * cross(p, q, s) < 0.0 and cross(r, s, p) * cross(r, s, q) < 0.0


def cross(o, a, b) -> float:
    return float((a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]))
