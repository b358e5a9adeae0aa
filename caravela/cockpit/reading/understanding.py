"""From free words to typed intents. The head says what a clause means; this file cuts a request into clauses and says what is unclear;
`by_form` settles what needs no head;
`calls` and `wishes` fill in numbers, places and names, and say what is missing. It decides nothing: it has no hands."""

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from caravela.cockpit.outside.requests import stops_near
from caravela.cockpit.reading.by_form import by_form
from caravela.cockpit.reading.calls import call_of, operation_of, places_named
from caravela.cockpit.reading.clauses import STOP, cut, sentences_of, unquoted
from caravela.cockpit.reading.conditions import Part, about_the_battery, condition_of, opens_a_request, parts_of
from caravela.cockpit.reading.corrections import REPLACES, names_a_verb, parted, put_right
from caravela.cockpit.reading.forms import (
    AT_A_SPEED,
    BUT_NOT,
    CONTRARY,
    HAPPENED,
    IN_THE_CABIN,
    NAMES_A_STOP,
    NOT_BUT,
    NOT_SO,
    asks_the_time,
)
from caravela.cockpit.reading.head import MAX_TOKENS, Head, Reading
from caravela.cockpit.reading.intents import (
    Beyond,
    CabinCall,
    Condition,
    Contradiction,
    DrivingWish,
    Follow,
    FollowUp,
    Intent,
    Negated,
    Question,
    Reply,
    SmallTalk,
    Step,
    Unclear,
    Unsafe,
    means_nothing,
    stops,
)
from caravela.cockpit.reading.lacking import lacked
from caravela.cockpit.reading.leaving import hurries, takes_leave
from caravela.cockpit.reading.lights import some_light
from caravela.cockpit.reading.manners import Manners
from caravela.cockpit.reading.meanings import SIMPLE, best, refusals
from caravela.cockpit.reading.names import PLACEHOLDER, name_of, person_called
from caravela.cockpit.reading.numbers import numbers_in, share_in
from caravela.cockpit.reading.places import level_for, places_of, shared_out, zone_alone
from caravela.cockpit.reading.questions import (
    as_statement,
    asks_the_future,
    complains,
    finds_it_too_hard,
    is_reason,
    leaves_it,
    says_not_to,
    tells_of_a_call,
    unnegated,
)
from caravela.cockpit.reading.sharing import as_turn, shared
from caravela.cockpit.reading.steps import contradict, turns, with_its_stop
from caravela.cockpit.reading.stopping import at_once, drives_on, stops_now
from caravela.cockpit.reading.times import lasts_a_while, may_end, minutes_in
from caravela.cockpit.reading.titles import taken_out
from caravela.cockpit.reading.wishes import bound_of, wish_of
from caravela.cockpit.reading.words_for import rather
from caravela.cockpit.sayings.phrasing import NEGATED, SEVERAL, is_known, is_ours, speaks_of
from caravela.cockpit.tool import Call, Form, Operation, Place
from caravela.cockpit.tools import TOOLS
from caravela.core.request import Drive, GoOn, PullOver
from caravela.words import SentenceEncoder

LONGEST = 400  # characters of a request; more is not said in one breath
SURE = 0.30  # probability of the best meaning below which nothing is done
RIVAL = 0.7  # share of the best one's probability from which a second meaning makes a request ambiguous
UNSAFE = 0.4  # probability of all refusals together from which nothing else is believed
INDIRECT = 4  # words at least, of which an indirect wish is made: fewer are an answer to something
KNOWN_SHARE = 0.7  # of the words that must be English ones before an indirect wish is read into them
SURE_REPAIR = 0.5  # probability from which what follows on "no, I mean" is a request of its own
SURE_STATE = 0.5  # probability of a condition from which a question is one about it
MOST_SCRAPS = 0.4  # share of word pieces that are not words
TO_MOVE = (
    "drive.overtake",
    "drive.lane",
    "drive.go_on",
    "drive.turn",
    "drive.go_to",
    "drive.park",
    "drive.charger",
)  # what a "don't" may forbid


