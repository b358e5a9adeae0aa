"""When something is to be done: "when it rains, close the windows and turn on the wipers". A condition is the shortest opening that is one, and holds
nothing that asks for a deed; it binds all that follows on it up to a full stop. A condition that the car cannot watch is told from none, so that nothing
is done now that was asked for later."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from caravela.cockpit.reading.clauses import ASKED, STOP, SURE_PIECE, THEN, WHEN
from caravela.cockpit.reading.intents import Condition, Unclear
from caravela.cockpit.reading.numbers import numbers_in
from caravela.cockpit.reading.times import FROM_NOW, by_the_clock, minutes_in

CONDITION = 0.3  # probability of all conditions together from which words are one
MOST_PLACES = 12  # where a condition without a verb behind it may end, that are looked at
LIKELY_BREAKS = 4  # of these, looked at twice
_POLITE = (
    r"(?:(?:please|then|just|also|now|and|but|so|okay|ok|hey car|hey|can you|could you|would you|will you|you|can we|could we|let['’]?s|"
    r"i want you to|i['’]d like you to|make sure(?: to)?)[ ,]+)*"
)
_VERBS = (
    r"(?:cap|charge|clear|cool|heat|light|limit|massage|warm)(?= (?:the|my|our|your|his|her|it|me|us|up|down|this|that|all|both|every|to)\b)|"
    r"activate|accelerate|adjust|answer|avoid|brighten|bring|call|cancel|change|close|crack|crank|cut|darken|deactivate|decline|decrease|"
    r"defog|defrost|demist|dial|dim|disable|drive|drop|enable|end|engage|find|fire|fold|follow|get|give|go|halt|hold|hurry|increase|keep|kill|leave|lift|"
    r"lock|lower|make|move|mute|navigate|open|overtake|park|pass|pause|phone|play|pop|pull|pump|push|put|raise|recline|reduce|release|"
    r"resume|ring|roll|secure|send|set|show|shut|silence|skip|slide|slow|speed|start|stay|stop|switch|take|tell|tilt|turn|unfold|unlatch|unlock|unmute|ventilate|"
    r"wind|wipe|don['’]?t|do not|never"
)
_ASKS = r"(?:please|can you|could you|would you|will you|i want you to|i['’]d like(?: you)?)"
_OPENER = re.compile(
    rf"(?<![\w'’])(?:{_ASKS} )?(?:{_VERBS})\b(?!['’])|(?<![\w'’])(?:please|can you|could you|would you|will you)\b", re.IGNORECASE
)
_OPENS = re.compile(rf"{_POLITE}(?:{_VERBS}|i want (?:the|my|our)|i['’]d like (?:the|my|our))\b(?!['’])", re.IGNORECASE)
# before a verb these say that it tells rather than asks ("when we stop"), or that it is no verb there ("the next stop", "it is clear")
_TELLS = set(
    """i we you they he she it who that which to will would can could may might must shall should do does did not 'll 'd and or a an the our my your his her
    their this these next last first every each full another some any no of at for with is are was were be been being 's 're 've has have had get gets got
    getting become becomes feels too so very comes there's""".split()
)
_FILLERS = re.compile(rf"{_POLITE.removesuffix('*')}*(?:please|then|also|now|and|but|so|okay|ok|hey car|hey)?[ ,]*", re.IGNORECASE)
_COURTESY = (
    r"(?:(?:if|when(?:ever)?|once|as soon as) (?:you (?:can|get (?:a|the) chance|have (?:a|the) (?:chance|moment|second)|"
    r"like|want|please|don['’]?t mind|wouldn['’]?t mind|may)|"
    r"(?:it['’]?s |it is |that['’]?s |that is )?(?:possible|safe|convenient|ok|okay|all right|alright|necessary)(?: to do so)?|there['’]?s a chance|i may)|"
    r"as soon as possible|asap)"
)
_COURTESIES = re.compile(rf"^{_COURTESY}\b[ ,]+(?=\S)|[ ,]+{_COURTESY}(?: please)?(?=\W*$)", re.IGNORECASE)
_PLEASE = re.compile(r"(?<=\w)\s*,\s*(?:please|thanks|thank you)\W*$", re.IGNORECASE)  # no request of its own
_STAYS_SO = re.compile(
    r"(?<=\w)\s*(?:,|\band\b)\s*(?:and )?(?:then )?(?:leave|keep) (?:it|them) (?:on|off|open|closed|shut|up|down|there|like that|that way)\W*$",
    re.IGNORECASE,
)  # says no more than what was said before it
_JOINED = re.compile(rf"(?:\s*,\s*(?:and|but)?|\s+(?:and|but))\s+(?={WHEN.pattern}|unless\b)", re.IGNORECASE)
_UNLESS = re.compile(r"\bunless\b\s+", re.IGNORECASE)
_OTHERWISE = re.compile(r"\b(?:otherwise|or else|if not)\b", re.IGNORECASE)
_NAMES = re.compile(r"\b(?:play|hear|put on|listen to|call|phone|dial|to|song|by|called)$", re.IGNORECASE)
_THERE = re.compile(r"\b(?:be|get(?: me| us)?) (?:there|home|back)\b|^back$|\barriv\w+$|\bfinished\b", re.IGNORECASE)
_TOLD = re.compile(r"(?:my|our|the|his|her|their|it|i|we|be|back)\b(?!.*\b(?:want|need|like|should|must|please)\b)", re.IGNORECASE)

