"""Which languages the car understands, found out by trying: the extra may be missing, or there and broken, and the page tells what is so."""

import sys

from caravela.cockpit import sentences
from caravela.cockpit.languages.heard import Languages
from caravela.cockpit.tool import Place
from caravela.core.errors import CaravelaError

CODES = {"english": "en", "german": "de", "chinese": "zh"}  # the cockpit's names, and the page's
ENGLISH = CODES["english"]
GARBLED = "I could not make out what you said; I understand English, German and Chinese. Could you say it again?"
_TRIALS = {"de": "Guten Morgen, wie geht es dir?", "zh": "早上好，你好吗？"}


def understood_by(languages: Languages | None) -> tuple[str, ...]:
    """Codes of what is understood, English first. Loads what that takes; what cannot be loaded is told on the terminal."""
    found = [ENGLISH]
    if languages is None:
        return tuple(found)
    try:
        for code, trial in _TRIALS.items():
            heard = languages.hear(trial, None, seat=Place.DRIVER, lefthand=False)
            if heard is not None and not heard.instead:
                found.append(code)
        languages.hear("hello, car", None, seat=Place.DRIVER, lefthand=False)  # what is in no language goes on in the one before
    except CaravelaError as error:
        print(f"caravela: English only: {error}", file=sys.stderr)
    return tuple(found)


def truly(sentence: str, understands: tuple[str, ...]) -> str:
    """A sentence of the cockpit's; the one that names English alone is another where more is understood."""
    return GARBLED if sentence == sentences.GARBLED and set(understands) == {*CODES.values()} else sentence
