"""The clauses that the runtime is traced to: what each asks, how we know, and the trial that measures it. A table of this is in
docs/safety.md, written by `caravela vehicle safety`. It traces behaviour to clauses; it is no statement that a car complies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from caravela.core.modes import Alert
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.trials import (
    alert_delay,
    engaging_is_refused,
    escalation_lock_out,
    hardest_stop,
    hazards_delay,
    help_stays_until_a_hand_is_there,
    lateral,
    lock_out,
    manoeuvre_delay,
    new_cycle,
    offer_escalation,
    offer_patience,
    re_engagement,
    response_delay,
    standstill,
    stays,
)


class Source(StrEnum):
    """How we know what a clause says."""

    QUOTED = "its text was read in a public reproduction"
    SUMMARISED = "its number and figure come from public summaries; its text was not at hand"
    LISTED = "the figure comes from the project's own list; no text was found"


class Bound(StrEnum):
    AT_MOST = "≤"
    AT_LEAST = "≥"
    HOLDS = "holds"


@dataclass(frozen=True)
class Clause:
    """What a text asks of the runtime."""

    text: str  # R171, R157, GB draft
    number: str
    asks: str
    bound: Bound
    limit: float
    unit: str
    source: Source
    measure: Callable[[], float]

    @property
    def key(self) -> str:
        return f"{self.text} {self.number}: {self.asks}"


@dataclass(frozen=True)
class Finding:
    """A clause with what was measured."""

    clause: Clause
    measured: float

    @property
    def met(self) -> bool:
        if self.clause.bound is Bound.AT_MOST:
            return self.measured <= self.clause.limit + 1e-9
        return self.measured >= self.clause.limit - 1e-9


def clauses() -> Iterator[Clause]:
    """All of them, by text and number."""
    yield from _r171()
    yield from _r157()
    yield from _gb()


def _r171() -> Iterator[Clause]:
    name, most, least, holds = "unece-r171", Bound.AT_MOST, Bound.AT_LEAST, Bound.HOLDS
    add = partial(Clause, "R171", source=Source.SUMMARISED)
    yield add("5.5.3.2.2", "L2 is refused without driver, hands, eyes or health", holds, 1, "", measure=partial(engaging_is_refused, name))
    yield add(
        "5.5.3.4.1.5", "help does not end with no hand on the wheel", holds, 1, "", measure=partial(help_stays_until_a_hand_is_there, name)
    )
    yield add("5.5.4.2.5.2.1", "looking back counts from this long on", least, 0.2, "s", measure=partial(re_engagement, name))
    yield add(
        "5.5.4.2.5.3",
        "short glances do not put off the eyes-on request",
        most,
        5.0,
        "s",
        measure=partial(alert_delay, name, Alert.EYES_ON, glances=True),
    )
    yield add("5.5.4.2.6.1.1", "hands-on request", most, 5.0, "s", measure=partial(alert_delay, name, Alert.HANDS_ON, hands=True))
    yield add(
        "5.5.4.2.6.1.2",
        "hands-on request escalated, after the request",
        most,
        10.0,
        "s",
        measure=partial(alert_delay, name, Alert.HANDS_ON_ESCALATED, since=Alert.HANDS_ON, hands=True),
    )
    yield add("5.5.4.2.6.2.1", "eyes-on request", most, 5.0, "s", measure=partial(alert_delay, name, Alert.EYES_ON))
    yield add(
        "5.5.4.2.6.2.2",
        "eyes-on request escalated, after the request",
        most,
        3.0,
        "s",
        measure=partial(alert_delay, name, Alert.EYES_ON_ESCALATED, since=Alert.EYES_ON),
    )
    yield add(
        "5.5.4.2.6.3.1",
        "direct control alert, after the escalation",
        most,
        5.0,
        "s",
        measure=partial(alert_delay, name, Alert.DIRECT_CONTROL, since=Alert.EYES_ON_ESCALATED),
    )
    yield add(
        "5.5.4.2.6.4.1",
        "unavailability response, after the first escalation (eyes)",
        most,
        10.0,
        "s",
        measure=partial(response_delay, name, first=Alert.EYES_ON_ESCALATED),
    )
    yield add(
        "5.5.4.2.6.4.1",
        "unavailability response, after the first escalation (hands)",
        most,
        10.0,
        "s",
        measure=partial(response_delay, name, first=Alert.HANDS_ON_ESCALATED, hands=True),
    )
    yield add(
        "5.5.4.2.8.1", "locked for the run cycle after two responses", least, 24 * 3600, "s", measure=partial(lock_out, name, responses=2)
    )
    profile = assisted_profile(name)
    yield add("6.2.3", "lateral acceleration (there for lane changes)", most, 3.5, "m/s²", measure=partial(lateral, profile, jerk=False))
    yield add("6.2.3", "lateral jerk (there for lane changes)", most, 5.0, "m/s³", measure=partial(lateral, profile, jerk=True))


def _r157() -> Iterator[Clause]:
    most, least, holds = Bound.AT_MOST, Bound.AT_LEAST, Bound.HOLDS
    said, read = partial(Clause, "R157", source=Source.SUMMARISED), partial(Clause, "R157", source=Source.QUOTED)
    emergency, hardest = r157().emergency_above, r157().deceleration_limit
    yield said("5.3.1.1", "no demand of the stop path is an emergency manoeuvre", most, emergency, "m/s²", measure=hardest_stop)
    yield said("5.4.3.2", "the offer to take over is escalated", most, 4.0, "s", measure=offer_escalation)
    yield said("5.4.4.1", "the manoeuvre begins no earlier after an offer", least, 10.0, "s", measure=offer_patience)
    yield said("5.4.4.1.1", "the manoeuvre begins at once on a severe failure", most, 0.1, "s", measure=manoeuvre_delay)
    yield read("5.5.1", "deceleration demanded in the manoeuvre", most, hardest, "m/s²", measure=hardest_stop)
    yield read("5.5.1", "hazard lights with the start of the manoeuvre", most, 0.1, "s", measure=hazards_delay)
    yield read("5.5.2", "the manoeuvre brings the car to standstill", holds, 1, "", measure=standstill)
    yield read("5.5.4", "it does not move away without a manual act, hazard lights on", holds, 1, "", measure=stays)
    yield read("5.5.5", "L4 again only in a new run cycle (person in the driving seat)", holds, 1, "", measure=new_cycle)


def _gb() -> Iterator[Clause]:
    name, most, least, holds = "gb-l2", Bound.AT_MOST, Bound.AT_LEAST, Bound.HOLDS
    said, listed = partial(Clause, "GB draft", source=Source.SUMMARISED), partial(Clause, "GB draft", source=Source.LISTED)
    hands = partial(alert_delay, name, hands=True)
    yield said("driver monitoring", "hands-on request", most, 5.0, "s", measure=partial(hands, Alert.HANDS_ON))
    yield said(
        "driver monitoring",
        "hands-on request escalated, after the request",
        most,
        3.0,
        "s",
        measure=partial(hands, Alert.HANDS_ON_ESCALATED, since=Alert.HANDS_ON),
    )
    yield said("driver monitoring", "eyes-on request", most, 5.0, "s", measure=partial(alert_delay, name, Alert.EYES_ON))
    yield said(
        "driver monitoring",
        "eyes-on request escalated, after the request",
        most,
        3.0,
        "s",
        measure=partial(alert_delay, name, Alert.EYES_ON_ESCALATED, since=Alert.EYES_ON),
    )
    yield said("8.1", "locked out after one response", least, 1800.0, "s", measure=partial(lock_out, name, responses=1))
    yield said("8.1", "locked out after three escalations in 30 min", holds, 1, "", measure=partial(escalation_lock_out, name, times=3))
    profile = assisted_profile(name)
    yield listed("lateral control", "lateral acceleration", most, 3.0, "m/s²", measure=partial(lateral, profile, jerk=False))
    yield listed("lateral control", "lateral jerk", most, 5.0, "m/s³", measure=partial(lateral, profile, jerk=True))


def measure_all() -> list[Finding]:
    """Every clause, measured now."""
    return [Finding(clause, clause.measure()) for clause in clauses()]
