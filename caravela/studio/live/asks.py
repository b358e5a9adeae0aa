"""What a page may ask, typed, and how its messages are read. Each is complete in one message: one that was cut off is none, so a browser
that goes in the middle of a command has asked for nothing or for all of it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.tool import Place
from caravela.cockpit.voice.stages import RATE
from caravela.core.errors import CaravelaError, unknown_name
from caravela.core.modes import Mode
from caravela.core.request import Request
from caravela.studio.cabin.asked import AnswerClient, AnswerOffer, AnswerReadBack, CabinAsk, Occupants, Recorded, Said, SwitchOffers
from caravela.studio.cabin.ears import LONGEST_S
from caravela.studio.driving.car import mode_named
from caravela.studio.driving.stage import DriveSettings
from caravela.vehicle.attention import DriverState

MESSAGE_LIMIT = 16_384  # characters of one message, bytes of one request body
SEED_LIMIT = 2**31 - 1
LONGEST_MARK = 64  # characters
HARDEST, SHARPEST = 4.0, 0.2  # m/s^2 and 1/m that the page's own controls may ask for
TAKE_BACK = "take that back"  # what the page's button says for whoever sits there: no stop is ended past the agent and its gate
KINDS = (
    "say", "read_back", "offer", "consent", "offers", "aboard", "take_back", "engage", "take_over", "release", "stop", "controls", "pause", "step", "restart",
)  # fmt: skip


# What people ask of the drive, between two ticks.
@dataclass(frozen=True)
class Wished:
    """A wish that passed the cockpit's gate."""

    request: Request


@dataclass(frozen=True)
class EngageMode:
    mode: Mode


@dataclass(frozen=True)
class TakeControl:
    """The person in the driving seat takes over."""


@dataclass(frozen=True)
class LetGo:
    """A stopped car without a driver is released."""


@dataclass(frozen=True)
class PressStop:
    """Somebody in the car presses stop."""


@dataclass(frozen=True)
class Steer:
    """What the driver's own controls ask for, m/s^2 and 1/m."""

    acceleration: float
    curvature: float


@dataclass(frozen=True)
class DriverSeen:
    """How the driver is, as a driver monitor would see it."""

    state: DriverState


@dataclass(frozen=True)
class Pause:
    paused: bool


@dataclass(frozen=True)
class Step:
    """One tick while paused."""


@dataclass(frozen=True)
class Restart:
    settings: DriveSettings


@dataclass(frozen=True)
class Stop:
    """End the thread."""


DriveAsk = Wished | EngageMode | TakeControl | LetGo | PressStop | Steer | DriverSeen | Pause | Step | Restart | Stop
Ask = DriveAsk | CabinAsk


@dataclass(frozen=True)
class Choices:
    """What the page's selectors offer. A place is a town that ships or a map file that was given."""

    towns: tuple[str, ...]
    weathers: tuple[str, ...]
    traffics: tuple[str, ...]
    maps: Mapping[str, Path] = field(default_factory=dict)  # map files by name

    @property
    def places(self) -> tuple[str, ...]:
        return (*self.maps, *self.towns)


class BadRecording(CaravelaError):
    """A recording that cannot be heard; `mark` is its page's own."""

    def __init__(self, sentence: str, mark: str = "") -> None:
        super().__init__(sentence)
        self.mark = mark


