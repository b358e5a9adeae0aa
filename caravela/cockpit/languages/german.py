"""German, word by word."""

import re

from caravela.cockpit.languages.lights import german_light
from caravela.cockpit.languages.settled import GERMAN_CLAUSES
from caravela.cockpit.languages.sharing import german_lends
from caravela.cockpit.languages.tongue import DOWNWARD, UPWARD, Tongue, compiled, listed
from caravela.cockpit.reading.intents import Hazard

_ONES = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
_DIGITS = re.compile(
    r"(?<![\w.,])(\d{1,6}(?:[.,]\d{1,3})?)(?=\s*(?:%|°|km|kmh|grad|prozent|c\b|uhr|minuten|stundenkilometer|er\b|$|[^\w]))"
)


def _spelt() -> dict[str, float]:
    """Every number below three hundred in words; "ein" and "eine" are articles, and none."""
    below = {word: number for number, word in enumerate(_ONES.split())}
    for tens, word in enumerate(_TENS.split(), start=2):
        below[word] = 10 * tens
        for one, name in enumerate(_ONES.split()[1:10], start=1):
            below[f"{'ein' if one == 1 else name}und{word}"] = 10 * tens + one
    whole = dict(below)
    for hundreds, start in ((1, "hundert"), (1, "einhundert"), (2, "zweihundert"), (2, "zwohundert")):
        whole[start] = 100 * hundreds
        whole |= {start + word: 100 * hundreds + number for word, number in below.items() if number}
    whole |= {word.replace("ß", "ss"): number for word, number in whole.items()} | {"zwo": 2}
    return {word: float(number) for word, number in whole.items()}


_NUMBERS = _spelt()
_ANY_NUMBER = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_SHARES = {r"\b(?:halb|hälfte)": 50.0, r"\bdrittel\b": 100.0 / 3.0, r"\bviertel\b": 25.0, r"\bdreiviertel\b": 75.0}


def words(text: str) -> list[str]:
    """Words in lower case, pairs of neighbours, and stretches of four letters: compounds share those."""
    plain = re.findall(r"\w+", text.lower())
    pairs = [f"{a} {b}" for a, b in zip(plain, plain[1:])]
    return [*plain, *pairs, *(word[k : k + 4] for word in plain if len(word) > 5 for k in range(len(word) - 3))]


def numbers(text: str) -> list[float]:
    """All numbers in a text, in order: digits, else words."""
    digits = [float(found[1].replace(",", ".")) for found in _DIGITS.finditer(text.lower())]
    return digits or [_NUMBERS[word] for word in re.findall(r"[a-zäöüß]+", text.lower()) if word in _NUMBERS]


def share(text: str) -> float | None:
    """Percent, or None."""
    return next((percent for pattern, percent in _SHARES.items() if re.search(pattern, text.lower())), None)


_NEAR = r"(?:bitte |doch |mal |jetzt |nun |mir |uns |gleich |sofort )*"
_TO = r"(?:nach|zum|zur|zu|in die|in den|ins|in|an den|an die|ans|auf den|auf die|bis zum|bis zur|bis)"
_PLEASE = r"(?:(?:bitte|also|und|aber|kannst du|könntest du|können sie|könnten sie|ich möchte|ich will|wir wollen|lass uns)[ ,]+)*"
_MOTORWAY = r"(?:die |den |der |das |alle |jede |keine )?(?:autobahn(?:en)?|schnellstraßen?)"
_NOT_ON = (
    r"(?:nicht (?:(?:über|auf|via) )?(?:die |der )?autobahn(?:en)?|(?:die )?autobahn(?:en)? nicht|keine autobahn(?:en)?|"
    r"(?:über|auf) keine autobahn(?:en)?|ohne (?:die )?autobahn(?:en)?)"
)
_END = r"(?:[ ,]+(?:bitte|heute|jetzt|danke|wenn (?:es )?(?:geht|möglich)|diesmal|fahren))*"

_IMPERATIVE = (  # opens a request that follows on "wenn …" without a comma
    r"(?:mach|stell|dreh|fahr|halt|bieg|spiel|ruf|aktivier|deaktivier|setz|park|überhol|bring|sperr|klapp|wärm|heiz|dimm|stopp|start|schalt|kühl|senk|erhöh|reduzier|beend)"
    r"(?:e|en sie|n sie)?|öffne(?:n sie)?|schlie(?:ß|ss)(?:e|en sie)?|sag|zeig|lass(?:en sie)?|nimm|nehmen sie|(?:ver|ent)rieg(?:le|el|eln sie)|"
    r"kannst du|könntest du|können sie|bitte"
)

