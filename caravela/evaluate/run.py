"""Runs a suite: chooses the drives, drives the maps one after the other, and keeps every finished map, so that a run that was
stopped goes on where it was. Same policy, maps, seed and code give the same rows."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError
from caravela.core.types import Score
from caravela.evaluate import kept
from caravela.evaluate.abroad import ABROAD, graph_at, scene_at
from caravela.evaluate.drivers import Driver
from caravela.evaluate.driving import Told, Watcher, drive
from caravela.evaluate.episodes import Episode, choose, choose_incidents, scout
from caravela.evaluate.places import DRIVERS, Place, program_digest
from caravela.evaluate.risk import Record
from caravela.evaluate.spoken import told_of
from caravela.evaluate.suites import Suite
from caravela.world import atlas as atlas_module
from caravela.world.roaming import Roaming
from caravela.world.simulator import Simulator

CANDIDATES = 24  # starts tried at once on a map
ROUNDS = 3  # of candidates, at most, while a map has too few


@dataclass(frozen=True)
class Outcome:
    """One scored drive."""

    episode: Episode
    lefthand: bool
    score: Score
    rolls: float = 0.0
    risk: list[Record] | None = None
    ride: list[list[float]] | None = None


def select(
    places: Sequence[Place], suite: Suite, *, episodes: int, seed: int, cache: Path, watcher: Watcher, code: str | None = None
) -> dict[str, list[Episode]]:
    """The episodes by map. What the baseline made of the starts is kept in `cache`, for the code with that digest (by default what is
    there now). Raises CaravelaError where no map offers one."""
    code = code or program_digest()
    wanted = math.ceil(episodes / len(places))
    candidates: dict[str, list[Episode]] = {}
    watcher.stage("choosing drives", total=len(places))
    for place in places:
        atlas, found = None, []
        for turn in range(ROUNDS):
            first = (seed * ROUNDS + turn) * CANDIDATES
            seeds = list(range(first, first + CANDIDATES))
            file = cache / f"{kept.key(code, place.digest, asdict(suite), seeds)}.json"
            rows = kept.read(file)
            if rows is None:
                atlas = atlas or atlas_module.build([place.graph])
                rows = [asdict(episode) for episode in scout(atlas, suite, seeds)]
                kept.write(file, rows)
            found += [Episode(**{**row, "map": place.name}) for row in rows]
            if _enough(found, wanted, suite, signals=len(place.graph.signal_offset) > 0):
                break
        candidates[place.name] = found
        watcher.advance(1)
    if suite.incidents:
        chosen = choose_incidents(candidates, episodes=episodes, kinds=suite.incidents)
    else:
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


def drive_place(
    place: Place,
    suite: Suite,
    driver: Driver,
    episodes: Sequence[Episode],
    *,
    watcher: Watcher,
    manner: str | None = None,
    where: str | None = None,
    heard: Sequence[tuple[str, str]] = (),
) -> list[Outcome]:
    """Drive the episodes of one map, `suite.batch` side by side, asking for a `manner` (see `evaluate.spoken`) where one is given, at home
    or abroad (see `evaluate.abroad`) where that is said. `heard`: of what is said, what the driver hears instead."""
    outcomes: list[Outcome] = []
    atlas = atlas_module.build([graph_at(place.graph, where=where)])
    home_atlas = atlas_module.build([place.graph]) if where == ABROAD else None
    roaming = None if suite.route else Roaming(atlas)
    scene = None if where is None or driver.rig is None else scene_at(atlas.graphs[0], name=place.name, where=where)
    simulator: Simulator | None = None
    home: Simulator | None = None
    for first in range(0, len(episodes), suite.batch):
        several = episodes[first : first + suite.batch]
        if simulator is None or simulator.batch != len(several):
            scene = scene if simulator is None else simulator.scene
            simulator = Simulator(
                atlas,
                batch=len(several),
                rig=driver.rig,
                traffic=suite.traffic,
                weathers=(suite.weather,),
                scene=scene,
                incidents=bool(suite.incidents),
            )
            if home_atlas is not None:
                home = Simulator(home_atlas, batch=len(several), traffic=suite.traffic, weathers=(suite.weather,))
        told: list[Told] | None = None if manner is None else [told_of(manner, episode, dict(heard)) for episode in several]
        drives = drive(simulator, driver, several, watcher=watcher, roaming=roaming, told=told, home=home)
        side = atlas.graphs[0].lefthand
        outcomes += [Outcome(episode, side, d.score, d.rolls, d.risk, d.ride) for episode, d in zip(several, drives, strict=True)]
    return outcomes


@dataclass(frozen=True)
class Run:
    """What is driven, by whom. `identity` tells this policy from every other (its name and its weights' fingerprint)."""

    places: Sequence[Place]
    suite: Suite
    identity: str
    episodes: int
    seed: int
    cache: Path
    code: str = field(default_factory=program_digest)  # that this run began with, however long it takes: the world's,
    drivers_code: str = field(default_factory=lambda: program_digest(DRIVERS))  # and that of all who drive in it
    manner: str | None = None  # what is asked of the driver in words, see `evaluate.spoken`
    where: str | None = None  # at home or abroad, see `evaluate.abroad`
    heard: tuple[tuple[str, str], ...] = ()  # of what is said, what the driver hears instead

    def choose(self, watcher: Watcher) -> dict[str, list[Episode]]:
        """The episodes by map."""
        cache = self.cache / "starts"
        return select(self.places, self.suite, episodes=self.episodes, seed=self.seed, cache=cache, code=self.code, watcher=watcher)

    def part(self, place: Place, chosen: dict[str, list[Episode]]) -> Path:
        """Where the outcomes of one map are kept until the run is complete."""
        asked = [asdict(episode) for episode in chosen[place.name]]
        key = kept.key(self.drivers_code, self.identity, place.digest, asdict(self.suite), asked, self.manner, self.where, self.heard)
        return self.cache / "parts" / f"{key}.json"


def drive_share(work: Run, driver: Driver, *, share: int, of: int, watcher: Watcher) -> None:
    """Drive every `of`-th map from the `share`-th on and keep what became of it: for several processes side by side."""
    chosen = work.choose(watcher)
    mine = list(work.places)[share::of]
    watcher.stage(f"{driver.name} drives, its share", total=sum(len(chosen[place.name]) for place in mine))
    for place in mine:
        part = work.part(place, chosen)
        if kept.read(part) is None:
            kept.write(part, _driven(work, place, driver, chosen, watcher))


def _driven(work: Run, place: Place, driver: Driver, chosen: dict[str, list[Episode]], watcher: Watcher) -> list[dict[str, Any]]:
    outcomes = drive_place(
        place, work.suite, driver, chosen[place.name], watcher=watcher, manner=work.manner, where=work.where, heard=work.heard
    )
    return [asdict(outcome) for outcome in outcomes]


def run(work: Run, driver: Driver, *, watcher: Watcher) -> list[Outcome]:
    """All outcomes of a run; maps that are done already are not driven again."""
    outcomes, parts = collect(work, driver, watcher=watcher)
    forget(parts)
    return outcomes


def forget(parts: Sequence[Path]) -> None:
    """A run that is complete is not taken up again: the next one drives anew."""
    for part in parts:
        part.unlink(missing_ok=True)


def collect(work: Run, driver: Driver, *, watcher: Watcher) -> tuple[list[Outcome], list[Path]]:
    """All outcomes of a run, and the files that keep them until it is complete."""
    chosen = work.choose(watcher)
    told = f" (words: {work.manner})" if work.manner else f" ({work.where})" if work.where else ""
    watcher.stage(f"{driver.name} drives{told}", total=sum(map(len, chosen.values())))
    outcomes: list[Outcome] = []
    parts: list[Path] = []
    for place in work.places:
        part = work.part(place, chosen)
        rows = kept.read(part)
        if rows is None:
            rows = _driven(work, place, driver, chosen, watcher)
            kept.write(part, rows)
        else:
            watcher.advance(len(rows), success=sum(row["score"]["success"] for row in rows))
        parts.append(part)
        outcomes += [_outcome(row) for row in rows]
    return outcomes, parts


def _outcome(row: dict[str, Any]) -> Outcome:
    score = {**row["score"], "failures": tuple(row["score"]["failures"])}
    return Outcome(Episode(**row["episode"]), row["lefthand"], Score(**score), row["rolls"], row["risk"], row["ride"])
