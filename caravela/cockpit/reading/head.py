"""The head: from the frozen encoder's token vectors and a bag of words to what is meant. A layer per token, pooled by mean and
maximum, a layer over all, then four answers (meaning, operation, the two together, place) and, per token, whether it belongs to a free text such as a title.
Inference in numpy; `learning` trains it."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.cockpit.reading.wordpieces import BAG, bag_of
from caravela.core.errors import BundleError
from caravela.words import EMBEDDING, SentenceEncoder

SHIPPED = Path(__file__).parent / "head.npz"
MAX_TOKENS = 32  # of one clause
WIDTH = 224
SCALE = "scale "  # before the name of a matrix, in the file
ANSWERS = ("label", "operation", "deed", "zone")
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What the head makes of one clause: probabilities per class, and per word piece that of being free text."""

    label: dict[str, float]
    operation: dict[str, float]
    deed: dict[str, float]  # meaning and operation together, "window.position on"
    zone: dict[str, float]
    free: Array  # (tokens,)


class Head:
    """Weights by name: token (EMBEDDING, W), whole (2 W, W), bag (BAG, W), one matrix per answer (W, classes), free (2 W + EMBEDDING, 1);
    biases "b_…"."""

    def __init__(self, weights: dict[str, Array], classes: dict[str, tuple[str, ...]]) -> None:
        self.weights, self.classes = weights, classes

    @staticmethod
    def new(classes: dict[str, tuple[str, ...]], random: np.random.Generator, *, width: int = WIDTH) -> "Head":
        """An untrained head."""
        shapes = {"token": (EMBEDDING, width), "whole": (2 * width, width), "bag": (BAG, width)}
        shapes |= {answer: (width, len(names)) for answer, names in classes.items()}
        shapes["free"] = (2 * width + EMBEDDING, 1)
        weights = {name: (random.standard_normal(shape) * np.sqrt(2.0 / shape[0])).astype(np.float32) for name, shape in shapes.items()}
        return Head(weights | {f"b_{name}": np.zeros(shape[1], np.float32) for name, shape in shapes.items()}, classes)

    def read(self, encoder: SentenceEncoder, text: str) -> Reading:
        """What `text` says."""
        vectors, mask = encoder.encode_tokens([text], max_tokens=MAX_TOKENS)
        tokens = vectors[0, mask[0]]  # (T, EMBEDDING)
        w = self.weights
        if not len(tokens):
            tokens = np.zeros((1, EMBEDDING), np.float32)
        hidden = np.maximum(tokens @ w["token"] + w["b_token"], 0.0)  # (T, W)
        pooled = np.concatenate([hidden.mean(axis=0), hidden.max(axis=0)])  # (2 W,)
        bag = bag_of(encoder.tokens(text, max_tokens=MAX_TOKENS))
        whole = np.maximum(pooled @ w["whole"] + bag @ w["bag"] + w["b_whole"], 0.0)  # (W,)
        answers = {}
        for name in ANSWERS:
            chances = softmax(whole @ w[name] + w[f"b_{name}"])
            answers[name] = dict(zip(self.classes[name], chances.tolist(), strict=True))
        context = np.concatenate([np.broadcast_to(whole, (len(tokens), len(whole))), hidden, tokens], axis=1)
        free = 1.0 / (1.0 + np.exp(-(context @ w["free"] + w["b_free"])[:, 0]))
        return Reading(answers["label"], answers["operation"], answers["deed"], answers["zone"], free)

    def save(self, path: Path) -> None:
        """Write the weights: matrices as int8 with a scale per column, biases in half precision."""
        arrays: dict[str, NDArray] = {"classes": np.frombuffer(json.dumps(self.classes).encode(), np.uint8)}
        for name, value in self.weights.items():
            if name.startswith("b_"):
                arrays[name] = value.astype(np.float16)
                continue
            scale = np.maximum(np.abs(value).max(axis=0), 1e-8) / 127.0  # (columns,)
            arrays[name] = np.round(value / scale).astype(np.int8)
            arrays[f"{SCALE}{name}"] = scale.astype(np.float32)
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]

    @staticmethod
    def load(path: Path = SHIPPED) -> "Head":
        """A head from its file. Raises BundleError where that is none."""
        try:
            with np.load(path) as file:
                classes = {name: tuple(names) for name, names in json.loads(file["classes"].tobytes()).items()}
                weights = {name: file[name].astype(np.float32) for name in file.files if name != "classes" and not name.startswith(SCALE)}
                weights = {
                    name: value * file[f"{SCALE}{name}"] if f"{SCALE}{name}" in file.files else value for name, value in weights.items()
                }
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(f"'{path}' is no cockpit head ({type(error).__name__}); make one with `caravela cockpit learn`.") from error
        return Head(weights, classes)


def softmax(logits: Array) -> Array:
    """Over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
