"""What is said after a deed and is about it: "no, the other one", "make that 60", "close it again". `corrections` reads the words; here they
meet what was done last, and what a correction does not reach is put back."""

from collections.abc import Callable
from dataclasses import replace

from caravela.cockpit.acting.asked import names_something
from caravela.cockpit.acting.gate import Gate
from caravela.cockpit.acting.memory import Memory
from caravela.cockpit.reading.corrections import PRONOUN, is_pause, opened, put_right
from caravela.cockpit.reading.intents import CabinCall, DrivingWish, FollowUp, Intent, Step, Unsafe, means_nothing, stops
from caravela.cockpit.reading.places import places_of
from caravela.cockpit.response import Response
from caravela.cockpit.situation import Situation
from caravela.cockpit.tool import Call, Place
from caravela.cockpit.tools import TOOLS
from caravela.core.request import GoOn


class SecondThoughts:
    """Corrections of one conversation. `understand` gives the steps of English words that a seat says."""

    def __init__(self, gate: Gate, memory: Memory, *, understand: Callable[[str, Place], list[Step]], lefthand: bool) -> None:
        self._gate, self._memory, self._understand, self._lefthand = gate, memory, understand, lefthand

    def still_stops(self, text: str, steps: list[Step], seat: Place, now: Situation) -> list[Step]:
        """The steps of what is said after a stop, where it only says how to stop ("no, right here") or takes the stop back ("no wait, carry on");
        none where it is something else."""
        last, said = self._memory.last_deed(now.t_s), opened(text)
        if last is None or not stops(last.intent) or not said:
            return []
        instead = self._understand(said, seat)
        if [step.intent for step in instead] == [DrivingWish(GoOn())]:
            return instead
        if not any(isinstance(step.intent, DrivingWish) for step in steps):
            return []
        again = self._understand(f"stop, {text}", seat)
        return again if any(stops(step.intent) for step in again) else []

    def put_right(self, text: str, steps: list[Step], seat: Place, now: Situation) -> Step | None:
        """What was done last, with what `text` puts right in it; None where it corrects nothing."""
        last = self._memory.last_deed(now.t_s)
        if last is None or any(isinstance(step.intent, Unsafe) or stops(step.intent) for step in steps):
            return None
        vague = all(means_nothing(step.intent) or (last.call is None and isinstance(step.intent, FollowUp)) for step in steps)
        said = opened(text) or (text if vague else "")
        if not said:
            return None
        meant = [step.intent for step in self._understand(said, seat)]
        named = said != text and is_pause(text) and all(means_nothing(one) or names_something(one) for one in meant)
        intent = put_right(said, last.intent, last.places, lambda zone: places_of(zone, seat, self._lefthand), names=named)
        if intent is None and last.call is not None:
            intent = self._about_it(said, last.call, seat)
        return None if intent is None else Step(intent, text)

    def carried_out(self, step: Step, text: str, seat: Place, now: Situation, *, carry_out: Callable[[], Response]) -> Response:
        """Do what a correction asks for; once it is done, undo what was done before and is not reached by it."""
        before = self._memory.deeds[-1]
        response = carry_out()
        if response.refused or response.asked or not isinstance(step.intent, CabinCall) or not opened(text):
            return response
        reached = self._gate.paths(TOOLS[step.intent.call.tool], step.intent.call, seat)
        left = tuple(change for change in before.changes if change.path not in reached)
        verdict = self._gate.restore(left, now, seat=seat) if left else None
        if verdict is None or not verdict.accepted:
            return response
        self._memory.deeds = [deed for deed in self._memory.deeds if deed is not before]
        return replace(response, changes=response.changes + verdict.changes)

    def _about_it(self, said: str, last: Call, seat: Place) -> Intent | None:
        """What `said` asks of "it", which was moved last; None where it asks nothing of it."""
        noun = TOOLS[last.tool].noun
        steps = self._understand(PRONOUN.sub(noun, said, count=1), seat) if PRONOUN.search(said) else []
        match [step.intent for step in steps]:
            case [CabinCall(call)] if TOOLS[call.tool].path == TOOLS[last.tool].path:
                return CabinCall(replace(call, places=call.places or last.places))
        return None