class Understanding:
    """Words in, steps out. Without state: what was said before is the agent's to remember. It loads what it reads with (a quarter of a second)
    when it is made, so that nobody's first words wait for it."""

    def __init__(self, encoder: SentenceEncoder | None = None, head: Head | None = None, manners: Manners | None = None) -> None:
        self._encoder = encoder or SentenceEncoder()
        self._head, self._manners = head or Head.load(), manners or Manners.load()
        self._read = functools.lru_cache(maxsize=512)(self._head_reads)
        self("hello")

    def __call__(self, text: str, *, seat: Place = Place.DRIVER, lefthand: bool = False) -> list[Step]:
        """The steps that `text` asks for; none for silence. `seat` is the speaker's; `lefthand`: traffic keeps left, so the driver sits right."""
        plain, names = unquoted(" ".join(text.split()))
        if (repaired := self._repaired(plain, text, seat, lefthand)) is not None:
            return repaired
        plain = at_once(taken_out(plain, names, as_request=self._as_request, as_music=self._as_music, as_condition=self._as_condition))
        steps: list[Step] = []
        for sentence in sentences_of(plain):
            for part in parts_of(sentence, is_condition=self._as_condition, is_request=self._as_request):
                steps += self._steps_of(part, names, steps, seat, lefthand)
        if any(contradict(a, b) for n, a in enumerate(steps) for b in steps[n + 1 :]) and not re.search(r"\bthen\b|\bafter", plain):
            return [Step(Contradiction(), plain)]
        return steps if names else self._without_idle(steps, plain)

    def indirect(self, text: str, steps: Sequence[Step]) -> Drive | PullOver | None:
        """How to drive, or a stop, put indirectly in a text of which nothing was understood (its `steps` are nothing); None where nothing is, where
        it is too short or holds a name, asks what was or is, or where it may be the contrary that is meant: a "not" says nothing to a sentence's
        vector."""
        if (
            unquoted(text)[1]
            or len(text.split()) < INDIRECT
            or CONTRARY.search(text)
            or HAPPENED.match(text)
            or asks_the_time(text)
            or not all(map(self._is_nothing, steps))
        ):
            return None
        wish = self._manners.wish(self._encoder, text) if steps else None
        return None if wish == PullOver() and NAMES_A_STOP.search(text) else wish

    def _without_idle(self, steps: list[Step], text: str) -> list[Step]:
        """The steps, without a manner that the head has read into idle talk."""
        idle = len(steps) == 1 and self._may_be_talk(steps[0]) and self._manners.is_talk(self._encoder, text)
        return [Step(SmallTalk(), text)] if idle else steps

    def _is_nothing(self, step: Step) -> bool:
        """Has the head understood nothing? Who takes leave, or talks of a call, is understood."""
        settled = takes_leave(step.words) or tells_of_a_call(step.words) or self._garbled(step.words)
        words = re.findall(r"[^\W\d_]+", step.words)
        known = sum(map(self.knows, words)) >= KNOWN_SHARE * len(words)
        return step.intent in (SmallTalk(), Unclear()) and known and not settled and step.condition is None

    def _may_be_talk(self, step: Step) -> bool:
        """Is a manner what the head has read, and not what the form says?"""
        wish = step.intent.wish if isinstance(step.intent, DrivingWish) else None
        return isinstance(wish, Drive) and step.condition is None and not (finds_it_too_hard(step.words) or hurries(step.words))

    def _steps_of(self, part: Part, names: Sequence[str], before: Sequence[Step], seat: Place, lefthand: bool) -> list[Step]:
        """The steps of one part of a sentence; `before` are those of what was said before it."""
        when = None if not part.condition else self._condition(part.condition) if part.watched else Unclear()
        if isinstance(when, Unclear):
            if STOP.fullmatch(part.request):
                when = None  # a stop waits for nothing that cannot be watched
            elif (hazard := self._hazard_of(part)) is not None:
                return [Step(hazard, part.request)]
        request = shared_out(part.request)
        clauses = shared(request) or self._without_a_not(request) or cut(request, self._as_request)
        reasons = {clause for clause in clauses if is_reason(clause, request)} if len(clauses) > 1 else set()
        steps: list[Step] = []
        for clause in clauses:
            last = [*before, *steps][-1:]
            words = as_turn(clause) if last and turns(last[0].intent) else ""
            step = Step(self._intent(words or clause, names, seat, lefthand), words or clause, when)
            said_twice = last and isinstance(step.intent, Reply) and last[0].intent == step.intent  # "yes, please" is one answer
            only_says_why = (
                clause in reasons and len(reasons) < len(clauses) and not (isinstance(step.intent, Unsafe) or stops(step.intent))
            )
            if not said_twice and not only_says_why:
                steps.append(step)
        return with_its_stop(self._without_complaints(steps, seat, lefthand), request, when)

    def _without_complaints(self, steps: list[Step], seat: Place, lefthand: bool) -> list[Step]:
        """The steps of a request, without what a complaint would have done where just that is not to be done: "I'm cold, but don't turn on the
        heating"."""
        unwanted = [unnegated(step.words) for step in steps if isinstance(step.intent, Negated)]
        intents = [self._intent(words, (), seat, lefthand) for words in unwanted if words]
        kinds = {_kind(intent) for intent in intents if isinstance(intent, CabinCall)}
        return [
            step for step in steps if not (isinstance(step.intent, CabinCall) and _kind(step.intent) in kinds and complains(step.words))
        ]

    def _hazard_of(self, part: Part) -> Intent | None:
        """The hazard that a request with its condition is, where that is none that we watch for: "if the light is red, go anyway"."""
        for text in (f"if {part.condition}, {part.request}", f"{part.request} {part.condition}"):
            hazards = refusals(self._read(text).label)
            if sum(hazards.values()) > UNSAFE:
                return SIMPLE[best(hazards)]
        return None

    def _without_a_not(self, request: str) -> list[str]:
        """The two halves of "don't turn left, turn right", which together mean nothing to the head, or of "the windows, but not the roof"; none where
        it is something else."""
        if (leaves := BUT_NOT.fullmatch(request)) is not None and sum(refusals(self._read(leaves["do"]).label).values()) <= UNSAFE:
            return [leaves["do"], leaves["not"]]
        found = NOT_BUT.fullmatch(request)
        if found is None:
            return []
        whole = self._read(request).label
        if sum(refusals(whole).values()) > UNSAFE or best(whole) not in (NEGATED, SEVERAL, "unclear", "chat", "drive.turn"):
            return []
        return [found["not"], found["but"]] if opens_a_request(found["but"]) and self._as_request(found["but"]) >= SURE_REPAIR else []

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
        return (whole or (wish.intent == DrivingWish(GoOn()) and drives_on(then))) and self._as_request(then) >= SURE_REPAIR

    def meaning(self, text: str, *, condition: bool = False) -> tuple[str, str]:
        """(meaning, operation) of one clause, or of what it waits for: what tests and tables ask."""
        reading = self._read(text)
        label = best({name: chance for name, chance in reading.label.items() if name.startswith("when.") == condition})
        return (label, operation_of(TOOLS[label], reading, text)) if label in TOOLS else (label, "")

    def as_tool(self, text: str, name: str) -> Intent | None:
        """What `text` asks of one tool, once it is known that this one is meant."""
        return self._call(name, text, (), ())

    def sureness(self, text: str, deed: str) -> float:
        """Probability of a meaning with its operation, in one clause."""
        return self._read(text).deed.get(deed, 0.0)

    def zone(self, text: str) -> str:
        """The place that one clause names."""
        return best(self._read(text).zone)

    def knows(self, word: str) -> bool:
        """Is this a word of our phrasings, or a whole word to the encoder?"""
        return is_ours(word) or len(self._encoder.tokens(word.lower(), max_tokens=MAX_TOKENS)[1:-1]) == 1

    def _head_reads(self, text: str) -> Reading:
        return self._head.read(self._encoder, text)

    def _as_request(self, text: str) -> float:
        """How surely a clause is one request."""
        if stops_now(text) or stops_near(text) or some_light(text) is not None or level_for(text):
            return 1.0
        label = self._read(text).label
        likeliest = max((name for name in label if not name.startswith("when.")), key=label.__getitem__)
        return 0.0 if likeliest in (SEVERAL, "chat", "unclear") else label[likeliest]

    def _as_music(self, text: str) -> float:
        """How surely a clause is about what is played."""
        label = self._read(text).label
        likeliest = best(label)
        return label[likeliest] if likeliest.startswith("media.") and not self._garbled(text) else 0.0

    def _as_condition(self, text: str) -> float:
        if about_the_battery(text):
            return 1.0
        label = self._read(text).label
        return sum(chance for name, chance in label.items() if name.startswith("when."))

    def _condition(self, text: str) -> Condition | Unclear:
        if (minutes := minutes_in(text)) is not None:
            return Condition("minutes", minutes)
        if kind := about_the_battery(text):
            return condition_of(kind, text)
        label = {name: chance for name, chance in self._read(text).label.items() if name.startswith("when.")}
        likeliest = best(label)
        if label[likeliest] < SURE or not (likeliest == "when.minutes" or speaks_of(likeliest, text)):
            return Unclear()
        return condition_of(likeliest.removeprefix("when."), text)

    def _intent(self, clause: str, names: Sequence[str], seat: Place, lefthand: bool) -> Intent:
        """What one clause asks for."""
        meant = functools.partial(self._intent, names=(), seat=seat, lefthand=lefthand)
        if (settled := by_form(clause, seat=seat, lefthand=lefthand, garbled=self._garbled, meant=meant)) is not None:
            return settled
        reading = self._read(clause)
        if (bound := bound_of(clause, reading)) is not None:
            return bound
        ranked = sorted(((chance, name) for name, chance in reading.label.items() if not name.startswith("when.")), reverse=True)
        hazards = refusals(reading.label)
        if sum(hazards.values()) > UNSAFE:
            return SIMPLE[best(hazards)]
        if leaves_it(clause):
            return Negated()
        if asks_the_future(clause):
            return Beyond("future")
        if (lacks := lacked(clause)) is not None:
            return Beyond(lacks)
        (first, label), (second, other) = ranked[0], ranked[1]
        label, other = rather(label, clause), rather(other, clause)
        if label in ("chat", "unclear") or first < SURE:
            if (about := self._state(clause)) is not None:
                return Question(about)
            if person := person_called(clause):
                return CabinCall(Call("phone.call", Operation.SET, value=person))
        if (first < SURE or label.startswith("answer.")) and NOT_SO.fullmatch(clause):
            return FollowUp(Follow.LESS)
        if first < SURE:
            known = [name for chance, name in ranked[:2] if name in TOOLS and chance > 0.15]
            return Unclear(tuple(known)) if len(known) == 2 else SmallTalk() if label == "chat" else Unclear()
        if label in TOOLS and other in TOOLS and second > RIVAL * first and TOOLS[label].path != TOOLS[other].path:
            return Unclear((label, other))
        if label in TO_MOVE and says_not_to(clause):
            return Negated()
        if lasts_a_while(clause) and may_end(label):
            return Beyond("lasting")
        if label in SIMPLE:
            return SIMPLE[label]
        if label in TOOLS:
            return self._call(label, clause, names, places_named(TOOLS[label], reading, clause, seat, lefthand=lefthand))
        if label == "follow.value" and AT_A_SPEED.search(clause) and numbers_in(clause):
            label = "drive.speed"
        elif label == "drive.speed" and IN_THE_CABIN.search(clause):
            label = "follow.value"
        if label.startswith("follow."):
            numbers = numbers_in(clause)
            if len(set(numbers)) > 1:
                return Unclear()
            value = numbers[0] if numbers else share_in(clause)
            places = places_of(zone_alone(clause) or best(reading.zone), seat, lefthand)
            return FollowUp(Follow(label.removeprefix("follow.")), value, places)
        return wish_of(label, clause, place=self._name(label, clause, names) if label == "drive.go_to" else "", lefthand=lefthand)

    def _garbled(self, clause: str) -> bool:
        """Is this mostly made of scraps of words, as noise and other languages are to the encoder?"""
        plain = re.sub(r"[^\W\d_]+", lambda word: "the" if is_known(word[0]) else word[0], PLACEHOLDER.sub("name", clause))
        pieces = self._encoder.tokens(plain, max_tokens=MAX_TOKENS)[1:-1]
        scraps = sum(piece.startswith("##") or piece == "[UNK]" or not piece.isascii() for piece in pieces)
        return not any(piece.isalnum() for piece in pieces) or (len(pieces) > 3 and scraps > MOST_SCRAPS * len(pieces))

    def _state(self, clause: str) -> str | None:
        """The state that a question is about, as the condition that would wait for it; None for another question."""
        if not (state := as_statement(clause)):
            return None
        label = {name: chance for name, chance in self._read(state).label.items() if name.startswith("when.")}
        likeliest = best(label)
        return (
            likeliest.removeprefix("when.")
            if label[likeliest] > SURE_STATE and speaks_of(likeliest, state) and likeliest != "when.minutes"
            else None
        )

    def _call(self, tool: str, clause: str, names: Sequence[str], places: tuple[Place, ...]) -> Intent:
        name = self._name(tool, clause, names) if TOOLS[tool].form is Form.TEXT else ""
        return call_of(TOOLS[tool], self._read(clause), clause, name=name, places=places)

    def _name(self, label: str, clause: str, names: Sequence[str]) -> str:
        """The free text of a clause: what is quoted, or what the head takes for a name."""
        return name_of(label, clause, self._read(clause).free, self._encoder.tokens(clause, max_tokens=MAX_TOKENS), names)


def _kind(intent: CabinCall) -> str:
    """Climate, window, seat, ...: what a tool is about."""
    return intent.call.tool.partition(".")[0]
