"""Places in the car, as people name them: by zone ("rear left"), which the head tells, or by words that name one for sure."""

import re

from caravela.cockpit.reading.numbers import numbers_in
from caravela.cockpit.tool import FRONT, REAR, SEATS, Place

_ALONE = [  # of "the passenger's too", which has no noun that a place belongs to
    (re.compile(pattern, re.IGNORECASE), zone)
    for pattern, zone in (
        (r"passenger", "passenger"),
        (r"driver", "driver"),
        (r"every|all\b", "all"),
        (r"rear|back", "rear"),
        (r"\bfront\b", "front"),
        (r"\bright", "right"),
        (r"\bleft", "left"),
        (r"\b(?:his|hers|her|him|my (?:wife|husband|partner|girlfriend|boyfriend))\b", "across"),
        (r"\b(?:me|my|mine)\b", "speaker"),
    )
]
_BACK = r"(?:\b(?:in|at|for) the (?:back|rear)\b|\bback here\b|\b(?:back|rear) (?:seats?|windows?|doors?|row|bench|passengers?)\b)"
_NAMED = [  # where the head hears no place
    (re.compile(pattern, re.IGNORECASE), zone)
    for pattern, zone in (
        (rf"{_BACK}.*\bleft\b|\bleft\b.*{_BACK}", "rear_left"),
        (rf"{_BACK}.*\bright\b|\bright\b.*{_BACK}", "rear_right"),
        (_BACK, "rear"),
        (r"\b(?:on|for) my side\b", "speaker"),
        (r"\b(?:on|at) (?:his|her) side\b", "across"),
        (r"\b(?:in|at) the front\b|\bfront (?:seats|windows)\b", "front"),
        (r"\bpassenger['’]?s\b|\b(?:front )?passenger (?:side|seat|window|door|mirror|headrest|backrest)\b", "passenger"),
        (r"\bboth (?:the |our )?(?:windows|seats|backrests|headrests)\b", "front"),
        (r"\bdriver['’]s\b|\bdriver (?:side|seat|window|door|mirror|headrest|backrest)\b", "driver"),
    )
]
ACROSS = {
    Place.DRIVER: Place.PASSENGER,
    Place.PASSENGER: Place.DRIVER,
    Place.REAR_DRIVER: Place.REAR_PASSENGER,
    Place.REAR_PASSENGER: Place.REAR_DRIVER,
}
OTHER = re.compile(
    r"(?<!\bevery )(?<!\beach )\bothers?\b(?! than\b)", re.IGNORECASE
)  # "and the other one": seen from what was meant before
PLURAL = re.compile(r"\b(?:windows|seats|backrests|headrests|(?:reading|map) l(?:ights|amps)|blinds|shades|heaters|doors)\b", re.IGNORECASE)

_BUT = re.compile(
    r"\b(?:all|every|the|\w+s)\b.*\b(?:except|but|apart from|other than)(?: for)? ((?:my|mine|his|hers|(?:the )?(?:driver|passenger|rear|back|front|left|right))\b.*)",
    re.IGNORECASE,
)


# "22 for me and 24 for her": beside somebody else, "for me" is a place and no courtesy
_FOR_ME = re.compile(r"\bfor me\b(?=.*\bfor (?:her|him|my \w+|the \w+|everybody|everyone)\b)|(?<=\bfor her\b)(.*)\bfor me\b", re.IGNORECASE)
_ALL_CLOSED = re.compile(
    r"\b(?:close|shut) (?:everything|it all|all of (?:it|them))(?: up)?(?! (?:but|except|apart|other)\b)", re.IGNORECASE
)
# "but not mine", of which the head makes a no
_NOT_MINE = re.compile(
    r"(?:,\s*|\s+)(?:(?:but|and|just) )?not (?=(?:mine|my|his|hers|that of|the (?:driver|passenger|rear|back|front|left|right)\b|(?:rear|back|front) ))",
    re.IGNORECASE,
)


_LEVEL_FOR = re.compile(
    r"(?:(?:and|set|put|make|but|please)[ ,]+)*(?:(?P<who>my (?:side|seat)|mine|hers|his(?: side)?|her side|"
    r"(?:the )?(?:front )?(?:passenger|driver)(?:['’]s)?(?: side)?)(?: (?:to|at|on))? )?"
    r"[\w.,]+(?: and a half)?(?: degrees)?(?: (?P<whose>for (?:me|her|him|my \w+|(?:the )?(?:passenger|driver))|on (?:my|his|her) side))?",
    re.IGNORECASE,
)


def level_for(clause: str) -> str:
    """The zone of "mine to 22" or "24 for her", which is all that a clause says; "" for anything else."""
    found = _LEVEL_FOR.fullmatch(clause.strip(" ,.!"))
    whose = "" if found is None else found["who"] or found["whose"] or ""
    return zone_alone(whose) if whose and len(numbers_in(clause)) == 1 else ""


def others(before: tuple[Place, ...]) -> tuple[Place, ...]:
    """The other one of the same row, or the other row; none where no other is meant beyond doubt."""
    if len(before) == 1:
        return (ACROSS[before[0]],)
    return REAR if set(before) == set(FRONT) else FRONT if set(before) == set(REAR) else ()


def zone_alone(text: str) -> str:
    """The zone that a few words name by themselves; "" where they name none."""
    return next((zone for pattern, zone in _ALONE if pattern.search(text)), "")


def zone_named(text: str) -> str:
    """The zone that a request names beyond doubt; "" where it names none."""
    return next((zone for pattern, zone in _NAMED if pattern.search(text)), "")


def left_out(text: str) -> str:
    """The zone that a request leaves out: "all the windows but mine"; "" where it leaves out none that it names."""
    found = _BUT.search(text)
    return "" if found is None else zone_alone(found[1])


def shared_out(text: str) -> str:
    """A request with its places put so that each stands by itself: "for me" beside "for her", "but not mine", and what "everything"
    is that can be closed."""
    text = _ALL_CLOSED.sub("close all the windows and the sunroof", text)
    return _NOT_MINE.sub(" but ", _FOR_ME.sub(lambda found: f"{found[1] or ''}on my side", text))


def places_of(zone: str, seat: Place, lefthand: bool) -> tuple[Place, ...]:
    """The places that a zone names, in a car whose driver sits left unless traffic keeps left."""
    left = 1 if lefthand else 0
    named = {
        "rear": REAR,
        "front": FRONT,
        "all": SEATS,
        "left": (FRONT[left],),
        "right": (FRONT[1 - left],),
        "rear_left": (REAR[left],),
        "rear_right": (REAR[1 - left],),
    }
    if zone in ("speaker", "across"):
        return (seat if zone == "speaker" else ACROSS[seat],)
    if zone in named:
        return named[zone]
    return (Place(zone),) if zone in set(Place) else ()
