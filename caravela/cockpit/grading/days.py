"""Simulated days: trips with tired children, showers, schools and long red lights, and households of people who say yes where an offer helps them
and sometimes no where it does. What is sensed is noisy: estimates scatter, sensors are dazzled for a moment, and for a while they are wrong. Days
count how often offers are welcome, how often they are a nuisance, and how soon they come; who answers sits where the trip has put them, so that
the rule whose yes is needed counts, too."""

from dataclasses import dataclass, replace

import numpy as np

from caravela.cockpit.acting.gate import Gate
from caravela.cockpit.offers import Moment, Offers
from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.situation import Situation
from caravela.cockpit.tools import TOOLS, catalogue
from caravela.core.request import Request
from caravela.core.signals import Signals

STEP_S = 10.0  # s between two looks
TRIPS = 4  # a day
MINUTES = (12.0, 45.0)  # a trip lasts
WELCOME = 0.85  # chance of a yes to an offer whose need is real
POLITE = 0.1  # chance of a yes where there is no need
# chance per trip that a need is real, and chance per trip that its sensor is wrong for a while
NEEDS = {
    "range": (0.08, 0.0),
    "asleep": (0.15, 0.03),
    "motion_sick": (0.08, 0.04),
    "rain": (0.12, 0.01),
    "school": (0.12, 0.02),
    "red_light": (0.35, 0.0),
    "hazard": (0.2, 0.06),
    "parking": (0.6, 0.0),
    "arrival": (0.3, 0.0),
    "fleet": (0.25, 0.0),
}
SCATTER = 0.08  # of an estimated probability, standard deviation from look to look
DAZZLED = 0.004  # chance per look that a sensor says for this look that there is something: a splash, a hand before the camera
SENSED = ("asleep", "motion_sick", "rain", "hazard")  # what a sensor or a model estimates; the rest is known
ABOARD = {"driver": 0.85, "passenger": 0.4, "rear_driver": 0.25, "rear_passenger": 0.25}  # chance per trip that somebody sits there
OWNER = "owner"  # answers for a car that stands idle and empty, by telephone
CARES = {"red_light": 0.35, "fleet": 0.5}  # chance that a household wants this service at all; otherwise WELCOME decides


@dataclass(frozen=True)
class Days:
    """Counts over simulated days."""

    days: int
    hours: float
    offers: int
    accepted: int
    needs: int  # real ones
    met: int  # real ones that were offered
    by_service: dict[str, tuple[int, int]]  # offered, accepted
    delay_s: float  # from the beginning of a need to its offer, mean
    not_theirs: int = 0  # answers from a seat whose answer does not count
    unanswered: int = 0  # offers that nobody aboard could answer

    @property
    def precision(self) -> float:
        """Share of the offers that were welcome."""
        return self.accepted / max(self.offers, 1)

    @property
    def recall(self) -> float:
        """Share of the real needs that were offered for."""
        return self.met / max(self.needs, 1)

    @property
    def refused_per_hour(self) -> float:
        """Annoyance."""
        return (self.offers - self.accepted) / max(self.hours, 1e-9)


@dataclass(frozen=True)
class _Episode:
    """A stretch of a trip in which a service's sensors say that it is needed."""

    name: str
    begins_s: float
    ends_s: float
    real: bool


def households(count: int, days: int, *, seeds: int, seed: int = 0, patient: bool = True, steady: bool = True) -> list[Days]:
    """The days of `count` households under each of `seeds` seeds from `seed` on: each has its own people, trips and sensors."""
    return [
        simulate(days, seed=1000 * (seed + turn) + household, patient=patient, steady=steady)
        for turn in range(seeds)
        for household in range(count)
    ]


