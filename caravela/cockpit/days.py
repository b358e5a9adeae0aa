"""Simulated days: trips with tired children, showers, schools and long red lights, sensed with noise, and people who say yes where an
offer helps them and sometimes no where it does. They count how often offers are welcome, and how often they are a nuisance."""

from dataclasses import dataclass, replace

import numpy as np

from caravela.cockpit.gate import Gate
from caravela.cockpit.intents import Answer
from caravela.cockpit.offers import Moment, Offers
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
    "fleet": (0.25, 0.0),
}
CARES = {"red_light": 0.35, "fleet": 0.5}  # chance that the person wants this service at all; otherwise WELCOME decides


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


def simulate(days: int, *, seed: int, patient: bool = True) -> Days:
    """Live some days. `patient` False leaves cool-downs and pauses out, to show what they are worth."""
    random, people = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    signals, asked = Signals(catalogue()), list[Request]()
    offers = Offers(Gate(signals, asked.append))
    if not patient:
        offers.services = {name: replace(service, cool_down_s=0.0) for name, service in offers.services.items()}
    wants = {name: people.random() < chance for name, chance in CARES.items()}
    hours, offered, accepted, needs, met = 0.0, dict.fromkeys(NEEDS, 0), dict.fromkeys(NEEDS, 0), 0, 0
    for day in range(days):
        for trip in range(TRIPS):
            began, length = 86_400.0 * day + 14_400.0 * trip, 60.0 * random.uniform(*MINUTES)
            hours += length / 3600.0
            episodes = _episodes(random, length)
            needs += sum(episode.real for episode in episodes)
            answered: set[str] = set()
            for t_s in np.arange(0.0, length, STEP_S):
                now = _moment(signals, episodes, t_s, began)
                offer = offers.look(now)
                if offer is None:
                    continue
                name = offer.service.name
                real = any(e.real for e in episodes if e.name == name and e.begins_s <= t_s < e.ends_s)
                yes = people.random() < (WELCOME if real else POLITE) and wants.get(name, True)
                offered[name] += 1
                accepted[name] += yes
                met += real and name not in answered
                answered.add(name)
                offers.answer(Answer.YES if yes else Answer.NO, now.situation, by="owner")
    by_service = {name: (offered[name], accepted[name]) for name in NEEDS}
    return Days(days, hours, sum(offered.values()), sum(accepted.values()), needs, met, by_service)


def _episodes(random: np.random.Generator, length: float) -> list[_Episode]:
    found = []
    for name, (need, mistake) in NEEDS.items():
        for real, chance in ((True, need), (False, mistake)):
            if random.random() < chance:
                begins = length - 120.0 if name == "parking" else random.uniform(0.0, 0.8 * length)
                found.append(_Episode(name, begins, begins + random.uniform(60.0, 600.0), real))
    return found


def _moment(signals: Signals, episodes: list[_Episode], t_s: float, began: float) -> Moment:
    """What the sensors say at a moment."""
    active = {episode.name for episode in episodes if episode.begins_s <= t_s < episode.ends_s}
    signals.write("Vehicle.Body.Raindetection.Intensity", 40.0 if "rain" in active else 0.0)
    for path in TOOLS["window.position"].paths()[:1]:
        signals.write(path, 50.0 if "rain" in active else 0.0)
    return Moment(
        Situation(t_s=began + t_s, speed=10.0, limit=13.9),
        signals,
        to_go_km=400.0 if "range" in active else 10.0,
        asleep=0.9 if "asleep" in active else 0.1,
        motion_sick=0.8 if "motion_sick" in active else 0.1,
        child_in_back="school" in active,
        school_m=120.0 if "school" in active else None,
        red_for_s=50.0 if "red_light" in active else 0.0,
        hazard=0.8 if "hazard" in active else 0.1,
        destination_m=200.0 if "parking" in active else None,
        idle_s=2000.0 if "fleet" in active else 0.0,
    )
