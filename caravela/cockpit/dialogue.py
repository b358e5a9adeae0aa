"""Free-form dialogue through an endpoint, with the local agent as its guard. The local agent hears everything first; only what it has no
answer to goes out. What comes back is words, less what only the car may say (`hearsay`). If they propose something to be done, the local agent says
what that means, a person says yes, and the gate has the last word: an endpoint that was talked into something, or lies, can move nothing."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from caravela.cockpit import replies, sentences
from caravela.cockpit.acting.memory import ANSWER_WITHIN_S
from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.endpoint import Endpoint, EndpointError, plain
from caravela.cockpit.hearsay import sayable
from caravela.cockpit.reading.intents import Answer, CabinCall, DrivingWish, FindCharger, Reply, Step, Unsafe
from caravela.cockpit.reading.understanding import LONGEST
from caravela.cockpit.response import Response
from caravela.cockpit.tool import Place

RESTS_S = 30.0  # s for which an endpoint that failed is not asked again
MOST_TURNS = 6  # messages of the conversation that are sent along
PROPOSAL = re.compile(r"^\s*DO:\s*(?P<what>.+?)\s*$", re.MULTILINE)
SETTING = (
    "You are the voice of a car. Answer in one or two short sentences. You cannot do anything yourself. If the person wants the car to do "
    "something, add one last line: DO: and what is to be done as a plain English sentence, such as DO: set the temperature to 21 degrees. "
    "The car decides. Never propose anything unsafe or unlawful."
)


@dataclass(frozen=True)
class Proposed:
    """What the endpoint would have done, as the local agent understands it."""

    steps: tuple[Step, ...]
    at_s: float


class Dialogue:
    """A conversation that may wander. `clock` counts seconds."""

    def __init__(self, agent: CockpitAgent, endpoint: Endpoint | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._agent, self._endpoint, self._clock = agent, endpoint, clock
        self._proposed: Proposed | None = None
        self._turns: list[dict[str, str]] = []
        self._rests_until = 0.0
        self.trouble = ""  # why the endpoint was not heard this time, for whoever set it up

    def hear(self, text: str, *, seat: Place = Place.DRIVER) -> Response:
        """Words that a person in the car said or typed."""
        proposed, self._proposed, self.trouble = self._proposed, None, ""
        if proposed is not None and self._clock() - proposed.at_s <= ANSWER_WITHIN_S:
            match [step.intent for step in self._agent.understood(text, seat=seat)]:
                case [Reply(Answer.YES)]:
                    return self._agent.carry_out(list(proposed.steps), seat=seat)
                case [Reply()]:
                    return Response("All right, I don't.")
        local = self._agent.hear(text, seat=seat)
        if local.understood or local.refused or local.changes or local.requests or not 0 < len(text.strip()) <= LONGEST:
            return local
        return self._wander(text, seat) or local

    def tick(self) -> list[Response]:
        """Do what was put off and has come due. Where that asks something, a yes is no longer one to what was proposed before."""
        responses = self._agent.tick()
        if any(response.asked for response in responses):
            self._proposed = None
        return responses

    def _wander(self, text: str, seat: Place) -> Response | None:
        """What the endpoint says to `text`; None where it says nothing."""
        if self._endpoint is None or self._clock() < self._rests_until:
            return None
        turns = [*self._turns, {"role": "user", "content": text}][-MOST_TURNS:]
        try:
            said = self._endpoint.reply([{"role": "system", "content": SETTING}, *turns])
        except EndpointError as error:
            self._rests_until, self.trouble = self._clock() + RESTS_S, str(error)
            return None
        self._turns = [*turns, {"role": "assistant", "content": plain(said)}]
        words = sayable(plain(PROPOSAL.sub("", said)), lambda sentence: self._agent.understood(sentence, seat=seat))
        found = PROPOSAL.search(said)
        if found is not None:
            return self._weighed(words, found["what"], seat)
        return Response(words, from_endpoint=True) if words else None

    def _weighed(self, words: str, what: str, seat: Place) -> Response:
        """A proposal becomes a question, in the local agent's words; one that holds a hazard is refused; one that means nothing is left."""
        steps = self._agent.understood(what, seat=seat)
        for step in steps:
            if isinstance(step.intent, Unsafe):
                return Response(f"{words} {sentences.REFUSED[step.intent.hazard]}".strip(), refused=True, from_endpoint=True)
        deeds = [replies.proposed(step.intent) for step in steps if isinstance(step.intent, CabinCall | DrivingWish | FindCharger)]
        if not deeds or len(deeds) < len(steps) or any(step.condition is not None for step in steps):
            return Response(words or sentences.NOT_UNDERSTOOD, understood=bool(words), from_endpoint=True)
        self._proposed = Proposed(tuple(steps), self._clock())
        return Response(f"{words} I could do this: {', and '.join(deeds)}. Shall I?".strip(), asked=True, from_endpoint=True)
