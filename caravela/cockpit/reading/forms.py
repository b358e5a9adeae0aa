"""Words that turn the sense of a sentence, whatever else is in it: what forbids, what leaves something out, what only asks."""

import re

NAMES_A_STOP = re.compile(r"\b(?:stop\w*|halt\w*|brak\w+|park\w*|pull\w*)\b", re.IGNORECASE)
HAPPENED = re.compile(r"\s*(?:did|have|has|had|was|were)\b", re.IGNORECASE)  # what happened, and for nothing to be done
CONTRARY = re.compile(r"\b(?:no|not|never|nobody|nothing|cancel\w*|without)\b|n['’]t\b", re.IGNORECASE)
NOT_SO = re.compile(
    r"(?:but |and |please )*not (?:so|that|quite so|too) (?:hot|warm|loud|bright|strong|high|much)(?: please)?\W*", re.IGNORECASE
)
ALL_BUT = re.compile(r"\beverything (?:but|except|apart from|other than)\b", re.IGNORECASE)
NOT_BUT = re.compile(
    r"(?P<not>(?:please )?(?:don['’]?t|do not|never) [^,]+?)(?:,(?: but| just| instead)?| but| instead)\s+(?P<but>[^,]+)", re.IGNORECASE
)
BUT_NOT = re.compile(
    r"(?P<do>(?!not\b|don).+?)(?:,\s*|\s+)(?:but|and|just|only)? ?(?P<not>not (?:the|my|our|his|her) [\w ]+)", re.IGNORECASE
)
AT_A_SPEED = re.compile(r"\b(?:drive|go|do|travel|cruise)\b", re.IGNORECASE)  # who says so and a number means a speed
IN_THE_CABIN = re.compile(r"\b(?:sides?|seats?|zones?|passenger|in the (?:back|front|rear))\b", re.IGNORECASE)  # no speed is set there
_THE_TIME = re.compile(
    r"\W*(?:what['’]?s the time|what time (?:is|was) it|(?:do you know|can you tell me) what time it is|how late is it)(?: now| please)?\W*",
    re.IGNORECASE,
)


def asks_the_time(text: str) -> bool:
    """Does this ask what time it is? Nobody who does is in a hurry for that alone."""
    return _THE_TIME.fullmatch(text) is not None
