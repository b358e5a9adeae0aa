"""What people say about how to drive, and the reward weights each saying asks for. Phrasings here are for training; suites
test with others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.world.arena import HALT
from caravela.world.kernels.vectors import STYLE

# order of the reward's parts: progress, collision, off the way, red light, right of way, comfort, energy, lane and limit


@dataclass(frozen=True)
class Manner:
    """A way of driving: its style vector and how people ask for it."""

    name: str
    style: tuple[float, ...]  # (STYLE,) exponents in [-1, 1], or HALT, see world.arena.weights_of
    phrases: tuple[str, ...]


MANNERS = (
    Manner("plain", (0, 0, 0, 0, 0, 0, 0, 0), ("drive normally", "just drive", "carry on as usual", "drive as you like")),
    Manner(
        "gentle",
        (-0.5, 0, 0, 0, 0, 1, 0.5, 0.5),
        (
            "gently please",
            "drive gently",
            "smoothly, please",
            "I feel sick",
            "take it easy",
            "my stomach hurts",
            "the baby is asleep",
            "slow and smooth",
        ),
    ),
    Manner(
        "brisk",
        (1, 0, 0, 0, -0.5, -1, -1, -1),
        (
            "hurry up",
            "I'm late",
            "faster",
            "go faster please",
            "step on it",
            "we need to be quick",
            "my train leaves in ten minutes",
            "get a move on",
        ),
    ),
    Manner(
        "frugal",
        (-0.5, 0, 0, 0, 0, 0.3, 1, 0),
        ("save energy", "drive economically", "the battery is low", "use less power", "stretch the range", "eco mode please"),
    ),
    Manner(
        "careful",
        (-1, 0, 0, 0, 1, 0.3, 0, 1),
        (
            "be careful",
            "drive carefully",
            "slow down a bit",
            "slower please",
            "watch out here",
            "there are children around",
            "mind the cyclists",
        ),
    ),
)

STOP = Manner(
    "stop",
    (HALT, 0, 0, 0, 0, 0, 0, 0),
    (
        "stop here",
        "please stop",
        "stop the car",
        "pull over",
        "stop now please",
        "halt",
        "let me out here",
        "wait here",
        "come to a stop",
    ),
)


def draw(random: np.random.Generator, count: int, *, spoken_share: float) -> tuple[list[str], NDArray[np.float32]]:
    """`count` sayings ("" where nothing is said) and their styles (count, STYLE)."""
    words, styles = [], np.zeros((count, STYLE), dtype=np.float32)
    for i in range(count):
        if random.random() >= spoken_share:
            words.append("")
            continue
        manner = MANNERS[random.integers(len(MANNERS))]
        words.append(str(random.choice(manner.phrases)))
        styles[i] = manner.style
    return words, styles
