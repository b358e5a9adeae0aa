"""How to drive, put indirectly: "my meeting began five minutes ago", "there are eggs on my lap". One softmax layer over the sentence's vector tells
the manners apart, a stop, and talk in which nothing is asked. It is asked where the head has understood nothing, and may say that a manner which the
head has read into talk is none; it never reads a hazard, and what it finds passes the gate like all else."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import BundleError
from caravela.core.request import Drive, Manner, PullOver
from caravela.words import SentenceEncoder

SHIPPED = Path(__file__).parent / "manners.npz"
TALK = "talk"
WISHES: dict[str, Drive | PullOver] = {
    "brisk": Drive(Manner.BRISK),
    "careful": Drive(Manner.CAREFUL),
    "frugal": Drive(Manner.FRUGAL),
    "gentle": Drive(Manner.GENTLE),
    "stop": PullOver(),
}  # "plain" is said outright, or not at all
SURE = 0.6  # of one of them, from which it is what was meant
IDLE = 0.9  # of talk, from which a manner that the head has read is none


@dataclass(frozen=True)
class Manners:
    """Weights (EMBEDDING, M) and biases (M,) of M names."""

    names: tuple[str, ...]
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    def chances(self, encoder: SentenceEncoder, text: str) -> dict[str, float]:
        """The probability of each name."""
        logits = encoder.encode([text])[0] @ self.weights + self.biases
        powers = np.exp(logits - logits.max())
        return dict(zip(self.names, (powers / powers.sum()).tolist(), strict=True))

    def wish(self, encoder: SentenceEncoder, text: str) -> Drive | PullOver | None:
        """The wish that is put indirectly; None where it is none, or is not sure."""
        chances = self.chances(encoder, text)
        likeliest = max(chances, key=chances.__getitem__)
        return WISHES.get(likeliest) if chances[likeliest] >= SURE else None

    def is_talk(self, encoder: SentenceEncoder, text: str) -> bool:
        """Is surely nothing asked?"""
        return self.chances(encoder, text)[TALK] >= IDLE

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, names=np.array(self.names), weights=self.weights.astype(np.float16), biases=self.biases.astype(np.float16)
        )

    @staticmethod
    def load(path: Path = SHIPPED) -> "Manners":
        """From a file. Raises BundleError where that is none."""
        try:
            with np.load(path) as file:
                names = tuple(str(name) for name in file["names"])
                return Manners(names, file["weights"].astype(np.float32), file["biases"].astype(np.float32))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(f"'{path}' reads no manners ({type(error).__name__}); make one with `caravela cockpit learn`.") from error
