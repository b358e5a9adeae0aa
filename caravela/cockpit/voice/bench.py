"""How well the car hears: sentences that nothing was trained on, spoken by the packaged voice, heard through noise, answered by the agent. For
every sentence the deeds are compared with those of the same sentence typed: what differs was done by mistake, and is counted as such.

It is a synthetic voice, one of them, in a dry room: figures for people, in cars, will be worse."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from caravela.cockpit.grading.grader import Car, spelt
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.response import Response
from caravela.cockpit.voice.conversation import Conversation
from caravela.cockpit.voice.noise import babble, engine, mixed
from caravela.cockpit.voice.session import Session, Turn
from caravela.cockpit.voice.sound import resampled
from caravela.cockpit.voice.stages import FRAME, FRAME_S, RATE, Listener, Recogniser, Samples, Speaker
from caravela.cockpit.voice.word_errors import word_errors
from caravela.core.signals import Value

SENTENCES = Path(__file__).parent / "sentences.toml"
SNRS = (20.0, 10.0, 5.0)  # dB
BEFORE_S, AFTER_S = 2.5, 2.5  # of noise alone around a sentence
LOUDNESS = 6000.0  # peak of the speech, int16: a person at arm's length
TALK = (  # what the babble is made of
    "The meeting was moved to Thursday, because nobody could find the room that we had booked for it.",
    "My aunt says that the tomatoes are better this year, since it rained so much in spring.",
    "He took the early train, and she came after lunch with both of the children and the dog.",
)


@dataclass(frozen=True)
class Condition:
    """What is in the air. `snr_db` None is silence."""

    noise: str
    snr_db: float | None

    @property
    def name(self) -> str:
        return self.noise if self.snr_db is None else f"{self.noise} {self.snr_db:.0f} dB"


CONDITIONS = (Condition("clean", None), *(Condition(noise, snr) for noise in ("engine", "babble") for snr in SNRS))


@dataclass(frozen=True)
class Trial:
    """One sentence in one condition."""

    condition: str
    said: str
    woken: bool
    heard: str
    confidence: float
    errors: int  # words
    words: int  # of the sentence
    outcome: str  # as_typed, asked_back, nothing or wrong
    turn: Turn | None
    false_wakes: int  # on the same sentence without the wake word
    without_wake_s: float  # of sound in which that was listened for


@cache
def sentences() -> tuple[str, ...]:
    """What is said."""
    return tuple(tomllib.loads(SENTENCES.read_text(encoding="utf-8"))["say"])


@dataclass
class Bench:
    """The stages that are examined. `voices` speak the sentences, in turn; `speaker` answers. `understands` makes an understanding that has
    not read the sentence yet, as at its first time in a car."""

    listener: Listener
    recogniser: Recogniser
    speaker: Speaker
    voices: tuple[Speaker, ...]
    name: str
    understands: Callable[[], Understanding]

    def warm_up(self) -> None:
        """Load what is loaded at first use: no delay of a sentence's own."""
        self.speaker.speak("Warm up.")
        self.recogniser.recognise(np.zeros(RATE, np.int16))
        self.understands()("warm up")

    def trials(self, said: tuple[str, ...], *, seed: int, tell: Callable[[str], None]) -> Iterator[Trial]:
        """Every sentence in every condition."""
        talk = [resampled(self.voices[0].speak(text)) for text in TALK]
        for number, condition in enumerate(CONDITIONS):
            rng = np.random.default_rng([seed, number])
            for place, sentence in enumerate(said):
                voice = self.voices[place % len(self.voices)]
                named = self._recorded(voice, f"{self.name}, {sentence}.", condition, rng, talk)
                yield self._trial(condition, sentence, named, self._recorded(voice, f"{sentence}.", condition, rng, talk))
            tell(f"{condition.name} done")

    def _recorded(self, voice: Speaker, text: str, condition: Condition, rng: np.random.Generator, talk: list[Samples]) -> Samples:
        speech = resampled(voice.speak(text)).astype(np.float64)
        speech *= LOUDNESS / max(1.0, float(np.abs(speech).max()))
        clean = np.concatenate([np.zeros(round(BEFORE_S * RATE)), speech, np.zeros(round(AFTER_S * RATE))]).astype(np.int16)
        if condition.snr_db is None:
            return clean
        noise = engine(len(clean), rng) if condition.noise == "engine" else babble(len(clean), rng, talk)
        return mixed(clean, noise, condition.snr_db)

    def _trial(self, condition: Condition, sentence: str, named: Samples, unnamed: Samples) -> Trial:
        car, typed = Car(), Car()
        typed_response = typed.agent(self.understands()).hear(sentence)
        conversation = Conversation(car.agent(self.understands()), name=self.name)
        session = Session(self.listener, self.recogniser, conversation, speaker=self.speaker)
        turns = list(self._heard(session, car, named))
        first = turns[0] if turns else None
        heard = first.answered.heard if first is not None else ""
        errors, words = word_errors(sentence, heard)
        self.listener.reset()
        woken = [self.listener.notice(frame).woken for frame in _frames(unnamed)]
        false_wakes = sum(now and not before for before, now in zip([False, *woken], woken, strict=False))
        outcome = _outcome(car, typed, typed_response, turns)
        confidence = first.transcript.confidence if first is not None else 0.0
        lasts = len(woken) * FRAME_S
        return Trial(condition.name, sentence, session.woken > 0, heard, confidence, errors, words, outcome, first, false_wakes, lasts)

    def _heard(self, session: Session, car: Car, samples: Samples) -> Iterator[Turn]:
        self.listener.reset()
        for frame in _frames(samples):
            car.situation = replace(car.situation, t_s=session.t_s)
            if (turn := session.hear(frame)) is not None:
                yield turn
        if (turn := session.finish()) is not None:
            yield turn


