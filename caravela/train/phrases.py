"""What people say about how to drive, and the reward weights each saying asks for. The sayings (words/sayings/*.txt, one a line) are for training;
suites test with others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.words.sayings import sayings_of
from caravela.world.arena import HALT
from caravela.world.kernels.vectors import STYLE

TALK_SHARE = 0.25  # of drives that are spoken in, in which nothing is asked


@dataclass(frozen=True)
class Manner:
    """A way of driving: its style vector and how people ask for it."""

    name: str
    style: tuple[float, ...]  # (STYLE,) exponents in [-1, 1], or HALT, see world.arena.weights_of
    phrases: tuple[str, ...]


def _manner(name: str, *style: float) -> Manner:
    """The manner with the sayings of its file."""
    return Manner(name, style, sayings_of(name))


# the style's order: progress, collision, off the way, red light, right of way, comfort, energy, lane and limit
MANNERS = (
    _manner("plain", 0, 0, 0, 0, 0, 0, 0, 0),
    _manner("gentle", -0.5, 0, 0, 0, 0, 1, 0.5, 0.5),
    _manner("brisk", 1, 0, 0, 0, -0.5, -1, -1, -1),
    _manner("frugal", -0.5, 0, 0, 0, 0, 0.3, 1, 0),
    _manner("careful", -1, 0, 0, 0, 1, 0.3, 0, 1),
)
SHARES = (0.1, 0.22, 0.36, 0.14, 0.18)  # of what is asked for: haste changes a plan least, and takes most looks to learn
STOP = _manner("stop", HALT, 0, 0, 0, 0, 0, 0, 0)
TALK = _manner("talk", 0, 0, 0, 0, 0, 0, 0, 0)  # asks for nothing: who has only heard requests takes everything for one


def draw(random: np.random.Generator, count: int, *, spoken_share: float) -> tuple[list[str], NDArray[np.float32]]:
    """`count` sayings ("" where nothing is said) and their styles (count, STYLE)."""
    words, styles = [], np.zeros((count, STYLE), dtype=np.float32)
    for i in range(count):
        if random.random() >= spoken_share:
            words.append("")
            continue
        manner = TALK if random.random() < TALK_SHARE else MANNERS[random.choice(len(MANNERS), p=SHARES)]
        words.append(str(random.choice(manner.phrases)))
        styles[i] = manner.style
    return words, styles
