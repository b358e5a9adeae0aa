"""Sentences whose form says what they are, where to the head their words say something else: a side in a question is no wish to turn, who
asks that one brake less hard does not ask that one brake less, and who gives a reason for a request asks for one thing."""

import re

_WHAT_SIDE = re.compile(
    r"(?:what|who|(?:is there )?any(?:thing|body|one))\b(?: is|'s|’s| was| are| do you see| can you see)?[^,;]*\b(?:left|right)\b\W*",
    re.IGNORECASE,
)
_LIGHT = re.compile(r"(?:is|are|was|were) (?:the|that|this|our) (?:traffic )?lights?\b.*\b(?:red|green|yellow|amber)\W*", re.IGNORECASE)
_WHO_DRIVES = re.compile(r"who(?:['’]s| is) driving(?: (?:right )?now| at the moment)?\W*", re.IGNORECASE)
_CLEAR = re.compile(r"(?:is|are) (?:the|our) (?:road|way|lane|street|path)(?: ahead)? (?:clear|free|blocked|empty)\W*", re.IGNORECASE)
_STATE = re.compile(r"(?P<verb>is|are|has|have|do|does|did) (?P<who>it|we|the \w+)(?: still| already| yet)? (?P<what>.+)", re.IGNORECASE)
_ASKS = re.compile(r"(?:what|which|where|when|who|how)\b", re.IGNORECASE)
_ON_THE_PHONE = re.compile(r"\w+(?: \w+)?(?:['’](?:m|re|s)| am| are| is)(?: still| already)? on (?:the|a|my) (?:phone|call)", re.IGNORECASE)
_TOO_HARD = re.compile(
    r"(?:(?:please|could you|can you|try|to) )*(?:don['’]?t|do not|not(?: to)?|stop|never) "
    r"(?:brak\w+|accelerat\w+|corner\w*|turn\w*|steer\w*|driv\w+|start\w*|tak\w+ (?:the )?(?:corner|bend|curve)s?)"
    r"(?: (?:so|too|that|as|quite|very))* (?:hard|harsh|abrupt|sharp|sudden|rough|jerk|aggressive)\w*(?: please)?\W*",
    re.IGNORECASE,
)
_LEAVES = re.compile(
    r"^(?:(?:please|just|no|you can) )*(?:leave|keep) .*\b(?:as (?:it is|they are|is)|like (?:that|this)|the way (?:it is|they are))\W*$",
    re.IGNORECASE,
)
_LEAVES_ALONE = re.compile(
    r"(?:(?:please|just|but|and|no|you can)[ ,]+)*(?:(?:don['’]?t|do not|never) "
    r"(?:turn|go|take|bear|swing|steer|drive)(?: (?:the|a|to|that|next|first|second|third|now|here|on))* (?:left|right)"
    r"(?: (?:here|there|now|yet|turn|at .*|after .*|before .*))?|(?:don['’]?t|do not|never) stop(?: the car| driving| us)?(?: (?:here|there|now|yet|please))*|"
    r"not (?:the|my|our|his|her)\b[\w ]*|leave (?:the|my|our|all) [\w ]+ (?:open|closed|shut|alone|in peace)|"
    r"leave (?:the|my|our|all the|his|her) (?:windows?|sunroof|roof|heating|heater|fan|air|temperature|music|radio|lights?|seats?|blinds?|wipers))\W*",
    re.IGNORECASE,
)
_NOT_TO = re.compile(
    r"(?:(?:please|but|and|no|just|you)[ ,]+)*(?:don['’]?t|do not|never|no need to|(?:you )?(?:shouldn['’]?t|mustn['’]?t|needn['’]?t)) (?:you )?"
    r"(?:overtake|pass|go|get|park|change|switch|move|merge|drive|continue|carry|set off|start|proceed|turn|take|head|navigate|bring)\b(?! (?:so|too|that) )",
    re.IGNORECASE,
)
_FORBIDS = re.compile(r"(?:(?:please|but|and|no|just)[ ,]+)*(?:don['’]?t|do not|never) (?:you )?", re.IGNORECASE)
_PARKS_NEAR = re.compile(
    r"(?:(?:please|can you|could you|would you|just|then|and|now)[ ,]+)*park(?: (?:it|us|the car))?(?: (?:right|just|close))? "
    r"(?:behind|in front of|next to|beside|near|by|opposite|between|alongside|after) (?:the|that|this|a|an|my|our|those|these) [\w' ]+?(?: please| now)?\W*",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"(?:(?:please|can you|could you|just|quick|now)[ ,]+)*(?:(?:keep )?follow(?:ing)?|go after|keep up with|stay with|don['’]?t lose) (?:that|the|this|my \w+['’]s) "
    r"(?:\w+ )?(?:car|van|lorry|truck|bus|taxi|cab|vehicle|motorbike|one|ambulance)(?: (?:in front|ahead|there|over there|please|now|of us))*\W*",
    re.IGNORECASE,
)
_GREETING = r"(?:hello|hi|hey|good (?:morning|afternoon|evening)|thanks|thank you|cheers)(?: (?:there|car|again|a lot|so much|very much))?"
_WHAT_IT_DOES = (
    r"(?:(?:please )?help(?: please)?|what (?:all )?(?:can|could|do) you (?:do|help (?:me |us )?with|understand|offer)(?: for (?:me|us))?|"
    r"what can (?:i|we) (?:say|ask)(?: you)?|how can you help(?: me| us)?)"
)
_GREETS = re.compile(rf"(?:{_GREETING}|{_WHAT_IT_DOES}|{_GREETING}[,.!]* {_WHAT_IT_DOES})\W*", re.IGNORECASE)
_WHO = re.compile(
    r"(?:who (?:are you|am i (?:talking|speaking) (?:to|with))|what(?:['’]s| is) your name|what are you(?: called)?|how are you(?: doing)?(?: today)?|"
    r"are you (?:a (?:robot|person|human|machine|computer)|human|real|an? (?:ai|agent)))\W*",
    re.IGNORECASE,
)
_WEATHER = re.compile(
    r"(?:what(?:['’]s| is) the weather(?: like)?|how(?:['’]s| is) the weather)(?: (?:outside|out there|here|right now|now|today|like))*\W*",
    re.IGNORECASE,
)
_DESTINATION = re.compile(
    r"(?:where (?:are we (?:going|heading|headed|driving)|do we go|are you (?:taking|driving) (?:me|us)|are you going|does (?:this|the) (?:road|way) (?:go|lead))|"
    r"what(?:['’]s| is) (?:our|the|my) destination|(?:do (?:we|you) have|is there) a destination(?: set)?|is (?:a|the) destination set)"
    r"(?: (?:to|now|right now|next|anyway))?\W*",
    re.IGNORECASE,
)
_EVERYTHING_OPEN = re.compile(
    r"(?:(?:please|now|just|can you)[ ,]+)*open (?:it all|everything|all of (?:it|them))(?: up)?(?: please| now)?\W*", re.IGNORECASE
)
_GETTING_OUT = re.compile(
    r"(?:am i|are we) allowed to (?:get out|leave the car|open the doors?)\W*|is it (?:ok|okay|safe|all right|allowed) to (?:get out|leave the car)(?: (?:here|now))*\W*",
    re.IGNORECASE,
)
_STUFFY = re.compile(
    r"(?:it (?:smells|stinks)(?: (?:bad|awful|terrible|funny))?|"
    r"(?:it['’]?s|it is|the air (?:is|feels)|it feels|it['’]?s getting|it smells)(?: (?:so|very|really|a bit|rather|too|quite))* "
    r"(?:stuffy|stale|airless|musty)|(?:i need|let in|let (?:some|me have|us have)|(?:can|could) (?:i|we|you) (?:get|have|let in)) (?:some )?fresh air)"
    r"(?: in(?: here| the car)?)?(?: please)?\W*",
    re.IGNORECASE,
)
_LATER = r"(?:tomorrow|tonight|later|next (?:week|weekend|month|year|\w+day)|this (?:afternoon|evening|weekend)|on (?:the weekend|\w+day))"
_FORETOLD = re.compile(
    r"(?:(?:is|are) (?:it|the|we|they|my|our|there going)\b|will (?!you\b)|does (?:it|the)\b|(?:what|how)(?: is|['’]s| are| will)\b(?! you\b))"
    rf"[^,;]*\b{_LATER}\b[^,;]*|(?:will it|is it (?:going to|gonna)) (?:rain|snow|hail|freeze|be (?:dark|dry|wet|cold|warm|hot|sunny|foggy))\b[^,;]*",
    re.IGNORECASE,
)
_STATEMENT = re.compile(
    r"(?:because |since )?(?:it['’]?s|it is|i['’]?m|i am|i (?:lost|can['’]?t|cannot|feel|was)|there (?:is|are)|there['’]?s|we['’]?re|we are|"
    r"(?:the|my|our) \w+(?: \w+)? (?:is|are|hurts?))\b(?!.*\b(?:should|want|need|must|like|may|could|would)\b)",
    re.IGNORECASE,
)


