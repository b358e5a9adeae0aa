"""From free words to typed intents. The head says what a clause means; this file cuts a request into clauses, fills in numbers, places
and names, and says what is missing or unclear. It decides nothing: it has no hands."""

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from caravela.cockpit.bounds import FASTEST_ROAD, KM_PER_MILE, MILES, bound_in, is_above
from caravela.cockpit.clauses import conditional, cut, says_stop, strong_parts, unquoted
from caravela.cockpit.corrections import REPLACES, names_a_verb, parted, put_right
from caravela.cockpit.head import MAX_TOKENS, Head, Reading
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
    Slot,
    SmallTalk,
    Step,
    Unclear,
    Unsafe,
    means_nothing,
    stops,
)
from caravela.cockpit.names import name_in, person_called
from caravela.cockpit.numbers import numbers_in, share_in
from caravela.cockpit.phrasing import NEGATED, NONE, SEVERAL, is_known
from caravela.cockpit.places import PLURAL, places_of, zone_alone, zone_named
from caravela.cockpit.questions import as_statement, asks, asks_what_is_there, finds_it_too_hard, is_reason, tells_of_a_call
from caravela.cockpit.tool import TAKES, Call, Form, Operation, Place, Tool
from caravela.cockpit.tools import TOOLS
from caravela.cockpit.wordpieces import piece_spans
from caravela.cockpit.words_for import choice_in, operation_in, rather
from caravela.core.errors import CaravelaError
from caravela.core.request import (
    CapSpeed,
    ChangeLane,
    Drive,
    DropRoute,
    GoOn,
    GoTo,
    KeepDistance,
    Manner,
    Overtake,
    Park,
    PullOver,
    Side,
    TakeTurn,
)
from caravela.core.units import from_kph
from caravela.words import SentenceEncoder

LONGEST = 400  # characters of a request; more is not said in one breath
SURE = 0.30  # probability of the best meaning below which nothing is done
RIVAL = 0.7  # share of the best one's probability from which a second meaning makes a request ambiguous
UNSAFE = 0.4  # probability of all refusals together from which nothing else is believed
DOUBTFUL = 0.2  # of all refusals together from which only what is put plainly is a bound
SURE_REPAIR = 0.5  # probability from which what follows on "no, I mean" is a request of its own
SURE_STATE = 0.5  # probability of a condition from which a question is one about it
MOST_SCRAPS = 0.4  # share of word pieces that are not words
LEAST_FREE = 0.15  # of the surest word piece of a name
FREE = 0.4  # probability from which a word piece belongs to a name
PLACEHOLDER = re.compile(r"Q(\d)X", re.IGNORECASE)  # of quoted words
EXIT = re.compile(r"\b(?:exit|slip road|off-?ramp)\b", re.IGNORECASE)
AROUND = re.compile(r"\b(?:around|u-?turn)\b", re.IGNORECASE)  # there is no wish for that
AT_A_SPEED = re.compile(r"\b(?:drive|go|do|travel|cruise)\b", re.IGNORECASE)  # who says so and a number means a speed
IN_THE_CABIN = re.compile(r"\b(?:sides?|seats?|zones?|passenger|in the (?:back|front|rear))\b", re.IGNORECASE)  # no speed is set there
_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_ORDINAL = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "next": 1}
SIMPLE: dict[str, Intent] = {
    "drive.straight": DrivingWish(TakeTurn(Side.STRAIGHT)),
    "drive.cancel_route": DrivingWish(DropRoute()),
    "drive.stop": DrivingWish(PullOver()),
    "drive.go_on": DrivingWish(GoOn()),
    "drive.overtake": DrivingWish(Overtake()),
    "drive.park": DrivingWish(Park()),
    "drive.distance": DrivingWish(KeepDistance()),
    "drive.charger": FindCharger(),
    **{f"drive.{manner}": DrivingWish(Drive(manner)) for manner in Manner},
    **{f"answer.{answer}": Reply(answer) for answer in Answer},
    **{f"refuse.{hazard}": Unsafe(hazard) for hazard in Hazard},
    **{f"ask.{about}": Question(about) for about in ("why", "what", "limit", "speed")},
    "offers.off": OfferSwitch(False),
    "offers.on": OfferSwitch(True),
    NEGATED: Negated(),
    "chat": SmallTalk(),
    "unclear": Unclear(),
    SEVERAL: Unclear(),
}


