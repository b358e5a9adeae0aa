"""Numbers as people say them: digits, words, halves and thirds."""

import re

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_SMALL = {word: number for number, word in enumerate(_UNITS.split())}
_TENS = {word: 10 * (number + 2) for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())}
_SHARES = {"half": 50.0, "halfway": 50.0, "third": 100 / 3, "quarter": 25.0, "fully": 100.0, "completely": 100.0}
_PARTS = re.compile(r"\b(?P<many>two|three|2|3) (?P<part>thirds|quarters)\b", re.IGNORECASE)
_AND_A_HALF = re.compile(r"(?<=[\w%°]) and a half\b")
_DIGITS = re.compile(r"(?<![\w.,])(\d{1,6}(?:[.,]\d{1,3})?)(?![\w])(?!\.\d)")
_ATTACHED = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)\s*(%|°|km/?h|kph|mph|kilomet|degree|percent|c\b|h\b)")


def numbers_in(text: str) -> list[float]:
    """All numbers in a text, in order; "a hundred and twenty" is one."""
    lowered = _PARTS.sub(" ", text.lower().replace("-", " "))
    if (half := _AND_A_HALF.search(lowered)) is not None and (before := numbers_in(lowered[: half.start()])):
        return [*before[:-1], before[-1] + 0.5, *numbers_in(lowered[half.end() :])]
    digits = [float(found[1].replace(",", ".")) for found in _DIGITS.finditer(lowered)] or [
        float(found[1].replace(",", ".")) for found in _ATTACHED.finditer(lowered)
    ]
    return digits or _spelt(re.findall(r"[a-z]+", lowered))


def share_in(text: str) -> float | None:
    """A share in percent: "half", "a third", "completely"; None where there is none."""
    if parts := _PARTS.search(text.replace("-", " ")):
        return (3.0 if parts["many"].lower() in ("three", "3") else 2.0) * _SHARES[parts["part"].lower().rstrip("s")]
    return next((_SHARES[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _SHARES), None)


def _spelt(words: list[str]) -> list[float]:
    """Numbers in words."""
    found: list[float] = []
    value: float | None = None
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word in _TENS:
            value = (value or 0.0) + _TENS[word]
        elif word in _SMALL:
            value = (value or 0.0) + _SMALL[word]
        elif word == "hundred":
            value = 100.0 * (value or 1.0)
        elif value is not None and not (word == "and" and following in _TENS | _SMALL and value >= 100):
            found.append(value)
            value = None
    return found + ([value] if value is not None else [])
