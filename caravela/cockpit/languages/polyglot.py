"""What the agent asks about languages: which one was spoken, what it means in English, and how to reply. Everything loads when the first
German or Chinese sentence comes; who speaks English waits for nothing and notices nothing."""

from caravela.cockpit import replies, sentences
from caravela.cockpit.acting.memory import Asked
from caravela.cockpit.languages import chinese_speech, german_speech
from caravela.cockpit.languages.corrections import corrected
from caravela.cockpit.languages.detecting import in_one, mixed, tongue_of, with_umlauts
from caravela.cockpit.languages.heard import Heard
from caravela.cockpit.languages.interpreter import Interpreter
from caravela.cockpit.languages.reader import Reader
from caravela.cockpit.languages.tongue import Tongue
from caravela.cockpit.languages.vectors import SentenceVectors, installed
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.replies import Speech
from caravela.cockpit.tool import Place

_SPEECH: dict[str, Speech] = {"german": german_speech, "chinese": chinese_speech}
_NO_EXTRA = {"german": german_speech.NO_EXTRA, "chinese": chinese_speech.NO_EXTRA}


class Polyglot:
    """German and Chinese for one conversation. Without the extra `languages` it says in the language spoken what is missing."""

    def __init__(
        self,
        understanding: Understanding,
        *,
        vectors: SentenceVectors | None = None,
        reader: Reader | None = None,
        shared: "Polyglot | None" = None,
    ) -> None:
        self._understanding, self._vectors, self._reader = understanding, vectors, reader
        self._interpreter: Interpreter | None = shared.interpreter if shared is not None else None
        self._before: Tongue | None = None

    def hear(self, text: str, asked: Asked | None, *, seat: Place, lefthand: bool) -> Heard | None:
        """What was said, where it is not English."""
        if mixed(text):
            speech = replies if self._before is None else _SPEECH[self._before.name]
            return Heard("", (), speech, instead=speech.fixed(sentences.MIXED))
        plain = with_umlauts(in_one(text))
        tongue = self._before = tongue_of(plain, before=self._before)
        if tongue is None:  # English; a courtesy of another language beside it is none of the request
            asks = [] if plain == text else self._understanding(plain, seat=seat, lefthand=lefthand)
            return Heard(plain, tuple(asks), replies) if asks else None
        text = plain
        speech = _SPEECH[tongue.name]
        if self._vectors is None and not installed():
            return Heard("", (), speech, instead=_NO_EXTRA[tongue.name])
        english, steps = self.interpreter(text, tongue, seat=seat, lefthand=lefthand)
        if asked is not None and asked.missing is not None:
            english = self.interpreter.filling(text, tongue, asked.missing) or english
        if asked is not None and asked.either:
            english = self.interpreter.chosen(text, tongue, asked.either) or english
        return Heard(english, tuple(steps), speech, correction=corrected(text, tongue, place=self.interpreter.known_place(text, tongue)))

    @property
    def interpreter(self) -> Interpreter:
        if self._interpreter is None:
            self._interpreter = Interpreter(self._understanding, vectors=self._vectors, reader=self._reader)
        return self._interpreter
