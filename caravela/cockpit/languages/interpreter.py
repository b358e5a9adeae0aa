"""From German and Chinese to English requests. A clause's meaning is read, its numbers, sides, places and names are carried over word by word,
and the English sentence of that meaning goes through the same understanding as if it had been said. Where that understands anything else, or the
reader is unsure, the car asks back. Nothing is decided here: a hazard is refused by the agent, and the gate checks what is left."""

import re
from dataclasses import dataclass, replace

from caravela.cockpit.languages.carrying import bare, name_in, number_in, side_in, time_in, trimmed
from caravela.cockpit.languages.corrections import puts_back
from caravela.cockpit.languages.english import sentences
from caravela.cockpit.languages.reader import Reader
from caravela.cockpit.languages.tongue import Tongue, found
from caravela.cockpit.languages.vectors import PackagedVectors, SentenceVectors
from caravela.cockpit.reading.clauses import unquoted
from caravela.cockpit.reading.intents import (
    Beyond,
    CabinCall,
    Condition,
    Contradiction,
    DrivingWish,
    FindCharger,
    Follow,
    FollowUp,
    Hazard,
    Intent,
    Missing,
    Negated,
    Slot,
    SmallTalk,
    Step,
    Unclear,
    Unsafe,
)
from caravela.cockpit.reading.meanings import SIMPLE
from caravela.cockpit.reading.places import places_of
from caravela.cockpit.reading.steps import contradict
from caravela.cockpit.reading.times import may_end
from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.sayings.phrasing import NEGATED, NONE, spoken_zone
from caravela.cockpit.tool import Call, Form, Operation, Place
from caravela.cockpit.tools import TOOLS
from caravela.core.request import CapSpeed, ChangeLane, GoTo, KeepOffMotorways, TakeTurn

SURE = 0.25  # probability of a meaning below which nothing is done
SURE_PIECE = 0.4  # of every piece of a request that is cut
RIVAL = 0.7  # share of the best one's probability from which a second meaning makes a request ambiguous
UNSAFE = 0.3  # probability of all refusals together from which nothing else is believed
SURE_NAME = 0.35  # of a request whose name was put aside
MOST_PIECES = 5
ORDINALS = ("", "", "second ", "third ", "fourth ", "fifth ")
# meanings that a "not" belongs to
WITH_NOT = ("drive.straight", "drive.speed", "drive.distance", "drive.gentle", "drive.careful", "phone.decline", "window.lock", "door.child_lock",
            "offers.off", "climate.recirculation", "media.", "navigation.voice", "answer.", "follow.", "unclear", "chat", "ask.")  # fmt: skip
LOCKS = ("window.lock", "door.child_lock")  # "not" may lock them, never unlock them
HARMLESS = (
    "drive.stop",
    "drive.careful",
    "drive.distance",
    "ask.",
    "chat",
    "answer.",
    "phone.",
    "media.",
    "refuse.",
)  # whatever is said beside
LOCKING = ("door.lock", "window.lock", "charging.cable_lock", "phone.microphone", "mirror.", "seat.cooling", "media.volume", "window.shade",
           "window.rear_shade", "sunroof.shade", "navigation.voice", "light.high_beam")  # fmt: skip
BEYOND = "beyond"  # what this car has not got
ROADS = "drive.roads"  # told by words alone
_LED = re.compile(r"(?:nach|zum|zur|ins|heim)\b|[去回]", re.IGNORECASE)  # opens a clause that only says where to
_ARTICLE = re.compile(r"^(?:der|die|das|dem|den|mein\w*|我的)\s*")
_KINDS: dict[str, type] = {
    ROADS: KeepOffMotorways,
    "drive.turn": TakeTurn,
    "drive.lane": ChangeLane,
    "drive.go_to": GoTo,
    "drive.speed": CapSpeed,
}


@dataclass(frozen=True)
class Read:
    """What a clause means, as far as it is told: a deed, or why none."""

    label: str = ""
    operation: str = NONE
    chance: float = 0.0
    instead: Intent | None = None  # where there is nothing to be said in English


