"""Times from now, and how long something shall last: "in ten seconds", "an hour and a half", "for two minutes". A time that is not understood to the last
word is none: "in a million minutes" is not one minute. What goes by the clock or lasts a while the car cannot watch, so it says so."""

import re

from caravela.cockpit.reading.numbers import numbers_in
from caravela.cockpit.tool import Form
from caravela.cockpit.tools import TOOLS

LONGEST = 24.0 * 60.0  # minutes that something may be put off by
ENDS = (
    "drive.gentle",
    "drive.brisk",
    "drive.frugal",
    "drive.careful",
    "drive.plain",
    "drive.speed",
    "drive.distance",
)  # driving that may end by itself
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?)"
_TIME = rf"(?:(?:(?!\b(?:in|for)\b)[\w\s.,'-]){{1,30}}?)?\b{_UNIT}\b(?:['’]? time)?(?: and a (?:half|quarter)\b)?"
FROM_NOW = re.compile(rf"\bin\s+(?P<time>{_TIME})[\s,]*|(?<![\w-])(?P<since>{_TIME}) from now\b[\s,]*", re.IGNORECASE)
_SECONDS, _HOURS = re.compile(r"\bsec", re.IGNORECASE), re.compile(r"\bhour", re.IGNORECASE)
_KNOWN = re.compile(
    r"(?:(?:in|about|around|exactly|roughly|say|just|another|the next) )*"
    rf"(?:(?P<part>half an?|half|(?:a |one )?quarter of an|three quarters of an)|(?P<couple>a couple of)|(?P<one>an?|one|the)|(?P<number>[\w.,]+(?:[ -][a-z]+)*?))"
    rf"(?P<half> and a half)? {_UNIT}(?P<more> and a (?:half|quarter))?(?:['’]? time)?(?: (?:from now|have passed|has passed|later))?",
    re.IGNORECASE,
)
_NUMERALS = set(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty
    fifty sixty seventy eighty ninety hundred and a""".split()
)
_CLOCK = re.compile(
    r"\b(?:at (?:about |around |exactly )?(?:(?:half past|quarter (?:past|to)|\w+ (?:past|to)) )?(?:\d{1,2}(?:[:.]\d{2})?|[a-z]+) ?(?:[ap]\.?m\b\.?|o['’]clock)"
    r"|at (?:half past|quarter (?:past|to)) \w+|at \d{1,2}:\d{2}|at (?:noon|midnight|dawn|dusk|sunset|sunrise)"
    r"|tomorrow(?: (?:morning|evening|night|afternoon|at noon))?|tonight|later(?: on)?|this (?:afternoon|evening|weekend)|next (?:week|month|\w+day)|on \w+day"
    r"|every (?:time|day|morning|evening|hour)\b|each time\b)",
    re.IGNORECASE,
)
_WHILE = re.compile(
    rf"\bfor (?:(?:about|around|just|only|exactly|another|the next|at least) )*(?!a (?:second|minute|sec|min)\b){_TIME}"
    r"|\b(?:until|till)\b(?! (?:\d+|\w+) percent)",
    re.IGNORECASE,
)


def minutes_in(text: str) -> float | None:
    """The minutes of a time from now; None for what is no time, is not in the future, or is more than a day away."""
    found = _KNOWN.fullmatch(text.strip(" ,.!?").replace("-", " ") if not re.search(r"-\d|\bminus\b", text) else "")
    if found is None:
        return None
    number = _number(found)
    if number is None:
        return None
    number += 0.5 if found["half"] or (found["more"] or "").endswith("half") else 0.25 if found["more"] else 0.0
    minutes = number / 60.0 if _SECONDS.search(text) else number * 60.0 if _HOURS.search(text) else number
    return minutes if 0.0 < minutes <= LONGEST else None


def by_the_clock(text: str) -> re.Match[str] | None:
    """A time of day, or a day, that a text opens or ends with."""
    return next((found for found in _CLOCK.finditer(text) if found.start() == 0 or not text[found.end() :].strip(" ,.!?")), None)


def lasts_a_while(clause: str) -> bool:
    """Shall something last, and end by itself: "for two minutes", "until we arrive"?"""
    return _WHILE.search(clause) is not None


def may_end(label: str) -> bool:
    """Is this a meaning of which a while says something that would be lost? A stop, a title or a question has none."""
    return label in ENDS or (
        label in TOOLS and TOOLS[label].form not in (Form.TEXT, Form.ACT) and not label.endswith((".arrival", ".level", ".range", "_left"))
    )


def _number(found: re.Match[str]) -> float | None:
    if found["part"]:
        part = found["part"].lower()
        return 0.75 if part.startswith("three") else 0.25 if "quarter" in part else 0.5
    if found["couple"]:
        return 2.0
    if found["one"]:
        return 1.0
    said = found["number"].lower()
    words = re.findall(r"[a-z]+", said)
    numbers = numbers_in(said)
    return numbers[0] if len(numbers) == 1 and set(words) <= _NUMERALS else None
