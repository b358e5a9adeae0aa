"""Which language a request is in: by its letters, and by words that only one language has. Names, numbers and what two languages share count
for neither; then the language spoken before goes on."""

import functools
import re
import tomllib
from typing import Any

from caravela.cockpit.languages.chinese import CHINESE
from caravela.cockpit.languages.german import GERMAN
from caravela.cockpit.languages.tongue import Tongue
from caravela.cockpit.reading.clauses import unquoted
from caravela.cockpit.sayings.phrasing import FOLDER

TONGUES = (GERMAN, CHINESE)
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
OTHER_SCRIPTS = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")  # kana, hangul
_HALTS = re.compile(r"\bhalte? (?:\w+ ){0,3}an\W*$", re.IGNORECASE)  # of words that English has, too
_WORD = re.compile(r"[a-zäöüß]+(?:'[a-z]+)?")
_SLOT = re.compile(r"\{\w+\}")
# what is too short or too rare for the phrases to hold
_GERMAN = """ich du er sie es wir ihr mich mir dich dir uns euch ihn ihm ihnen mein meine meinen meinem meiner dein deine der das den dem des ein eine einen
einem einer und oder aber nicht kein keine ist sind bin bist war wäre wird werden wurde haben habe hast hatte kann kannst können könnte könntest muss müssen
soll sollte darf dürfen will wollen möchte mit von vom zu zum zur bei beim für auf aus nach über unter vor hinter neben zwischen durch ohne um bis seit wo
wer wie wann warum wieso weshalb welche welcher welches hier dort da dann jetzt gleich sofort bald schon noch nur auch sehr viel mehr weniger bitte danke ja
nein doch mal gern gerne etwas bisschen alle alles immer nie wieder lichter links rechts vorne hinten oben unten auto wagen mach fahr schalte stell
vorsicht achtung""".split()
_ENGLISH = """i you he she it we they me him her us them my your his our their the a an and or but not no is are am was were will would can could may might
must shall should do does did have has had with of from to at for on off out up down over under before behind between through without where who how when why
which what here there then now soon already still only also very much more less please thanks yes hello car left right front back turn open close switch
set drive go take play call find show tell make let give keep put get""".split()

_COURTESIES = re.compile(
    r"^(?:(?:bitte|danke|请|谢谢|你好|please|thanks|hello|hallo)[ ,，!！.]*)+|(?:[ ,，]*(?:bitte|danke|谢谢(?:你)?|please|thanks|thank you))+(?=\W*$)",
    re.IGNORECASE,
)
_NAMING = re.compile(
    r"\b(?:play|hear|call|phone|dial|navigate|take|spiel\w*|hör\w*|ruf\w*|navigier\w*|nach|zum|zur|to|song|lied)\b|[放听播去到回]|电话|导航|呼叫",
    re.IGNORECASE,
)
_STOPS = re.compile(r"\b(?:stop\w*|halt\w*|anhalten|brems\w*|brake|pull over|let me out|lass mich raus)\b|停", re.IGNORECASE)
# words of requests that stand in no other language's sentence, save for names: what opens one, what is moved, and what leads to it
_ENGLISH_ONLY = set(
    "the my open close shut turn switch make please windows window door doors seat light lights lock unlock start left right and".split()
)
_GERMAN_ONLY = set(
    """das den dem mein meine mach mache öffne schließ schließe schalte stell fahr bieg bitte fenster tür türen sitz licht heizung lüftung dach kofferraum
    klimaanlage scheinwerfer links rechts und auf zu aus ein""".split()
)


def mixed(text: str) -> bool:
    """Does a text mix two languages, names and courtesies aside? Nothing is done by half."""
    plain = _COURTESIES.sub("", unquoted(text)[0])
    if _NAMING.search(plain) or _STOPS.search(plain):  # a stop is never held up by words
        return False
    words = set(_WORD.findall(plain.lower()))
    english, german = words & _ENGLISH_ONLY, words & _GERMAN_ONLY
    if HAN.search(plain):
        return bool(english or german)
    return bool(english and german)


def in_one(text: str) -> str:
    """`text` without the courtesies that are of another language than the rest."""
    plain = _COURTESIES.sub("", text).strip()
    rest = HAN.search(plain) is not None
    return plain if plain and (HAN.search(text) is not None) != rest else text


def with_umlauts(text: str) -> str:
    """ "Ueberhol" as "überhol": a word that was typed without umlauts, where German has it with them."""
    german = _vocabularies()[1]

    def typed(found: re.Match[str]) -> str:
        word = found[0]
        umlaut = re.sub("[aou]e", lambda pair: {"a": "ä", "o": "ö", "u": "ü"}[pair[0][0].lower()], word, flags=re.IGNORECASE)
        return umlaut if umlaut.lower() in german and word.lower() not in german else word

    return re.sub(r"\b[A-Za-z]*[aouAOU]e[a-z]*\b", typed, text)


def tongue_of(text: str, *, before: Tongue | None = None) -> Tongue | None:
    """The language of a text; None for English, and for what is none of ours. `before` is the one spoken last."""
    if OTHER_SCRIPTS.search(text):
        return None
    if _HALTS.search(text):
        return GERMAN
    plain = _WORD.findall(text.lower())
    english, german = _vocabularies()
    if (han := len(HAN.findall(text))) > 0:
        mixed = sum(word in german for word in plain) > 1  # two languages in one request: nothing is done by half
        return CHINESE if han > sum(word in english for word in plain) and not mixed else None
    ours, theirs = sum(word in english for word in plain), sum(word in german for word in plain)
    if ours != theirs:
        return GERMAN if theirs > ours else None
    if re.search("[äöüß]", text.lower()) and (theirs or len(plain) > 1 or before is GERMAN):
        return GERMAN
    return before


@functools.cache
def _vocabularies() -> tuple[frozenset[str], frozenset[str]]:
    """Words that only English has, and words that only German has, as far as our phrases hold them."""
    english, german = set(_ENGLISH), set(_GERMAN)
    for name in ("training", "development"):
        english |= _words_in(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))
    slots = tomllib.loads((FOLDER / "slots.toml").read_text(encoding="utf-8"))
    english |= _words_in([slots["prefixes"], slots["suffixes"], slots["orders"], slots["choices"], slots["zones"]])
    phrases = GERMAN.phrases
    german |= _words_in([phrases["forms"], phrases["tools"], phrases["meanings"], phrases["orders"], phrases["prefixes"]])
    german |= _words_in(phrases["numbers"])
    surely = set(_GERMAN) - set(_ENGLISH)  # our English phrases hold a German one, to be told for what it is
    return frozenset(english - german - surely), frozenset(german - english | surely)


def _words_in(table: Any) -> set[str]:
    """Every word of the texts in a table, whatever its shape; keys are names of ours."""
    if isinstance(table, str):
        return set(_WORD.findall(_SLOT.sub(" ", table.lower())))
    return {word for part in (table.values() if isinstance(table, dict) else table) for word in _words_in(part)}
