"""Who leaves, who wants out, and who is back in a moment. "I'm off" and "off we go" are neighbours to the head, and one of them sets a car in motion: what a
person says of going away is nothing to be done, and who wants out is let out by a stop. A whole clause has to be one."""

import re

from caravela.core.request import START

_END = r"(?:[ ,]+(?:please|now|here|then|already|right (?:here|now)|at once|soon|again|guys|everyone|everybody|thanks|bye|quickly|for (?:a|one) \w+))*\W*"
_OPEN = r"(?:(?:okay|ok|well|right|so|and|sorry|please|oh|now|alright|all right|hey|can you|could you|would you)[ ,]+)*"
_WANTS = (
    r"(?:(?:i|we)(?:['’]d| would)? (?:want|need|have|like|love|ought|wish|must|would like)(?: to)?|(?:i|we) (?:gotta|wanna|must|should|will)|(?:i|we)['’]ll|"
    r"can (?:i|we)|let (?:me|us)|let['’]?s)"
)
_OUT = re.compile(
    rf"{_OPEN}(?:{_WANTS} (?:(?:get|step|climb|jump|hop) )?(?:off|out)(?: of (?:the|this) car| of here)?|let (?:me|us|him|her|them)(?: get)? (?:off|out)"
    rf"|let (?:the|my|our) (?:\w+ )?\w+ (?:get )?out|drop (?:me|us|him|her|them)(?: off)?(?: (?:at|by|in front of|near) .*)?|(?:i|we) get (?:off|out)){_END}",
    re.IGNORECASE,
)
_WAITS = re.compile(rf"{_OPEN}(?:wait|stay|remain) (?:right )?(?:here|there|for (?:me|us))(?: for (?:me|us|a \w+))?{_END}", re.IGNORECASE)
_GOES = r"(?:go(?: now)?|leave|run|dash|be off|head off|be going|get going|be on my way|rush)"
_LEAVES = re.compile(
    rf"{_OPEN}(?:(?:i|we)(?:['’]m| am|['’]re| are) (?:off|going|leaving|gone|out of here|out)|off i go|"
    rf"get off|(?:(?:i|we)(?:['’]ve| have)? )?(?:got to|gotta|must|have to|need to|should|better|had better) "
    rf"{_GOES}|(?:it['’]?s |it is )?time (?:to|for (?:me|us) to) {_GOES}|i(?:['’]ll| will) (?:go|leave|head off)|"
    rf"(?:see you|see ya|bye|goodbye)(?: (?:later|soon|then|bye))*){_END}",
    re.IGNORECASE,
)
_SOON = (
    r"(?:in (?:a|an|one|two|three|five|ten|\d+|a couple of|a few|half an) (?:minutes?|mins?|sec(?:ond)?s?|moments?|bit|hours?|tick|jiffy|while)|"
    r"soon|shortly|later|right away)"
)
_BACK = re.compile(
    rf"{_OPEN}(?:(?:(?:i|we)(?:['’]ll| will|['’]m| am|['’]re| are)|(?:he|she|they)(?:['’]ll| will)) )?(?:be )?(?:right |just )?back(?: {_SOON})?{_END}"
    r"|(?:just )?(?:a|one) (?:sec|second|moment|minute|tick)(?: please)?\W*|(?:hang|hold) on(?: (?:a|one|just a) (?:sec|second|moment|minute|tick|bit))(?: please)?\W*"
    r"|(?:give me|wait) (?:a|one|just a) (?:sec|second|moment|minute|tick)(?: please)?\W*",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:(?:okay|ok|alright|all right|right|well|now|please|so)[ ,]+)*(?:let['’]?s (?:go|drive on)|off we go|drive on|(?:carry on|continue|keep) driving|"
    r"you (?:can|may) (?:drive|go) on)(?: (?:now|again|please|then))*\W*",
    re.IGNORECASE,
)
_GOES_TO = re.compile(
    rf"{_OPEN}(?:(?:i|we)(?:['’]m| am|['’]re| are) going|(?:it['’]?s )?time (?:for (?:me|us) )?to (?:go|get|drive)|"
    r"(?:i|we) (?:must|should|have to|need to|gotta|want to|got to) (?:go|get|drive))"
    rf" (?:to )?(?P<place>home|work|"
    rf"(?:the|my|our) (?!(?:toilet|loo|bathroom|restroom|back|left|right|next|other|front)\b)[\w'’]+(?: [\w'’]+)?)(?: now| please| then)*\W*",
    re.IGNORECASE,
)
_FROM = r"where (?:we|i) (?:started|began|set off|came from|left from|got in)"
_BACK_TO_THE_START = re.compile(
    rf"{_OPEN}(?:(?:please|will you|(?:i|we)(?: (?:want|would like)|['’]d like)(?: you)? to|let['’]?s)[ ,]+)*"
    rf"(?:(?:take|bring|drive|get) (?:me|us) (?:right |straight )?back(?: to (?:{_FROM}|the start(?:ing point)?))?|take (?:me|us) to {_FROM}|"
    rf"(?:can we )?(?:go|drive|head|return)(?: right| straight)?(?: back)? to {_FROM})"
    r"(?: (?:again|now|please|then))*\W*"
    rf"|{_OPEN}(?:(?:please|can we|could you|can you|let['’]?s|i (?:want|would like) to|i['’]d like to)[ ,]+)*(?:go|drive|head) back(?: (?:again|now|please|then))*\W*",
    re.IGNORECASE,
)
_EVENTS = (
    r"(?:work|school|dinner|lunch|breakfast|church|(?:(?:the|my|our|her|his|a|an) )?(?:train|bus|plane|flight|ferry|meeting|appointment|interview|exam|test|show|film|"
    r"movie|concert|play|party|wedding|funeral|class|lesson|lecture|game|match|doctor|dentist|shift|date))"
)
_HURRIES = re.compile(  # the whole of it: what follows on "so" or "please" is read for itself
    rf"{_OPEN}(?:i|we)(?:['’]m| am|['’]re| are| will be| shall be|['’]ll be)(?: (?:a (?:bit|little)|very|really|so|terribly|already|running|getting|"
    rf"going to be|gonna be))* (?:late(?: for {_EVENTS})?|in a (?:(?:terrible|great|bit of a|real) )?(?:hurry|rush)|short of time|pressed for time|"
    r"out of time|behind schedule)(?: (?:already|again|today|now))*\W*",
    re.IGNORECASE,
)
_PUT_BACK = re.compile(r"(?:put |bring |move |turn )?back\W*", re.IGNORECASE)


def wants_out(clause: str) -> bool:
    """Does somebody want to get out, or the car to wait where it is?"""
    return _OUT.fullmatch(clause) is not None or _WAITS.fullmatch(clause) is not None


def goes_on(clause: str) -> bool:
    """Is this one of the few plain ways to say that the drive may go on?"""
    return _GOES_ON.fullmatch(clause) is not None


def place_to_go_to(clause: str) -> str:
    """Where somebody says that they go: "I'm going home" is a wish, and no leave-taking, and so is "take me back"; "" for anything else."""
    if _BACK_TO_THE_START.fullmatch(clause):
        return START
    found = _GOES_TO.fullmatch(clause)
    return "" if found is None else found["place"]


def hurries(clause: str) -> bool:
    """Does somebody say that they are late, and nothing besides?"""
    return _HURRIES.fullmatch(clause) is not None


def goes_away(clause: str) -> bool:
    """Does somebody say that they go, or that it is time to? After a stop that may be either: out of the car, or on with it."""
    return _LEAVES.fullmatch(clause) is not None


def takes_leave(clause: str) -> bool:
    """Does somebody say that they go away, or will be back? Nothing is to be done."""
    return goes_away(clause) or (_BACK.fullmatch(clause) is not None and _PUT_BACK.fullmatch(clause) is None)