def asks_what_is_there(clause: str) -> bool:
    """Does this ask what is on a side, what the light shows, or whether the road is clear?"""
    return any(pattern.fullmatch(clause) for pattern in (_WHAT_SIDE, _LIGHT, _CLEAR, _WHO_DRIVES))


def greets(text: str) -> bool:
    """Is this a greeting, thanks or the question what the car can do, and nothing besides?"""
    return _GREETS.fullmatch(text.strip()) is not None


def asks_who_it_is(text: str) -> bool:
    """Does this ask who or what speaks here, and nothing besides?"""
    return _WHO.fullmatch(text.strip()) is not None


def asks_the_destination(clause: str) -> bool:
    """Does this ask where the way leads, and for no other one?"""
    return _DESTINATION.fullmatch(clause.strip()) is not None


def opens_everything(clause: str) -> bool:
    """Is all to be opened, whatever that may be?"""
    return _EVERYTHING_OPEN.fullmatch(clause.strip()) is not None


def asks_the_weather(text: str) -> bool:
    """Does this ask what the weather is, and nothing besides?"""
    return _WEATHER.fullmatch(text.strip()) is not None


def asks_to_be_let_out(clause: str) -> bool:
    """Does this ask whether people may get out now, and not for a stop?"""
    return _GETTING_OUT.fullmatch(clause.strip()) is not None


