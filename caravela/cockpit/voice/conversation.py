"""Between the recogniser and the agent. What was surely heard is the agent's; what may be wrong, and what would weigh too much if it were, is read
back and done only after a yes that was surely heard; what is no speech is nobody's. It never does anything itself."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

from caravela.cockpit.acting.memory import ANSWER_WITHIN_S
from caravela.cockpit.reading.intents import Answer, DrivingWish, Reply, Step
from caravela.cockpit.response import Response, joined
from caravela.cockpit.tool import Place
from caravela.cockpit.voice.stages import Transcript
from caravela.core.request import ChangeLane, GoOn, Overtake

SURE = 0.75  # confidence from which a transcript goes to the agent
LEAST = 0.40  # confidence below which it is not even read back
SPEECH = 0.4  # probability of speech below which it was none
WEIGHTY = (Overtake, ChangeLane, GoOn)  # wishes that take the car out of its lane, or off: one misheard word must not
MOST_TRIES = 2  # questions of ours without a clear answer, after which the car waits to be woken
NAME_WITHIN = 6  # words in which the wake word is looked for
NAME_LIKE = 0.62  # similarity from which a word counts as the wake word's last one
PAUSE = re.compile(
    r"(?<!\bMr)(?<!\bDr)(?<!\bSt)(?<=\w)\.\s+(?=\w)"
)  # recognisers write a full stop where people breathe: no end of a request
AGAIN = "I did not catch that. Could you say it again?"
GIVES_UP = "I did not catch that. I change nothing."
YES = "Yes?"
LEFT = "All right, then I do nothing. What would you like?"


class Agent(Protocol):
    """Whom the words are for."""

    def hear(self, text: str, *, seat: Place = Place.DRIVER) -> Response: ...
    def understood(self, text: str, *, seat: Place = Place.DRIVER) -> list[Step]: ...
    def tick(self) -> list[Response]: ...


@dataclass(frozen=True)
class Answered:
    """What the car says to something that it heard."""

    heard: str  # without the wake word
    text: str  # to be said; "" where nothing is
    response: Response | None = None  # of the agent, where it was handed the words
    listen_on: bool = False  # it asked, and waits for a word


class Conversation:
    """By voice, with one agent. `name` is the wake word; `seat` says who speaks, which a voice does not."""

    def __init__(self, agent: Agent, *, name: str = "", seat: Place = Place.DRIVER) -> None:
        self._agent, self._name, self._seat = agent, name, seat
        self._pending = ""  # read back, and neither confirmed nor denied
        self._pending_s = 0.0
        self._tries = 0

    def hear(self, transcript: Transcript, *, t_s: float, named: bool = False) -> Answered:
        """What was said up to `t_s`; with `named`, it was said with the wake word first."""
        pending = self._pending if t_s - self._pending_s <= ANSWER_WITHIN_S else ""
        self._pending = ""
        text, found = without_name(transcript.text, self._name) if named else (transcript.text.strip(), True)
        text = PAUSE.sub(", ", text)
        if named:
            self._tries = 0
        if found and named and not text:
            return Answered("", YES, listen_on=True)
        if not text or transcript.speech < SPEECH or transcript.confidence < LEAST:
            return self._again(text)
        sure, answer = transcript.confidence >= SURE and found, self._answer(text) if pending else None
        if answer is not None and not sure:  # a yes is not read back, it is asked for again
            self._pending, self._pending_s = pending, t_s
            return self._again(text)
        if not sure:
            return self._read_back(text, t_s)
        self._tries = 0
        if answer is Answer.YES:
            return self._handed(pending)
        if answer is not None:
            return Answered(text, LEFT, listen_on=True)
        return self._read_back(text, t_s) if self._weighty(text) else self._handed(text)

    def open_question(self, t_s: float) -> tuple[str, float] | None:
        """(what was read back, when), while it waits for a yes."""
        return (self._pending, self._pending_s) if self._pending and t_s - self._pending_s <= ANSWER_WITHIN_S else None

    def tick(self) -> Answered | None:
        """What was put off and has come due, done now. Where that asks something, a yes is no longer one to what was read back before."""
        responses = self._agent.tick()
        if not responses:
            return None
        response = joined(responses)
        if response.asked:
            self._pending = ""
        return Answered("", response.text, response, response.asked)

    def _weighty(self, text: str) -> bool:
        """Does this ask driving for something that is read back however surely it was heard?"""
        steps = self._agent.understood(text, seat=self._seat)
        return any(isinstance(step.intent, DrivingWish) and isinstance(step.intent.wish, WEIGHTY) for step in steps)

    def _answer(self, text: str) -> Answer | None:
        """Is this a yes, a no or a cancel, and nothing else?"""
        steps = self._agent.understood(text, seat=self._seat)
        return steps[0].intent.answer if len(steps) == 1 and isinstance(steps[0].intent, Reply) else None

    def _handed(self, text: str) -> Answered:
        response = self._agent.hear(text, seat=self._seat)
        return Answered(text, response.text, response, response.asked)

    def _read_back(self, text: str, t_s: float) -> Answered:
        self._tries += 1
        if self._tries > MOST_TRIES:
            return Answered(text, GIVES_UP)
        self._pending, self._pending_s = text, t_s
        return Answered(text, f"Did you say: {text.rstrip(' .,;!?')}?", listen_on=True)

    def _again(self, text: str) -> Answered:
        self._tries += 1
        if self._tries > MOST_TRIES:
            self._pending = ""
            return Answered(text, GIVES_UP)
        return Answered(text, AGAIN, listen_on=True)


def without_name(text: str, name: str) -> tuple[str, bool]:
    """`text` after the wake word, and whether that was in it. Recognisers spell a name as they please: "Hey, Travis" is one."""
    words, last = text.split(), name.lower().split()[-1:] or [""]
    for place, word in enumerate(words[:NAME_WITHIN]):
        bare = re.sub(r"\W", "", word.lower())
        if bare and SequenceMatcher(None, bare, last[0]).ratio() >= NAME_LIKE:
            return " ".join(words[place + 1 :]).strip(), True
    return text.strip(), False