def simulate(days: int, *, seed: int, patient: bool = True, steady: bool = True) -> Days:
    """Live some days of one household. `patient` False leaves cool-downs out, `steady` False takes every flicker of a sensor for a trigger that holds: to show
    what these are worth."""
    random, people, sensors, seats = (np.random.default_rng(key) for key in ([seed], [seed, 1], [seed, 2], [seed, 3]))
    signals, asked = Signals(catalogue()), list[Request]()
    offers = Offers(Gate(signals, asked.append))
    if not patient:
        offers.services = {name: replace(service, cool_down_s=0.0) for name, service in offers.services.items()}
    if not steady:
        offers.services = {name: replace(service, holds_s=0.0) for name, service in offers.services.items()}
    wants = {name: people.random() < chance for name, chance in CARES.items()}
    hours, offered, accepted, needs, met = 0.0, dict.fromkeys(NEEDS, 0), dict.fromkeys(NEEDS, 0), 0, 0
    delays: list[float] = []
    not_theirs = unanswered = 0
    for day in range(days):
        for trip in range(TRIPS):
            began, length = 86_400.0 * day + 14_400.0 * trip, 60.0 * random.uniform(*MINUTES)
            hours += length / 3600.0
            episodes = _episodes(random, length)
            aboard = _aboard(seats)
            needs += sum(episode.real for episode in episodes)
            answered: set[str] = set()
            for t_s in np.arange(0.0, length, STEP_S):
                now = _moment(signals, episodes, t_s, began, sensors)
                offer = offers.look(now)
                if offer is None:
                    continue
                name = offer.service.name
                need = next((e for e in episodes if e.real and e.name == name and e.begins_s <= t_s < e.ends_s), None)
                real = need is not None
                yes = people.random() < (WELCOME if real else POLITE) and wants.get(name, True)
                offered[name] += 1
                silent = _answered(offers, Answer.YES if yes else Answer.NO, now.situation, [OWNER] if name == "fleet" else aboard, seats)
                settled = offers.open is None
                not_theirs, unanswered = not_theirs + silent, unanswered + (not settled)
                accepted[name] += yes and settled
                if need is not None and name not in answered:
                    met += 1
                    delays.append(t_s - need.begins_s)
                answered.add(name)
    by_service = {name: (offered[name], accepted[name]) for name in NEEDS}
    delay_s = float(np.mean(delays or [0.0]))
    return Days(days, hours, sum(offered.values()), sum(accepted.values()), needs, met, by_service, delay_s, not_theirs, unanswered)


def _aboard(seats: np.random.Generator) -> list[str]:
    """Who is on a trip, by seat; somebody always is."""
    found = [seat for seat, chance in ABOARD.items() if seats.random() < chance]
    return found or ["rear_passenger"]


def _answered(offers: Offers, answer: Answer, now: Situation, aboard: list[str], seats: np.random.Generator) -> int:
    """Have those aboard answer, in no order, until one's answer counts. Returns how many did not."""
    for place, seat in enumerate(seats.permutation(aboard)):
        if offers.answer(answer, now, by=str(seat)) is not None:
            return place
    return len(aboard)


def _episodes(random: np.random.Generator, length: float) -> list[_Episode]:
    found = []
    for name, (need, mistake) in NEEDS.items():
        for real, chance in ((True, need), (False, mistake)):
            if random.random() < chance:
                begins = {"parking": length - 120.0, "arrival": length - STEP_S}.get(name, random.uniform(0.0, 0.8 * length))
                found.append(_Episode(name, begins, begins + random.uniform(60.0, 600.0), real))
    return found


def _moment(signals: Signals, episodes: list[_Episode], t_s: float, began: float, sensors: np.random.Generator) -> Moment:
    """What the sensors say at a moment."""
    active = {episode.name for episode in episodes if episode.begins_s <= t_s < episode.ends_s}
    sensed = active | {name for name in SENSED if sensors.random() < DAZZLED}

    def estimate(name: str, there: float) -> float:
        return float(np.clip((there if name in sensed else 0.1) + SCATTER * sensors.standard_normal(), 0.0, 1.0))

    signals.write("Vehicle.Body.Raindetection.Intensity", 40.0 if "rain" in sensed else 0.0)
    signals.write("Vehicle.Exterior.LightIntensity", 5.0 if "arrival" in active else 80.0)
    for path in TOOLS["window.position"].paths()[:1]:
        signals.write(path, 50.0)  # somebody likes it so
    stands = active & {"red_light", "fleet", "arrival"}
    return Moment(
        Situation(t_s=began + t_s, speed=0.0 if stands else 10.0, limit=13.9, arrived="arrival" in active),
        signals,
        to_go_km=400.0 if "range" in active else 10.0,
        asleep=estimate("asleep", 0.9),
        motion_sick=estimate("motion_sick", 0.8),
        child_in_back="school" in active,
        school_m=120.0 if "school" in active else None,
        red_for_s=50.0 if "red_light" in active else 0.0,
        hazard=estimate("hazard", 0.8),
        destination_m=200.0 if "parking" in active else None,
        idle_s=2000.0 if "fleet" in active else 0.0,
    )
