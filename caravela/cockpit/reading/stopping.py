"""Stops, in so many words: what asks for one, what calls for one, and what ends one. They are closed lists in English, German and Chinese, read
before anything is judged, so that no stop hangs on a likelihood and none is ended by one. A whole piece between commas and "and" has to be such
words: "don't brake", "the song Stop" and "I want to get off" are none."""

import re

from caravela.cockpit.reading.clauses import unquoted

_PIECES = re.compile(r"\s*(?:[,.;!?…–，。！？；、]|\s-\s|\b(?:and|then|but|so|und|dann|aber|also)\b|然后|而且|并且)\s*", re.IGNORECASE)
_EASY = (  # what may stand before and behind without changing it
    r"(?:(?:ok(?:ay)?|oh(?: my god| god| no)?|hey|please|just|now|quick(?:ly)?|all right|alright|well|yes|no|wait|help|bitte|jetzt|schnell|sofort|ja|nein|gut|"
    r"can you|could you|would you|will you|you (?:can|may|should|must|have to|need to)|we (?:can|may|should|must|have to|need to)|"
    r"i (?:want|need|would like) (?:you |the car )?to|i['’]d like (?:you |the car )?to|let['’]?s|let us|car)\s+)*"
)
_LET = (  # the same before going on; who says "I need to go" speaks of nobody but themselves
    r"(?:(?:ok(?:ay)?|hey|please|just|now|all right|alright|well|yes|no|wait|bitte|jetzt|ja|nein|gut|can you|could you|would you|will you|"
    r"you (?:can|may|should)|we can|i (?:want|would like) (?:you|the car) to|i['’]d like (?:you|the car) to|let['’]?s|let us|car)\s+)*"
)
_AFTER = (
    r"(?:\s+(?:now|please|here|right here|there|right now|right away|at once|immediately|quick(?:ly)?|for me|for us|again|as soon as you can|as soon as possible|"
    r"bitte|jetzt|sofort|hier|schnell|mal))*"
)
_CAR = r"(?:the|this|our|my) (?:car|vehicle)"
_HALT = (
    rf"(?:stop(?: {_CAR}| driving| the drive)?|halt|pull (?:over|up|in)|come to a (?:stop|halt)|bring {_CAR} to a (?:stop|halt)|"
    rf"(?:emergency|hard|full) (?:stop|brak(?:e|ing))|brake(?: hard| now| {_CAR})?|(?:slam|step|get|jump|stamp|stand) on the brakes?|"
    r"(?:hit|apply|use|press|slam|push) (?:on )?the brakes?|(?:put|throw) (?:on )?the brakes? on)"
)
_HALT_DE = (
    r"(?:brems(?:e|en|t)?(?: ab)?(?: mal)?|vollbremsung|notbremsung|not ?halt|nothalt|(?:tritt|geh|steig)(?: mal)? (?:auf die bremse|in die eisen)|"
    r"stopp?|halt(?:e|en sie)?(?: (?:das auto|den wagen))?(?: bitte| sofort| hier)*(?: an)|anhalten|halt|bleib(?:en sie)? stehen|stehen ?bleiben|"
    r"(?:stoppe?|stoppen sie) (?:das auto|den wagen))"
)
_HALT_ZH = re.compile(
    r"(?:请|快点?|马上|立刻|立即|赶紧|赶快|紧急)*(?:急刹车?|踩?刹车|停下来?|停住|停车停车|别开了|(?:把车)停(?:下来?|住))(?:吧|啊|呀)?|(?:快点?|马上|立刻|立即|赶紧|赶快|紧急)停车?(?:吧|啊)?|(?:请|请你|现在|就)*(?:靠边)?(?:停车|停靠|靠边停)(?:吧|啊|一下)?"
)
_ONCE_SAFE = (  # a stop is at the next safe place anyway: this waits for nothing
    r"(?:when(?:ever)?|as soon as|once|where|if) (?:(?:it['’]?s|it is|that['’]?s) (?:safe(?: to(?: do so)?)?|possible)|possible|you (?:safely )?can(?: safely)?|"
    r"(?:there['’]?s|there is) (?:room|space|a (?:safe )?(?:place|spot)))"
)
_SAFELY = re.compile(
    rf"\b({_HALT})((?: (?:here|now|please|somewhere))*),? (?:{_ONCE_SAFE}|(?:some|any)where safe|safely|(?:at|in) (?:a|the next) safe (?:place|spot))(?=\W|$)",
    re.IGNORECASE,
)
_SAFELY_FIRST = re.compile(rf"^\W*(?:please )?{_ONCE_SAFE},? (?=(?:please )?{_HALT}\b)", re.IGNORECASE)
_BOTH = re.compile(rf"\bstop ((?:the |my |our )?\w+(?: \w+)?) and {_CAR}\b", re.IGNORECASE)  # "stop the massage and the car"