class Interpreter:
    """Requests in other languages into steps. Without state."""

    def __init__(self, understanding: Understanding, *, vectors: SentenceVectors | None = None, reader: Reader | None = None) -> None:
        self._understand = understanding
        self._vectors = vectors or PackagedVectors()
        self._reader = reader or Reader.load()

    def __call__(self, text: str, tongue: Tongue, *, seat: Place = Place.DRIVER, lefthand: bool = False) -> tuple[str, list[Step]]:
        """(the request in English, its steps) of what was said."""
        plain, names = unquoted(re.sub("[《「『]", "“", re.sub("[》」』]", "”", " ".join(text.split()))))
        when, request = self._condition(plain, tongue)
        if when == "":
            return "", [Step(Unclear(), plain, Unclear())]
        english: list[str] = []
        steps: list[Step] = []
        labels: list[str] = []
        parts = [request] if found(tongue.settled, bare(request)) is not None else tongue.strong.split(request)
        for part in [part for part in parts if part and part.strip(" ,.!?，。")]:
            for clause in self._cut(bare(part), tongue):
                sentence, step = self._step(clause, names, tongue, when, seat, lefthand)
                if any((step.intent, step.condition) == (other.intent, other.condition) for other in steps):
                    continue  # a wish and its reason: "it smells, shut the outside air"
                english.append(sentence)
                steps.append(step)
                labels.append(self._read(clause, tongue).label)
        steps = _without_hazard(found(tongue.hazards, plain), steps, labels)
        if any(contradict(a, b) for n, a in enumerate(steps) for b in steps[n + 1 :]) and not tongue.strong.search(request):
            return "", [Step(Contradiction(), plain)]
        return ", then ".join(sentence for sentence in english if sentence), steps

    def meaning(self, text: str, tongue: Tongue) -> tuple[str, str, float]:
        """(meaning, operation, probability) of one clause."""
        read = self._read(bare(text), tongue)
        return read.label, read.operation, read.chance

    def filling(self, text: str, tongue: Tongue, missing: Missing) -> str:
        """What `text` says of what was asked for, in English; "" for nothing."""
        match missing.slot:
            case Slot.NUMBER:
                return number_in(text, tongue)
            case Slot.SIDE:
                return side_in(text, tongue) or ""
            case Slot.CHOICE:
                return str(found(tongue.choices.get(missing.call.tool if missing.call else "", ()), text) or "")
        return name_in(missing.meaning, text, [], tongue) or trimmed(text, tongue)

    def chosen(self, text: str, tongue: Tongue, either: tuple[str, ...]) -> str:
        """Which of `either` a text names by a noun of the language, as its English noun; "" for none or several."""
        nouns = {name: [_ARTICLE.sub("", noun).lower() for noun in tongue.phrases["tools"][name]["nouns"]] for name in either}
        named = [name for name in either if any(noun in text.lower() for noun in nouns[name])]
        return TOOLS[named[0]].noun if len(named) == 1 else ""

    def known_place(self, text: str, tongue: Tongue) -> str:
        """The well-known destination that a text says to go to, in English; "" for another, or none."""
        name = name_in("drive.go_to", bare(text), [], tongue)
        return name if name in tongue.places.values() else ""

    # --- reading ---

    def _chances(self, clause: str, tongue: Tongue) -> dict[str, float]:
        """Probability of every deed. Words for a place in the car tell little of it, so a clause is read without them too, and the surer counts."""
        plain = clause.lower()
        read = self._reader.read(self._vectors(plain), plain, tongue)
        without = " ".join(tongue.aside.sub(" ", plain).split()).strip(" ,，")
        if without == plain or len(without) < 2 or max(read, key=read.__getitem__).startswith(("refuse.", "follow.")):
            return read
        other = self._reader.read(self._vectors(without), without, tongue)
        return other if max(other.values()) > max(read.values()) else read

    def _read(self, clause: str, tongue: Tongue) -> Read:
        """The meaning of one clause."""
        if found(tongue.roads, clause) is not None:
            return Read(ROADS, chance=1.0)
        if (settled := found(tongue.settled, clause)) is not None:
            label, _, operation = str(settled).partition(" ")
            return Read(label, operation or NONE, 1.0, Beyond(operation) if label == BEYOND else SmallTalk() if label == "chat" else None)
        if (light := tongue.light(clause)) is not None:
            lamps, operation = light
            return Read(lamps[0], operation, 1.0, Unclear(lamps) if len(lamps) > 1 else None)
        if puts_back(clause, tongue):
            return Read(f"follow.{Follow.UNDO}", chance=1.0)
        if _LED.match(clause) and self.known_place(clause, tongue):
            return Read("drive.go_to", chance=1.0)
        chances = {deed: chance for deed, chance in self._chances(clause, tongue).items() if not deed.startswith("when.")}
        refusals = {deed: chance for deed, chance in chances.items() if deed.startswith("refuse.")}
        if sum(refusals.values()) > UNSAFE:
            worst = max(refusals, key=refusals.__getitem__)
            return Read(worst.split()[0], chance=sum(refusals.values()))
        if tongue.seen.search(clause) and side_in(clause, tongue):
            return Read("ask.what", chance=1.0)  # "what is on the left?" is no wish to turn
        masses: dict[str, float] = {}
        for deed, chance in chances.items():
            masses[deed.split()[0]] = masses.get(deed.split()[0], 0.0) + chance
        label, other = sorted(masses, key=lambda name: -masses[name])[:2]
        unsure = masses[label] < SURE or masses[other] > RIVAL * masses[label] or label == "chat"
        if unsure and (named := self._with_a_known_name(clause, tongue)) is not None:
            return named
        if masses[label] < SURE or masses[other] > RIVAL * masses[label]:
            tools = label in TOOLS and other in TOOLS and masses[label] >= SURE
            how = self._with_operation(label, chances, masses[label], clause, tongue).operation if tools else NONE
            return Read(label, how, masses[label], Unclear((label, other) if how != NONE else ()))
        no = tongue.negation.search(clause) is not None and tongue.soft.search(clause) is None
        lock_off = label.startswith(LOCKS) and any(deed == f"{label} {Operation.OFF}" and chance > 0.1 for deed, chance in chances.items())
        if label == NEGATED or (no and (lock_off or not label.startswith(WITH_NOT))):
            return Read(NEGATED, chance=masses[label], instead=Negated() if tongue.negation.search(clause) else Unclear())
        return self._with_operation(label, chances, masses[label], clause, tongue)

    def _with_a_known_name(self, clause: str, tongue: Tongue) -> Read | None:
        """A request for a title, a person or a place that is sure once its name is one that the reader was trained on."""
        for label, known in tongue.stand_ins.items():
            for pattern in tongue.names[label]:
                if (search := pattern.search(clause)) is not None and search.span(1) != (0, len(clause)):
                    text = f"{clause[: search.start(1)]}{known}{clause[search.end(1) :]}"
                    chances = self._chances(text, tongue)
                    mass = sum(chance for deed, chance in chances.items() if deed.split()[0] == label)
                    if mass > SURE_NAME:
                        return Read(label, Operation.SET if label in TOOLS else NONE, mass)
                    break
        return None

    def _with_operation(self, label: str, chances: dict[str, float], mass: float, clause: str, tongue: Tongue) -> Read:
        """The operation of a meaning: the likeliest that no word of the clause rules out."""
        own = {deed.split()[1]: chance for deed, chance in chances.items() if deed.split()[0] == label}
        if tongue.polite.search(clause) and len(own) > 1:
            own.pop(Operation.ASK, None)  # "could you" asks for a deed
        best = max(own, key=own.__getitem__)
        if label not in TOOLS:
            return Read(label, best, mass)
        turned = tongue.turned_of.get(label, () if label.startswith(LOCKING) else tongue.turned)
        ruled_out = {operation for pattern, operations in turned if pattern.search(clause) for operation in operations}
        left = {operation: chance for operation, chance in own.items() if operation not in ruled_out}
        if not left or max(left.values()) < 0.1 * mass:
            return Read(label, chance=mass, instead=Unclear())
        best = max(left, key=left.__getitem__)
        tool = TOOLS[label]
        if tool.states == ("open", "closed") and tool.form is Form.LEVEL and tool.on is None:  # shut fully is shut
            best = {Operation.MAX: Operation.ON, Operation.MIN: Operation.OFF if tool.low == 0.0 else best}.get(Operation(best), best)
        if tool.form is Form.LEVEL and best != Operation.ASK:
            numbers = tongue.numbers(clause) or tongue.share(clause) is not None
            if numbers and not (best in (Operation.UP, Operation.DOWN) and tongue.by.search(clause) and not tongue.to.search(clause)):
                best = Operation.SET
        if tool.form is Form.CHOICE and best not in (Operation.ASK, Operation.UP, Operation.DOWN) and label in tongue.choices:
            best = Operation.SET if found(tongue.choices[label], clause) is not None or best == Operation.SET else best
        return Read(label, str(best), mass)

    # --- cutting ---

    def _cut(self, text: str, tongue: Tongue) -> list[str]:
        """The pieces of a request at commas and "and", where each means something by itself; else the whole."""
        pieces = [piece.strip(" ,，") for piece in tongue.weak.split(text)]
        pieces = [piece for piece in pieces if tongue.trim.sub("", piece)]  # "please" is no request
        if len(pieces) == 1:
            return pieces
        if len(pieces) > 1 and (lent := tongue.lends(pieces)) != pieces:
            return lent
        if not 1 < len(pieces) <= MOST_PIECES or not all(pieces):
            return [text]
        reads = [self._read(piece, tongue) for piece in pieces]
        alone = all(read.chance >= SURE_PIECE and not read.label.startswith(("unclear", "chat", "follow.", "answer.")) for read in reads)
        return pieces if alone else [text]

    def _condition(self, text: str, tongue: Tongue) -> tuple[str | None, str]:
        """(what is waited for, in English; None for nothing and "" for what we don't know, the request)."""
        if found(tongue.settled, bare(text)) is not None:
            return None, text
        if tongue.unless.search(text):
            return "", text
        for pattern in tongue.timed:
            if (split := pattern.fullmatch(text)) is not None:
                return time_in(split["when"], tongue), bare(f"{split['before'] or ''} {split['after']}")
        for pattern in tongue.conditions:
            if (split := pattern.fullmatch(bare(text))) is None:
                continue
            chances = self._chances(bare(split["when"]), tongue)
            whens = {deed.split()[0]: chance for deed, chance in chances.items() if deed.startswith("when.")}
            best = max(whens, key=whens.__getitem__)
            if sum(whens.values()) < SURE:
                if tongue.waits.match(text) is None:
                    continue  # not every "after" waits for something
                return "", split["what"]
            sentence = sentences()[f"{best} {NONE}"]
            numbers = tongue.numbers(split["when"])
            if numbers and best == "when.battery_low":
                sentence = f"the battery is below {numbers[0]:g} percent"
            if numbers and best == "when.charged":
                sentence = f"the charge reaches {numbers[0]:g} percent"
            return f"when {sentence}, ", split["what"]
        return None, text

    # --- saying it in English ---

    def _step(self, clause: str, names: list[str], tongue: Tongue, when: str | None, seat: Place, lefthand: bool) -> tuple[str, Step]:
        """(the English sentence, its step) of one clause."""
        read = self._read(clause, tongue)
        if read.instead is not None:
            either = isinstance(read.instead, Unclear) and read.instead.alternatives
            words = sentences().get(f"{read.label} {read.operation}", clause) if either else clause
            return "", Step(read.instead, words, self._until(when) if either else None)
        if read.label == "unclear":
            return "", Step(Unclear(), clause)
        if tongue.lasting.search(clause) and may_end(read.label) and read.operation != Operation.ASK:
            return "", Step(Beyond("lasting"), clause)
        if (missing := self._missing(read, clause, names, tongue)) is not None:
            return "", Step(missing, clause, self._until(when))
        zone = found(tongue.zones, clause) or NONE
        sentence = self._sentence(read, clause, zone, names, tongue)
        if not sentence:
            return "", Step(Unclear(), clause)
        steps = self._understand(f"{when or ''}{sentence}", seat=seat, lefthand=lefthand)
        if len(steps) == 1 and self._agrees(steps[0].intent, read, clause, zone, tongue, seat, lefthand):
            if (steps[0].condition is None) == (when is None) and not isinstance(steps[0].condition, Unclear):
                return sentence, steps[0]
        return sentence, Step(Unclear(), clause)

    def _until(self, when: str | None) -> Condition | Unclear | None:
        """What a request waits for, whatever it asks for; `when` opens its English sentence."""
        return None if when is None else self._understand(f"{when}{sentences()['light.dome on']}")[0].condition

    def _missing(self, read: Read, clause: str, names: list[str], tongue: Tongue) -> Missing | None:
        """What a request lacks to be said in English."""
        tool = TOOLS.get(read.label)
        call = Call(tool.name, Operation(read.operation)) if tool is not None and read.operation != NONE else None
        if read.label in ("drive.turn", "drive.lane") and not side_in(clause, tongue):
            return Missing(read.label, Slot.SIDE)
        if read.label in ("drive.go_to", "media.play", "phone.call") and not name_in(read.label, clause, names, tongue):
            return Missing(read.label, Slot.TEXT, call)
        if read.label == "drive.speed" and not tongue.numbers(clause):
            return Missing(read.label, Slot.NUMBER)
        if tool is not None and read.operation == Operation.SET:
            if tool.form is Form.LEVEL and not number_in(clause, tongue):
                return Missing(read.label, Slot.NUMBER, call)
            if tool.form is Form.CHOICE and found(tongue.choices.get(tool.name, ()), clause) is None:
                return Missing(read.label, Slot.CHOICE, call)
        return None

    def _sentence(self, read: Read, clause: str, zone: str, names: list[str], tongue: Tongue) -> str:
        """The English sentence, its slots filled; "" where there is none."""
        pattern = sentences().get(f"{read.label} {read.operation}", "")
        if read.label == ROADS:
            return str(found(tongue.roads, clause))
        if read.label == "follow.same":
            return f"the same{spoken_zone(zone)}" if zone != NONE else pattern
        if read.label == "ask.what" and (side := side_in(clause, tongue)):
            return f"what is on the {side}"
        if read.label == "drive.turn":
            nth = found(tongue.ordinals, clause) or 1
            side = side_in(clause, tongue)
            return f"turn {side}" if nth == 1 else f"take the {ORDINALS[nth]}{side}"
        number = number_in(clause, tongue)
        filled = pattern.replace("{number}", number).replace("{side}", side_in(clause, tongue) or "").replace("{order}", "drive faster")
        if "{choice}" in filled:
            filled = filled.replace("{choice}", str(found(tongue.choices[read.label], clause)))
        if "{text}" in filled or "{place}" in filled:
            name = name_in(read.label, clause, names, tongue).replace("”", "").replace("“", "")
            filled = re.sub(r"\{(text|place)\}", lambda slot: f"“{name}”", filled)
        if read.operation in (Operation.UP, Operation.DOWN) and number and tongue.by.search(clause):
            filled += f" by {number}"
        tool = TOOLS.get(read.label)
        return f"{filled}{spoken_zone(zone)}" if tool is not None and tool.places and zone != NONE else filled

    def _agrees(self, intent: Intent, read: Read, clause: str, zone: str, tongue: Tongue, seat: Place, lefthand: bool) -> bool:
        """Did the English understanding take the sentence for what it stands for?"""
        tool = TOOLS.get(read.label)
        match intent:
            case CabinCall(call):
                if tool is None or call.tool != tool.name or str(call.operation) != read.operation:
                    return False
                wanted = tuple(place for place in places_of(zone, seat, lefthand) if place in tool.places)
                number = number_in(clause, tongue)
                same = tool.form is not Form.LEVEL or call.value is None or (number != "" and abs(float(call.value) - float(number)) < 0.1)
                return (call.places == wanted or (not wanted and call.places == tool.places)) and same
            case DrivingWish(wish) if read.label in _KINDS:
                side = side_in(clause, tongue)
                return isinstance(wish, _KINDS[read.label]) and (not isinstance(wish, TakeTurn | ChangeLane) or wish.side == side)
            case Unsafe(hazard):
                return read.label.startswith("refuse.") or (read.label == "drive.speed" and hazard is Hazard.SPEEDING)
            case FollowUp(kind):
                return read.label == f"follow.{kind}"
        return SIMPLE.get(read.label) == intent


def _without_hazard(hazard: Hazard | None, steps: list[Step], labels: list[str]) -> list[Step]:
    """Steps of a request whose words name a hazard: what it wants of the car becomes that hazard, save for a stop and what moves nothing."""
    if hazard is None or any(isinstance(step.intent, Unsafe) for step in steps):
        return steps
    wanting = (DrivingWish, FindCharger, Unclear, Missing, CabinCall, Negated)
    return [
        replace(step, intent=Unsafe(hazard)) if isinstance(step.intent, wanting) and not label.startswith(HARMLESS) else step
        for step, label in zip(steps, labels, strict=True)
    ]
