"""What a German or Chinese clause means: one linear layer over its sentence vector, from which the language's own mean is taken, and a hashed
bag of its words. Trained in numpy on sayings of both languages beside English ones, which lend their wealth of paraphrase."""

import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.cockpit.languages.sayings import Said, draw, english
from caravela.cockpit.languages.tongue import Tongue
from caravela.cockpit.languages.vectors import WIDTH, SentenceVectors
from caravela.cockpit.reading.head import softmax
from caravela.cockpit.sayings.learning import Adam
from caravela.cockpit.sayings.phrasing import deeds
from caravela.core.errors import BundleError

SHIPPED = Path(__file__).parent / "reader.npz"
BAG = 1536  # places of the bag, shared by the languages through a hash
BAG_WEIGHT = 0.35  # of one word, beside a vector whose parts vary by about one
Array = NDArray[np.float32]


@dataclass(frozen=True)
class ReaderConfig:
    """How the reader learns."""

    epochs: int = 20
    batch: int = 256
    rate: float = 3e-3
    decay: float = 3e-4
    drop_bag: float = 0.4  # of the words of the bag
    without_bag: float = 0.15  # of the sayings that are shown without any
    noise: float = 0.25  # standard deviation added to the vectors' parts
    smoothing: float = 0.05
    seed: int = 0


class Reader:
    """The layer. `means` holds each language's mean vector, `spread` the vectors' standard deviation (WIDTH,)."""

    def __init__(self, weights: dict[str, Array], classes: Sequence[str]) -> None:
        self.weights, self.classes = weights, tuple(classes)

    def features(self, vector: Array, text: str, tongue: Tongue | None) -> Array:
        """(WIDTH + BAG,) of one clause; `tongue` is None for English."""
        mean = self.weights[f"mean_{tongue.name if tongue else 'english'}"]
        bag = np.zeros(BAG, np.float32)
        if tongue is not None:
            bag[[zlib.crc32(f"{tongue.name} {word}".encode()) % BAG for word in tongue.words(text)]] = BAG_WEIGHT
        return np.concatenate([(vector - mean) / self.weights["spread"], bag])

    def read(self, vector: Array, text: str, tongue: Tongue | None) -> dict[str, float]:
        """Probability of every deed."""
        logits = self.features(vector, text, tongue) @ self.weights["deed"] + self.weights["b_deed"]
        return dict(zip(self.classes, softmax(logits).tolist(), strict=True))

    def save(self, path: Path = SHIPPED) -> None:
        """Write the weights, the layer in 8 bits with a scale for each class."""
        scale = np.maximum(np.abs(self.weights["deed"]).max(axis=0), 1e-9) / 127.0
        small = np.round(self.weights["deed"] / scale).astype(np.int8)
        rest = {name: value for name, value in self.weights.items() if name != "deed"}
        names = np.frombuffer(json.dumps(self.classes).encode(), np.uint8)
        np.savez_compressed(path, deed=small, scale=scale.astype(np.float32), classes=names, **rest)  # type: ignore[arg-type]

    @staticmethod
    def load(path: Path = SHIPPED) -> "Reader":
        """A reader from its file. Raises BundleError where that is none."""
        try:
            with np.load(path) as file:
                weights = {name: file[name] for name in file.files if name not in ("scale", "classes")}
                weights["deed"] = file["deed"].astype(np.float32) * file["scale"]
                return Reader(weights, json.loads(file["classes"].tobytes()))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(
                f"'{path}' is no reader of languages ({type(error).__name__}); make one with `caravela cockpit learn-languages`."
            ) from error


def learn(
    config: ReaderConfig, vectors: SentenceVectors, tongues: Sequence[Tongue], *, tell: Callable[[str], None] = lambda line: None
) -> Reader:
    """A reader trained on generated sayings."""
    random = np.random.default_rng(config.seed)
    parts: list[tuple[Tongue | None, list[Said]]] = [(tongue, draw(tongue, random)) for tongue in tongues]
    parts.append((None, english(config.seed, random)))
    encoded: list[Array] = []
    for tongue, said in parts:
        encoded.append(np.stack([vectors(one.text) for one in said]))
        tell(f"{len(said)} sayings in {tongue.called if tongue else 'English'} encoded")
    weights = {
        f"mean_{tongue.name if tongue else 'english'}": block.mean(axis=0) for (tongue, _), block in zip(parts, encoded, strict=True)
    }
    weights["spread"] = np.concatenate([block - block.mean(axis=0) for block in encoded]).std(axis=0) + np.float32(1e-6)
    classes = deeds()
    reader = Reader(weights, classes)
    index = {deed: place for place, deed in enumerate(classes)}
    inputs = np.stack(
        [
            reader.features(row, one.text, tongue)
            for (tongue, said), block in zip(parts, encoded, strict=True)
            for one, row in zip(said, block)
        ]
    )
    answers = np.array([index[one.deed] for _, said in parts for one in said])
    _fit(reader, inputs, answers, config, random, tell)
    return reader


def _fit(
    reader: Reader,
    inputs: Array,
    answers: NDArray[np.int64],
    config: ReaderConfig,
    random: np.random.Generator,
    tell: Callable[[str], None],
) -> None:
    """Softmax regression, with words left out and vectors shaken."""
    count, classes = len(inputs), len(reader.classes)
    layer = {"deed": np.zeros((WIDTH + BAG, classes), np.float32), "b_deed": np.zeros(classes, np.float32)}
    optimiser, steps, done = Adam(layer), config.epochs * (count // config.batch), 0
    for epoch in range(config.epochs):
        order, losses = random.permutation(count), []
        for first in range(0, count - config.batch + 1, config.batch):
            rows = order[first : first + config.batch]
            batch = inputs[rows]
            batch[:, :WIDTH] += config.noise * random.standard_normal((len(rows), WIDTH), np.float32)
            keep = random.random((len(rows), BAG), np.float32) >= config.drop_bag
            batch[:, WIDTH:] *= keep & (random.random((len(rows), 1)) >= config.without_bag)
            chances = softmax(batch @ layer["deed"] + layer["b_deed"])
            wanted: Array = np.full_like(chances, config.smoothing / classes)
            wanted[np.arange(len(rows)), answers[rows]] += np.float32(1.0 - config.smoothing)
            losses.append(float(-(wanted * np.log(chances + 1e-9)).sum() / len(rows)))
            error: Array = (chances - wanted) / np.float32(len(rows))
            pace = 0.5 * (1.0 + np.cos(np.pi * done / steps))
            optimiser.step({"deed": batch.T @ error, "b_deed": error.sum(axis=0)}, rate=config.rate * pace, decay=config.decay * pace)
            done += 1
        if epoch % 10 == 9:
            tell(f"epoch {epoch + 1} of {config.epochs}: loss {np.mean(losses):.3f}")
    reader.weights |= layer
