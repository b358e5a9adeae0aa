"""The agent's hands: calls and wishes, each through the gate and each remembered, so that "a bit more" and "put it back" have something to
mean."""

import re
from dataclasses import replace

from caravela.cockpit import replies, sentences
from caravela.cockpit.acting.gate import Gate, Verdict
from caravela.cockpit.acting.memory import MOST_WAITING, Asked, Deed, Memory, Waiting
from caravela.cockpit.acting.openings import frees
from caravela.cockpit.outside import telling
from caravela.cockpit.outside.referring import resolve
from caravela.cockpit.outside.requests import About, Regard
from caravela.cockpit.outside.sight import AHEAD
from caravela.cockpit.reading.intents import CabinCall, Condition, DrivingWish, Follow, FollowUp, Missing, Slot, Step, goes_on
from caravela.cockpit.reading.places import OTHER, others
from caravela.cockpit.reading.words_for import choice_in
from caravela.cockpit.response import Response, fixed
from caravela.cockpit.situation import Situation, Trigger
from caravela.cockpit.tool import REAR, Call, Form, Operation, Place
from caravela.cockpit.tools import TOOLS
from caravela.core.request import CapSpeed, Drive, DropCap, GoOn, KeepDistance, Manner, Park, PullOver, Request, Wish

CANCELLED_WITHIN_S = 15.0  # s after a deed in which "never mind" means it
TAKES_BACK = re.compile(r"\b(?:cancel|never ?mind|forget|scratch|abort|changed my mind)\b", re.IGNORECASE)  # more than "nothing, thanks"
STOPS_IT = re.compile(r"\W*(?:please )?stop (?:it|that|this)(?: (?:now|please|again))*\W*", re.IGNORECASE)  # of what the cabin does
DEGREES = re.compile(r"\bdegrees?\b|°", re.IGNORECASE)  # of what else than the temperature, unless a backrest was moved
IN_DEGREES = ("Celsius", "degrees")
# what lets somebody out waits for these rather than for any stop
_FREES_WHEN = {"stopped": "parked", "arrive": "arrived"}
STOP_HOLDS = "a stop holds until somebody says “drive on”"
FULL = f"I already wait for {MOST_WAITING} things"


