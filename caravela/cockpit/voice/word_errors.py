"""Word error rate: the fewest words to change, leave out and put in between what was said and what was heard, over the words said. Spelling that
sounds the same is no error: case, punctuation, "20%" for "20 percent", "two" for "2"."""

import re
from collections.abc import Sequence

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_SAME = {word: str(number) for number, word in enumerate(_NUMBERS)} | {"ok": "okay", "percentage": "percent"}


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    plain = re.sub(r"[^\w' ]", " ", text.lower().replace("%", " percent ").replace("°", " degrees ").replace("-", " "))
    return [_SAME.get(word, word) for word in plain.split()]


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """(errors, words said): Levenshtein's distance over words."""
    wanted, got = words_of(said), words_of(heard)
    return _distance(wanted, got), len(wanted)


def _distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    row = list(range(len(got) + 1))
    for place, word in enumerate(wanted, 1):
        before, row[0] = row[0], place
        for column, other in enumerate(got, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != other))
    return row[-1]
