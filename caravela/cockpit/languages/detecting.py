"""Which language a request is in: by its letters, and by words that only one language has. Names, numbers and what two languages share count
for neither; then the language spoken before goes on."""

import functools
import re
import tomllib
from typing import Any

from caravela.cockpit.languages.chinese import CHINESE
from caravela.cockpit.languages.german import GERMAN
from caravela.cockpit.languages.tongue import Tongue
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
nein doch mal gern gerne etwas bisschen alle alles immer nie wieder lichter links rechts vorne hinten oben unten auto wagen mach fahr schalte stell""".split()
_ENGLISH = """i you he she it we they me him her us them my your his our their the a an and or but not no is are am was were will would can could may might
must shall should do does did have has had with of from to at for on off out up down over under before behind between through without where who how when why
which what here there then now soon already still only also very much more less please thanks yes hello car left right front back turn open close switch
set drive go take play call find show tell make let give keep put get""".split()


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
