"""German and Chinese for what is said after a deed and is about it: "nein, links", "不，去火车站", "wieder zu". Each whole sentence of a small set has
its English words, which then meet what was done last as if they had been said (`reading.corrections`). To the reader, whose vectors hold
opposites for neighbours, they would be requests of their own."""

import re

from caravela.cockpit.languages.tongue import Tongue, found

_NO = {
    "german": re.compile(
        r"(?:(?:nein|nee|nicht doch|doch nicht|moment|ich mein(?:e|te)|entschuldigung|sorry|ach|äh|doch|lieber|besser)\b[\s,.!…]*)+",
        re.IGNORECASE,
    ),
    "chinese": re.compile(r"(?:(?:不对|不是|不|错了|等等|我是说|我说的是|还是|应该是)[，,。！\s]*)+"),
}
_DEED = r"(?:(?:und|jetzt|bitte|dann|mal|mach\w*|schalt\w*|stell\w*|das|es|sie|ihn) )*(?:wieder )?"
_AGAIN = {
    "german": (
        (rf"{_DEED}(?:zu|zumachen|schließen)", "close it again"),
        (rf"{_DEED}(?:auf|aufmachen|öffnen)", "open it again"),
        (rf"{_DEED}(?:aus|ausmachen|ausschalten)", "turn it off again"),
        (rf"{_DEED}(?:an|ein|anmachen|anschalten|einschalten)", "turn it on again"),
        (r"(?:noch )?ein (?:bisschen|wenig) (?:mehr |weiter )?auf", "open it a bit"),
    ),
    "chinese": (
        (r"(?:再|又|把它|给它)*(?:关上|合上)", "close it again"),
        (r"(?:再|又|把它|给它)*(?:关掉|关了|关闭)", "turn it off again"),
        (r"(?:再|又|把它|给它)+打开", "open it again"),
        (r"再开大?一?点", "open it a bit"),
    ),
}
_BACK = {
    "german": re.compile(
        r"(?:das reicht[\s,.]+)?(?:(?:mach|stell|setz)\w* (?:das|es) )?(?:bitte )?wieder zurück(?:stellen|setzen|drehen)?|"
        r"(?:mach|nimm)\w* (?:das|es) (?:wieder )?rückgängig|(?:bitte )?(?:wieder )?wie(?: es)? vorher(?: war)?",
        re.IGNORECASE,
    ),
    "chinese": re.compile(r"(?:改|调|变|恢复|换)回(?:去|来|原样)|恢复(?:原样|原来的样子)|还原|撤销|像刚才(?:那样)?"),
}
_SIDE = {
    "german": re.compile(
        r"(?:(?:nach|die|das|der|den|auf|zur|seite|bitte|erste|abbiegen)\s+)*(?:links|rechts|linke[nrs]?|rechte[nrs]?)(?:\s+(?:seite|ab|abbiegen))*"
    ),
    "chinese": re.compile(r"(?:往|向|是)?[左右](?:转|拐|边)?"),
}


def corrected(text: str, tongue: Tongue, *, place: str) -> str:
    """A sentence that corrects or repeats what was done last, in English; "" for any other. `place` is the known destination that it names."""
    said = _plain(text)
    if found(tongue.hazards, text) is not None:
        return ""
    opening = _NO[tongue.name].match(said)
    if opening is None:
        return next((english for pattern, english in _AGAIN[tongue.name] if re.fullmatch(pattern, said, re.IGNORECASE)), "")
    rest = _plain(said[opening.end() :])
    if _SIDE[tongue.name].fullmatch(rest.lower()):
        sides = [side for side, pattern in tongue.sides.items() if pattern.search(rest)]
        return f"no, {sides[0]}" if len(sides) == 1 else ""
    return f"no, to {place}" if place else ""


def puts_back(text: str, tongue: Tongue) -> bool:
    """Is what was done last to be as it was before?"""
    return _BACK[tongue.name].fullmatch(_plain(text)) is not None


def _plain(text: str) -> str:
    """Without what stands around a sentence, courtesies at its end included."""
    return re.sub(r"(?:[\s,，]*(?:bitte|吧|了|谢谢|一下))+$", "", text.strip(" ,.!?;，。！？；、")).strip()
