"""Sets incidents on the ego cars' ways and lets their actors play. Whoever drives, the same seed sets the same incident."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caravela.core.units import STEP_S
from caravela.world.atlas import Atlas
from caravela.world.incidents.actors import Actor
from caravela.world.incidents.kinds import KINDS, Kind
from caravela.world.incidents.sites import Sites, clear
from caravela.world.incidents.ways import Way
from caravela.world.state import ABSENT, WorldState

SPARE = 12  # agents' places that a state needs for the largest cast
ROOM = 8.0  # m kept clear round where actors begin


def draw_kinds(random: np.random.Generator, *, passed: float, crossed: float) -> list[Kind]:
    """All kinds in an order to try. Plain road is everywhere and junctions are not, so with these chances the first are those that have to be
    passed, or those that come from the side; else all are alike."""
    kinds = [KINDS[str(name)] for name in random.permutation(list(KINDS))]
    chance = random.random()
    if chance < passed:
        kinds.sort(key=lambda kind: not kind.blocks)
    elif chance < passed + crossed:
        kinds.sort(key=lambda kind: not kind.crosses)
    return kinds


class Director:
    """At most one incident at a time in each of B worlds. The last SPARE agents of the state are its own."""

    def __init__(self, atlas: Atlas, *, worlds: int) -> None:
        self.sites = Sites(atlas)
        self._actors: list[list[Actor]] = [[] for _ in range(worlds)]
        self._way: list[Way | None] = [None] * worlds
        self._ego_s = np.zeros(worlds)
        self.kind: list[Kind | None] = [None] * worlds
        self.at = np.full(worlds, np.nan)  # m along the way where it happens

    def stage(
        self,
        state: WorldState,
        world: int,
        kinds: Sequence[Kind],
        *,
        random: np.random.Generator,
        earliest: float = 45.0,
        latest: float = 200.0,
        aside: float = 0.0,
    ) -> Kind | None:
        """Set one of the kinds, tried in order, at a random place that suits it. `aside`: m by which what stands in the way leaves more
        room than it does in a suite; who learns to pass begins with little to pass. Returns the kind, or None where none has a place."""
        self.dismiss(state, world)
        way = self.sites.way(state, world)
        for kind in kinds:
            if kind.cast is None:
                continue
            found = self.sites.find(state, world, way, needs=kind.needs, earliest=earliest, latest=latest)
            if not found:
                continue
            site = found[int(random.integers(len(found)))]
            actors = kind.cast(site, random)
            if kind.blocks:
                for actor in actors:
                    actor.move_aside(0.0 if actor.backward else site.kerb * aside)
            assert len(actors) <= SPARE, f"{kind.name} has a cast of {len(actors)}"
            places = np.array([actor.way.pose(actor.s, actor.d)[:2] for actor in actors if not actor.hidden]).reshape(-1, 2)
            clear(state, world, places, room=ROOM)
            first = state.agents.shape[1] - SPARE
            for number, actor in enumerate(actors):
                actor.enter(state, world, first + number)
            self._actors[world], self._way[world], self._ego_s[world] = actors, way, 0.0
            self.kind[world], self.at[world] = kind, site.s
            return kind
        return None

    def dismiss(self, state: WorldState, world: int) -> None:
        """Send the actors of a world away."""
        mine = slice(state.agents.shape[1] - SPARE, None)
        state.agents["controller"][world, mine] = ABSENT
        state.agents["length"][world, mine] = 0.0
        self._actors[world], self._way[world], self.kind[world], self.at[world] = [], None, None, np.nan

    def play(self, state: WorldState) -> None:
        """Move all actors on by one tick."""
        for world, actors in enumerate(self._actors):
            way = self._way[world]
            if way is None:
                continue
            ego = state.agents[world, 0]
            self._ego_s[world] = way.nearest(float(ego["x"]), float(ego["y"]), around=self._ego_s[world])
            for actor in actors:
                actor.play(state, world, ego_s=float(self._ego_s[world]), step_s=STEP_S)

    def passed(self, *, by: float) -> NDArray[np.bool_]:
        """(B,) where the ego car is `by` m beyond the incident."""
        return np.asarray(self._ego_s > self.at + by)


__all__ = ["KINDS", "SPARE", "Director", "Kind", "draw_kinds"]
