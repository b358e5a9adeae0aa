"""The cockpit agent: hears, asks back, does and answers. It understands through `Understanding`, and everything that it does goes
through the gate. What it did not understand it does not do."""

import time
from collections.abc import Callable
from dataclasses import replace

from caravela.cockpit import replies, sentences
from caravela.cockpit.acting.asked import filled_in
from caravela.cockpit.acting.gate import HIGHEST_KNOWN, SLACK, Gate
from caravela.cockpit.acting.hands import Hands
from caravela.cockpit.acting.memory import Asked, Memory, Waiting
from caravela.cockpit.acting.openings import standing_open
from caravela.cockpit.acting.second_thoughts import SecondThoughts
from caravela.cockpit.languages.heard import Heard, Languages
from caravela.cockpit.outside.referring import reference_in
from caravela.cockpit.outside.requests import Regard
from caravela.cockpit.outside.thoughts import seeing
from caravela.cockpit.reading.intents import (
    Answer,
    Beyond,
    CabinCall,
    Condition,
    Contradiction,
    DrivingWish,
    FindCharger,
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
    goes_on,
    means_nothing,
    stops,
)
from caravela.cockpit.reading.leaving import goes_away
from caravela.cockpit.reading.questions import asks_the_weather, asks_who_it_is, greets
from caravela.cockpit.reading.spelling import Meant, meant, usual_words
from caravela.cockpit.reading.stopping import drives_on, holds_a_stop, needs_help, pieces, presses
from caravela.cockpit.reading.understanding import LONGEST, Understanding
from caravela.cockpit.response import Response, fixed, joined
from caravela.cockpit.situation import Situation, holds
from caravela.cockpit.tool import Place
from caravela.core.request import CapSpeed, Drive, GoOn, GoTo, Manner, PullOver, Request
from caravela.core.units import to_kph

