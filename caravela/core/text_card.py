"""What a text head says about itself: the text in its ONNX file's metadata, written by `caravela train text` and read by the car. A head
reads the thoughts of one driver only, so it names that driver's fingerprint and is refused beside any other."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from caravela.core.errors import BundleError

FORMAT = "caravela-text"
VERSION = 1  # raised whenever the inputs, the outputs or their meaning change
TEXT_FILE = "text.onnx"  # beside the driver's model.onnx

# B questions, T words at most, V words known
INPUTS = ("words", "thought", "question")  # (B, T) int64, (B, thoughts, E), (B, 384)
OUTPUTS = ("chances",)  # (B, T, V) of each next word
_PREFIX = "caravela."


@dataclass(frozen=True)
class TextCard:
    """The metadata of one text head."""

    driver: str  # sha256 of the driver's file
    vocabulary: tuple[str, ...]  # words by their number; the first ends a sentence
    longest: int  # T
    trust: dict[str, float]  # chance of a whole answer from which a kind of answer is believed; kinds that are not named never are
    data: dict[str, Any]  # what it learned from
    git_revision: str = "unknown"
    licence: str = "Apache-2.0"
    version: int = VERSION

    def to_metadata(self) -> dict[str, str]:
        """Flat text for ONNX metadata_props."""
        values = asdict(self) | {"format": FORMAT}
        return {_PREFIX + key: value if isinstance(value, str) else json.dumps(value, sort_keys=True) for key, value in values.items()}

    @staticmethod
    def from_metadata(metadata: Mapping[str, str], *, source: str) -> "TextCard":
        """Inverse of `to_metadata`. Raises BundleError, naming `source`, where it is no head of ours or of another version."""
        if metadata.get(_PREFIX + "format") != FORMAT:
            raise BundleError(f"{source} is an ONNX file but no text head; expected one that `caravela train text` made.")
        version = metadata.get(_PREFIX + "version", "none")
        if version != str(VERSION):
            raise BundleError(f"{source} is a text head of version {version}; this program runs version {VERSION}: train it again.")
        try:
            return TextCard(
                driver=metadata[_PREFIX + "driver"],
                vocabulary=tuple(json.loads(metadata[_PREFIX + "vocabulary"])),
                longest=int(metadata[_PREFIX + "longest"]),
                trust={kind: float(chance) for kind, chance in json.loads(metadata[_PREFIX + "trust"]).items()},
                data=json.loads(metadata[_PREFIX + "data"]),
                git_revision=metadata[_PREFIX + "git_revision"],
                licence=metadata[_PREFIX + "licence"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError(f"{source} holds damaged metadata ({type(error).__name__}: {error}); train it again.") from error