_SOMEBODY = (
    r"(?:a |an |the |some |two |three )?(?:little |small )?(?:child|children|kids?|girl|boy|man|woman|person|pedestrian|dogs?|cats?|deer|animals?|baby|"
    r"toddler|somebody|someone)"
)
_WE = (
    r"(?:i|we|he|she|they|somebody|someone|(?:my|our|the) (?:\w+ )?(?:wife|husband|son|daughter|mother|mum|mom|father|dad|child|kid|baby|friend|passenger|"
    r"driver|dog|boy|girl))"
)
_IS = r"(?:(?:i|we|they|he|she|you|somebody|someone|\w+)(?:['’](?:m|re|s)| am| are| is))"
_TO = (
    r"(?:needs? to|have to|has to|must|am going to|['’]m going to|is going to|['’]s going to|gonna|['’]m gonna|am about to|['’]m about to|is about to|"
    r"['’]s about to|will|['’]ll)"
)
_ILL = r"(?:a |an )?(?:heart attack|stroke|seizure|epileptic fit|asthma attack|heart failure|severe allergic reaction|allergic shock)"
_DANGER = (
    rf"(?:(?:there['’]?s|there is|there are|careful|watch out|look out) )*{_SOMEBODY}(?: is| are|['’]s)?(?: just)?(?: (?:running|walking|standing|lying|"
    r"crawling|ran|playing|stepping))?(?: right)? (?:(?:in|into|on|onto|across|crossing) (?:the|our) (?:road|lane|carriageway)|(?:in|into) the street)"
    r"(?: ahead)?",
    r"(?:you['’]re|you are|we['’]re|we are) (?:going|about) to (?:crash|(?:hit|run over|crash into) (?:him|her|it|them|us|some(?:body|one)|(?:that|the|this|a) .{1,40}))",
    rf"(?:{_WE}\s?{_TO}) (?:throw up|vomit|puke|be sick|faint|pass out|black out)",
    rf"(?:i think )?(?:(?:that )?{_IS}) (?:having|getting) {_ILL}",
    rf"(?:i think )?{_WE} (?:has|have|had|just had|is having|am having) {_ILL}",
    rf"(?:i think )?{_WE} (?:can['’]?t|cannot|can not|can hardly) breathe",
    rf"(?:i think )?{_WE} (?:have|has) (?:chest pains?|(?:a |strong |terrible )?pains? in (?:my|his|her) chest)",
    r"(?:my|his|her) chest hurts",
    rf"(?:i think )?{_WE}(?: has|['’]s|['’]ve| have| just)* (?:collapsed|fainted|passed out|stopped breathing)",
    rf"(?:i think )?{_IS} (?:choking|unconscious|not breathing|bleeding (?:badly|heavily|a lot)|passing out|fainting|about to faint)",
    r"(?:this is |it['’]?s |we have |there['’]?s )?(?:an |a medical |a )?(?:medical )?emergency",
    r"(?:the|our) (?:car|engine|battery|bonnet)(?:['’]s| is) (?:on fire|burning|smoking)",
    r"(?:there['’]?s |there is )?(?:a )?(?:fire|smoke) (?:in|under|from|coming (?:from|out of)) the (?:car|bonnet|engine|battery|cabin)",
    r"we['’]?re on fire",
    r"(?:da |dort )?(?:ist|sind|läuft|laufen|steht|liegt) (?:da )?(?:ein(?:e|en)? )?(?:kind(?:er)?|mensch(?:en)?|mann|frau|junge|mädchen|hund|katze|reh|"
    r"tier|jemand|fußgänger) (?:mitten )?auf (?:der|die) (?:straße|fahrbahn)",
    r"(?:ein )?kind auf der (?:straße|fahrbahn)",
    r"(?:ich|er|sie|das kind|mein \w+|meine \w+) (?:muss|muß) (?:mich|sich) übergeben|ich muss (?:kotzen|brechen|spucken)",
    r"(?:ich glaube )?(?:ich|er|sie|mein \w+|meine \w+|wir) (?:habe|hat|bekomme|bekommt|haben) (?:gerade )?(?:einen |eine )?(?:herzinfarkt|schlaganfall|"
    r"herzanfall|krampfanfall|allergischen schock|brustschmerzen)(?: habe| hat)?",
    r"ich (?:bekomme|kriege) keine luft(?: mehr)?",
    r"(?:er|sie|jemand|mein \w+|meine \w+) (?:ist bewusstlos|atmet nicht(?: mehr)?|ist zusammengebrochen|ist ohnmächtig)",
    r"(?:das|unser) auto brennt|es brennt(?: im auto)?|(?:das ist |es ist )?ein (?:medizinischer )?notfall",
)
_DANGER_ZH = (
    r"(?:前面|路上|马路上|路中间)(?:有|冒出)(?:个|一个|只)?(?:小孩子?|孩子|行人|老人|狗)(?:跑出来了?)?|(?:路|马路)(?:上|中间)有(?:个|一个)?人",
    r"有(?:个|一个|只)?(?:小孩子?|孩子|行人|老人|人|狗|动物)(?:在(?:路|马路)(?:上|中间)|跑出来了?)",
    r"(?:我|他|她|孩子|宝宝)?(?:快|就)?(?:要吐了?|想吐)|(?:我|他|她)(?:好像|可能|感觉)?(?:突发|犯了?)?(?:心脏病(?:发作|犯)了?|中风了?|心梗了?)",
    r"(?:我|他|她)(?:喘不过气|喘不上气|不能呼吸|呼吸困难|胸口?(?:很)?[痛疼]|昏倒|晕倒|没呼吸)了?(?:来了?)?|(?:车|车子)?(?:着火|起火|冒烟)了?|紧急情况",
)
_SICK = re.compile(r"\b(?:throw up|vomit|puke|be sick)\b|übergeben|kotzen|brechen|spucken|吐", re.IGNORECASE)
_OUTSIDE = re.compile(r"\b(?:road|street|lane|carriageway|hit|crash|run (?:over|into))\b|straße|fahrbahn|路|跑出来|前面", re.IGNORECASE)

