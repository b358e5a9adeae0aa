"""What is carried over into English word by word: numbers, sides, times, and names, of which well-known places have English ones."""

import re

from caravela.cockpit.languages.tongue import Tongue
from caravela.cockpit.reading.names import PLACEHOLDER
from caravela.cockpit.reading.times import minutes_in


def bare(text: str) -> str:
    """Without the marks around it."""
    return text.strip(" ,.!?;，。！？；、")


def number_in(text: str, tongue: Tongue) -> str:
    """The first number, or a share in percent; "" where there is none."""
    numbers, share = tongue.numbers(text), tongue.share(text)
    value = numbers[0] if numbers else share
    return "" if value is None else f"{value:.4g}"


def side_in(text: str, tongue: Tongue) -> str | None:
    """The one side that a text names."""
    sides = [side for side, pattern in tongue.sides.items() if pattern.search(text)]
    return sides[0] if len(sides) == 1 else None


def time_in(text: str, tongue: Tongue) -> str:
    """A time from now, as it opens an English request; "" where it is not understood to the last word, or out of reach."""
    if tongue.strictly.fullmatch(text.strip()) is None:
        return ""
    if tongue.half_hour.search(text) or tongue.quarter.search(text):
        return f"in {30 if tongue.half_hour.search(text) else 15} minutes, "
    numbers = tongue.numbers(text)
    number = numbers[0] if numbers else 1.0
    if tongue.second.search(text):
        return f"in {number:g} seconds, "
    minutes = number * (60.0 if tongue.hour.search(text) else 1.0)
    return f"in {minutes:g} minutes, " if minutes_in(f"{minutes:g} minutes") is not None else ""


def name_in(label: str, clause: str, names: list[str], tongue: Tongue) -> str:
    """The title, person or destination of a clause: what is quoted, or what its patterns find; well-known places in English."""
    quoted = PLACEHOLDER.search(clause)
    if quoted is not None and int(quoted[1]) < len(names):
        return names[int(quoted[1])]
    for pattern in tongue.names.get(label, ()):
        if (search := pattern.search(clause)) is not None and (name := trimmed(search[1], tongue)) and not tongue.nobody.fullmatch(name):
            return destination(name, tongue) if label == "drive.go_to" else name
    return ""


def trimmed(text: str, tongue: Tongue) -> str:
    """A name without courtesies and marks."""
    return tongue.trim.sub("", text.strip()).strip(" ,.!?，。！？")


def destination(name: str, tongue: Tongue) -> str:
    """A place: known ones by their English names, others without the word that leads to them."""
    for pattern, english in tongue.places.items():
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return english
    if tongue.name == "german":
        return re.sub(
            r"^(?:nach|zum|zur|zu|in die|in den|ins|in|an den|an die|ans|auf den|auf die|bis zum|bis zur|bis)\s+",
            "",
            name,
            flags=re.IGNORECASE,
        )
    return re.sub("^[回到去]", "", name)
