"""Words for the choices that tools offer, and the other way round."""

import re

from caravela.cockpit.tools.body import COLOURS

_WORDS: dict[str, dict[str, str]] = {
    "climate.airflow": {
        r"feet|foot|floor|legs?|down": "DOWN",
        r"wind(screen|shield)|up\b|glass|head": "UP",
        r"face|body|middle|chest|me\b": "MIDDLE",
    },
    "light.ambient_colour": {**{rf"{colour}": colour for colour in reversed(COLOURS)}, "violet": "purple"},
    "light.headlights": {r"auto": "AUTO", r"position|side": "POSITION"},
    "wiper.front": {
        r"fast|quick": "FAST",
        r"slow": "SLOW",
        r"medium|normal": "MEDIUM",
        r"interval|intermittent": "INTERVAL",
        r"auto|sensor": "RAIN_SENSOR",
    },
    "media.source": {
        r"bluetooth|phone": "BLUETOOTH",
        r"\busb|stick": "USB",
        r"\baux": "AUX",
        r"\bcd\b": "CD",
        r"\bdab\b|digital": "DAB",
        r"\bfm\b": "FM",
        r"\bam\b": "AM",
    },
    "screen.mode": {r"night|dark": "NIGHT", r"day|light|bright": "DAY"},
    "screen.language": {
        r"german|deutsch": "German",
        r"english": "English",
        r"chinese|mandarin": "Chinese",
        r"french": "French",
        r"spanish": "Spanish",
    },
    "screen.text_size": {r"extra|huge|very|largest": "EXTRA_LARGE", r"\blarge\b|\bbig\b": "LARGE", r"standard|normal|regular": "STANDARD"},
    "screen.temperature_unit": {r"celsius|centigrade": "C", r"fahrenheit": "F"},
    "screen.distance_unit": {r"miles?": "MILES", r"kilomet|km": "KILOMETERS"},
    "screen.time_format": {r"12|twelve|am": "HR_12", r"24|twenty": "HR_24"},
}


def choice_in(tool: str, text: str) -> str | None:
    """The choice of a tool that a text names, or None where it names none."""
    return next((choice for pattern, choice in _WORDS.get(tool, {}).items() if re.search(pattern, text, re.IGNORECASE)), None)


def spoken(choice: str) -> str:
    """A choice as one says it."""
    return choice.replace("_", " ").lower() if choice.isupper() and len(choice) > 4 else choice