_PRESSING = re.compile(
    r"\b(?:brak(?:e|es|ing)|emergency (?:stop|brak\w+)|(?:hard|full) stop|now|right away|straight away|at once|immediately|instantly|asap|"
    r"quick(?:ly)?|on fire|burning|smoking|fire|smoke)\b|"
    r"brems|vollbremsung|not ?halt|die eisen|\bjetzt\b|sofort|schnell|brennt|急|刹|马上|立刻|立即|赶紧|赶快|快|着火|起火|冒烟",
    re.IGNORECASE,
)

_ON = (
    r"(?:drive on|(?:carry|go|move|keep|press) on(?: driving| going)?|continue(?: (?:driving|to drive|on our way|the route|(?:the|our) (?:drive|journey|trip|ride|"
    r"way)))?|keep (?:driving|going|moving)|resume (?:driving|the route|(?:the|our) (?:drive|journey|trip|ride|way))|(?:go|drive)(?: (?:on )?ahead)?|"
    r"set off|start (?:driving|moving)|get (?:going|moving)|move(?: along)?|go further|drive off|proceed|move off|pull away|hit the road|"
    r"be on our way|off we go|on we go|onwards?|roll on)"
)
_ON_DE = (
    r"(?:(?:fahr(?:e|en sie|en wir|t)?|es kann|es darf|dann)?\s?(?:mal |doch |ruhig |bitte |jetzt )*(?:weiter|los)(?:fahren)?(?: geht['’]?s| gehts)?|"
    r"(?:du |sie |wir )?(?:kannst|können|darfst|dürfen)(?: sie| du| wir)?(?: jetzt| wieder| nun)* (?:weiter|los)(?:fahren)?|(?:weiter|los) geht['’]?s|"
    r"setz(?:e|en sie)? die fahrt fort|fahrt fortsetzen|auf geht['’]?s|lass uns (?:weiter|los)(?:fahren)?|wir (?:fahren|können) (?:weiter|los))"
)
_ON_ZH = re.compile(
    r"(?:好的?|可以了?|请|现在|那|我们|咱们|你)*(?:继续(?:开车?|走|前进|行驶|往前(?:开|走)?|开下去|上路|出发)?|走吧|开车吧?|往前(?:开|走)|接着(?:开|走)|开走|出发|上路|重新出发|可以(?:走|开)|开吧)(?:吧|了|啊)?"
)
_SOON = (
    r"(?:in (?:about |another )?\w+(?: \w+)? (?:minutes?|hours?|min)|in (?:etwa )?\w+ (?:minuten?|stunden?)|when (?:it['’]?s|it is|the light is) (?:safe|clear|green)|"
    r"if (?:it['’]?s|it is) (?:safe|clear))"
)
_TAIL = rf"(?:\s+(?:on|again|now|please|then|slowly|straight(?: on| ahead)?|ahead|home|{_SOON}|bitte|jetzt|wieder|dann))*"