class Understanding:
    """Words in, steps out. Without state: what was said before is the agent's to remember."""

    def __init__(self, encoder: SentenceEncoder | None = None, head: Head | None = None) -> None:
        self._encoder = encoder or SentenceEncoder()
        self._head = head or Head.load()
        self._read = functools.lru_cache(maxsize=512)(self._head_reads)

    def __call__(self, text: str, *, seat: Place = Place.DRIVER, lefthand: bool = False) -> list[Step]:
        """The steps that `text` asks for; none for silence. `seat` is the speaker's; `lefthand`: traffic keeps left, so the driver sits right."""
        plain, names = unquoted(" ".join(text.split()))
        if (repaired := self._repaired(plain, text, seat, lefthand)) is not None:
            return repaired
        steps: list[Step] = []
        for part in strong_parts(plain):
            before = len(steps)
            condition, request = conditional(part, is_condition=self._as_condition, is_request=self._as_request)
            when = self._condition(condition) if condition else None
            clauses = cut(request, self._as_request)
            reasons = {clause for clause in clauses if is_reason(clause, request)} if len(clauses) > 1 else set()
            for clause in clauses:
                step = Step(self._intent(clause, names, seat, lefthand), clause, when)
                said_twice = steps and isinstance(step.intent, Reply) and steps[-1].intent == step.intent  # "yes, please" is one answer
                only_says_why = (
                    clause in reasons and len(reasons) < len(clauses) and not (isinstance(step.intent, Unsafe) or stops(step.intent))
                )
                if not said_twice and not only_says_why:
                    steps.append(step)
            steps[before:] = _with_its_stop(steps[before:], request, when)
        if any(contradict(a, b) for n, a in enumerate(steps) for b in steps[n + 1 :]) and not re.search(r"\bthen\b|\bafter", plain):
            return [Step(Contradiction(), plain)]
        return steps

    def _repaired(self, plain: str, text: str, seat: Place, lefthand: bool) -> list[Step] | None:
        """The steps of a sentence that corrects itself: "turn left, no, right"; None where it does not. What is unsafe stays in, and so does
        a stop unless driving is asked in so many words to go on or for something else in its place."""
        first, marks, then = parted(plain)
        if not first or plain != " ".join(text.split()):  # names in quotation marks are left alone
            return None
        before = self(first, seat=seat, lefthand=lefthand)
        if not before:
            return None
        last = before[-1]
        spoken_of = last.intent.call.places if isinstance(last.intent, CabinCall) else ()
        after = self(then, seat=seat, lefthand=lefthand)
        if stops(last.intent) and not self._replaces_a_stop(after, marks, then):
            return [*before, *(step for step in after if isinstance(step.intent, CabinCall | Unsafe | Question))]
        if stops(last.intent) or (isinstance(last.intent, DrivingWish) and any(stops(step.intent) for step in after)):
            return [*before[:-1], *after]
        named = all(means_nothing(step.intent) for step in after)
        right = put_right(then, last.intent, spoken_of or (seat,), lambda zone: places_of(zone, seat, lefthand), names=named)
        if right is not None and not any(isinstance(step.intent, Unsafe) for step in after):
            return [*before[:-1], replace(last, intent=right, words=plain)]
        if not REPLACES.search(marks) or self._as_request(then) < SURE_REPAIR:
            return None
        return [*(before if isinstance(last.intent, Unsafe) else before[:-1]), *after]

    def _replaces_a_stop(self, after: Sequence[Step], marks: str, then: str) -> bool:
        """Is what follows on "stop, no" driving's to do instead? A bare side, place or pace ("right here", "quicker") only says how to stop."""
        wish = next((step for step in after if isinstance(step.intent, DrivingWish)), None)
        if wish is None or any(isinstance(step.intent, Unsafe) for step in after):
            return False
        whole = REPLACES.search(marks) is not None and names_a_verb(wish.words) and not stops(wish.intent)
        return (whole or wish.intent == DrivingWish(GoOn())) and self._as_request(then) >= SURE_REPAIR

    def meaning(self, text: str, *, condition: bool = False) -> tuple[str, str]:
        """(meaning, operation) of one clause, or of what it waits for: what tests and tables ask."""
        reading = self._read(text)
        label = _best({name: chance for name, chance in reading.label.items() if name.startswith("when.") == condition})
        return (label, _operation(TOOLS[label], reading, text)) if label in TOOLS else (label, "")

    def as_tool(self, text: str, name: str) -> Intent | None:
        """What `text` asks of one tool, once it is known that this one is meant."""
        return self._call(TOOLS[name], self._read(text), text, (), ())

    def sureness(self, text: str, deed: str) -> float:
        """Probability of a meaning with its operation, in one clause."""
        return self._read(text).deed.get(deed, 0.0)

    def zone(self, text: str) -> str:
        """The place that one clause names."""
        return _best(self._read(text).zone)

    def _head_reads(self, text: str) -> Reading:
        return self._head.read(self._encoder, text)

    def _as_request(self, text: str) -> float:
        """How surely a clause is one request."""
        label = self._read(text).label
        best = max((name for name in label if not name.startswith("when.")), key=label.__getitem__)
        return 0.0 if best in (SEVERAL, "chat", "unclear") else label[best]

    def _as_condition(self, text: str) -> float:
        label = self._read(text).label
        return sum(chance for name, chance in label.items() if name.startswith("when."))

    def _condition(self, text: str) -> Condition | Unclear:
        label = {name: chance for name, chance in self._read(text).label.items() if name.startswith("when.")}
        best = _best(label)
        if label[best] < SURE:
            return Unclear()
        kind = best.removeprefix("when.")
        numbers = numbers_in(text)
        number = numbers[0] if numbers else None
        if kind == "minutes":
            number = 30.0 if re.search(r"half an hour", text) else (number or 1.0) * (60.0 if "hour" in text else 1.0)
        return Condition(kind, number)

    def _intent(self, clause: str, names: Sequence[str], seat: Place, lefthand: bool) -> Intent:
        """What one clause asks for."""
        if self._garbled(clause):
            return Garbled()
        if tells_of_a_call(clause):
            return SmallTalk()
        if finds_it_too_hard(clause):
            return DrivingWish(Drive(Manner.GENTLE))
        if asks_what_is_there(clause):
            return Question("what")
        reading = self._read(clause)
        if (bound := self._bound(clause, reading)) is not None:
            return bound
        ranked = sorted(((chance, name) for name, chance in reading.label.items() if not name.startswith("when.")), reverse=True)
        refusals = {name: chance for name, chance in reading.label.items() if name.startswith("refuse.")}
        if sum(refusals.values()) > UNSAFE:
            return SIMPLE[_best(refusals)]
        (first, label), (second, other) = ranked[0], ranked[1]
        label = rather(label, clause)
        if label in ("chat", "unclear") or first < SURE:
            if (about := self._state(clause)) is not None:
                return Question(about)
            if person := person_called(clause):
                return CabinCall(Call("phone.call", Operation.SET, value=person))
        if first < SURE:
            known = [name for chance, name in ranked[:2] if name in TOOLS and chance > 0.15]
            return Unclear(tuple(known)) if len(known) == 2 else SmallTalk() if label == "chat" else Unclear()
        if label in TOOLS and other in TOOLS and second > RIVAL * first and TOOLS[label].path != TOOLS[other].path:
            return Unclear((label, other))
        if label in SIMPLE:
            return SIMPLE[label]
        if label in TOOLS:
            return self._call(TOOLS[label], reading, clause, names, self._places(TOOLS[label], reading, clause, seat, lefthand))
        if label == "follow.value" and AT_A_SPEED.search(clause) and numbers_in(clause):
            label = "drive.speed"
        elif label == "drive.speed" and IN_THE_CABIN.search(clause):
            label = "follow.value"
        if label.startswith("follow."):
            numbers = numbers_in(clause)
            value = numbers[0] if numbers else share_in(clause)
            places = places_of(zone_alone(clause) or _best(reading.zone), seat, lefthand)
            return FollowUp(Follow(label.removeprefix("follow.")), value, places)
        return self._wish(label, clause, reading, names, lefthand=lefthand)

    def _garbled(self, clause: str) -> bool:
        """Is this mostly made of scraps of words, as noise and other languages are to the encoder?"""
        plain = re.sub(r"[^\W\d_]+", lambda word: "the" if is_known(word[0]) else word[0], PLACEHOLDER.sub("name", clause))
        pieces = self._encoder.tokens(plain, max_tokens=MAX_TOKENS)[1:-1]
        scraps = sum(piece.startswith("##") or piece == "[UNK]" or not piece.isascii() for piece in pieces)
        return not any(piece.isalnum() for piece in pieces) or (len(pieces) > 3 and scraps > MOST_SCRAPS * len(pieces))

    def _call(self, tool: Tool, reading: Reading, clause: str, names: Sequence[str], places: tuple[Place, ...]) -> Intent:
        operation = _operation(tool, reading, clause)
        places = tuple(place for place in places if place in tool.places)
        call = Call(tool.name, operation, places)
        numbers, share = numbers_in(clause), share_in(clause)
        match tool.form:
            case Form.TEXT:
                text = self._name(tool.name, clause, reading, names)
                return CabinCall(Call(tool.name, operation, places, text)) if text else Missing(tool.name, Slot.TEXT, call)
            case Form.CHOICE if operation is Operation.SET:
                choice = choice_in(tool.name, clause)
                return CabinCall(Call(tool.name, operation, places, choice)) if choice else Missing(tool.name, Slot.CHOICE, call)
            case Form.LEVEL if operation is Operation.SET:
                value = numbers[0] if numbers else share
                return CabinCall(Call(tool.name, operation, places, value)) if value is not None else Missing(tool.name, Slot.NUMBER, call)
            case Form.LEVEL if operation in (Operation.UP, Operation.DOWN) and numbers and re.search(r"\bby\b", clause):
                return CabinCall(Call(tool.name, operation, places, numbers[0]))
            case _:
                return CabinCall(call)

    def _wish(self, label: str, clause: str, reading: Reading, names: Sequence[str], *, lefthand: bool) -> Intent:
        """A driving wish with something to fill in."""
        sides = {found.lower() for found in _SIDE.findall(clause)}
        side = Side(sides.pop()) if len(sides) == 1 else None
        if label == "drive.go_to":
            place = self._name(label, clause, reading, names)
            return DrivingWish(GoTo(place)) if place else Missing(label, Slot.TEXT)
        if label == "drive.speed":
            numbers = numbers_in(clause)
            if not numbers:
                return Missing(label, Slot.NUMBER)
            try:
                return DrivingWish(CapSpeed(from_kph(numbers[0] * (KM_PER_MILE if MILES.search(clause) else 1.0))))
            except CaravelaError:
                return Unsafe(Hazard.SPEEDING)
        if side is None and label == "drive.turn" and EXIT.search(clause):
            side = Side.LEFT if lefthand else Side.RIGHT  # exits lie on the side that traffic keeps to
        if side is None:
            return Unclear() if asks(clause) or AROUND.search(clause) else Missing(label, Slot.SIDE)
        if label == "drive.lane":
            return DrivingWish(ChangeLane(side))
        words = clause.lower().split()
        return DrivingWish(TakeTurn(side, next((_ORDINAL[word] for word in words if word in _ORDINAL), 1)))

    def _name(self, label: str, clause: str, reading: Reading, names: Sequence[str]) -> str:
        """The free text of a clause: what is quoted, or the longest run of word pieces that the head takes for a name."""
        quoted = PLACEHOLDER.search(clause)
        if quoted is not None and int(quoted[1]) < len(names):
            return names[int(quoted[1])]
        spans = piece_spans(self._encoder.tokens(clause, max_tokens=MAX_TOKENS), clause)
        surest = float(reading.free.max(initial=0.0))
        enough = min(FREE, 0.4 * surest) if surest > LEAST_FREE else FREE
        runs: list[tuple[int, int]] = []
        open_run = False
        for span, free in zip(spans, reading.free, strict=False):
            if span is None or free < enough:
                open_run = False
            elif open_run:
                runs[-1] = (runs[-1][0], span[1])
            else:
                runs.append(span)
                open_run = True
        return name_in(label, clause, runs)

    def _bound(self, clause: str, reading: Reading) -> Intent | None:
        """A bound on the speed that is all that a clause names: one from above is a wish, one from below is refused. Where the head
        hears a hazard in what may be either, it is no bound but a speed, which the gate compares with the limit."""
        about_speed = _best(reading.label) in ("drive.speed", "refuse.speeding", "drive.careful")
        bound = bound_in(clause, about_speed=about_speed)
        refusals = {name: chance for name, chance in reading.label.items() if name.startswith("refuse.")}
        doubtful = sum(refusals.values()) > DOUBTFUL
        if bound is None:
            return SIMPLE[_best(refusals)] if doubtful and is_above(clause) else None
        if not bound.at_most:
            return Unsafe(Hazard.SPEEDING)
        either = doubtful and not bound.plain
        if either and bound.kph > FASTEST_ROAD:
            return None
        try:
            return DrivingWish(CapSpeed(from_kph(bound.kph)), at_most=not either)
        except CaravelaError:
            return Unsafe(Hazard.SPEEDING)

    def _state(self, clause: str) -> str | None:
        """The state that a question is about, as the condition that would wait for it; None for another question."""
        if not (state := as_statement(clause)):
            return None
        label = {name: chance for name, chance in self._read(state).label.items() if name.startswith("when.")}
        best = _best(label)
        return best.removeprefix("when.") if label[best] > SURE_STATE and best != "when.minutes" else None

    def _places(self, tool: Tool, reading: Reading, clause: str, seat: Place, lefthand: bool) -> tuple[Place, ...]:
        """The places that a clause names; "the windows" are all of them."""
        zone = _best(reading.zone)
        named = places_of(zone if zone != NONE else zone_named(clause), seat, lefthand)
        return tool.places if not named and PLURAL.search(clause) else named