class Hands:
    """What the agent does for one conversation with one car."""

    def __init__(self, gate: Gate, memory: Memory) -> None:
        self.gate, self._memory = gate, memory
        self.pressed = False  # what is being done was said of this instant, as far as it is a stop
        gate.on_stop.append(self._stay)

    def _stay(self) -> None:
        """Forget to go on later: what was put off before a stop was asked for must not end it."""
        self._memory.waiting = [waiting for waiting in self._memory.waiting if not goes_on(waiting.intent)]

    def call(self, call: Call, seat: Place, now: Situation, words: str = "") -> Response:
        """Move something in the cabin, or read it. In `words` "the other one" is seen from where the same was moved last."""
        tool = TOOLS[call.tool]
        if tool.places and not call.places and OTHER.search(words):
            last = self._memory.last_deed(now.t_s)
            before = last.places if last is not None and last.call is not None and last.call.tool == tool.name else ()
            call = replace(call, places=tuple(place for place in others(before) if place in tool.places))
            if not call.places:
                return self._fixed("Which one do you mean? Please name its place.", asked=True, understood=False)
        verdict = self.gate.call(call, now, seat=seat)
        if not verdict.accepted:
            return self._refused(verdict.reason) if verdict.nearest is None else self._nearest(call, verdict.nearest, now)
        if replies.reading(tool, call.operation):
            return Response(self._say.told(tool, self.gate.signals[self.gate.paths(tool, call, seat)[0]]))
        places = self.gate.places(tool, call, seat) if tool.places else ()
        self._memory.did(Deed(CabinCall(call), verdict.changes, places, now.t_s))
        return Response(self._say.done(tool, call, verdict, places), verdict.changes)

    def _nearest(self, call: Call, level: float, now: Situation) -> Response:
        """Offer the level within reach that is nearest to the one that was asked for; a yes takes it, and so does another number."""
        nearest = Step(CabinCall(replace(call, operation=Operation.SET, value=level, times=False)), "")
        self._memory.asked = Asked(now.t_s, missing=Missing(call.tool, Slot.NUMBER, call), proposed=(nearest,))
        return Response(self._say.reaches(TOOLS[call.tool], level), asked=True, refused=True)

    def wish(self, intent: DrivingWish, words: str, seat: Place, now: Situation) -> Response:
        """Ask something of driving. `words` are what was said, "" where nobody said this in so many words."""
        before = self.gate.cap
        wish = PullOver(at_once=True) if intent.wish == PullOver() and self.pressed else intent.wish
        verdict: Verdict = self.gate.ask(Request(wish, seat, round(now.t_s * 1e6)), now)
        if not verdict.accepted:
            return self._refused(verdict.reason)
        assert verdict.request is not None
        requests = [verdict.request]
        if isinstance(intent.wish, CapSpeed):
            self._memory.waiting = self._but_bounds()
        elif intent.wish == Drive(Manner.PLAIN) and words and self.gate.cap is not None:  # who says "drive normally" means the speed, too
            requests += filter(None, [self.gate.ask(Request(DropCap(), seat, round(now.t_s * 1e6)), now).request])
        self._memory.did(Deed(intent, at_s=now.t_s, before=before))
        where, which = telling.stopping(words, now) if isinstance(intent.wish, PullOver) and self._say is replies else ("", None)
        if which is not None:
            self._memory.asked = Asked(now.t_s, which=which)
        said = where or self._say.wished(wish, now)
        if self.gate.stop_holds(now) and not isinstance(wish, PullOver | Park | GoOn | CapSpeed | DropCap):
            said = f"{said} {self._say.fixed(sentences.FIRST_DRIVE_ON)}"
        return Response(said, requests=tuple(requests), asked=which is not None)

    def regard(self, regard: Regard, seat: Place, now: Situation) -> Response:
        """Tell of something outside, or leave room for it; ask which one where several fit or none does."""
        meant = resolve(regard.reference, now.sights)
        if len(meant.things) != 1:
            if not meant.things and (regard.about is About.SIGHT or not now.looks):
                return Response(f"{telling.unseen(regard.reference, now)}.")
            self._memory.asked = Asked(now.t_s, which=regard)
            return Response(
                telling.which(meant) if meant.things else f"{telling.unseen(regard.reference, now)}. {telling.WHICH}", asked=True
            )
        told = telling.told(regard, meant, now)
        if regard.about is not About.GIVE_WAY:
            return Response(told)
        room = KeepDistance() if meant.things[0].side == AHEAD else Drive(Manner.CAREFUL)
        response = self.wish(DrivingWish(room), "", seat, now)
        return response if response.refused else replace(response, text=told)

    def put_off(self, step: Step, until: Condition, seat: Place, now: Situation) -> Response:
        """Do a step once a condition comes true. What lets people out waits until we have parked or arrived: a red light is a stop, too. No
        stop is ended by its having come about."""
        if goes_on(step.intent) and until.kind in ("stopped", "parked"):
            return self._refused(STOP_HOLDS)
        if len(self._memory.waiting) >= MOST_WAITING:
            return self._refused(FULL)
        call = step.intent.call if isinstance(step.intent, CabinCall) else None
        if call is not None and not (verdict := self.gate.call_later(call, now, seat=seat)).accepted:
            return self._refused(verdict.reason)
        if call is not None and frees(call):
            until = replace(until, kind=_FREES_WHEN.get(until.kind, until.kind))
        self._memory.waiting.append(Waiting(step.intent, Trigger(until, now, self.gate.signals), seat))
        later = self._say.later(until)
        return Response(replies.deferred(later, call) if call is not None and self._say is replies else later)

    def hold(self, intent: DrivingWish, until: Condition, seat: Place, now: Situation) -> Response:
        """A bound that the limit keeps already: it is asked of driving once more is allowed. A tighter one that driving has is taken back."""
        others = self._but_bounds()
        if len(others) >= MOST_WAITING:
            return self._refused(FULL)
        loosens = None if self.gate.cap is None else Request(DropCap(), seat, round(now.t_s * 1e6))
        verdict = self.gate.put_off(Request(intent.wish, seat), now) if loosens is None else self.gate.ask(loosens, now)
        if not verdict.accepted:
            return self._refused(verdict.reason)
        self._memory.waiting = others
        self._memory.did(Deed(intent, at_s=now.t_s))
        response = self.put_off(Step(intent, ""), until, seat, now)
        return replace(response, text=f"{self._say.limit(now)} {response.text}", requests=() if loosens is None else (loosens,))

    def follow(self, follow: FollowUp, words: str, seat: Place, now: Situation) -> Response:
        """More, less or another value of what was done last; or back."""
        if follow.kind is Follow.UNDO:
            return self.take_back(seat, now) or self._fixed("There is nothing that I could take back.", asked=True)
        last = self._memory.last_call()
        tool = TOOLS[last.tool] if last is not None else None
        if last is None and follow.kind is Follow.VALUE and follow.places and follow.value is not None and _is_warmth(follow.value):
            return self.call(Call("climate.temperature", Operation.SET, follow.places, follow.value), seat, now)  # "my side to 23"
        if (
            follow.kind is Follow.VALUE
            and follow.value is not None
            and DEGREES.search(words)
            and (tool is None or tool.unit not in IN_DEGREES)
        ):
            return self.call(Call("climate.temperature", Operation.SET, follow.places, follow.value), seat, now)
        if last is None or tool is None or (tool.form not in (Form.LEVEL, Form.CHOICE) and follow.kind is not Follow.SAME):
            return self._fixed("Of what?", asked=True, understood=False)
        if follow.kind is Follow.SAME:
            changes = self._memory.deeds[-1].changes
            if last.operation in (Operation.UP, Operation.DOWN) and changes and isinstance(reached := changes[0].after, float):
                last = replace(last, operation=Operation.SET, value=reached * tool.sign)  # as much, not one step more
            return self.call(replace(last, places=follow.places), seat, now, words)
        operation = {Follow.MORE: Operation.UP, Follow.LESS: Operation.DOWN}.get(follow.kind, Operation.SET)
        value: float | str | None = follow.value if operation is Operation.SET else None
        if operation is Operation.SET and tool.form is Form.CHOICE:
            value = choice_in(tool.name, words)
        return self.call(Call(tool.name, operation, follow.places or last.places, value), seat, now)

    def cancel(self, words: str, seat: Place, now: Situation) -> Response:
        """Forget what was to come, or take the last deed back where that was just now. Those in the back cancel what they asked for."""
        kept = [waiting for waiting in self._memory.waiting if seat in REAR and waiting.seat not in REAR]
        count = len(self._memory.waiting) - len(kept)
        self._memory.waiting = kept
        just_now = TAKES_BACK.search(words) and self._memory.last_deed(now.t_s, within_s=CANCELLED_WITHIN_S)
        if not count and just_now and (back := self.take_back(seat, now)) is not None:
            return back
        return self._fixed("I forget what was to come." if count else "All right.")

    def stop_it(self, words: str, seat: Place, now: Situation) -> Response | None:
        """Take back what the cabin was told last, where "stop it" is said of it; None where nothing such was said or done just now."""
        last = self._memory.last_deed(now.t_s)
        return None if last is None or last.call is None or STOPS_IT.fullmatch(words) is None else self.take_back(seat, now)

    def take_back(self, seat: Place, now: Situation) -> Response | None:
        """Undo what was done last; None where that cannot be."""
        deed = self._memory.deeds[-1] if self._memory.deeds else None
        if deed is None or (isinstance(deed.intent, CabinCall) and not deed.changes):
            return None
        if isinstance(deed.intent, DrivingWish):
            if isinstance(deed.intent.wish, PullOver | Park):
                return self._fixed("I stop all the same; say “drive on” when I shall go on.")
            opposite = (
                CapSpeed(deed.before) if deed.before is not None and _bounds(deed.intent.wish) else replies.opposite(deed.intent.wish)
            )
            response = None if opposite is None else self.wish(DrivingWish(opposite), "", seat, now)
            if response is not None and not response.refused:
                del self._memory.deeds[-2:]
            return response
        verdict = self.gate.restore(deed.changes, now, seat=seat)
        if not verdict.accepted:
            return self._refused(verdict.reason)
        self._memory.deeds.pop()
        return fixed(self._say, "It is as it was before.", verdict.changes)

    @property
    def _say(self) -> replies.Speech:
        return self._memory.speech

    def _fixed(self, sentence: str, *, asked: bool = False, understood: bool = True) -> Response:
        return fixed(self._say, sentence, asked=asked, understood=understood)

    def _refused(self, reason: str) -> Response:
        return Response(self._say.refused(reason), refused=True)

    def _but_bounds(self) -> list[Waiting]:
        """What waits, without the bound that waits for a faster road: a new one takes its place."""
        return [waiting for waiting in self._memory.waiting if waiting.trigger.condition.kind != "limit_above"]


def _bounds(wish: Wish) -> bool:
    """Does a wish change the speed that is set?"""
    return isinstance(wish, CapSpeed) or wish == Drive(Manner.PLAIN)


def _is_warmth(value: float) -> bool:
    """Can this be a temperature of the cabin?"""
    return TOOLS["climate.temperature"].low <= value <= TOOLS["climate.temperature"].high
