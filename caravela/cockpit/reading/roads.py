"""Which roads to take: "avoid the motorway", "no toll roads", "take the scenic route". The sat-nav knows turns, and motorways by how fast one may
drive on them; what else people wish of a way it is told, and nothing is done."""

import re

from caravela.cockpit.reading.intents import Beyond, DrivingWish, Intent
from caravela.core.request import KeepOffMotorways

_POLITE = (
    r"(?:(?:please|and|but|(?:can|could|would|will|shall) (?:you|we)|let['’]?s|let us|i['’]?d rather|i want(?: you)? to|i['’]d (?:like|prefer)(?: you)? to|"
    r"we should|any chance of|is it possible to|how about|what about|try to|just|today|go|drive)[ ,]+)*"
)
_LEAVE = (
    r"(?:avoid(?:ing)?(?: (?:taking|using))?|(?:stay|keep|steer)(?: (?:me|us))?(?: (?:away|clear))? (?:off|from|of|out of)(?: of)?|bypass|"
    r"(?:do not|don['’]?t|not|never|without) ?(?:want to )?(?:take|taking|use|using|go on|going on|drive on|go via|go over|go through)?|no(?: more)?|skip)"
)
_ANY = r"(?:the|any|all|every|that|those)? ?"
_MOTORWAY = rf"(?:{_ANY}(?:motorways?|highways?|freeways?|autobahn(?:en)?|expressways?|fast roads?))"
_OTHER = (
    rf"(?:{_ANY}(?:toll(?:s| roads?| bridges?)?|ferr(?:y|ies)|tunnels?|bridges?|roundabouts?|cobble(?:stone)?s?|"
    r"(?:dirt|gravel|country|back|narrow|mountain|busy) roads?|(?:city|town) cent(?:re|er)|downtown|"
    r"traffic(?: jams?)?|jams?|congestion|rush hour|road ?works?|construction|school(?: zone)?s?|hills?))"
)
_SUCH = (
    r"(?:more )?(?:scenic|pretty|prettier|nicer?|beautiful|coastal|fastest|faster|quickest|quicker|shortest|shorter|quieter|other|different|"
    r"alternative|greenest)"
)
_END = r"(?:[ ,]+(?:please|today|now|if you can|if possible|for now|this time|altogether|where possible|thanks))*"
_KEEPS_OFF = re.compile(rf"{_POLITE}{_LEAVE} {_MOTORWAY}{_END}", re.IGNORECASE)
_TAKES_AGAIN = re.compile(
    rf"{_POLITE}(?:{_MOTORWAY} (?:is|are) (?:fine|ok|okay|allowed|all right)(?: again| now)*|"
    rf"(?:you (?:can|may) )?(?:take|use) {_MOTORWAY} again){_END}",
    re.IGNORECASE,
)
_CANNOT = re.compile(
    rf"{_POLITE}(?:{_LEAVE} {_OTHER}|(?:is|isn['’]t) there (?:a|any|another|no) {_SUCH} (?:route|road|way)(?: there| home)?|"
    rf"(?:i (?:want|need|prefer) )?(?:(?:take|choose|use|find|give|show|prefer)(?: me| us)? )?(?:the|a|another|some) {_SUCH} (?:route|road|way)(?: there| home)?){_END}",
    re.IGNORECASE,
)


def about_roads(clause: str) -> Intent | None:
    """What a clause asks of the way, where that is all it asks; None for anything else, such as lights to be avoided."""
    clause = clause.strip(" .!?")
    if _KEEPS_OFF.fullmatch(clause):
        return DrivingWish(KeepOffMotorways())
    if _TAKES_AGAIN.fullmatch(clause):
        return DrivingWish(KeepOffMotorways(over=True))
    return Beyond("roads") if _CANNOT.fullmatch(clause) else None