def _operation(tool: Tool, reading: Reading, clause: str) -> Operation:
    """What is to be done with a tool. A choice or a number that is named settles it."""
    if tool.form is Form.CHOICE and choice_in(tool.name, clause) is not None:
        return Operation.SET
    chances = {
        operation: reading.operation[operation] * reading.deed.get(f"{tool.name} {operation}", 1e-4) for operation in TAKES[tool.form]
    }
    ranked = sorted(chances, key=lambda operation: -chances[operation])
    best = operation_in(tool.name, clause) or ranked[0]
    if tool.form is Form.CHOICE and best is Operation.SET and chances[ranked[1]] > 0.01:
        best = ranked[1]  # no choice is named
    if tool.form is not Form.LEVEL or best in (Operation.ASK, Operation.OFF):
        return best
    numbers, share = numbers_in(clause), share_in(clause)
    if best in (Operation.UP, Operation.DOWN) and (not numbers or re.search(r"\bby\b", clause)):
        return best
    return Operation.SET if numbers or (share is not None and share < 100.0) else best


def _with_its_stop(steps: list[Step], request: str, when: Condition | Unclear | None) -> list[Step]:
    """The steps of `request` with the stop that is said in it beside other driving: none is lost, and a bare side only says where to stop."""
    if any(isinstance(step.intent, DrivingWish) for step in steps) and says_stop(request) and not any(stops(step.intent) for step in steps):
        steps = [*steps, Step(DrivingWish(PullOver()), request, when)]
    if not any(stops(step.intent) for step in steps):
        return steps
    return [step for step in steps if not (_is_turn(step.intent) and not names_a_verb(step.words))]


def _is_turn(intent: Intent) -> bool:
    return isinstance(intent, DrivingWish) and isinstance(intent.wish, TakeTurn | ChangeLane)


def _best(chances: dict[str, float]) -> str:
    return max(chances, key=chances.__getitem__)


def contradict(a: Step, b: Step) -> bool:
    """Do two steps undo each other?"""
    opposite = (
        {Operation.ON, Operation.OFF},
        {Operation.UP, Operation.DOWN},
        {Operation.MAX, Operation.MIN},
        {Operation.MAX, Operation.OFF},
    )
    match a.intent, b.intent:
        case CabinCall(x), CabinCall(y) if x.tool == y.tool and x.places == y.places and a.condition == b.condition:
            return {x.operation, y.operation} in opposite or (x.operation is y.operation is Operation.SET and x.value != y.value)
        case DrivingWish(TakeTurn() as x), DrivingWish(TakeTurn() as y):
            return x.side is not y.side
        case DrivingWish(x), DrivingWish(y):
            kinds = {type(x), type(y)}
            return kinds in ({PullOver, GoOn}, {Park, GoOn}) or (kinds == {Drive} and x != y) or (kinds == {CapSpeed} and x != y)
    return False
