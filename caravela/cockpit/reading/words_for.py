"""Words for the choices that tools offer, and the other way round."""

import re

from caravela.cockpit.tool import TAKES, Form, Operation, Tool
from caravela.cockpit.tools.body import COLOURS

ACRONYMS = {"FM", "AM", "DAB", "USB", "AUX", "CD", "C", "F"}
_SPOKEN = {"BEAM": "on", "UP": "to the windscreen", "MIDDLE": "to the body", "DOWN": "to the feet"}

_WORDS: dict[str, dict[str, str]] = {
    "climate.airflow": {
        r"feet|foot|floor|legs?|down": "DOWN",
        r"wind(screen|shield)|up\b|glass|head": "UP",
        r"face|body|middle|chest|me\b": "MIDDLE",
    },
    "light.ambient_colour": {**{rf"{colour}": colour for colour in reversed(COLOURS)}, "violet": "purple"},
    "light.headlights": {r"auto": "AUTO", r"position|\bside": "POSITION"},
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


_BRIGHTER = (
    (r"\b(?:less|too|not (?:so|that)) bright", Operation.DOWN),
    (r"\bbrighte[rn]", Operation.UP),
    (r"\b(?:dim|dark|soft)", Operation.DOWN),
)
_ON_OR_OFF = ((r"\b(?:off|out|kill|cut|douse)\b", Operation.OFF), (r"\bon\b", Operation.ON))
_ASKS_WHAT = re.compile(r"(?:what|which)(?:['’]s| is| are)\b(?! (?:about|with)\b)", re.IGNORECASE)
_ROLLED = re.compile(r"\b(?:roll|wind|crank|put|bring)\w*\b.*\b(up|down)\b", re.IGNORECASE)  # of a window that is no "up" of what opens
_OPENS, _SHUTS = (Operation.ON, Operation.MAX, Operation.UP), (Operation.OFF, Operation.MIN, Operation.DOWN)
_COOLS = re.compile(r"\b(?:cool\w*|a/?c|air ?con\w*|air conditioning|back|lie|lean|tilt)\b", re.IGNORECASE)
_JUST = (
    r"(?:(?:and|then|but|please|now|can you|could you|a bit|a little|much|make it|get it|have it|can you make it|could you make it)[ ,]+)*"
)
_DOORS = (  # who says "open" and "doors" never means the locks, unless who may open them is what is said
    r"^(?:(?:please|can you|could you|would you|now|and|also|just|i['’]d like you to|i want you to)[ ,]+)*"
    r"(?:(?:open|close|shut|swing|pop|pull)\b(?!.*\b(?:un)?lock)(?!.*\b(?:boot|trunk|tailgate|hatch|garage)\b).*\bdoors?\b|"
    r"keep (?:all |both )?(?:the |my )?doors? open\b|(?:(?:all|both|every) )?(?:the |my |our |rear |back |front |car )*doors? (?:open|shut|closed?)\b)"
)
# words that a meaning never holds, and the meaning that they have beside its own words
_RATHER: tuple[tuple[str, str, str], ...] = (
    ("drive.stop", r"^(?:is|are) there\b", "ask.what"),
    ("drive.stop", r"^(?:is|are|was|were|does|did)\b", "unclear"),
    ("drive.turn", r"\b(?:overtake|overtaking|undertake)\b", "drive.overtake"),
    ("drive.distance", r"^(?!.*\b(?:not|n['’]t|dont|too|so)\b).*\b(?:closer|nearer)\b", "unclear"),
    ("drive.speed", r"\b(?:m|met(?:re|er)s?)\b(?! (?:per|a) second)", "drive.distance"),
    ("drive.turn", r"^(?:please )?(?:stop|halt|pull (?:over|in|up))\b(?!.*\b(?:turn|exit|take))", "drive.stop"),
    ("window.position", r"\b(?:fog|steam|mist|frost|fr[eo]ez|icy|iced|condens)", "climate.front_defroster"),
    ("drive.overtake", r"\b(?:behind|following|follow|back)\b(?!.*\b(?:overtake|overtaking|pass|passing)\b)", "drive.distance"),
    (
        "window.lock",
        r"^(?:(?:please|can you|could you|now|and) )*(?:open|close|shut)\b(?!.*\b(?:lock\w*|switch\w*|buttons?|kids?|child\w*)\b)",
        "window.position",
    ),
    ("door.open", r"\b(?:un)?lock(?:s|ed|ing)?\b", "door.lock"),
    ("door.lock", _DOORS, "door.open"),
    ("climate.temperature", rf"^{_JUST}(?:heat|warm)(?: up)? (?:[\w'’]+ ){{0,3}}seats?\b", "seat.heating"),
    ("door.open", r"^(?:please )?(?:keep|leave) .*\bdoors? (?:closed|shut)\b", "door.lock"),
    ("media.volume", r"\b(?:call|microphone|mic)\b.*\bmute|\bmute .*\b(?:call|microphone|mic)\b", "phone.microphone"),
    ("phone.call", r"\bcall on mute\b", "phone.microphone"),
    (
        "media.volume",
        r"\b(?:turn|switch|shut) (?:off (?:the |my )?(?:music|radio|song)|(?:the |my )?(?:music|radio|song) off)\b",
        "media.playback",
    ),
    (
        "negated",
        r"\bnot\b.*\b(?:so|too|that) (?:close|closely|near|tight)|n['’]t .*\b(?:so|too|that) (?:close|closely|near|tight)",
        "drive.distance",
    ),
    ("boot.open", _DOORS, "door.open"),
    ("unclear", _DOORS, "door.open"),
    (
        "drive.go_on",
        r"\b(?:podcast|music|songs?|radio|audio ?book|playlist|album|films?|movie|video|news|track|playback)\b",
        "media.playback",
    ),
    ("phone.decline", r"\b(?:mute|muted|microphone|mic)\b", "phone.microphone"),
    ("phone.hang_up", r"\b(?:mute|muted|microphone|mic)\b", "phone.microphone"),
    (
        "drive.charger",
        r"^(?!.*\b(?:\w*charg\w*|stations?|plug\w*|power\w*|juice|electric\w*|energy|batter\w*|socket|current|top up|fast|range)\b)"
        r".*\b(?:find|look for|search for|where)\b.*\b(?:an?|some|the (?:nearest|next|closest))\b",
        "drive.go_to",
    ),
    ("phone.call", r"\b(?:messages?|texts?|e-?mails?|sms|write)\b", "chat"),
    ("seat.recline", r"^(?!.*(?:reclin|back ?rest|lean|seat|tilt|lie|flat|upright)).*\bdegrees?\b", "climate.temperature"),
)
# where two things to do are neighbours for the encoder, the words settle it; the first pattern that is found counts
_OPERATIONS: dict[str, tuple[tuple[str, Operation], ...]] = {
    "mirror.fold": ((r"\bunfold|\bout\b|\bopen|\bspread", Operation.OFF), (r"\bfold|\btuck|\bpull\b|\bdraw\b", Operation.ON)),
    "light.ambient_brightness": _BRIGHTER,
    "screen.brightness": _BRIGHTER,
    "light.dome": ((r"\b(?:it['’]?s|it is)\b.*\bdark", Operation.ON), *_ON_OR_OFF),
    "light.headlights": _ON_OR_OFF,
    "door.lock": (
        (r"\bunlock\b", Operation.OFF),
        (r"^(?:please )?(?:keep|leave) .*\b(?:closed|shut)\b", Operation.ON),
        (r"\block\b(?!.*\b(?:off|open|release)\b)", Operation.ON),
    ),
    "door.open": ((r"^(?!.*\b(?:close|shut)).*\bopen\b", Operation.ON), (r"^(?!.*\bopen).*\b(?:close|shut)\b", Operation.OFF)),
    "climate.temperature": (
        (rf"^{_JUST}(?:colder|cooler)\b", Operation.DOWN),
        (rf"^{_JUST}(?:warmer|hotter)\b(?! than)", Operation.UP),
    ),
    "seat.heating": ((rf"^{_JUST}(?:heat|warm)(?: up)? (?:[\w'’]+ ){{0,3}}seats?(?: please)?\W*$", Operation.ON),),
    "light.high_beam": ((r"\b(?:low beam|dip\w*|off|out|no more)\b", Operation.OFF), (r"\bon\b", Operation.ON)),
    "seat.recline": ((r"\bforwards?\b", Operation.DOWN),),
    "seat.cooling": ((r"\bcool(?: \w+){0,3} down\b", Operation.ON),),
}


def rather(meaning: str, text: str) -> str:
    """The meaning that a text has rather than `meaning`, where its words rule that out; else `meaning`."""
    return next((other for name, pattern, other in _RATHER if name == meaning and re.search(pattern, text, re.IGNORECASE)), meaning)


def operation_in(tool: str, text: str) -> Operation | None:
    """What is to be done with a tool, where words settle it; None where they don't, and in a question."""
    if re.match(r"(?:is|are|was|were|did|what|how)\b", text, re.IGNORECASE):
        return None
    return next((operation for pattern, operation in _OPERATIONS.get(tool, ()) if re.search(pattern, text, re.IGNORECASE)), None)


def way_of(tool: Tool, operation: Operation, text: str) -> Operation:
    """`operation` of a tool, or the opposite where the words say "up" and it is down; "up" closes windows and says nothing of what opens. Who
    asks what something is moves nothing."""
    if _ASKS_WHAT.match(text) and Operation.ASK in TAKES[tool.form]:
        return Operation.ASK
    if tool.name == "window.position" and (rolled := _ROLLED.search(text)) is not None and not re.search(r"\bopen\b", text, re.IGNORECASE):
        ways = (_OPENS, _SHUTS) if rolled[1].lower() == "up" else (_SHUTS, _OPENS)
        return dict(zip(*ways, strict=True)).get(operation, operation)
    if tool.states == ("open", "closed"):
        return _as_said(tool, operation, text)
    if tool.form is not Form.LEVEL or _COOLS.search(text):
        return operation
    up, down = re.search(r"\bup\b", text, re.IGNORECASE), re.search(r"\bdown\b", text, re.IGNORECASE)
    if operation is Operation.DOWN and up and not down:
        return Operation.UP
    return Operation.DOWN if operation is Operation.UP and down and not up else operation


def _as_said(tool: Tool, operation: Operation, text: str) -> Operation:
    """`operation` of what opens and closes, or the opposite where the words say the one and it is the other."""
    opens, shuts = re.search(r"\bopen\b", text, re.IGNORECASE), re.search(r"\b(?:close|shut)\b", text, re.IGNORECASE)
    if opens and not shuts and operation in (Operation.OFF, Operation.DOWN):
        return Operation.ON if operation is Operation.OFF or tool.form is not Form.LEVEL else Operation.UP
    if shuts and not opens and operation in _OPENS:
        return Operation.OFF if operation is not Operation.UP or tool.form is not Form.LEVEL else Operation.DOWN
    return operation


def spoken(choice: str) -> str:
    """A choice as one says it."""
    if choice in _SPOKEN:
        return _SPOKEN[choice]
    return choice if choice in ACRONYMS or not choice.isupper() else choice.replace("_", " ").lower()
