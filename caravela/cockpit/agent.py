"""The cockpit agent: hears, asks back, does and answers. It understands through `Understanding`, and everything that it does goes
through the gate. What it did not understand it does not do."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from caravela.cockpit import replies
from caravela.cockpit.asked import filled_in, names_something
from caravela.cockpit.corrections import PRONOUN, is_pause, opened, put_right
from caravela.cockpit.gate import HIGHEST_KNOWN, SLACK, Change, Gate, Verdict
from caravela.cockpit.intents import (
    Answer,
    CabinCall,
    Condition,
    Contradiction,
    DrivingWish,
    FindCharger,
    Follow,
    FollowUp,
    Garbled,
    Hazard,
    Intent,
    Missing,
    Negated,
    OfferSwitch,
    Question,
    Reply,
    SmallTalk,
    Step,
    Unclear,
    Unsafe,
    means_nothing,
    stops,
)
from caravela.cockpit.memory import MOST_WAITING, Asked, Deed, Memory, Waiting
from caravela.cockpit.places import places_of
from caravela.cockpit.situation import Situation, Trigger, holds
from caravela.cockpit.tool import REAR, Call, Form, Operation, Place
from caravela.cockpit.tools import TOOLS
from caravela.cockpit.understanding import LONGEST, Understanding
from caravela.cockpit.words_for import choice_in
from caravela.core.request import CapSpeed, Drive, GoTo, Manner, Park, PullOver, Request
from caravela.core.units import to_kph

WHOLE = (Hazard.OVERRIDE, Hazard.REPORT)  # hazards that make everything said beside them doubtful
CANCELLED_WITHIN_S = 15.0  # s after a deed in which "never mind" means it
TAKES_BACK = re.compile(r"\b(?:cancel|never ?mind|forget|scratch|abort|changed my mind)\b", re.IGNORECASE)  # more than "nothing, thanks"
FULL = f"I already wait for {MOST_WAITING} things"
CHARGER = "the nearest charging station"


@dataclass(frozen=True)
class Response:
    """What the agent answers and what it did."""

    text: str
    changes: tuple[Change, ...] = ()
    requests: tuple[Request, ...] = ()
    asked: bool = False  # it asks back
    refused: bool = False  # at least one thing was refused
    understood: bool = True
    took_ms: float = 0.0  # from the words to the decision
    from_endpoint: bool = False  # the words are another model's: nothing but words


@dataclass(frozen=True)
class Heard:
    """A request in another language: what it is in English, its steps, and how to reply. `instead` is a reply where it cannot be understood."""

    english: str
    steps: tuple[Step, ...]
    speech: replies.Speech
    instead: str = ""


class Languages(Protocol):
    """Understands other languages than English."""

    def hear(self, text: str, asked: Asked | None, *, seat: Place, lefthand: bool) -> Heard | None:
        """What was said, where it is not English; `asked` is the question that it may answer."""
        ...


class CockpitAgent:
    """One conversation with one car. `look` gives the situation now; `on_answer` and `on_offer_switch` hear what is said to offers; without
    `languages` all is taken for English. `explain` answers a question about driving (why or what, and its words) from what the driving
    model thinks, or has no answer."""

    def __init__(
        self,
        gate: Gate,
        *,
        look: Callable[[], Situation],
        understanding: Understanding | None = None,
        lefthand: bool = False,
        languages: Languages | None = None,
        on_answer: Callable[[Answer, Situation, Place], Response | None] = lambda answer, now, seat: None,
        on_offer_switch: Callable[[bool], str] = lambda on: "",
        explain: Callable[[str, str], str | None] = lambda about, words: None,
    ) -> None:
        self.gate, self._look, self._lefthand = gate, look, lefthand
        self._understand = understanding or Understanding()
        self._on_answer, self._on_offer_switch, self._explain = on_answer, on_offer_switch, explain
        self._languages = languages
        self._say: replies.Speech = replies
        self._memory = Memory()

    def hear(self, text: str, *, seat: Place = Place.DRIVER) -> Response:
        """Words that a person in the car said or typed. Words on signs, in songs and messages never come here."""
        began = time.perf_counter()
        response = self._answer(text, seat)
        return replace(response, took_ms=1000.0 * (time.perf_counter() - began))

    def tick(self) -> list[Response]:
        """Do what was put off and has come due. Called whenever the situation has changed."""
        now = self._look()
        due: list[Waiting] = []
        kept: list[Waiting] = []
        for waiting in self._memory.waiting:
            (due if waiting.trigger.fires(now, self.gate.signals) else kept).append(waiting)
        self._memory.waiting = kept
        return [self._do(waiting.intent, "", waiting.seat, now) for waiting in due]

    @property
    def waiting(self) -> int:
        """How many things wait for a condition."""
        return len(self._memory.waiting)

    @property
    def asking(self) -> bool:
        """Is a question of this conversation open, that a next sentence may answer?"""
        return self._memory.open_question(self._look().t_s) is not None

    def _answer(self, text: str, seat: Place) -> Response:
        now = self._look()
        if not text.strip():
            return self._fixed(replies.SILENCE, understood=False)
        if len(text) > LONGEST:
            return self._fixed(replies.TOO_LONG, understood=False)
        asked = self._memory.open_question(now.t_s)
        heard = self._in_other_words(text, asked, seat)
        self._say = replies if heard is None else heard.speech
        if heard is not None and heard.instead:
            return Response(heard.instead, understood=False)
        text, steps = (heard.english, list(heard.steps)) if heard is not None else (text, self._in_english(text, seat))
        if asked is not None and (filled := filled_in(asked, text, steps, self._understand.as_tool)) is not None:
            self._memory.asked = None
            steps = [Step(filled, text)]
        elif heard is None and (halt := self._still_stops(text, steps, seat, now)):
            steps = halt
        elif heard is None and (again := self._put_right(text, steps, seat, now)) is not None:
            return self._corrected(again, text, seat, now)
        if not steps:
            return self._fixed(replies.NOT_UNDERSTOOD, understood=False)
        return self.carry_out(steps, seat=seat)

    def understood(self, text: str, *, seat: Place = Place.DRIVER) -> list[Step]:
        """What `text` asks for, without doing any of it."""
        if not text.strip() or len(text) > LONGEST:
            return []
        heard = self._in_other_words(text, None, seat)
        return self._in_english(text, seat) if heard is None else list(heard.steps)

    @property
    def speech(self) -> replies.Speech:
        """The language that was spoken last."""
        return self._say

    def _in_english(self, text: str, seat: Place) -> list[Step]:
        return self._understand(text, seat=seat, lefthand=self._lefthand)

    def _in_other_words(self, text: str, asked: Asked | None, seat: Place) -> Heard | None:
        return None if self._languages is None else self._languages.hear(text, asked, seat=seat, lefthand=self._lefthand)

    def _fixed(
        self, sentence: str, changes: tuple[Change, ...] = (), *, asked: bool = False, refused: bool = False, understood: bool = True
    ) -> Response:
        """A sentence that has nothing to fill in, in the language that was spoken."""
        return Response(self._say.fixed(sentence), changes, asked=asked, refused=refused, understood=understood)

    def carry_out(self, steps: list[Step], *, seat: Place = Place.DRIVER) -> Response:
        """Do the steps of one request, each through the gate. A request that holds a hazard is refused as a whole: whoever asks for
        one is not obeyed in the same breath, save for a stop, which is never refused."""
        now = self._look()
        hazards = [step for step in steps if isinstance(step.intent, Unsafe)]
        doubtful = [step for step in hazards if isinstance(step.intent, Unsafe) and step.intent.hazard in WHOLE]
        halts = [] if doubtful else [step for step in steps if stops(step.intent)]
        responses = [self._step(step, seat, now) for step in (doubtful or hazards) + halts] if hazards else []
        if hazards and len(steps) > len(hazards) + len(halts):
            responses.append(self._fixed(replies.REST_LEFT, refused=True))
        responses = responses or [self._step(step, seat, now) for step in steps]
        if not any(response.asked for response in responses):
            self._memory.asked = None
        return joined(responses)

    def _step(self, step: Step, seat: Place, now: Situation) -> Response:
        """Do a step, or put it off."""
        if step.condition is None or isinstance(step.intent, Unsafe | Missing | Unclear | SmallTalk | Garbled | Contradiction):
            return self._do(step.intent, step.words, seat, now)
        if isinstance(step.condition, Unclear):
            return self._fixed(replies.NOT_WATCHED, asked=True, understood=False)
        if len(self._memory.waiting) >= MOST_WAITING:
            return Response(self._say.refused(FULL), refused=True)
        self._memory.waiting.append(Waiting(step.intent, Trigger(step.condition, now, self.gate.signals), seat))
        return Response(self._say.later(step.condition))

    def _do(self, intent: Intent, words: str, seat: Place, now: Situation) -> Response:
        match intent:
            case CabinCall(call):
                return self._call(call, seat, now)
            case DrivingWish(CapSpeed(speed), at_most=True) if speed > (now.limit or HIGHEST_KNOWN) + SLACK:
                return self._hold(intent, Condition("limit_above", to_kph(speed)), seat, now)
            case DrivingWish():
                return self._wish(intent, words, seat, now)
            case FindCharger():
                return self._wish(DrivingWish(GoTo(CHARGER)), words, seat, now)
            case FollowUp():
                return self._follow(intent, words, seat, now)
            case Unsafe(hazard):
                return self._fixed(replies.REFUSED[hazard], refused=True)
            case Question(about):
                return Response(self._told(about, words, now))
            case Missing():
                self._memory.asked = Asked(now.t_s, missing=intent)
                return Response(self._say.asking(intent), asked=True)
            case Unclear(alternatives) if len(alternatives) == 2:
                self._memory.asked = Asked(now.t_s, either=alternatives, words=words)
                return Response(self._say.either(*alternatives), asked=True)
            case Reply(answer):
                return self._replied(answer, words, seat, now)
            case OfferSwitch(on):
                return self._fixed(self._on_offer_switch(on) or "I make no offers here.")
            case Contradiction():
                return self._fixed(replies.CONTRADICTION, asked=True)
            case Negated():
                return self._fixed("All right, I leave that as it is.")
            case Garbled():
                return self._fixed(replies.GARBLED, asked=True, understood=False)
            case SmallTalk():
                return self._fixed(replies.NOT_MINE, understood=False)
        return self._fixed(replies.NOT_UNDERSTOOD, asked=True, understood=False)

    def _call(self, call: Call, seat: Place, now: Situation) -> Response:
        tool = TOOLS[call.tool]
        verdict = self.gate.call(call, now, seat=seat)
        if not verdict.accepted:
            return Response(self._say.refused(verdict.reason), refused=True)
        if replies.reading(tool, call.operation):
            return Response(self._say.told(tool, self.gate.signals[self.gate.paths(tool, call, seat)[0]]))
        places = self.gate.places(tool, call, seat) if tool.places else ()
        self._memory.did(Deed(CabinCall(call), verdict.changes, places, now.t_s))
        return Response(self._say.done(tool, call, verdict, places), verdict.changes)

    def _wish(self, intent: DrivingWish, words: str, seat: Place, now: Situation) -> Response:
        verdict: Verdict = self.gate.ask(Request(intent.wish, seat, round(now.t_s * 1e6)), now)
        if not verdict.accepted:
            return Response(self._say.refused(verdict.reason), refused=True)
        assert verdict.request is not None
        if isinstance(intent.wish, CapSpeed):
            self._memory.waiting = self._but_bounds()
        self._memory.did(Deed(intent, at_s=now.t_s))
        where = replies.stopping(words, now) if isinstance(intent.wish, PullOver) and self._say is replies else ""
        return Response(where or self._say.wished(intent.wish, now), requests=(verdict.request,))

    def _hold(self, intent: DrivingWish, until: Condition, seat: Place, now: Situation) -> Response:
        """A bound that the limit keeps already: it is asked of driving once more is allowed. A tighter one that driving has is taken back."""
        others = self._but_bounds()
        if len(others) >= MOST_WAITING:
            return Response(self._say.refused(FULL), refused=True)
        loosens = Request(Drive(Manner.PLAIN), seat, round(now.t_s * 1e6)) if self.gate.capped else None
        verdict = self.gate.put_off(Request(intent.wish, seat), now) if loosens is None else self.gate.ask(loosens, now)
        if not verdict.accepted:
            return Response(self._say.refused(verdict.reason), refused=True)
        self._memory.waiting = others
        self._memory.did(Deed(intent, at_s=now.t_s))
        response = self._step(Step(intent, "", until), seat, now)
        return replace(response, text=f"{self._say.limit(now)} {response.text}", requests=() if loosens is None else (loosens,))

    def _but_bounds(self) -> list[Waiting]:
        """What waits, without the bound that waits for a faster road: a new one takes its place."""
        return [waiting for waiting in self._memory.waiting if waiting.trigger.condition.kind != "limit_above"]

    def _still_stops(self, text: str, steps: list[Step], seat: Place, now: Situation) -> list[Step]:
        """The steps of what is said after a stop, where it only says how to stop ("no, right here"); none where it is something else."""
        last = self._memory.last_deed(now.t_s)
        if last is None or not stops(last.intent) or not opened(text) or not any(isinstance(step.intent, DrivingWish) for step in steps):
            return []
        again = self._in_english(f"stop, {text}", seat)
        return again if any(stops(step.intent) for step in again) else []

    def _put_right(self, text: str, steps: list[Step], seat: Place, now: Situation) -> Step | None:
        """What was done last, with what `text` puts right in it; None where it corrects nothing."""
        last = self._memory.last_deed(now.t_s)
        if last is None or any(isinstance(step.intent, Unsafe) or stops(step.intent) for step in steps):
            return None
        vague = all(means_nothing(step.intent) or (last.call is None and isinstance(step.intent, FollowUp)) for step in steps)
        said = opened(text) or (text if vague else "")
        if not said:
            return None
        meant = [step.intent for step in self._in_english(said, seat)]
        named = said != text and is_pause(text) and all(means_nothing(one) or names_something(one) for one in meant)
        intent = put_right(said, last.intent, last.places, lambda zone: places_of(zone, seat, self._lefthand), names=named)
        if intent is None and last.call is not None:
            intent = self._about_it(said, last.call, seat)
        return None if intent is None else Step(intent, text)

    def _corrected(self, step: Step, text: str, seat: Place, now: Situation) -> Response:
        """Do what a correction asks for; once it is done, undo what was done before and is not reached by it."""
        before = self._memory.deeds[-1]
        response = self.carry_out([step], seat=seat)
        if response.refused or response.asked or not isinstance(step.intent, CabinCall) or not opened(text):
            return response
        reached = self.gate.paths(TOOLS[step.intent.call.tool], step.intent.call, seat)
        left = tuple(change for change in before.changes if change.path not in reached)
        verdict = self.gate.restore(left, now, seat=seat) if left else None
        if verdict is None or not verdict.accepted:
            return response
        self._memory.deeds = [deed for deed in self._memory.deeds if deed is not before]
        return replace(response, changes=response.changes + verdict.changes)

    def _about_it(self, said: str, last: Call, seat: Place) -> Intent | None:
        """What `said` asks of "it", which was moved last; None where it asks nothing of it."""
        noun = TOOLS[last.tool].noun
        steps = self._in_english(PRONOUN.sub(noun, said, count=1), seat) if PRONOUN.search(said) else []
        match [step.intent for step in steps]:
            case [CabinCall(call)] if TOOLS[call.tool].path == TOOLS[last.tool].path:
                return CabinCall(replace(call, places=call.places or last.places))
        return None

    def _take_back(self, seat: Place, now: Situation) -> Response | None:
        """Undo what was done last; None where that cannot be."""
        deed = self._memory.deeds[-1] if self._memory.deeds else None
        if deed is None or (isinstance(deed.intent, CabinCall) and not deed.changes):
            return None
        if isinstance(deed.intent, DrivingWish):
            if isinstance(deed.intent.wish, PullOver | Park):
                return self._fixed("I stop all the same; say “drive on” when I shall go on.")
            opposite = replies.opposite(deed.intent.wish)
            response = None if opposite is None else self._wish(DrivingWish(opposite), "", seat, now)
            if response is not None and not response.refused:
                del self._memory.deeds[-2:]
            return response
        verdict = self.gate.restore(deed.changes, now, seat=seat)
        if not verdict.accepted:
            return Response(self._say.refused(verdict.reason), refused=True)
        self._memory.deeds.pop()
        return self._fixed("It is as it was before.", verdict.changes)

    def _follow(self, follow: FollowUp, words: str, seat: Place, now: Situation) -> Response:
        """More, less or another value of what was done last; or back."""
        if follow.kind is Follow.UNDO:
            return self._take_back(seat, now) or self._fixed("There is nothing that I could take back.", asked=True)
        last = self._memory.last_call()
        tool = TOOLS[last.tool] if last is not None else None
        if last is None and follow.kind is Follow.VALUE and follow.places and follow.value is not None and _is_warmth(follow.value):
            return self._call(Call("climate.temperature", Operation.SET, follow.places, follow.value), seat, now)  # "my side to 23"
        if last is None or tool is None or (tool.form not in (Form.LEVEL, Form.CHOICE) and follow.kind is not Follow.SAME):
            return self._fixed("Of what?", asked=True, understood=False)
        if follow.kind is Follow.SAME:
            changes = self._memory.deeds[-1].changes
            if last.operation in (Operation.UP, Operation.DOWN) and changes and isinstance(reached := changes[0].after, float):
                last = replace(last, operation=Operation.SET, value=reached * tool.sign)  # as much, not one step more
            return self._call(replace(last, places=follow.places), seat, now)
        operation = {Follow.MORE: Operation.UP, Follow.LESS: Operation.DOWN}.get(follow.kind, Operation.SET)
        value: float | str | None = follow.value if operation is Operation.SET else None
        if operation is Operation.SET and tool.form is Form.CHOICE:
            value = choice_in(tool.name, words)
        return self._call(Call(tool.name, operation, follow.places or last.places, value), seat, now)

    def _replied(self, answer: Answer, words: str, seat: Place, now: Situation) -> Response:
        """Yes, no or cancel, without a question of this conversation that they answer."""
        self._memory.asked = None
        if (response := self._on_answer(answer, now, seat)) is not None:
            return replace(response, text=self._say.fixed(response.text))
        if answer is Answer.CANCEL:
            kept = [waiting for waiting in self._memory.waiting if seat in REAR and waiting.seat not in REAR]
            count = len(self._memory.waiting) - len(kept)
            self._memory.waiting = kept
            just_now = TAKES_BACK.search(words) and self._memory.last_deed(now.t_s, within_s=CANCELLED_WITHIN_S)
            if not count and just_now and (back := self._take_back(seat, now)) is not None:
                return back
            return self._fixed("I forget what was to come." if count else "All right.")
        return self._fixed("All right." if answer is Answer.NO else "To what? I asked nothing.", asked=answer is Answer.YES)

    def _told(self, about: str, words: str, now: Situation) -> str:
        """The answer about driving: what the car was asked and what its gauges show it knows; the rest the driving model may explain."""
        if about == "why":
            return (None if now.asked_to_stop else self._explained(about, words)) or self._say.why(now)
        if about == "what":
            return self._explained(about, words) or self._say.what(now, words)
        if about in ("speed", "limit"):
            return self._say.speed(now) if about == "speed" else self._say.limit(now)
        return self._fixed("Yes." if holds(Condition(about), now, self.gate.signals) else "No.").text

    def _explained(self, about: str, words: str) -> str | None:
        """What the driving model says of it; it speaks English only."""
        return self._explain(about, words) if self._say is replies else None


def _is_warmth(value: float) -> bool:
    """Can this be a temperature of the cabin?"""
    return TOOLS["climate.temperature"].low <= value <= TOOLS["climate.temperature"].high


def joined(responses: list[Response]) -> Response:
    """One answer of several."""
    return Response(
        " ".join(dict.fromkeys(response.text for response in responses if response.text)),
        tuple(change for response in responses for change in response.changes),
        tuple(request for response in responses for request in response.requests),
        any(response.asked for response in responses),
        any(response.refused for response in responses),
        all(response.understood for response in responses),
    )
