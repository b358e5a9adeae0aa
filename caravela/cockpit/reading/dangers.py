"""Requests that would hurt somebody, by their form: a window closed on a hand, a gap made smaller, a pass on the wrong side. To the head a smaller gap and a
larger one are neighbours. What is told of a sign or a message is no order either. A whole clause has to be one."""

import re

from caravela.cockpit.reading.intents import Hazard
from caravela.cockpit.reading.numbers import numbers_in

CLOSEST = 10.0  # m to a vehicle ahead, below which nobody is followed on request
_POLITE = (
    r"(?:(?:please|can you|could you|would you|will you|can we|could we|you (?:can|could|may|should)|let['’]?s|just|now|and|then|but|i want you to|i['’]d like you to|"
    r"hey car|okay|it['’]?s (?:fine|ok|okay) to)[ ,]+)*"
)
_END = r"(?:[ ,]+(?:please|now|here|again|a (?:bit|little)|up|if you can|thanks|for me))*\W*"
_AHEAD = r"(?:in front|ahead|lead|before)(?: of (?:us|me))?"
_VEHICLE = (
    r"(?:(?:him|her|them|that one|that guy|this guy|the guy)|(?:the|that|this) (?:\w+ )?(?:car|van|lorry|truck|bus|taxi|cab|vehicle|motorbike|one|"
    r"tractor|driver|bumper|traffic))"
    rf"(?: {_AHEAD})?"
)
_LIMB = r"(?:hands?|fingers?|arms?|heads?|hair|f(?:oo|ee)t|legs?|neck|face|paws?|tail|kids?|child|children|dog|cat|baby|somebody|someone|anybody|him|her|them|me|us|it)"
_SHUT = r"(?:close|shut|slam|raise|roll up|wind up|put up|lower|bring (?:up|down))"
_CLOSED_ON = re.compile(
    rf"{_POLITE}{_SHUT} .*\b(?:(?:on|over|onto) (?:(?:his|her|my|their|your|the|a|somebody['’]?s|someone['’]?s|that|\w+['’]s) )+(?:\w+ )?{_LIMB}\b"
    r"|(?:even (?:if|though)|although|while|with|despite)\b.*\b(?:hands?|fingers?|arms?|heads?|f(?:oo|ee)t|legs?|somebody|someone|anybody)\b).*",
    re.IGNORECASE,
)
_CLOSER = re.compile(
    rf"{_POLITE}(?:drive|get|go|move|stay|come|be|sit|keep|follow|stick)(?: (?:a (?:bit|little|lot)|much|right|even|really|very|up))* "
    rf"(?:closer|nearer|tighter)(?: (?:to|behind|up to|up behind) {_VEHICLE})?{_END}"
    rf"|{_POLITE}(?:follow|tailgate) {_VEHICLE}(?: (?:more|much|really|very|a (?:bit|little)))* (?:closely|closer|tightly){_END}"
    r"|(?:(?:a (?:bit|little)|much) )?(?:closer|nearer) (?:to|behind) "
    rf"{_VEHICLE}{_END}",
    re.IGNORECASE,
)
_SEAT = re.compile(r"\b(?:seat|chair|wheel|kerb|curb|side|left|right|lane|line|middle|centre|center|wall|edge)\b", re.IGNORECASE)
_SPACE = r"(?:following |safety )?(?:distance|gap|space|headway|clearance)"
_SMALLER = re.compile(
    rf"{_POLITE}(?:(?:reduce|decrease|shorten|close|shrink|cut|lower|narrow|lessen)(?: up)? (?:the|that|our|your) {_SPACE}|"
    rf"(?:make|keep|leave|have) (?:the|that|our|your) {_SPACE} (?:smaller|shorter|narrower|tighter|less)|"
    rf"(?:(?:keep|leave|have|with) )?(?:less|a (?:smaller|shorter|tighter)|smaller|shorter) {_SPACE})"
    rf"(?: (?:to|from|between us and|behind) {_VEHICLE}| in front| ahead)?{_END}",
    re.IGNORECASE,
)
_METRES = re.compile(
    rf"{_POLITE}(?:(?:keep|leave|hold|make it|have) (?:a |the )?(?:{_SPACE} (?:of|at) )?|(?:stay|drive|follow|keep) )(?:only |just |about )?"
    rf"(?P<number>[\w.,]+(?: and a half)?) (?:m|met(?:re|er)s?)(?: {_SPACE})?(?: (?:behind|from|to|off|away from) {_VEHICLE})?{_END}",
    re.IGNORECASE,
)
_PASS_ON = re.compile(
    rf"{_POLITE}(?:overtake|pass|undertake|go past|get past|get by)(?: (?:it|everybody|everyone|{_VEHICLE}|"
    r"(?:that|the|this) (?:\w+ )?(?:cyclist|bike|bicycle|queue|convoy|guy|caravan)))?"
    rf" on the (?P<side>left|right)(?:[- ]hand)?(?: side)?{_END}",
    re.IGNORECASE,
)
_BULLIES = re.compile(rf"{_POLITE}(?:tailgate|ram|bump|shove|nudge|scare|frighten|hassle)(?: into)? {_VEHICLE}\b.*", re.IGNORECASE)
_WARNINGS = re.compile(
    rf"{_POLITE}(?:(?:turn|switch|shut) off|mute|silence|disable|deactivate|kill|stop|get rid of|no more) (?:all )?(?:(?:the|your|these|those|my) )?(?:all )?"
    rf"(?:(?:lane|collision|seat ?belt|belt|speed|distance|safety|driver|attention) )*(?:warnings|warning (?:sounds?|chimes?|tones?)|alarms|alerts|chimes){_END}",
    re.IGNORECASE,
)
_AT_A_SIDE = re.compile(
    rf"(?P<what>{_POLITE}(?:open|{_SHUT}|roll down|wind down) (?:the|my|our) (?:\w+ )?(?:windows?|blinds?|shades?|doors?)) "
    rf"(?:on|at) (?:his|her|my|your|the \w+(?:['’]s)?) side(?: of the car)?{_END}",
    re.IGNORECASE,
)
_STAYS = re.compile(
    rf"{_POLITE}(?:stay|keep|remain)(?: (?:well|further|farther|a (?:bit|little)|more))* (?:behind|back from|away from) {_VEHICLE}{_END}",
    re.IGNORECASE,
)
_WILD = re.compile(
    rf"{_POLITE}drive (?:like|as if) (?:an? )?(?:\w+ )?(?:maniac|madman|lunatic|idiot|crazy|mad|hell|devil|you stole it|(?:in )?(?:the )?movies|rac(?:ing|e) driver|"
    r"a rally driver|rally driver|there['’]?s no tomorrow|you(?:['’]re| are) (?:mad|crazy|drunk)|(?:rule|law|traffic) \w+)\b.*"
    rf"|{_POLITE}(?:floor|gun|punch|rev) it{_END}|{_POLITE}full throttle{_END}",
    re.IGNORECASE,
)
_NUMERAL = r"(?:\d+|five|ten|fifteen|twenty|thirty|forty|fifty|a (?:bit|little|few)|a tad|slightly|well|way|just)"
_OVER = re.compile(
    rf"{_POLITE}(?:(?:go|drive|do|be)(?: at)? )?(?:about |around |maybe )?{_NUMERAL}(?: ?(?:km/?h|kph|mph|k|kilomet\w+))? (?:over|above)(?: the (?:speed )?limit)?"
    r"(?: (?:is|would be|will be|should be)(?: (?:absolutely|totally))? (?:fine|ok|okay|all right|alright|enough|no problem|allowed|good))?"
    rf"{_END}",
    re.IGNORECASE,
)
_WATER = r"(?:lakes?|rivers?|sea|ocean|water|canals?|ponds?)"
_NO_ROAD = (
    rf"(?:{_WATER}|cliffs?|walls?|building|trees?|hedge|ditch|fields?|gardens?|lawn|grass|shop window|crowd|queue|people|pedestrians?|pavement|sidewalk|footpath|"
    r"cycle (?:path|lane|track)|bike lane|kerb|curb|railings?|barriers?|fence|guard ?rail|lamp ?post|oncoming (?:traffic|cars?|lane))"
)
_OFF_ROAD = re.compile(
    rf"{_POLITE}(?:turn|drive|go|steer|swerve|head|veer|race|crash|speed|plough)(?: (?:us|me|straight|right|left|directly|hard))* "
    rf"(?:into|through|onto|off|over|across|against) (?:the |a |an |that |this |those |these |some )?(?:\w+ )?{_NO_ROAD}{_END}"
    rf"|{_POLITE}(?:drive|go|steer) (?:in|on) (?:the |a )?(?:pavement|sidewalk|footpath|grass|lawn|cycle (?:path|lane|track)|bike lane|oncoming lane){_END}",
    re.IGNORECASE,
)
_CROSSES = re.compile(
    rf"\b(?:over|across) (?:the |a |that |this )?(?:\w+ )?{_WATER}\b|\bthrough (?:the |a )?(?:fields?|gardens?)\b", re.IGNORECASE
)  # by a road
_REPORTS = re.compile(
    r"(?!.*\b(?:play|hear|listen|sing|send|write|answer|reply)\b)(?:.*\b)?(?:texts?|messages?|sms|e-?mails?|notes?|signs?|stickers?|posters?|billboards?|letters?|lyrics|adverts?|whatsapp|screens?|"
    r"cards?|posts?|tweets?)\b.*\b(?:reads?|says?|said|tells?|told|orders?|goes)\b.*Q\dX.*",
    re.IGNORECASE,
)


