"""One batch of drives from start to end: the driver decides, the world moves on, the referee watches. What is kept besides the
referee's score: what the driver said of its own risk and, where it was told something, how it rode."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Score
from caravela.core.units import STEP_S
from caravela.evaluate.abroad import begin_in_mirror
from caravela.evaluate.drivers import Driver
from caravela.evaluate.episodes import Episode, begin, set_incidents
from caravela.evaluate.referee import Referee, Tick
from caravela.evaluate.risk import Record, RiskLog, rolls_out
from caravela.world.junctions import junctions_ahead
from caravela.world.roaming import Roaming
from caravela.world.simulator import Simulator


class Watcher(Protocol):
    """Is told how far a run is."""

    def stage(self, what: str, *, total: int) -> None: ...
    def advance(self, count: int, *, success: int = 0) -> None: ...


@dataclass(frozen=True)
class Told:
    """What is said to one car in a drive, and when."""

    words: str
    at_s: float = 0.0


@dataclass(frozen=True)
class Driven:
    """What became of one drive."""

    score: Score
    rolls: float  # m that standing still from its start makes
    risk: list[Record] | None  # see `evaluate.risk`
    ride: list[list[float]] | None = None  # per tick [speed m/s, acceleration in any direction m/s^2, m along the route]


def drive(
    simulator: Simulator,
    driver: Driver,
    episodes: Sequence[Episode],
    *,
    watcher: Watcher | None = None,
    roaming: Roaming | None = None,
    told: Sequence[Told] | None = None,
    home: Simulator | None = None,
) -> list[Driven]:
    """One drive per world until all have ended.

    Args:
        home: where the same drives begin at home; here they begin as that looks in a mirror.
        roaming: follows cars that are given no route; without it they have one.
        told: what each is told; its ride is kept then.
    """
    seeds = [episode.seed for episode in episodes]
    begin(simulator, seeds)
    if home is not None:
        begin(home, seeds)
        begin_in_mirror(simulator, home)
    set_incidents(simulator, episodes)
    simulator.has_route[:] = roaming is None
    simulator.words = [""] * simulator.batch
    _say(simulator, told, tick=0)
    driver.reset(simulator)
    observation = simulator.observe()
    referee = Referee(episodes, excuse_arrival=roaming is not None)
    log, rolls = RiskLog(len(episodes)), rolls_out(simulator.state.speed[:, 0])
    rides: list[NDArray[np.float64]] = []
    while referee.driving.any():
        ahead = junctions_ahead(simulator.atlas, simulator.state)
        control = driver.control(simulator, observation)
        log.watch(driver.risk, simulator.state.odometer[:, 0], referee.driving)
        _say(simulator, told, tick=len(rides) + 1)
        simulator.advance(control)
        flags, going = simulator.flags[:, 0], referee.driving
        if roaming is not None:
            flags = roaming.judged(flags, ahead, simulator.state)
            roaming.follow(simulator.state)
        observation = simulator.observe()
        tick = tick_of(simulator, flags, ahead)
        referee.watch(tick)
        rides.append(np.stack([simulator.state.speed[:, 0], np.hypot(tick.acceleration, tick.lateral), tick.odometer], -1))
        ended = np.flatnonzero(going & ~referee.driving)
        if watcher is not None and len(ended):
            scores = referee.scores()
            watcher.advance(len(ended), success=sum(scores[world].success for world in ended))
    scores = referee.scores()
    kept = [None] * len(scores) if told is None else [_ride(rides, world, score) for world, score in enumerate(scores)]
    return [Driven(score, round(float(rolls[w]), 1), log.of(w), kept[w]) for w, score in enumerate(scores)]


def _ride(rides: Sequence[NDArray[np.float64]], world: int, score: Score) -> list[list[float]]:
    """One drive's ticks until it ended, rounded."""
    return [[round(float(value), 2) for value in each[world]] for each in rides[: round(score.seconds / STEP_S)]]


def tick_of(simulator: Simulator, flags: NDArray[np.int32], ahead: NDArray[np.int32]) -> Tick:
    """What the ego cars did in the tick that is over."""
    state = simulator.state
    return Tick(
        flags=flags,
        ahead=ahead,
        acceleration=state.acceleration[:, 0],
        lateral=state.speed[:, 0] ** 2 * state.curvature[:, 0],
        odometer=state.odometer[:, 0],
        energy=state.energy[:, 0],
        x=state.x[:, 0],
        y=state.y[:, 0],
    )


def _say(simulator: Simulator, told: Sequence[Told] | None, *, tick: int) -> None:
    """Tell those whose moment has come; they hear it with the next observation. The sat-nav is not asked: the words are of manner."""
    for world, each in enumerate(told or ()):
        if round(each.at_s / STEP_S) == tick:
            simulator.words[world] = each.words


def quiet() -> Watcher:
    """A watcher that says nothing."""
    return _Quiet()


class _Quiet:
    def stage(self, what: str, *, total: int) -> None:
        """Says nothing."""

    def advance(self, count: int, *, success: int = 0) -> None:
        """Says nothing."""