def _whole(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"{_EASY}(?:{'|'.join(patterns)}){_AFTER}", re.IGNORECASE)


_STOPS = _whole(_HALT, _HALT_DE)
_CALLS = _whole(*_DANGER)
_CALLS_ZH = re.compile(rf"(?:{'|'.join(_DANGER_ZH)})(?:了|啊|呀)?")
_GOES = re.compile(rf"(?:{_SOON}\s+)?{_LET}(?:{_ON}|{_ON_DE}){_TAIL}", re.IGNORECASE)


_BARE = re.compile(
    r"(?:(?:right |just )?now|right away|straight away|at once|immediately|instantly|asap|quick(?:ly)?|fire|"
    r"jetzt|sofort|schnell|feuer|马上|立刻|立即|快|快点)(?: please| bitte)?",
    re.IGNORECASE,
)


def stops_now(piece: str) -> bool:
    """Is this a stop, or does it tell of what calls for one, and is it nothing but that?"""
    piece = " ".join(piece.split()).strip(" ,.!?…，。！？")
    return (
        _STOPS.fullmatch(piece) is not None
        or _HALT_ZH.fullmatch(piece) is not None
        or _CALLS.fullmatch(piece) is not None
        or _CALLS_ZH.fullmatch(piece) is not None
    )


def presses(text: str) -> bool:
    """Is the stop that `text` asks for meant for this instant, wherever the car is: a brake, a "now", a fire, or somebody seen in the way? What
    is pressing about anything else in it ("turn the music down now") counts for nothing."""
    said = pieces(text)
    halts = [piece for piece in said if stops_now(piece)]
    return bool(halts) and any(
        _PRESSING.search(piece) or _OUTSIDE.search(piece) for piece in halts + [each for each in said if _BARE.fullmatch(each)]
    )


def needs_help(text: str) -> bool:
    """Does a piece of `text` tell of somebody in the car who needs a doctor, or of a fire? Who is only sick needs a stop and no more."""
    return any(
        (_CALLS.fullmatch(piece) or _CALLS_ZH.fullmatch(piece)) and not _SICK.search(piece) and not _OUTSIDE.search(piece)
        for piece in pieces(text)
    )


def holds_a_stop(text: str) -> bool:
    """Is one of the pieces of `text` a stop? What is quoted is none."""
    return any(stops_now(piece) for piece in pieces(text))


def at_once(text: str) -> str:
    """`text` with a stop that waits for safety as a plain one, and with a stop of two things as two: what is said first must not hide the car."""
    return _BOTH.sub(r"stop \1 and stop the car", _SAFELY.sub(r"\1\2", _SAFELY_FIRST.sub("", text)))


def drives_on(text: str) -> bool:
    """Does one of the pieces of `text` say in so many words that the car is to drive on?"""
    found = [" ".join(piece.split()) for piece in pieces(text)]
    return any(_GOES.fullmatch(piece) or _ON_ZH.fullmatch(piece) for piece in found)


def pieces(text: str) -> list[str]:
    """What stands between commas, full stops and "and", without quoted words."""
    plain, _ = unquoted(re.sub("[《「『]", "“", re.sub("[》」』]", "”", text)))
    return [piece for piece in (part.strip(" ,.!?…，。！？") for part in _PIECES.split(plain)) if piece]
