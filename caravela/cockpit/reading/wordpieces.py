"""Word pieces: where they lie in the text that they were cut from, so that a title can be handed on as it was written, and which there are."""

import unicodedata
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BAG = 2048  # places of the bag, shared by pieces and pairs through a hash


def piece_spans(pieces: Sequence[str], text: str) -> list[tuple[int, int] | None]:
    """(start, end) in `text` of every word piece; None for those that stand for no text, or that cannot be found."""
    plain, places = _folded(text)
    spans: list[tuple[int, int] | None] = []
    cursor = 0
    for piece in pieces:
        letters = piece.removeprefix("##")
        found = plain.find(letters, cursor) if letters and letters not in ("[CLS]", "[SEP]", "[UNK]") else -1
        if found < 0:
            spans.append(None)
            continue
        cursor = found + len(letters)
        spans.append((places[found], places[cursor - 1] + 1))
    return spans


def bag_of(pieces: Sequence[str]) -> NDArray[np.float32]:
    """(BAG,) which word pieces and neighbouring pairs a text holds, hashed. The encoder holds "lock" and "unlock" for neighbours; here
    they are as far apart as any two words."""
    bag = np.zeros(BAG, np.float32)
    for piece in (*pieces, *(f"{a} {b}" for a, b in zip(pieces, pieces[1:], strict=False))):
        bag[zlib.crc32(piece.encode()) % BAG] = 1.0
    return bag


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` in lower case without accents, as BERT's uncased tokenizer sees it, and for each character its place in `text`."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in unicodedata.normalize("NFD", character.lower()):
            if unicodedata.category(letter) != "Mn":
                letters.append(letter)
                places.append(place)
    return "".join(letters), places
