"""What people ask of cars and this one has not got: to the head every request is of one of our tools, so that the bass would be the volume. A
word that names such a thing settles that nothing of ours is meant."""

import re

_LACKS: tuple[tuple[str, str], ...] = (
    (r"^(?:(?:please|can you|could you|would you|let['’]?s|we need to|we should)[ ,]+)*(?:add|insert|plan|schedule|include|put in|squeeze in|fit in) "
     r"(?:an?|one|another|one more|an extra) (?:\w+ )?(?:stop|stopover|detour|waypoint|break)\b(?!.*\bcharg)", "stopover"),
    (r"\b(?:bass|treble|trebles|equali[sz]er|subwoofer|woofer|fader)\b|\b(?:balance|fade)\b.*\b(?:sound|music|speakers?|audio)\b|\bsurround\b", "tone"),
    (r"\bshuffle\b|\b(?:on|in a) (?:repeat|loop)\b|\brepeat (?:this|that|the current)\b|\bloop (?:this|the|my)\b", "order"),
    (r"\b(?:fast[ -]?forward|(?:skip|go|rewind) (?:ahead|forward|back)?(?: by)? ?\S+ seconds|karaoke|show the lyrics)\b", "order"),
    (r"\b(?:washers?(?! fluid)|screen ?wash)\b|\b(?:wash|spray|squirt|rinse)\b.*\b(?:windscreen|windshield|window|glass|mirrors?|camera)s?\b", "washer"),
    (r"\b(?:scent|fragrance|perfume|air freshener|ioni[sz]er|air purifier)\b", "scent"),
    (r"\b(?:open|close|shut|lock|unlock|pop)\b.*\bglove ?(?:box|compartment)\b(?!.*\b(?:light|lamp)\b)", "glove_box"),
    (r"\b(?:honk|hoot|beep|toot)\b|\b(?:sound|blow|use|hit) (?:the|your) horn\b", "horn"),
    (r"^(?:(?:please|can you|could you|now) )*(?:take over|hand over|give me (?:back )?control|give me the wheel)(?: (?:please|now|again))*[.!?]*$", "wheel"),
    (r"\b(?:i|let me)\b.*\b(?:drive (?:it )?(?:myself|now)|take over|(?:have|take) (?:the wheel|control))\b|^let me drive\b", "wheel"),
    (r"\bu[- ]?turn\b|\bturn (?:the car )?(?:a?round|back)(?: here)?\b(?!.*\b(?:seat|screen|knob)\b)", "turning_round"),
    (r"\bgarage\b.*\b(?:door|open|close|shut)\b|\b(?:open|close|shut)\b.*\bgarage\b", "house"),
    (r"\b(?:open|close|shut|lock|turn|switch)\b.*\b(?:at home|in the (?:kitchen|living room|bedroom|house))\b", "house"),
    (r"\b(?:un)?lock\b.*\b(?:phone|mobile|tablet|laptop|computer|house|flat|front door|office)\b", "house"),
    (r"\b(?:seat|my) memory\b|\bmy (?:usual |saved )?(?:profile|preset)s?\b|\bsave (?:this|my|the) (?:seat|position|setting)", "memory"),
    (r"\b(?:set|make|add|create|put|what|when|cancel)\b.*\b(?:alarm|reminder|timer|appointment|calendar)\b|\b(?:remind|wake) (?:me|us)\b", "calendar"),
    (r"\b(?:send|write)\b.*\b(?:message|text|e-?mail|sms|note)s?\b|\bread (?:me|out|my|the (?:new|latest|last))\b.*\b(?:message|text|e-?mail|sms)s?\b", "messages"),
    (r"^(?:please |can you |could you )?text (?:my )?[A-Za-z]+ (?:that|and|to|about)\b", "messages"),
)  # fmt: skip

_TURNS_ROUND = re.compile(
    r"(?:(?:please|can you|could you|now|just)[ ,]+)*(?:(?:make|do|take) a u[- ]?turn|u[- ]?turn|turn (?:the car )?(?:a?round)|"
    r"(?:reverse|back up|drive backwards|go (?:into reverse|backwards)))(?: a (?:bit|little))?"
    r"(?: (?:here|there|now|please|when you can))*\W*",
    re.IGNORECASE,
)


_CIRCLES = re.compile(
    r"(?:(?:please|can you|could you|would you|let['’]?s|now|just)[ ,]+)*(?:go|drive)(?: (?:once|twice|again))? "
    r"a?round the block(?: (?:once|twice|again|please|now))*\W*",
    re.IGNORECASE,
)


def circles(clause: str) -> bool:
    """Is it asked to go round the block, and nothing besides?"""
    return _CIRCLES.fullmatch(clause.strip()) is not None


def turns_round(clause: str) -> bool:
    """Is it asked to turn round, and nothing besides that would make it a danger?"""
    return _TURNS_ROUND.fullmatch(clause.strip()) is not None


def lacked(clause: str) -> str | None:
    """What a clause asks for that there is none of, by its name in `sentences.BEYOND`; None where there is nothing such."""
    return next((name for pattern, name in _LACKS if re.search(pattern, clause, re.IGNORECASE)), None)