def finds_it_stuffy(clause: str) -> bool:
    """Is fresh air wanted?"""
    return _STUFFY.fullmatch(clause.strip()) is not None


def asks_the_future(clause: str) -> bool:
    """Does this ask how something will be? What the gauges show now is no answer to it."""
    return _FORETOLD.fullmatch(clause) is not None


def leaves_alone(clause: str) -> bool:
    """Is a turn or a stop, in so many words, not to be made, or something not to be touched?"""
    return _LEAVES_ALONE.fullmatch(clause) is not None


def leaves_it(clause: str) -> bool:
    """Is something to be left as it is?"""
    return _LEAVES.search(clause) is not None or _LEAVES_ALONE.fullmatch(clause) is not None


def says_not_to(clause: str) -> bool:
    """Does this say that something is not to be done in driving? "Don't overtake" holds to the head what it forbids."""
    return _NOT_TO.match(clause) is not None


def parks_near(clause: str) -> bool:
    """Is it asked to park near something, and nothing besides? To the head "behind that car" is what one does to annoy it."""
    return _PARKS_NEAR.fullmatch(clause) is not None


def asks_to_follow(clause: str) -> bool:
    """Is it asked that one vehicle be followed, and nothing besides, such as how closely?"""
    return _FOLLOWS.fullmatch(clause) is not None


def asks(clause: str) -> bool:
    """Does this open like a question?"""
    return _ASKS.match(clause) is not None


def tells_of_a_call(clause: str) -> bool:
    """Is it told that somebody is on the phone, and nothing asked for?"""
    return _ON_THE_PHONE.fullmatch(clause) is not None


def finds_it_too_hard(clause: str) -> bool:
    """Is this about how hard we brake, steer or set off?"""
    return _TOO_HARD.fullmatch(clause) is not None


def as_statement(question: str) -> str:
    """ "is it raining" as "it is raining", which a condition would wait for; "" for another question."""
    found = _STATE.fullmatch(question.strip(" ?."))
    if found is None:
        return ""
    verb = "" if found["verb"].lower().startswith("d") else f" {found['verb']}"
    return f"{found['who']}{verb} {found['what']}"


def unnegated(clause: str) -> str:
    """What a clause forbids: "turn on the heating" of "don't turn on the heating"; "" where it forbids nothing so."""
    found = _FORBIDS.match(clause.strip())
    return "" if found is None else clause.strip()[found.end() :]


def complains(clause: str) -> bool:
    """Is it said how somebody or something is, and not what to do about it?"""
    return _STATEMENT.match(clause) is not None


def is_reason(clause: str, request: str) -> bool:
    """Does a clause of `request` say why, as in "turn on the light, I lost my keys"? Not if an "and" joins it: then it is asked for, too."""
    beside = rf"(?:^|,\s*(?!and\b|but\b)){re.escape(clause)}\s*(?:,(?!\s*(?:and|but)\b)|$)"
    return _STATEMENT.match(clause) is not None and re.search(beside, request) is not None
