"""Runs a suite: chooses the drives, drives the maps one after the other, and keeps every finished map, so that a run that was
stopped goes on where it was. Same policy, maps, seed and code give the same rows."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.core.types import Score
from caravela.evaluate.drivers import Driver
from caravela.evaluate.episodes import Episode, begin, choose, scout
from caravela.evaluate.places import Place, program_digest
from caravela.evaluate.referee import Referee, Tick
from caravela.evaluate.route_follow import junctions_ahead
from caravela.evaluate.suites import Suite
from caravela.world import atlas as atlas_module
from caravela.world.simulator import Simulator

CANDIDATES = 24  # starts tried at once on a map
ROUNDS = 3  # of candidates, at most, while a map has too few


class Watcher(Protocol):
    """Is told how far a run is."""

    def stage(self, what: str, *, total: int) -> None: ...
    def advance(self, count: int, *, success: int = 0) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """One scored drive."""

    episode: Episode
    lefthand: bool
    score: Score


def select(places: Sequence[Place], suite: Suite, *, episodes: int, seed: int, cache: Path, watcher: Watcher) -> dict[str, list[Episode]]:
    """The episodes by map. What the baseline made of the starts is kept in `cache`. Raises CaravelaError where no map offers one."""
    code = program_digest()
    wanted = math.ceil(episodes / len(places))
    candidates: dict[str, list[Episode]] = {}
    watcher.stage("choosing drives", total=len(places))
    for place in places:
        atlas, found = None, []
        for turn in range(ROUNDS):
            first = (seed * ROUNDS + turn) * CANDIDATES
            seeds = list(range(first, first + CANDIDATES))
            kept = cache / f"{_key(code, place.digest, asdict(suite), seeds)}.json"
            rows = _read(kept)
            if rows is None:
                atlas = atlas or atlas_module.build([place.graph])
                rows = [asdict(episode) for episode in scout(atlas, suite, seeds)]
                _write(kept, rows)
            found += [Episode(**{**row, "map": place.name}) for row in rows]
            if _enough(found, wanted, suite, signals=len(place.graph.signal_offset) > 0):
                break
        candidates[place.name] = found
        watcher.advance(1)
    chosen = choose(candidates, episodes=episodes, red_share=suite.red_share)
    if not any(chosen.values()):
        raise CaravelaError(
            f"none of the {len(places)} maps has a route with a turn that lasts {suite.least_seconds:.0f} s; give larger maps with --maps."
        )
    return chosen


def _enough(found: list[Episode], wanted: int, suite: Suite, *, signals: bool) -> bool:
    full = [episode for episode in found if episode.seconds >= suite.seconds - 1e-6]
    reds = sum(episode.red_lights > 0 for episode in full)
    return len(full) >= wanted and (not signals or reds >= wanted)


def drive_place(place: Place, suite: Suite, driver: Driver, episodes: Sequence[Episode], *, watcher: Watcher) -> list[Outcome]:
    """Drive the episodes of one map, `suite.batch` side by side."""
    outcomes: list[Outcome] = []
    atlas = atlas_module.build([place.graph])
    simulator: Simulator | None = None
    for first in range(0, len(episodes), suite.batch):
        several = episodes[first : first + suite.batch]
        if simulator is None or simulator.batch != len(several):
            scene = None if simulator is None else simulator.scene
            simulator = Simulator(atlas, batch=len(several), rig=driver.rig, traffic=suite.traffic, weathers=suite.weathers, scene=scene)
        scores = drive(simulator, driver, several, watcher=watcher)
        outcomes += [Outcome(episode, place.graph.lefthand, score) for episode, score in zip(several, scores, strict=True)]
    return outcomes


def drive(simulator: Simulator, driver: Driver, episodes: Sequence[Episode], *, watcher: Watcher | None = None) -> list[Score]:
    """One drive per world until all have ended."""
    begin(simulator, [episode.seed for episode in episodes])
    driver.reset(simulator)
    observation = simulator.observe()
    referee = Referee(episodes)
    while referee.driving.any():
        ahead = junctions_ahead(simulator.atlas, simulator.state)
        observation, _ = simulator.step(driver.control(simulator, observation))
        state, going = simulator.state, referee.driving
        referee.watch(
            Tick(
                flags=simulator.flags[:, 0],
                ahead=ahead,
                acceleration=state.acceleration[:, 0],
                lateral=state.speed[:, 0] ** 2 * state.curvature[:, 0],
                odometer=state.odometer[:, 0],
                energy=state.energy[:, 0],
                x=state.x[:, 0],
                y=state.y[:, 0],
            )
        )
        ended = np.flatnonzero(going & ~referee.driving)
        if watcher is not None and len(ended):
            scores = referee.scores()
            watcher.advance(len(ended), success=sum(scores[world].success for world in ended))
    return referee.scores()


@dataclass(frozen=True)
class Run:
    """What is driven, by whom. `identity` tells this policy from every other (its name and its weights' fingerprint)."""

    places: Sequence[Place]
    suite: Suite
    identity: str
    episodes: int
    seed: int
    cache: Path

    def choose(self, watcher: Watcher) -> dict[str, list[Episode]]:
        """The episodes by map."""
        cache = self.cache / "starts"
        return select(self.places, self.suite, episodes=self.episodes, seed=self.seed, cache=cache, watcher=watcher)

    def part(self, place: Place, chosen: dict[str, list[Episode]], *, code: str) -> Path:
        """Where the outcomes of one map are kept until the run is complete."""
        asked = [asdict(episode) for episode in chosen[place.name]]
        return self.cache / "parts" / f"{_key(code, self.identity, place.digest, asdict(self.suite), asked)}.json"


def drive_share(work: Run, driver: Driver, *, share: int, of: int, watcher: Watcher) -> None:
    """Drive every `of`-th map from the `share`-th on and keep what became of it: for several processes side by side."""
    chosen, code = work.choose(watcher), program_digest()
    mine = list(work.places)[share::of]
    watcher.stage(f"{driver.name} drives, its share", total=sum(len(chosen[place.name]) for place in mine))
    for place in mine:
        part = work.part(place, chosen, code=code)
        if _read(part) is None:
            _write(part, [asdict(outcome) for outcome in drive_place(place, work.suite, driver, chosen[place.name], watcher=watcher)])


def run(work: Run, driver: Driver, *, watcher: Watcher) -> list[Outcome]:
    """All outcomes of a run; maps that are done already are not driven again."""
    chosen, code = work.choose(watcher), program_digest()
    watcher.stage(f"{driver.name} drives", total=sum(map(len, chosen.values())))
    outcomes: list[Outcome] = []
    parts: list[Path] = []
    for place in work.places:
        part = work.part(place, chosen, code=code)
        rows = _read(part)
        if rows is None:
            rows = [asdict(outcome) for outcome in drive_place(place, work.suite, driver, chosen[place.name], watcher=watcher)]
            _write(part, rows)
        else:
            watcher.advance(len(rows), success=sum(row["score"]["success"] for row in rows))
        parts.append(part)
        outcomes += [_outcome(row) for row in rows]
    for part in parts:  # a run that is complete is not taken up again: the next one drives anew
        part.unlink(missing_ok=True)
    return outcomes


def _outcome(row: dict[str, Any]) -> Outcome:
    score = {**row["score"], "failures": tuple(row["score"]["failures"])}
    return Outcome(Episode(**row["episode"]), row["lefthand"], Score(**score))


def _key(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _read(path: Path) -> list[dict[str, Any]] | None:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):  # not there, or torn: it is made again
        return None


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write whole or not at all. Raises CaravelaError where the disk refuses."""
    partial = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(rows))
        partial.replace(path)
    except OSError as error:
        raise CaravelaError(
            f"cannot keep what is done so far in '{path.parent}' ({error.strerror}); make room there or set XDG_CACHE_HOME."
        ) from error


def quiet() -> Watcher:
    """A watcher that says nothing."""
    return _Quiet()


class _Quiet:
    def stage(self, what: str, *, total: int) -> None:
        """Says nothing."""

    def advance(self, count: int, *, success: int = 0) -> None:
        """Says nothing."""