def without_its_side(clause: str) -> str:
    """A clause about the window on somebody's side without that side: to the head it is a neighbour of the one on a hand; "" for another."""
    found = _AT_A_SIDE.fullmatch(clause.strip())
    return "" if found is None else found["what"]


def passes(clause: str) -> bool:
    """Is it asked to pass on a side that is named?"""
    return _PASS_ON.fullmatch(clause.strip()) is not None


def stays_back(clause: str) -> bool:
    """Is it asked to stay behind a vehicle, or some metres from it, and nothing besides?"""
    metres = _METRES.fullmatch(clause.strip())
    return _STAYS.fullmatch(clause.strip()) is not None or (
        metres is not None and max(numbers_in(metres["number"]), default=0.0) >= CLOSEST
    )


def danger_in(clause: str, *, lefthand: bool = False) -> Hazard | None:
    """The hazard that a whole clause asks for; None for anything else. `lefthand`: traffic keeps left, and is passed on the right."""
    clause = clause.strip()
    if _CLOSED_ON.fullmatch(clause) or _SMALLER.fullmatch(clause) or _BULLIES.fullmatch(clause):
        return Hazard.HARM
    if _OFF_ROAD.fullmatch(clause) and not _CROSSES.search(clause):
        return Hazard.WRONG_WAY
    if _CLOSER.fullmatch(clause) and not _SEAT.search(clause):
        return Hazard.HARM
    if (metres := _METRES.fullmatch(clause)) is not None and (numbers := numbers_in(metres["number"])) and numbers[0] < CLOSEST:
        return Hazard.HARM
    if (passing := _PASS_ON.fullmatch(clause)) is not None and (passing["side"].lower() == "right") != lefthand:
        return Hazard.WRONG_WAY
    if _WILD.fullmatch(clause) or _OVER.fullmatch(clause):
        return Hazard.SPEEDING
    if _WARNINGS.fullmatch(clause):
        return Hazard.SAFETY_OFF
    return Hazard.REPORT if _REPORTS.fullmatch(clause) else None
