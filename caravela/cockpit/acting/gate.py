"""The one gate. Whatever wants something of the car – a person, an offer, another agent – comes through here as a typed call or a typed
request, is checked against what is safe now, and is written to the log. There is no other way out of the cockpit."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from caravela.cockpit.acting.openings import CLOSED_FIRST, NOT_HERE, frees, standing_open
from caravela.cockpit.situation import Situation, is_dark
from caravela.cockpit.tool import REAR, SPOKEN, Call, Form, Operation, Place, RangeError, Tool, written
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import CaravelaError
from caravela.core.request import CapSpeed, DropCap, GoOn, GoTo, Park, PullOver, Request
from caravela.core.signals import Signals, Value
from caravela.core.units import to_kph

HIGHEST_KNOWN = 130.0 / 3.6  # m/s, asked of a road whose limit is not known
SLACK = 0.1  # m/s that a speed may be above the limit: what rounding does
RECLINED = 35.0  # degrees of backrest beyond which a belt does not hold on the move
BURST, WINDOW_S = 20, 10.0  # requests and calls of one client that pass in a window
KEPT = 2000  # newest entries of the log
ADULTS_ONLY = (
    "door.",
    "boot.",
    "frunk.",
    "hood.",
    "window.lock",
    "charging.",
    "light.headlights",
    "light.h",
    "wiper.",
    "wheel.",
    "mirror.",
    "phone.",
)


@dataclass(frozen=True)
class Change:
    """A signal that was written."""

    path: str
    before: Value
    after: Value


@dataclass(frozen=True)
class Verdict:
    """What the gate said: what it changed or let pass, or the reason why not."""

    accepted: bool
    reason: str = ""
    changes: tuple[Change, ...] = ()
    request: Request | None = None
    nearest: float | None = None  # of a level that was out of reach: the nearest one that is not


@dataclass(frozen=True)
class Entry:
    """A line of the log."""

    t_s: float
    by: str
    what: str
    accepted: bool
    reason: str


class Gate:
    """Holds the cabin's signals and the way to driving. `publish` hands a request to driving, which decides."""

    def __init__(self, signals: Signals, publish: Callable[[Request], None]) -> None:
        self.signals = signals
        self._publish = publish
        self.cap: float | None = None  # m/s that driving was asked to keep below
        self.stop_asked = False  # and not ended since
        self.on_stop: list[Callable[[], None]] = []  # told when a stop has passed
        self.log: deque[Entry] = deque(maxlen=KEPT)
        self._recent: dict[str, deque[float]] = {}

    def call(self, call: Call, situation: Situation, *, seat: Place = Place.DRIVER, by: str = "") -> Verdict:
        """Do what a tool does, if that is safe now and the tool takes it."""
        by = by or seat
        if call.tool not in TOOLS:
            return self._said(situation, by, call.tool, Verdict(False, f"there is no tool '{call.tool[:60]}'"))
        tool = TOOLS[call.tool]
        reads = tool.form is Form.ASK or call.operation is Operation.ASK
        reason = self._flooded(by, situation) or ("" if reads else self._unsafe(tool, call, situation, seat))
        if reason:
            return self._said(situation, by, call.tool, Verdict(False, reason))
        try:
            wanted = [(path, written(tool, call, self.signals[path])) for path in self.paths(tool, call, seat)]
            for path, value in wanted:
                self.signals.catalogue[path].checked(value)
        except CaravelaError as error:
            nearest = error.nearest if isinstance(error, RangeError) else None
            return self._said(situation, by, call.tool, Verdict(False, str(error).rstrip("."), nearest=nearest))
        changes = [] if reads else [self._write(path, value) for path, value in wanted]
        return self._said(situation, by, f"{call.tool} {call.operation}", Verdict(True, changes=tuple(changes)))

    def ask(self, request: Request, situation: Situation) -> Verdict:
        """Hand a request to driving, if it is one that may be asked."""
        reason = self._not_theirs(request, situation) or self.objection(request, situation)
        verdict = Verdict(not reason, reason, request=None if reason else request)
        if not reason:
            self._publish(request)
            self._note(request)
        return self._said(situation, request.asked_by, repr(request.wish), verdict)

    def objection(self, request: Request, situation: Situation) -> str:
        """What speaks against a wish now, whoever has it; "" for nothing."""
        match request.wish:
            case CapSpeed(speed) if speed > (limit := situation.limit or HIGHEST_KNOWN) + SLACK:
                return f"{to_kph(speed):.0f} is more than the {to_kph(limit):.0f} km/h allowed here"
            case GoTo(place) if situation.places is not None and place not in situation.places:
                return f"I know no place “{place}” here, only turns and the way back"
            case GoOn() if part := standing_open(self.signals):
                return f"{part}; {CLOSED_FIRST}"
        return ""

    def stop_holds(self, situation: Situation) -> bool:
        """Was a stop asked for that nobody has ended? Driving may not have heard yet of one that has just passed."""
        return self.stop_asked or situation.asked_to_stop

    def _note(self, request: Request) -> None:
        """Remember what a request that has passed sets."""
        match request.wish:
            case CapSpeed(speed):
                self.cap = speed
            case DropCap():
                self.cap = None
            case GoOn():
                self.stop_asked = False
            case PullOver() | Park():
                self.stop_asked = True
                for tell in self.on_stop:
                    tell()

    def put_off(self, request: Request, situation: Situation) -> Verdict:
        """Whether a request may wait until it can be asked: all but its speed is checked. Nothing is handed to driving."""
        reason = self._not_theirs(request, situation)
        return self._said(situation, request.asked_by, f"later: {request.wish!r}", Verdict(not reason, reason))

    def call_later(self, call: Call, situation: Situation, *, seat: Place = Place.DRIVER) -> Verdict:
        """Whether a call may wait until it is due: whose it is, is checked now, and what is safe then by `call`. Nothing is moved."""
        reason = self._flooded(seat, situation) or self._adults_only(TOOLS[call.tool], call, seat)
        return self._said(situation, seat, f"later: {call.tool} {call.operation}", Verdict(not reason, reason))

    def restore(self, changes: tuple[Change, ...], situation: Situation, *, seat: Place = Place.DRIVER) -> Verdict:
        """Take changes back, latest first, where that is safe now."""
        for change in changes:
            for tool in TOOLS.values():
                for place in tool.places or (None,):
                    if tool.path_at(place) == change.path:
                        back = Operation.OFF if change.before in (False, tool.off) else Operation.SET
                        value = None if isinstance(change.before, bool) else change.before
                        call = Call(tool.name, back, () if place is None else (place,), value)
                        if reason := self._unsafe(tool, call, situation, seat):
                            return self._said(situation, seat, "undo", Verdict(False, reason))
        back_again = [self._write(change.path, change.before) for change in reversed(changes)]
        return self._said(situation, seat, "undo", Verdict(True, changes=tuple(back_again)))

    def paths(self, tool: Tool, call: Call, seat: Place) -> tuple[str, ...]:
        """The signals that a call is about: at the named places, or the speaker's, or everywhere."""
        if not tool.places:
            return (tool.path,)
        return tuple(tool.path_at(place) for place in self.places(tool, call, seat))

    def places(self, tool: Tool, call: Call, seat: Place) -> tuple[Place, ...]:
        """The places that a call is about."""
        named = tuple(place for place in call.places if place in tool.places)
        if named or tool.everywhere:
            return named or tool.places
        return (seat,) if seat in tool.places else tool.places[:1]

    def _write(self, path: str, value: Value) -> Change:
        change = Change(path, self.signals[path], value)
        self.signals.write(path, value)
        return change

    def _unsafe(self, tool: Tool, call: Call, situation: Situation, seat: Place) -> str:
        """Why not now; "" where nothing speaks against it."""
        moving = not situation.standing
        if reason := self._adults_only(tool, call, seat):
            return reason
        if seat in REAR and tool.name == "window.position" and self.signals[TOOLS["window.lock"].path]:
            return "the window lock is engaged"
        if tool.standstill and moving:
            return f"{tool.noun} {tool.verb} only moved while we stand"
        if tool.name == "door.lock" and call.operation is Operation.OFF and moving:
            return "the doors stay locked while we drive"
        if frees(call) and not situation.lets_out:
            return NOT_HERE
        if tool.name == "light.headlights" and moving and is_dark(self.signals):
            if any(after in ("OFF", "POSITION") for _, after in self._would(tool, call, seat)):
                return "it is dark, and we drive"
        if tool.name in ("seat.position", "seat.height", "seat.recline") and moving:
            if situation.human_drives and Place.DRIVER in self.places(tool, call, seat):
                return f"{SPOKEN[Place.DRIVER]} is driving"
            if tool.name == "seat.recline" and any(max(RECLINED, before) < after for before, after in self._would(tool, call, seat)):
                return f"a belt holds nobody beyond {RECLINED:.0f} degrees on the move"
        if tool.name == "charging.session" and call.operation is Operation.ON:
            if not self.signals["Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsChargingCableConnected"]:
                return "no charging cable is connected"
        return ""

    def _adults_only(self, tool: Tool, call: Call, seat: Place) -> str:
        """Why this is not for those in the back; "" where it is for whoever asks."""
        reads = tool.form is Form.ASK or call.operation is Operation.ASK
        own = reads or seat not in REAR or not tool.name.startswith(ADULTS_ONLY)
        return "" if own else f"{tool.noun} {tool.verb} for those in front"

    def _would(self, tool: Tool, call: Call, seat: Place) -> list[tuple[Any, Any]]:
        """(before, after) of every signal that a call would write: "more" and "less" count by where they end. Empty for what it cannot be."""
        try:
            return [(self.signals[path], written(tool, call, self.signals[path])) for path in self.paths(tool, call, seat)]
        except CaravelaError:  # told by `call`, with its reason
            return []

    def _not_theirs(self, request: Request, situation: Situation) -> str:
        """Why whoever asks may not; "" where they may. A stop is everybody's, and never too much."""
        if isinstance(request.wish, PullOver):
            return ""
        flooded = self._flooded(request.asked_by, situation)
        return flooded or ("the way and the manner of driving are for those in front" if request.asked_by in REAR else "")

    def _flooded(self, by: str, situation: Situation) -> str:
        recent = self._recent.setdefault(by, deque())
        while recent and situation.t_s - recent[0] >= WINDOW_S:
            recent.popleft()
        recent.append(situation.t_s)
        while len(recent) > BURST + 1:
            recent.popleft()
        return f"more than {BURST} requests in {WINDOW_S:.0f} s" if len(recent) > BURST else ""

    def _said(self, situation: Situation, by: str, what: str, verdict: Verdict) -> Verdict:
        self.log.append(Entry(situation.t_s, by, what, verdict.accepted, verdict.reason))
        return verdict