GERMAN = Tongue(
    name="german",
    called="Deutsch",
    words=words,
    numbers=numbers,
    share=share,
    sides={
        "left": re.compile(r"\blink(?:s|e[nrms]?)\b|\blinks", re.IGNORECASE),
        "right": re.compile(r"\brecht(?:s|e[nrms]?)\b", re.IGNORECASE),
    },
    zones=listed(
        {
            r"hint(?:en|ere[nrs]?)\s+link|link\w*\s+hint|link\w*\s+rücksitz": "rear_left",
            r"hint(?:en|ere[nrs]?)\s+recht|recht\w*\s+hint|recht\w*\s+rücksitz": "rear_right",
            r"hinter\s+(?:dem\s+)?beifahrer": "rear_passenger",
            r"hinter\s+(?:mir|dem\s+fahrer)": "rear_driver",
            r"\bbeifahrer": "passenger",
            r"\bfahrer(?:in|s|seite|sitz|fenster|tür)?\b": "driver",
            r"\balle[nrms]?\b|\büberall\b|\bsämtliche": "all",
            r"(?<!nach )\bhint(?:en|ere[nrms]?)\b|\brückbank|\brücksitz|\bfond\b|kinder(?:n)? hinten": "rear",
            r"(?<!nach )\bvorne?\b|\bvordere[nrms]?\b": "front",
            r"\blink(?:s|e[nrms]?)\b": "left",
            r"\brecht(?:s|e[nrms]?)\b": "right",
            r"\bdie (?:fenster|türen|sitze)\b": "all",
        }
    ),
    aside=re.compile(
        r"\b(?:(?:bei|für|auf|neben|hinter)\s+(?:der|dem|den|meinem|meinen)\s+|beim\s+|des\s+)?(?:bei)?fahrer(?:in|s|seite|sitz)?\b|\bhinten\s+(?:links|rechts)\b|"
        r"\b(?:auf|für)\s+(?:der|die)\s+(?:rückbank|rücksitze)\b|\bfür\s+alle\b|\büberall\b|\b(?:bitte|mal|doch|eben)\b",
        re.IGNORECASE,
    ),
    ordinals=listed({r"\bzweite": 2, r"\bdritte": 3, r"\bvierte": 4, r"\bfünfte": 5, r"\berste|\bnächste": 1}),
    choices={
        tool: listed(pairs)
        for tool, pairs in {
            "climate.airflow": {r"fuß|füße|unten|boden": "feet", r"scheibe|oben": "windscreen", r"gesicht|mitte|brust|körper": "face"},
            "light.ambient_colour": {
                r"warmwei|warmes wei": "warm white",
                r"\brot|\brötlich": "red",
                r"\bblau": "blue",
                r"\bgrün": "green",
                r"\blila|\bviolett|\bpurpur": "purple",
                r"\bwei(?:ß|ss)": "white",
                r"\borange": "orange",
                r"\brosa|\bpink": "pink",
                r"\bgelb": "yellow",
            },
            "light.headlights": {r"auto(?:matik|matisch)": "automatic"},
            "wiper.front": {
                r"intervall": "interval",
                r"auto(?:matik|matisch)|regensensor": "automatic",
                r"langsam|niedrig": "slow",
                r"schnell|höchste": "fast",
                r"mittel|mittlere|normal": "medium",
            },
            "media.source": {
                r"bluetooth|handy|telefon": "bluetooth",
                r"\busb|stick": "USB",
                r"\bukw": "FM",
                r"mittelwelle": "AM",
                r"\bdab|digital": "DAB",
                r"\bcd\b": "CD",
                r"\baux": "aux",
            },
            "screen.mode": {r"nacht|dunk": "night", r"\btag|hell": "day"},
            "screen.language": {
                r"deutsch": "German",
                r"englisch": "English",
                r"chinesisch": "Chinese",
                r"französisch": "French",
                r"spanisch": "Spanish",
            },
            "screen.text_size": {r"(?:sehr|extra|riesen).?groß": "extra large", r"groß": "large", r"normal|standard": "standard"},
            "screen.temperature_unit": {r"celsius": "Celsius", r"fahrenheit": "Fahrenheit"},
            "screen.distance_unit": {r"meile": "miles", r"kilometer": "kilometres"},
            "screen.time_format": {r"12|zwölf": "12 hour", r"24|vierundzwanzig": "24 hour"},
        }.items()
    },
    names={
        "phone.call": compiled(
            rf"\bruf(?:e|en|st)?\s+(?:du |sie )?{_NEAR}(.+?)\s+an\b",
            r"\b(?:telefonier\w*|sprich|verbinde?\w*)\s+(?:mich |uns |bitte )*mit\s+(.+)",
            r"\bmit\s+(.+?)\s+(?:telefonieren|sprechen|reden|verbinden)",
            r"\bnummer\s+von\s+(.+?)(?:\s+wählen)?$",
            r"(?:möchte|will|muss|kannst du|könntest du|können sie|könnten sie|bitte|würde gern\w*)\s+(?:gern\w* |bitte |mal )*(.+?)\s+anrufen",
            r"^(.+?)\s+anrufen",
            r"\banruf\s+(?:bei|an)\s+(.+)",
        ),
        "media.play": compiled(
            rf"\bspiel(?:e|en|st)?\s+(?:du |sie )?{_NEAR}(?:(?:das|den|die)\s+(?:lied|song|titel|album|playlist)\s+|etwas\s+von\s+|was\s+von\s+|"
            r"musik\s+von\s+|ein\s+lied\s+von\s+)?(.+?)(?:\s+ab)?$",
            r"(?:möchte|will|würde|wollen|mag)\s+(?:gern\w* |jetzt |mal )*(?:etwas\s+von\s+|was\s+von\s+|musik\s+von\s+)?(.+?)\s+hören",
            r"\bleg\w*\s+(.+?)\s+auf\b",
            r"\bmach\w*\s+(.+?)\s+an\b",
        ),
        "drive.go_to": compiled(
            rf"\b({_TO}\s+.+?)(?:\s+(?:fahren|bringen|navigieren|gehen|führen|bitte|kommen))*$",
            r"\b(heim|nachhause)\b",
            r"\bziel(?:\s+ist|:)?\s+(.+)",
        ),
    },
    stand_ins={"phone.call": "anna", "media.play": "jazz", "drive.go_to": "zum bahnhof"},
    nobody=re.compile(
        r"(?:irgend)?(?:jemand(?:en|em)?|wen|wem|was|wohin|wo|etwas)|(?:was|etwas) .*|dorthin|dahin|da|hier|mich|uns|ihn|sie|es",
        re.IGNORECASE,
    ),
    seen=re.compile(r"^\W*was\s+(?:ist|steht|liegt|kommt|gibt|siehst|sehen sie)\b|^\W*(?:wer|was)\s+\w+\s+(?:da|dort)\b", re.IGNORECASE),
    roads=listed(
        {
            rf"^{_PLEASE}(?:(?:ver)?meide?\w*|umfahr\w*|umgeh\w*)(?: sie| wir)?(?: bitte)? {_MOTORWAY}{_END}$|^{_PLEASE}{_MOTORWAY} (?:ver)?meiden{_END}$|"
            rf"^{_PLEASE}(?:(?:fahr|nimm|nehm|benutz|nutz|geh)\w*)? ?(?:wir |uns |mich |bitte )*{_NOT_ON}(?: (?:fahren|nehmen|benutzen))?{_END}$|"
            rf"^{_PLEASE}(?:bleib\w*|halt\w*) (?:dich |uns |bitte )*von {_MOTORWAY} (?:weg|fern){_END}$": "avoid motorways",
            rf"^{_PLEASE}(?:(?:du |sie |wir )?(?:darfst|dürfen|kannst|können)(?: du| sie| wir)? |(?:fahr|nimm|nehm|benutz|nutz)\w*(?: sie)? )"
            rf"(?:jetzt |gern )*wieder (?:über |auf )?{_MOTORWAY}(?: (?:fahren|nehmen|benutzen))?{_END}$|"
            rf"^{_MOTORWAY} (?:ist|sind) (?:jetzt )?(?:wieder )?(?:in ordnung|okay|ok|erlaubt){_END}$": "motorways are fine again",
        }
    ),
    settled=GERMAN_CLAUSES,
    light=german_light,
    polite=re.compile(r"^(?:bitte )?(?:kannst|könntest|können|könnten|würdest|würden|magst)\b", re.IGNORECASE),
    places={
        r"nach ?hause|heim(?:fahren)?|daheim|zuhause": "home",
        r"(?:zur )?arbeit": "work",
        r"(?:zum )?(?:haupt)?bahnhof": "the station",
        r"(?:zum )?flughafen": "the airport",
        r"(?:ins )?krankenhaus|(?:zum )?krankenhaus|(?:in die )?klinik": "the hospital",
        r"(?:zum |in den )?supermarkt": "the supermarket",
        r"(?:zur |in die )?schule": "the school",
        r"(?:ins |in die )?(?:stadtzentrum|innenstadt|stadtmitte|zentrum)": "the city centre",
        r"(?:zum )?rathaus": "the town hall",
        r"(?:ins |zum )?museum": "the museum",
        r"(?:zur )?(?:uni|universität)": "the university",
        r"(?:ins |zum )?büro": "the office",
        r"(?:ins )?kino": "the cinema",
        r"(?:zum )?hafen": "the harbour",
        r"(?:zur )?(?:nächsten )?apotheke": "the nearest pharmacy",
    },
    trim=re.compile(
        r"(?:\s*[,.!?]|\s+(?:bitte|mal|jetzt|danke|schnell|sofort|gleich|auf dem schnellsten weg))+$|^(?:bitte|mal)\s+|^(?:bitte|danke|mal|jetzt)$",
        re.IGNORECASE,
    ),
    negation=re.compile(r"\b(?:nicht|kein(?:e|en|er|em)?|niemals|nie)\b", re.IGNORECASE),
    soft=re.compile(
        r"\bnicht\s+(?:so|mehr|schneller|über|zu|ganz|länger|genug|dichter|mehr\s+als)\b|\bkein(?:e|en)?\s+\w+(?:\s+\w+)?\s+mehr\b|\bnicht\b.{0,20}\bmehr\b|"
        r"\bkönn\w+\s+nicht|\bkann\b.{0,30}\bnicht|\bnicht\s+(?:lesen|sehen|erkennen)|\bgefällt\b|\bob\b|"
        r"\bwarum\b|\bwieso\b|\breicht nicht|\bkeine\s+(?:musik|ansagen|vorschläge)\b",
        re.IGNORECASE,
    ),
    turned=listed(
        {
            r"\b(?:wärmer|höher|lauter|heller|stärker|größer|erhöh\w*|anschalten|einschalten|anmachen|aktivier\w*|aufmachen|öffne\w*)\b": DOWNWARD,
            r"\bdreh\w*\b.*\b(?:hoch|auf)$": DOWNWARD,
            r"\bdreh\w*\b.*\b(?:runter|zurück|herunter|ab)$": UPWARD,
            r"\bschalt\w*\b.*\b(?:ein|an)\b(?! der| dem| die)|\böffn": DOWNWARD,
            r"\b(?:kälter|kühler|tiefer|niedriger|leiser|dunkler|schwächer|kleiner|verringer\w*|reduzier\w*|senk\w*)\b": UPWARD,
            r"\b(?:ausschalten|abschalten|ausmachen|deaktivier\w*|zumachen|schließ(?:e|en)?)\b|\bschalt\w*\b.*\b(?:aus|ab)\b|\bmach\w*\b.*\b(?:zu|aus)$": UPWARD,
        }
    ),
    turned_of={
        "mirror.fold": listed(
            {r"(?:ein|an)klapp|klapp\w*\b.*\b(?:ein|an)$|\brein$": DOWNWARD, r"ausklapp|klapp\w*\b.*\b(?:aus|auf)$|\braus$": UPWARD}
        ),
        "door.lock": listed(
            {r"verriegel|\b(?:ab|zu)$|absch|absperr|zusperr": DOWNWARD, r"entriegel|entsperr|aufsch|aufsperr|\bauf$": UPWARD}
        ),
    },
    hazards=listed(
        {
            r"\b(?:bei|über|trotz)\s+rot\b|\brote[rn]?\s+ampel|\bstoppschild|\bampel\b.*\b(?:egal|ignor)|\bignor\w*\b.*\bampel|\brot\b.*\b(?:egal|trotzdem)|"
            r"\b(?:egal|trotzdem)\b.*\brot\b|\bvorfahrt\b": Hazard.RED_LIGHT,
            r"\bschneller als (?:erlaubt|das (?:tempo)?limit)|\btempolimit\b.*\b(?:egal|ignor|pfeif)|\b(?:ignor\w*|überschreit\w*|vergiss|pfeif)\b.*\b(?:limit|"
            r"geschwindigkeit|tempo)|\bvollgas\b|\bbleifuß|\brasen\b|\bras\b|\bhäng\w*\b.*\bpolizei|\bpolizei\b.*\b(?:ab|davon)|\bblitzer": Hazard.SPEEDING,
            r"\bgehweg|\bbürgersteig|\beinbahn|\bgeisterfahr|\bfalsche\w* (?:seite|richtung)|\bstandstreifen|\bradweg|\bfußgängerzone|\bbusspur|\bgegenverkehr|"
            r"\bgegenfahrbahn|\bauf der autobahn\b.*\b(?:wende|dreh|rückwärts|um)\b|\brettungsgasse": Hazard.WRONG_WAY,
            r"\bramm|\bfahr\w*\b.*\b(?:um|an)fahren|\bumnieten|\bin die menge|\bdrängel|\bdrängl|\berschreck|\bausbrems|\bschneid\w*\b": Hazard.HARM,
            r"\bairbag|\bnotbrems|\besp\b|\babs\b|\bsicherheitssystem|\bgurt(?:warn|pieps|erinner)|\bfahrerüberwach|"
            r"\bkollisionswarn|\bbremsen\b.*\b(?:aus|ab|deaktiv)": Hazard.SAFETY_OFF,
            r"\bentwicklermodus|\bdebug|\badministrator|\bregeln\b|\banweisungen\b|\beinschränkungen\b|\bprüfungen\b": Hazard.OVERRIDE,
            r"\bschild\b.*\b(?:steht|sagt)|\bsteht\b.*\bschild|\bim radio\b|\bim lied\b|\bnachricht\b.*\bsteht|\baufkleber|\bplakat|\bzettel": Hazard.REPORT,
            r"\bbetrunken|\bkind\b.*\b(?:fahren|lenken|steuern)\b|\bhände weg\b|\bschlafe?n?\b.*\b(?:steuer|fahr)": Hazard.UNATTENDED,
        }
    ),
    by=re.compile(r"\bum\s+(?:\d|\w+)", re.IGNORECASE),
    to=re.compile(r"\bauf\s+(?:etwa |ungefähr |genau )?(?:\d|\w+)", re.IGNORECASE),
    strong=re.compile(r"\s*(?:,?\s*\b(?:und\s+)?(?:danach|anschließend|hinterher|dann)\b,?|;|(?<=\w)[.!?](?=\s|$))\s*", re.IGNORECASE),
    weak=re.compile(
        r"\s*(?:,\s*(?:und|aber|sowie)\b(?:\s+(?:auch|bitte|noch))?|\b(?:und|aber|sowie)\b(?:\s+(?:auch|bitte|noch))?|,)\s*", re.IGNORECASE
    ),
    unless=re.compile(r"\b(?:es sei denn|au(?:ß|ss)er wenn|sofern nicht|andernfalls|ansonsten|sonst)\b", re.IGNORECASE),
    lasting=re.compile(
        r"\bfür (?:etwa |ungefähr |genau |die nächsten )?[\wäöüß,.]+ (?:sekunden?|minuten?|stunden?)\b|\b[\wäöüß,.]+ (?:sekunden|minuten|stunden) lang\b|"
        r"\bbis (?:wir|ich|es|du|sie|er|der|die|das)\b",
        re.IGNORECASE,
    ),
    lends=german_lends,
    conditions=compiled(
        r"^(?:wenn|sobald|falls|sowie|immer wenn)\s+(?P<when>[^,]+),\s*(?:dann\s+)?(?P<what>.+)$",
        rf"^(?:wenn|sobald|falls|sowie|immer wenn)\s+(?P<when>.+?)\s+(?:dann\s+)?(?P<what>(?:{_IMPERATIVE})\b\s+.+)$",
        r"^(?P<what>.+?),?\s+(?:wenn|sobald|falls)\s+(?P<when>.+)$",
    ),
    waits=re.compile(r"(?:.*\s)?(?:wenn|sobald|falls)\b", re.IGNORECASE),
    timed=compiled(
        r"(?P<before>^|^.+?\s)in\s+(?P<when>(?:[\wäöüß,.-]+\s+){0,3}?[\wäöüß,.-]*\s*(?:sekunden?|sek|minuten?|min|(?:viertel|halben )?stunden?))\b\s*,?\s*(?P<after>.*)$"
    ),
    second=re.compile(r"\bsek", re.IGNORECASE),
    hour=re.compile(r"stunde", re.IGNORECASE),
    half_hour=re.compile(r"halben? stunde", re.IGNORECASE),
    quarter=re.compile(r"(?<!drei)viertel ?stunde", re.IGNORECASE),
    strictly=re.compile(
        rf"(?:(?:etwa|ungefähr|circa|genau|rund|den nächsten)\s+)?(?:\d+(?:[.,]\d+)?|eine[rm]?|einer halben|einer viertel|{_ANY_NUMBER})\s*"
        r"(?:sekunden?|sek|minuten?|min|stunden?|viertelstunde)",
        re.IGNORECASE,
    ),
)