def _outcome(car: Car, typed: Car, response: Response, turns: list[Turn]) -> str:
    """What came of a sentence, compared with the same one typed and the agent's `response` to that."""
    did, wanted, nothing = _deeds(car), _deeds(typed), _deeds(Car())
    if did not in (nothing, wanted):
        return "wrong"
    said = [turn.answered.response for turn in turns if turn.answered.response is not None]
    if did == wanted and any(each.text == response.text or (each.refused and response.refused) for each in said):
        return "as_typed"
    return "asked_back" if any(turn.answered.listen_on for turn in turns) else "nothing"


def _deeds(car: Car) -> tuple[dict[str, Value], list[str]]:
    """What a car's signals are and what driving was asked, names in small letters: a voice has no others."""
    signals: dict[str, Value] = {path: value.lower() if isinstance(value, str) else value for path, value in car.signals.snapshot().items()}
    return signals, [spelt(request).lower() for request in car.requests]


def _frames(samples: Samples) -> Samples:
    """(n, 512), without what does not fill a frame."""
    whole = len(samples) // FRAME
    return samples[: whole * FRAME].reshape(whole, FRAME)


def told(trials: list[Trial]) -> dict[str, object]:
    """The figures of some trials. The word error rate and the delay are over the sentences at which the car woke."""
    woken = [trial for trial in trials if trial.woken]
    delays = [trial.turn.delay_s for trial in woken if trial.turn is not None]
    words = sum(trial.words for trial in woken)
    return {
        "sentences": len(trials),
        "woken": len(woken),
        "word_error_rate": round(sum(trial.errors for trial in woken) / words, 4) if words else None,
        **{outcome: sum(trial.outcome == outcome for trial in trials) for outcome in ("as_typed", "asked_back", "nothing", "wrong")},
        "delay_s": {f"p{share}": round(float(np.percentile(delays, share)), 2) for share in (50, 95)} if delays else None,
        "false_wakes": sum(trial.false_wakes for trial in trials),
        "false_wake_minutes": round(sum(trial.without_wake_s for trial in trials) / 60.0, 1),
    }


def parts_of_delay(trials: list[Trial]) -> dict[str, float]:
    """The median of each part, ms: until it is clear that the speaker has finished, recognition, the agent, the car's voice."""
    turns = [trial.turn for trial in trials if trial.turn is not None]
    parts = {
        "silence": [1000.0 * (turn.clear_s - turn.ended_s) for turn in turns],
        "recognition": [turn.recognise_ms for turn in turns],
        "agent": [turn.agent_ms for turn in turns],
        "speech": [turn.speak_ms for turn in turns],
    }
    return {name: round(float(np.median(values)), 1) for name, values in parts.items() if values}
