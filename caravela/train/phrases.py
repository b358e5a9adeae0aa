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
    Manner(
        "plain",
        (0, 0, 0, 0, 0, 0, 0, 0),
        (
            "drive normally",
            "just drive",
            "carry on as usual",
            "drive as you like",
            "normal driving please",
            "go on as before",
            "back to the usual style",
            "drive the way you always do",
            "no need for anything special",
            "as you were",
        ),
    ),
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
            "a smoother ride would be nice",
            "not so jerky",
            "brake more softly",
            "soft on the bends, please",
            "I am feeling queasy",
            "the children get carsick easily",
            "don't throw us around",
            "keep the ride comfortable",
            "my tea is hot, don't shake it",
            "easy on the brakes",
            "we have eggs in the boot",
            "drive so that she can sleep",
            "relax, no hard turns",
            "a calm drive please",
            "my back is sore, drive softly",
            "treat us like glass",
            "let us glide",
            "no harsh braking",
            "my dog is nervous in the car, be gentle",
            "calmly now",
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
            "give it some speed",
            "don't be so slow",
            "pick up the pace",
            "we are late already",
            "we will miss the start",
            "I have an appointment at nine",
            "they are waiting for us",
            "time is short",
            "no time to lose",
            "make it quick",
            "be quicker",
            "come on, move",
            "a bit of haste please",
            "drive like you mean it",
            "let us get there soon",
            "swiftly now",
        ),
    ),
    Manner(
        "frugal",
        (-0.5, 0, 0, 0, 0, 0.3, 1, 0),
        (
            "save energy",
            "drive economically",
            "the battery is low",
            "use less power",
            "stretch the range",
            "eco mode please",
            "go easy on the battery",
            "make the charge last",
            "waste no power",
            "we must reach the charger on this charge",
            "as little consumption as you can",
            "spare the battery",
            "thrifty driving please",
            "be sparing with energy",
        ),
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
            "that is too fast for me",
            "take care, it is slippery",
            "I am scared",
            "not so fast",
            "keep well clear of the others",
            "there is a school near here",
            "look out for people",
            "caution please",
            "drive slowly through here",
            "leave more room",
            "reduce your speed",
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
        "I have to get out",
        "we want to get out now",
        "I'd like to leave the car",
        "this is where I get off",
        "set me down by the kerb",
        "park the car",
        "bring it to a halt",
        "make the car stand",
        "pull in at the side",
        "stop by the roadside",
        "hold it here",
        "no further, stop",
        "end of the line for me",
        "we have arrived, stop",
        "stop for a minute",
        "pause the drive",
        "stay where you are",
    ),
)

TALK = Manner(
    "talk",  # asks for nothing: who has only heard requests takes everything for one
    (0, 0, 0, 0, 0, 0, 0, 0),
    (
        "nice weather today",
        "did you see the game last night",
        "my brother moved to Spain",
        "I love this song",
        "lunch was good",
        "what a pretty house",
        "the garden needs water",
        "she got a new job",
        "we should call grandma later",
        "I forgot my umbrella",
        "this coat is warm",
        "have you read the book",
        "the cat sleeps all day",
        "it was my birthday on Monday",
        "I like the colour of that wall",
        "they painted the bridge",
        "my phone is almost empty",
        "remember our holiday by the sea",
        "he tells the best jokes",
        "the bakery there has good bread",
        "school was boring today",
        "I need new shoes",
        "how old is that tower",
        "it smells of flowers",
    ),
)
TALK_SHARE = 0.25  # of drives that are spoken in, in which nothing is asked


def draw(random: np.random.Generator, count: int, *, spoken_share: float) -> tuple[list[str], NDArray[np.float32]]:
    """`count` sayings ("" where nothing is said) and their styles (count, STYLE)."""
    words, styles = [], np.zeros((count, STYLE), dtype=np.float32)
    for i in range(count):
        if random.random() >= spoken_share:
            words.append("")
            continue
        manner = TALK if random.random() < TALK_SHARE else MANNERS[random.integers(len(MANNERS))]
        words.append(str(random.choice(manner.phrases)))
        styles[i] = manner.style
    return words, styles
