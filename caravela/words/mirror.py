"""What is said of left and right, as it is meant of a street that is seen in a mirror."""

import re

_SIDE = re.compile(r"\b(left|right)(?=(?:[- ]hand)? lane\b)", re.IGNORECASE)
_OTHER = {"left": "right", "right": "left"}


def in_mirror(words: str) -> str:
    """`words` with the other lane for the one they name. Nothing else that drivers are told names a side: turns are the sat-nav's, and "right here"
    means none."""
    return _SIDE.sub(lambda found: _as_written(found[1], _OTHER[found[1].lower()]), words)


def _as_written(before: str, word: str) -> str:
    return word.upper() if before.isupper() and len(before) > 1 else word.capitalize() if before[0].isupper() else word
