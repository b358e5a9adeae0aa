"""What people say about how to drive, one saying a line: who learns to drive and who learns to understand learn from the same. Suites test with
others."""

import functools
from pathlib import Path

FOLDER = Path(__file__).parent


@functools.cache
def sayings_of(manner: str) -> tuple[str, ...]:
    """The sayings of FOLDER/MANNER.txt: brisk, careful, frugal, gentle, plain, stop; or talk, in which nothing is asked."""
    return tuple((FOLDER / f"{manner}.txt").read_text(encoding="utf-8").splitlines())