def parse_ask(text: str, *, choices: Choices) -> tuple[Ask, ...]:
    """What a page's message asks for. Raises CaravelaError with a sentence for the page."""
    if len(text) > MESSAGE_LIMIT:
        raise CaravelaError(f"this request has {len(text):,} characters; at most {MESSAGE_LIMIT:,} are read: say it shorter.")
    try:
        fields = json.loads(text)
        kind = fields["type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise CaravelaError(f"this request is not a JSON object with a 'type'; expected {', '.join(KINDS)}.") from None
    match kind:
        case "say":
            return (Said(_text(fields, "words"), _seat(fields), _mark(fields)),)
        case "read_back":
            return (AnswerReadBack(_text(fields, "words"), _answer(_text(fields, "answer")), _seat(fields)),)
        case "offer":
            answer = _text(fields, "answer")
            return (AnswerOffer(_text(fields, "service"), _answer(answer), never=answer == "never", seat=_seat(fields)),)
        case "consent":
            answer = _answer(_text(fields, "answer"))
            return (AnswerClient(_text(fields, "client"), _text(fields, "scope"), answer, _seat(fields)),)
        case "offers":
            return (SwitchOffers(_flag(fields, "on")),)
        case "aboard":
            return _aboard(fields)
        case "take_back":
            return (Said(TAKE_BACK, _seat(fields), _mark(fields)),)
        case "engage":
            return (EngageMode(mode_named(_text(fields, "mode"))),)
        case "take_over":
            return (TakeControl(),)
        case "release":
            return (LetGo(),)
        case "stop":
            return (PressStop(),)
        case "controls":
            return (Steer(_number(fields, "acceleration", HARDEST), _number(fields, "curvature", SHARPEST)),)
        case "pause":
            return (Pause(_flag(fields, "paused")),)
        case "step":
            return (Step(),)
        case "restart":
            return (Restart(parse_settings(fields, choices=choices)),)
    raise unknown_name("request", str(kind)[:40], KINDS)


def parse_recorded(message: bytes) -> Recorded:
    """What was said while a button was held: four bytes (little-endian) of header length, the header as JSON with seat, mark and rate, then
    16-bit samples, mono, little-endian. Raises BadRecording with a sentence for the page."""
    begin = 4 + int.from_bytes(message[:4], "little")
    try:
        fields = json.loads(message[4:begin]) if begin <= min(len(message), MESSAGE_LIMIT) else {}
    except (ValueError, RecursionError):
        fields = {}
    if not isinstance(fields, dict) or fields.get("type") != "recorded":
        raise BadRecording("this recording does not begin with a JSON object of type 'recorded': hold the page's button while you speak.")
    mark, sound = _mark(fields), message[begin:]
    if fields.get("rate") != RATE:
        raise BadRecording(f"this recording has {str(fields.get('rate'))[:40]} samples a second; expected {RATE}.", mark)
    if not sound or len(sound) % 2:
        raise BadRecording(f"this recording has {len(sound):,} bytes of sound; expected 16-bit samples, so an even number above 0.", mark)
    if len(sound) > 2 * RATE * LONGEST_S:
        raise BadRecording(
            f"this recording is {len(sound) / 2 / RATE:.0f} s long; at most {LONGEST_S:g} s are heard: say it shorter.", mark
        )
    try:
        return Recorded(np.frombuffer(sound, "<i2").astype(np.int16), _seat(fields), mark)
    except CaravelaError as error:
        raise BadRecording(str(error), mark) from None


def parse_settings(fields: Mapping[str, Any], *, choices: Choices) -> DriveSettings:
    """The settings of a drive that a page asks for. Raises CaravelaError where one is not on offer."""
    place, weather, traffic = (str(fields.get(name, "")) for name in ("place", "weather", "traffic"))
    for kind, got, known in (
        ("town", place, choices.places),
        ("weather", weather, choices.weathers),
        ("traffic", traffic, choices.traffics),
    ):
        if got not in known:
            raise unknown_name(kind, got, known)
    seed = fields.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= SEED_LIMIT:
        raise CaravelaError(f"seed '{str(seed)[:40]}' is not a whole number from 0 to {SEED_LIMIT}.")
    return DriveSettings(town=place, map=choices.maps.get(place), weather=weather, traffic=traffic, seed=seed)


def _aboard(fields: Mapping[str, Any]) -> tuple[Ask, ...]:
    """Who is aboard, in full: the driver for the mode machine, the others for the cabin."""
    driver = DriverState(seated=_flag(fields, "seated"), hands_on=_flag(fields, "hands_on"), eyes_on=_flag(fields, "eyes_on"))
    occupants = Occupants(asleep=_flag(fields, "asleep"), unwell=_flag(fields, "unwell"), child=_flag(fields, "child"))
    return DriverSeen(driver), occupants


def _mark(fields: Mapping[str, Any]) -> str:
    """A saying's mark; "" where it has none that can be one."""
    mark = fields.get("mark", "")
    return mark if isinstance(mark, str) and len(mark) <= LONGEST_MARK else ""


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise CaravelaError(f"'{fields['type']}' came without '{name}'; expected a text.")
    return value


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name)
    if not isinstance(value, bool):
        raise CaravelaError(f"'{fields['type']}' came without '{name}'; expected true or false.")
    return value


def _number(fields: Mapping[str, Any], name: str, most: float) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > most:
        raise CaravelaError(f"'{fields['type']}' got {name} {str(value)[:40]}; expected a number from {-most:g} to {most:g}.")
    return float(value)


def _seat(fields: Mapping[str, Any]) -> Place:
    seat = fields.get("seat", Place.DRIVER)
    if seat not in set(Place):
        raise unknown_name("seat", str(seat)[:40], Place)
    return Place(seat)


def _answer(text: str) -> Answer:
    if text == "yes":
        return Answer.YES
    if text in ("no", "never"):
        return Answer.NO
    raise unknown_name("answer", text[:40], ("yes", "no", "never"))