WHOLE = (Hazard.OVERRIDE, Hazard.REPORT)  # hazards that make everything said beside them doubtful
CHARGER = "the nearest charging station"
NEAR_CAP = 0.75  # of the speed that was asked for, from which it may be what keeps the car slow
AGAIN_S = 2.0  # s after which a stop for something that is open is asked for again


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
        usual_words()  # loaded now, so that nobody's first mistyped word waits for it
        self._memory = Memory()
        self._minded_s: float | None = None  # when driving was asked to stop for something that is open
        self._hands = Hands(gate, self._memory)
        self._second_thoughts = SecondThoughts(gate, self._memory, understand=self._in_english, lefthand=lefthand)

    def hear(self, text: str, *, seat: Place = Place.DRIVER) -> Response:
        """Words that a person in the car said or typed. Words on signs, in songs and messages never come here."""
        began = time.perf_counter()
        self._hands.pressed = presses(text)
        try:
            response = self._answer(text, seat)
        finally:
            self._hands.pressed = False
        return replace(response, took_ms=1000.0 * (time.perf_counter() - began))

    def tick(self) -> list[Response]:
        """Do what was put off and has come due, and mind what is open. Called whenever the situation has changed."""
        now = self._look()
        minded = self._mind_openings(now)
        due: list[Waiting] = []
        kept: list[Waiting] = []
        for waiting in self._memory.waiting:
            (due if waiting.trigger.fires(now, self.gate.signals) else kept).append(waiting)
        self._memory.waiting = kept
        return minded + [self._do(waiting.intent, "", waiting.seat, now) for waiting in due]

    def _mind_openings(self, now: Situation) -> list[Response]:
        """Ask driving for a stop where something is open and the car drives, or may do so by itself. Said once."""
        if not standing_open(self.gate.signals) or now.asked_to_stop or now.lets_out:
            self._minded_s = None
            return []
        first = self._minded_s is None
        if self._minded_s is not None and now.t_s - self._minded_s < AGAIN_S:
            return []
        self._minded_s = now.t_s
        stop = Request(PullOver(at_once=now.standing), "car", round(now.t_s * 1e6))  # one that stands goes no further first
        self.gate.ask(stop, now)
        return [replace(self._fixed(sentences.LEFT_OPEN), requests=(stop,))] if first else []

    @property
    def waiting(self) -> int:
        """How many things wait for a condition."""
        return len(self._memory.waiting)

    @property
    def asking(self) -> bool:
        """Is a question of this conversation open, that a next sentence may answer?"""
        return self._memory.open_question(self._look().t_s) is not None

    @property
    def speech(self) -> replies.Speech:
        """The language that was spoken last."""
        return self._memory.speech

    def understood(self, text: str, *, seat: Place = Place.DRIVER) -> list[Step]:
        """What `text` asks for, without doing any of it."""
        if not text.strip() or len(text) > LONGEST:
            return []
        heard = self._in_other_words(text, None, seat)
        return self._in_english(text, seat) if heard is None else list(heard.steps)

    def carry_out(self, steps: list[Step], *, seat: Place = Place.DRIVER) -> Response:
        """Do the steps of one request, each through the gate. A request that holds a hazard is refused as a whole: whoever asks for
        one is not obeyed in the same breath, save for a stop, which is never refused."""
        now = self._look()
        steps = [
            step for k, step in enumerate(steps) if step.intent not in [before.intent for before in steps[:k]] or not stops(step.intent)
        ]
        hazards = [step for step in steps if isinstance(step.intent, Unsafe)]
        doubtful = [step for step in hazards if isinstance(step.intent, Unsafe) and step.intent.hazard in WHOLE]
        halts = [] if doubtful else [step for step in steps if stops(step.intent)]
        responses = [self._step(step, seat, now) for step in (doubtful or hazards) + halts] if hazards else []
        if hazards and len(steps) > len(hazards) + len(halts):
            responses.append(self._fixed(sentences.REST_LEFT, refused=True))
        responses = responses or [self._step(step, seat, now) for step in steps]
        if not any(response.asked for response in responses):
            self._memory.asked = None
        return joined(responses)

    def _answer(self, text: str, seat: Place) -> Response:
        now, heard_as = self._look(), text
        if not text.strip():
            return self._fixed(sentences.SILENCE, understood=False)
        if len(text) > LONGEST:
            return self._fixed(sentences.TOO_LONG, understood=False)
        asked = self._memory.open_question(now.t_s)
        heard = self._in_other_words(text, asked, seat)
        self._memory.speech = replies if heard is None else heard.speech
        if heard is not None and heard.instead:
            return Response(heard.instead, understood=False)
        text, steps = (heard.english, list(heard.steps)) if heard is not None else (text, self._in_english(text, seat))
        if self._only_goes_on(heard_as, steps, now):
            return self.carry_out([Step(DrivingWish(GoOn()), text)], seat=seat)
        said = text if heard is None else heard.correction  # of what was done last, if it is about that
        if asked is not None and asked.proposed and (answer := _answered(steps)) is not None:
            self._memory.asked = None
            return self.carry_out(list(asked.proposed), seat=seat) if answer is Answer.YES else self._fixed("All right, I don't.")
        elif asked is not None and (filled := filled_in(asked, text, steps, self._understand.as_tool)) is not None:
            self._memory.asked = None
            steps = [Step(filled, text, asked.until)]
        elif said and (halt := self._second_thoughts.still_stops(said, steps, seat, now)):
            steps = halt
        elif said and (again := self._second_thoughts.put_right(said, [] if heard else steps, seat, now)) is not None:
            return self._second_thoughts.carried_out(again, said, seat, now, carry_out=lambda: self.carry_out([again], seat=seat))
        elif heard is None and (greets(text) or asks_who_it_is(text)):
            return self._fixed(sentences.WELCOME if greets(text) else sentences.WHO_I_AM)
        elif heard is None and asks_the_weather(text):
            return Response(replies.weather(self.gate.signals))
        elif heard is None and (mended := self._mended(text, steps, seat)) is not None:
            return self._taken_for(mended, seat, now)
        if heard is None and asked is None and (wish := self._understand.indirect(text, steps)) is not None:
            return self._taken_as(wish, text, seat, now)
        if not steps:
            return self._fixed(sentences.NOT_UNDERSTOOD, understood=False)
        return self._carry_on(steps, heard_as, seat, now, in_english=heard is None)

    def _carry_on(self, steps: list[Step], said: str, seat: Place, now: Situation, *, in_english: bool) -> Response:
        """Do the steps of what was `said`, save for driving on that it does not name: "I'm off" is near that, and ends no stop. While one holds
        it is asked about; put off, it is not understood."""
        doubtful = [step for step in steps if goes_on(step.intent) and not (drives_on(said) or (in_english and drives_on(step.words)))]
        later = any(step.condition is not None for step in doubtful)
        if not later and not self.gate.stop_holds(now):
            return self.carry_out(steps, seat=seat)
        rest = [step for step in steps if step not in doubtful]
        if not doubtful or any(isinstance(step.intent, Unsafe) or stops(step.intent) for step in rest):
            return self.carry_out(rest, seat=seat)
        responses = [self.carry_out(rest, seat=seat)] if rest else []
        if any(response.asked for response in responses):
            return responses[0]
        if later:
            return joined([*responses, self._fixed(sentences.NOT_UNDERSTOOD, asked=True, understood=False)])
        return joined([*responses, self._whether_to_drive_on(said, now)])

    def _whether_to_drive_on(self, said: str, now: Situation) -> Response:
        self._memory.asked = Asked(now.t_s, proposed=(Step(DrivingWish(GoOn()), said),))
        return self._fixed(sentences.SHALL_I_DRIVE_ON, asked=True)

    def _only_goes_on(self, said: str, steps: list[Step], now: Situation) -> bool:
        """Is a bare "weiter" after a stop, which may be more of anything, one to drive on?"""
        last = self._memory.deeds[-1] if self._memory.deeds else None
        vague = bool(steps) and all(isinstance(step.intent, FollowUp) or means_nothing(step.intent) for step in steps)
        return (
            vague and last is not None and stops(last.intent) and self.gate.stop_holds(now) and drives_on(said) and len(pieces(said)) == 1
        )

    def _in_english(self, text: str, seat: Place) -> list[Step]:
        return self._understand(text, seat=seat, lefthand=self._lefthand)

    def _mended(self, text: str, steps: list[Step], seat: Place) -> Meant | None:
        """What was meant by words that were mistyped."""
        return meant(text, steps, understand=lambda near: self._in_english(near, seat), knows=self._understand.knows)

    def _taken_for(self, mended: Meant, seat: Place, now: Situation) -> Response:
        """Do what was meant and read it back; what touches driving or safety is asked about first."""
        said = replies.taken_for(mended.text)
        if not mended.harmless:
            self._memory.asked = Asked(now.t_s, proposed=mended.steps)
            return Response(f"{said} Shall I?", asked=True)
        response = self.carry_out(list(mended.steps), seat=seat)
        return replace(response, text=f"{said} {response.text}")

    def _taken_as(self, wish: Drive | PullOver, text: str, seat: Place, now: Situation) -> Response:
        """Do what was put indirectly where it does no harm if it was not meant; a stop, and haste, are asked about first."""
        step = Step(DrivingWish(wish), text)
        if wish not in (PullOver(), Drive(Manner.BRISK)):
            return self.carry_out([step], seat=seat)
        self._memory.asked = Asked(now.t_s, proposed=(step,))
        return Response(sentences.SHALL_I_STOP if wish == PullOver() else sentences.SHALL_I_HURRY, asked=True)

    def _in_other_words(self, text: str, asked: Asked | None, seat: Place) -> Heard | None:
        heard = None if self._languages is None else self._languages.hear(text, asked, seat=seat, lefthand=self._lefthand)
        return _with_its_stop(heard, text) if heard is not None and holds_a_stop(text) else heard

    def _step(self, step: Step, seat: Place, now: Situation) -> Response:
        """Do a step, or put it off."""
        if step.condition is None or isinstance(step.intent, Unsafe | Beyond | Regard | SmallTalk | Garbled | Contradiction):
            return self._do(step.intent, step.words, seat, now)
        if isinstance(step.condition, Unclear):
            return self._fixed(sentences.NOT_WATCHED, asked=True, understood=False)
        if isinstance(step.intent, Missing | Unclear):  # asked about now, and done when its condition comes true
            response = self._do(step.intent, step.words, seat, now)
            if response.asked and self._memory.asked is not None:
                self._memory.asked = replace(self._memory.asked, until=step.condition)
            return response
        return self._hands.put_off(step, step.condition, seat, now)

    def _do(self, intent: Intent, words: str, seat: Place, now: Situation) -> Response:
        match intent:
            case CabinCall(call):
                return self._hands.call(call, seat, now, words)
            case DrivingWish(CapSpeed(speed), at_most=True) if speed > (now.limit or HIGHEST_KNOWN) + SLACK:
                return self._hands.hold(intent, Condition("limit_above", to_kph(speed)), seat, now)
            case DrivingWish(PullOver()) if needs_help(words):
                stopping = self._hands.wish(intent, words, seat, now)
                return replace(stopping, text=f"{stopping.text} {self.speech.fixed(sentences.CALL_HELP)}")
            case DrivingWish(PullOver()) if reference_in(words) is not None:
                return self._hands.wish(intent, words, seat, self._looking(now))
            case DrivingWish():
                return self._hands.wish(intent, words, seat, now)
            case FindCharger():
                return self._hands.wish(DrivingWish(GoTo(CHARGER)), words, seat, now)
            case FollowUp():
                return self._hands.follow(intent, words, seat, now)
            case Unsafe(hazard):
                return self._fixed(sentences.REFUSED[hazard], refused=True)
            case Question(about):
                return Response(self._told(about, words, now))
            case Missing():
                self._memory.asked = Asked(now.t_s, missing=intent)
                return Response(self.speech.asking(intent), asked=True)
            case Unclear(alternatives) if len(alternatives) == 2:
                self._memory.asked = Asked(now.t_s, either=alternatives, words=words)
                return Response(self.speech.either(*alternatives), asked=True)
            case Reply(answer):
                return self._replied(answer, words, seat, now)
            case OfferSwitch(on):
                return self._fixed(self._on_offer_switch(on) or "I make no offers here.")
            case Contradiction():
                return self._fixed(sentences.CONTRADICTION, asked=True)
            case Negated():
                return self._fixed("All right, I leave that as it is.")
            case Beyond(what):
                return Response(sentences.BEYOND[what]) if self.speech is replies else self._fixed(sentences.NOT_MINE)
            case Regard():
                return self._hands.regard(intent, seat, self._looking(now)) if self.speech is replies else self._fixed(sentences.NOT_MINE)
            case Garbled():
                return self._fixed(sentences.GARBLED, asked=True, understood=False)
            case SmallTalk() if goes_away(words) and self.gate.stop_holds(now):
                return self._whether_to_drive_on(words, now)
            case SmallTalk():
                return self._fixed(sentences.NOT_MINE, understood=False)
        return self._fixed(sentences.NOT_UNDERSTOOD, asked=True, understood=False)

    def _replied(self, answer: Answer, words: str, seat: Place, now: Situation) -> Response:
        """Yes, no or cancel, without a question of this conversation that they answer."""
        self._memory.asked = None
        if (response := self._on_answer(answer, now, seat)) is not None:
            return replace(response, text=self.speech.fixed(response.text))
        if answer is not Answer.YES and (stopped := self._hands.stop_it(words, seat, now)) is not None:
            return stopped
        if answer is Answer.CANCEL:
            return self._hands.cancel(words, seat, now)
        return self._fixed("All right." if answer is Answer.NO else "To what? I asked nothing.", asked=answer is Answer.YES)

    def _told(self, about: str, words: str, now: Situation) -> str:
        """The answer about driving: what the car was asked and what its gauges show it knows; the rest the driving model may explain."""
        if about == "why":
            capped = self.gate.cap is not None and now.speed > NEAR_CAP * self.gate.cap and self.speech is replies and not now.asked_to_stop
            if capped:
                return replies.because_of_cap(self.gate.cap or 0.0)
            return (None if now.asked_to_stop else self._explained(about, words)) or self.speech.why(now)
        if about == "what" and self.speech is replies and replies.asks_around(words):
            return replies.around(self._looking(now))
        if about == "what":
            return self._explained(about, words) or self.speech.what(now, words)
        if about in ("speed", "limit"):
            return self.speech.speed(now) if about == "speed" else self.speech.limit(now)
        if about == "destination":
            place = self._memory.destination()
            return self.speech.wished(GoTo(place), now) if place else self._fixed(sentences.NO_DESTINATION).text
        return self._fixed("Yes." if holds(Condition(about), now, self.gate.signals) else "No.").text

    def _explained(self, about: str, words: str) -> str | None:
        """What the driving model says of it; it speaks English only."""
        return self._explain(about, words) if self.speech is replies else None

    def _looking(self, now: Situation) -> Situation:
        """`now` with what the driving model's thought adds to what is seen; it speaks English only."""
        return seeing(now, self._explained)

    def _fixed(self, sentence: str, *, asked: bool = False, refused: bool = False, understood: bool = True) -> Response:
        """A sentence that has nothing to fill in, in the language that was spoken."""
        return fixed(self.speech, sentence, asked=asked, refused=refused, understood=understood)


def _answered(steps: list[Step]) -> Answer | None:
    """The yes or no that is all that was said; None where it is anything else."""
    return steps[0].intent.answer if len(steps) == 1 and isinstance(steps[0].intent, Reply) else None


def _with_its_stop(heard: Heard, text: str) -> Heard:
    """`heard` with the stop that `text` says in so many words, where its reader has missed it or is not there."""
    if any(
        (stops(step.intent) and not isinstance(step.condition, Unclear)) or isinstance(step.intent, Contradiction) for step in heard.steps
    ):
        return heard
    kept = tuple(step for step in heard.steps if isinstance(step.intent, CabinCall | Question) and step.condition is None)
    unsafe = tuple(step for step in heard.steps if isinstance(step.intent, Unsafe)) if len(pieces(text)) > 1 else ()
    return replace(heard, english="", steps=(*kept, *unsafe, Step(DrivingWish(PullOver()), text)), instead="", correction="")