HALF_FULL = 50.0  # percent; a battery that "hits" more is being charged
_CHARGED = re.compile(r"\b(?:above|over|more than|at least|charged|full|exceeds|passes)\b", re.IGNORECASE)
_RUNS_LOW = re.compile(r"\b(?:below|under|less|low|drops?|falls?|sinks?|down|goes under|beneath|left)\b", re.IGNORECASE)
_BATTERY = re.compile(r"\b(?:battery|charge|charged)\b", re.IGNORECASE)
_NEGATIVE = re.compile(r"(?<!\w)-\d|\bminus\b", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A request and what it waits for: "" for nothing. `watched`: it may be something that we can watch for."""

    request: str
    condition: str = ""
    watched: bool = True


Chance = Callable[[str], float]


def parts_of(sentence: str, *, is_condition: Chance, is_request: Chance) -> list[Part]:
    """The requests of a sentence, parted at "then", each with what it waits for. A condition that comes first binds all that follows."""
    found: list[Part] = []
    binding = Part("")
    for piece in (piece.strip(" ,.!?") for piece in THEN.split(_without_courtesies(sentence))):
        for words in _before_and_after(piece, is_condition) if piece else ():
            part, first = conditional(words, is_condition=is_condition, is_request=is_request)
            if first:
                binding = part
            elif binding.condition and not part.condition:
                part = Part(part.request, binding.condition, binding.watched)
            if part.request:
                found.append(part)
    return found


def conditional(text: str, *, is_condition: Chance, is_request: Chance) -> tuple[Part, bool]:
    """(the request of a clause with what it waits for, does that come first?)."""
    if (timed := _timed(text)) is not None:
        return timed
    found = WHEN.search(text) or _UNLESS.search(text)
    if found is None or ASKED.match(text, found.start()):
        return Part(text), False
    unless = found.re is _UNLESS
    if found.start() == 0 or _FILLERS.fullmatch(text[: found.start()]):
        condition, request = _split(text[found.end() :], is_condition, is_request)
        watched = not unless and _OTHERWISE.search(request) is None
        return Part(request, condition, watched), True
    condition, request = text[found.end() :].strip(" ,"), text[: found.start()].strip(" ,")
    if is_condition(condition) > CONDITION and not unless:
        asked = is_request(request) < SURE_PIECE < is_request(text)  # "do you know when we arrive"
        return (Part(text), False) if asked else (Part(request, condition), False)
    unknown = (
        not found[0].lower().startswith("after") and opens_a_request(request) and not _NAMES.search(request) and not STOP.match(request)
    )
    return (Part(request, condition, watched=False), False) if unknown else (Part(text), False)


def about_the_battery(text: str) -> str:
    """The kind of a condition that speaks of the battery in percent; "" for another: the words tell it apart from the rest."""
    return "battery_low" if _BATTERY.search(text) and re.search(r"\bpercent\b|%", text) else ""


def condition_of(kind: str, text: str) -> Condition | Unclear:
    """A condition with its number; `Unclear` where that is out of reach. Without its words "hits 90 percent" is a battery that runs low, which is so at once."""
    if kind == "minutes":
        minutes = minutes_in(text)
        return Unclear() if minutes is None else Condition(kind, minutes)
    if kind not in ("battery_low", "charged"):
        return Condition(kind)
    numbers = numbers_in(text)
    if len(numbers) > 1 or any(not 0.0 < number <= 100.0 for number in numbers) or _NEGATIVE.search(text):
        return Unclear()
    number = numbers[0] if numbers else None
    if number is not None and (_CHARGED.search(text) or (number > HALF_FULL and not _RUNS_LOW.search(text))):
        kind = "charged"
    return Condition(kind, number)


def opens_a_request(text: str) -> bool:
    """Does a text open with a verb that asks for a deed?"""
    return _OPENS.match(text) is not None


def _timed(text: str) -> tuple[Part, bool] | None:
    """A request that is to be done some time from now, or by the clock."""
    found = next((found for found in FROM_NOW.finditer(text) if found.start() == 0 or found.end() == len(text.rstrip(" .!?"))), None)
    if found is not None:
        request = (text[: found.start()] + text[found.end() :]).strip(" ,.!?")
        told = _TOLD.match(request) is not None or _THERE.search(request) is not None  # "my meeting starts in ten minutes"
        return None if told or not request else (Part(request, found["time"] or found["since"]), found.start() == 0)
    clock = by_the_clock(text)
    if clock is not None:
        request = (text[: clock.start()] + text[clock.end() :]).strip(" ,.!?")
        if opens_a_request(request):
            return Part(request, clock[0], watched=False), clock.start() == 0
    return None


def _split(rest: str, is_condition: Chance, is_request: Chance) -> tuple[str, str]:
    """(condition, request) of what follows on an opening "when"."""
    verbs = [found.start() for found in _OPENER.finditer(rest) if found.start() > 0 and not _tells(rest[: found.start()])]
    for at in verbs:
        if is_condition(rest[:at].strip(" ,")) > CONDITION:
            return rest[:at].strip(" ,"), rest[at:].strip(" ,")
    until = verbs[0] if verbs else len(rest)
    commas = [place.start() for place in re.finditer(r",\s+", rest)]
    if not verbs and not commas and is_condition(rest.strip(" ,")) > CONDITION and not _sure(rest, is_request):
        return rest.strip(" ,"), ""  # what is to be done is said in the next breath
    places = commas or [place.start() for place in re.finditer(r"\s+", rest[:until])] + [until] * bool(verbs)
    return _likeliest(rest, [at for at in places if 0 < at < len(rest)][:MOST_PLACES], is_condition, is_request)


def _likeliest(rest: str, places: list[int], is_condition: Chance, is_request: Chance) -> tuple[str, str]:
    """(condition, request) where no verb tells where one ends and the other begins."""
    likely = sorted(((is_condition(rest[:at].strip(" ,")), at) for at in places), key=lambda found: -found[0])[:LIKELY_BREAKS]
    if not likely:
        return "", rest
    surest, best = -1.0, likely[0][1]
    for chance, at in likely:
        if chance <= surest:
            break  # no request can make up for it: each is read by the encoder
        score = chance * is_request(rest[at:].strip(" ,"))
        surest, best = max((surest, best), (score, at), key=lambda found: found[0])
    return rest[:best].strip(" ,"), rest[best:].strip(" ,")


def _sure(rest: str, is_request: Chance) -> bool:
    return any(is_request(rest[found.end() :]) > SURE_PIECE for found in re.finditer(r"\s+", rest))


def _tells(before: str) -> bool:
    """Does what stands before a verb make it tell something, rather than ask for it?"""
    words = re.findall(r"['’]?\w+", before.lower().replace("’", "'"))
    comma = before.rstrip().endswith(",")
    return bool(words) and not comma and words[-1] in _TELLS


def _without_courtesies(text: str) -> str:
    return _STAYS_SO.sub("", _PLEASE.sub("", _COURTESIES.sub("", text.strip()))).strip()


def _before_and_after(piece: str, is_condition: Chance) -> list[str]:
    """A piece cut where "and when …" opens another request."""
    for joint in _JOINED.finditer(piece):
        opening = WHEN.match(piece, joint.end())
        rest = piece[opening.end() :] if opening is not None else ""
        for verb in _OPENER.finditer(rest):
            if verb.start() > 0 and not _tells(rest[: verb.start()]) and is_condition(rest[: verb.start()].strip(" ,")) > CONDITION:
                return [piece[: joint.start()].strip(" ,"), piece[joint.end() :]]
    return [piece]
