"""Meanings that need nothing filled in: what the head calls them, and the intent that each is."""

from caravela.cockpit.reading.intents import (
    Answer,
    DrivingWish,
    FindCharger,
    Hazard,
    Intent,
    Negated,
    OfferSwitch,
    Question,
    Reply,
    SmallTalk,
    Unclear,
    Unsafe,
)
from caravela.cockpit.sayings.phrasing import NEGATED, SEVERAL
from caravela.core.request import Drive, DropRoute, GoOn, KeepDistance, Manner, Overtake, Park, PullOver, Side, TakeTurn

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


def best(chances: dict[str, float]) -> str:
    """The likeliest of some meanings."""
    return max(chances, key=chances.__getitem__)


def refusals(label: dict[str, float]) -> dict[str, float]:
    """The chances of all hazards."""
    return {name: chance for name, chance in label.items() if name.startswith("refuse.")}
