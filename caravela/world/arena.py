"""The self-play arena: every vehicle of every world is driven by the same learner, who sees vectors instead of pixels.
Rewards are parts times weights, and the weights are part of what each agent sees, so one policy learns many styles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.units import STEP_S
from caravela.world import state as state_module
from caravela.world import weather
from caravela.world.atlas import Atlas
from caravela.world.incidents.director import SPARE, Director, draw_kinds
from caravela.world.kernels import events
from caravela.world.kernels.learned import NEUTRAL_SHARE
from caravela.world.kernels.step import populate, replace, step
from caravela.world.kernels.tick import COLLISION, OFF_WAY, PROGRESS, REWARD_PARTS
from caravela.world.kernels.vectors import OBJECT, OBJECTS, RED, ROW, STYLE, observe
from caravela.world.state import ABSENT

# what each part costs an agent of neutral style, in the order of kernels.tick: progress per m, collision, off the way, red light,
# right of way, comfort, energy per Wh, lane and limit
BASE_WEIGHTS = np.array([0.08, -20.0, -16.0, -16.0, -2.5, -0.032, -0.002, -0.06], dtype=np.float32)
HALT = -2.0  # a style of progress that asks for standing still: every metre costs what it otherwise earns
# how far a style of +1 multiplies each weight (a style of -1 divides by it)
STYLE_SPREAD = np.array([1.5, 1.0, 1.0, 1.0, 1.0, 4.0, 4.0, 2.0], dtype=np.float32)
FAILURES = events.COLLISION | events.OFF | events.ROUTE_MISSED | events.RED_LIGHT
WRONG_WAY_TICKS = 25  # on the wrong side before it ends the drive
HALT_EVERY, HALT_TICKS = 1800, (60, 120)  # ticks: how often an agent is asked to stop, and for how long
STUCK_S = 60.0  # s standing still after which an agent begins elsewhere
IDLE_S, IDLE_COST = 12.0, 0.04  # s of standing after which every step costs this much
BLOCKED_S, BLOCKED_COST = 4.0, 0.06  # the same where no red light asks for it: who may pass what blocks the way should
STANDING = 0.2  # m/s
PASSED_SHARE, CROSSED_SHARE = 0.25, 0.3  # of incidents that have to be passed, and that come from the side
MOST_ASIDE, LEAST_ASIDE = 1.0, -0.6  # m between which what stands in the way leaves more room than in a suite; below 0 is none
SLOW_HARM, HARM_SPEED = 0.3, 6.0  # share of its cost that the slowest collision has; m/s of own or closing speed from which it has all
INCIDENT_AHEAD = (35.0, 110.0)  # m of the way between which an incident is set
WEATHERS, WEATHER_CHANCES = ("day", "overcast", "rain", "night", "fog"), (0.5, 0.2, 0.1, 0.15, 0.05)


@dataclass(frozen=True)
class Seen:
    """What learners see, flattened over worlds and learner slots (N = B * learners)."""

    rows: NDArray[np.float32]  # (N, ROW)
    objects: NDArray[np.float32]  # (N, OBJECTS, OBJECT)
    mask: NDArray[np.bool_]  # (N, OBJECTS)
    present: NDArray[np.bool_]  # (N,)


@dataclass(frozen=True)
class Places:
    """Where some worlds (N,) begin, and who else is there."""

    maps: NDArray[np.int32]  # (N,)
    weathers: NDArray[np.float32]  # (N, W)
    others: tuple[NDArray[np.int32], ...]  # (N,) each: cars, parked cars, walkers


def draw_places(random: np.random.Generator, map_chances: NDArray[np.float64], *, count: int, others: Sequence[int]) -> Places:
    """Maps, weathers and how many others, of at most `others` (cars, parked, walkers), at random."""
    maps = random.choice(len(map_chances), size=count, p=map_chances)
    chosen = random.choice(WEATHERS, size=count, p=WEATHER_CHANCES)
    density = random.uniform(0.3, 1.0, size=count)
    return Places(
        maps=maps.astype(np.int32),
        weathers=np.stack([weather.preset(str(name)) for name in chosen]),
        others=tuple(np.maximum(0, np.round(most * density)).astype(np.int32) for most in others),
    )


def weights_of(style: NDArray[np.float32], *, severity: float = 1.0) -> NDArray[np.float32]:
    """Reward weights (..., REWARD_PARTS) of styles (..., STYLE) in [-1, 1], or HALT for progress; severity scales all but progress."""
    scale = np.full(REWARD_PARTS, severity, dtype=np.float32)
    scale[PROGRESS] = 1.0
    weights = BASE_WEIGHTS * scale * STYLE_SPREAD**style
    weights[..., PROGRESS] = np.where(style[..., PROGRESS] <= HALT, -BASE_WEIGHTS[PROGRESS], weights[..., PROGRESS])
    return weights


class Arena:
    """`batch` worlds over the atlas's maps, each with `learners` learning vehicles, other traffic, parked cars and walkers. The first
    learner of each meets an incident every `incident_every` s or so, and so does whoever comes by; never where it is 0."""

    def __init__(
        self,
        atlas: Atlas,
        *,
        batch: int = 48,
        learners: int = 12,
        cars: int = 4,
        parked: int = 6,
        walkers: int = 4,
        incident_every: float = 0.0,
        real_share: float | None = None,
        seed: int = 0,
    ) -> None:
        """`real_share` is that of worlds on maps of real places, where there are any; by default all maps are alike."""
        self.atlas, self.batch, self.learners = atlas, batch, learners
        self._map_chances = map_chances(atlas, real_share)
        self.agents = learners + cars + parked + walkers + (SPARE if incident_every > 0.0 else 0)
        self.incident_every = incident_every
        self.director = Director(atlas, worlds=batch) if incident_every > 0.0 else None
        self._counts = (learners, cars, parked, walkers)
        self.random = np.random.default_rng(seed)
        self.state = state_module.empty(batch, agents=self.agents, links=atlas.links, signals=atlas.signals, seed=seed)
        self.flags = np.zeros((batch, self.agents), dtype=np.int32)
        self.parts = np.zeros((batch, self.agents, REWARD_PARTS), dtype=np.float32)
        self.style = np.zeros((batch, learners, STYLE), dtype=np.float32)
        self._action = np.zeros((batch, self.agents, 2), dtype=np.float32)
        self._rows = np.zeros((batch, self.agents, ROW), dtype=np.float32)
        self._objects = np.zeros((batch, self.agents, OBJECTS, OBJECT), dtype=np.float32)
        self._mask = np.zeros((batch, self.agents, OBJECTS), dtype=np.bool_)
        self._respawn = np.ones(batch, dtype=np.bool_)
        self._halted = np.zeros((batch, learners), dtype=np.int32)  # ticks left of being asked to stop
        self._progress_style = np.zeros((batch, learners), dtype=np.float32)  # what the style asked before
        self._astray = np.zeros((batch, learners), dtype=np.int32)  # ticks on the wrong side
        self._blocked = np.zeros((batch, learners), dtype=np.int32)  # ticks of standing for no red light and no request
        self.severity = 1.0  # beginners are punished less, or they learn to stand still
        self.scatter(np.arange(batch))

    def scatter(self, worlds: NDArray[np.int64]) -> None:
        """Move some worlds to other maps and weathers and fill them anew."""
        self._dismiss(worlds)
        fresh = self.state.select(worlds)
        places = draw_places(self.random, self._map_chances, count=len(worlds), others=self._counts[1:])
        fresh.map[:], fresh.weather[:], fresh.time[:] = places.maps, places.weathers, 0.0
        populate(self.atlas.roads, fresh.arrays(), np.full(len(worlds), self.learners, dtype=np.int32), *places.others)
        self.state.put(worlds, fresh)
        self.style[worlds] = self._styles(len(worlds) * self.learners).reshape(len(worlds), self.learners, STYLE)
        self._halted[worlds] = 0
        self._blocked[worlds] = 0

    def _styles(self, count: int) -> NDArray[np.float32]:
        style = self.random.uniform(-1.0, 1.0, size=(count, STYLE)).astype(np.float32)
        style[self.random.random(count) < NEUTRAL_SHARE] = 0.0
        return style

    def _dismiss(self, worlds: NDArray[np.int64]) -> None:
        if self.director is not None:
            for world in worlds:
                self.director.dismiss(self.state, int(world))

    def _set_incidents(self) -> None:
        """Set rare trouble on the way of the first learner of some worlds that have none, or have left it behind."""
        if self.director is None:
            return
        idle = self.director.passed(by=25.0) | np.array([kind is None for kind in self.director.kind])
        moving = (self.state.controller[:, 0] != ABSENT) & (self.state.speed[:, 0] > 2.0)
        due = idle & moving & (self.random.random(self.batch) < STEP_S / self.incident_every)
        earliest, latest = INCIDENT_AHEAD
        for world in np.flatnonzero(due):
            kinds = draw_kinds(self.random, passed=PASSED_SHARE, crossed=CROSSED_SHARE)
            aside = max(self.random.uniform(LEAST_ASIDE, MOST_ASIDE), 0.0)
            self.director.stage(self.state, int(world), kinds, random=self.random, earliest=earliest, latest=latest, aside=aside)

    def _harm(self) -> NDArray[np.float32]:
        """(B, learners) share of its cost that a collision has, by the learner's own speed or, if it is at fault and that is more, the speed
        between the two: who creeps into the way of a fast car has done all of the harm."""
        speed = self.state.speed[:, : self.learners].copy()
        for world, mine in np.argwhere(self.flags[:, : self.learners] & events.AT_FAULT):
            speed[world, mine] = max(speed[world, mine], events.closing_speed(self.state.arrays(), world, mine))
        return np.clip(SLOW_HARM + (1.0 - SLOW_HARM) * speed / HARM_SPEED, 0.0, 1.0).astype(np.float32)

    def _cost_of_standing(self) -> NDArray[np.float32]:
        """(B, learners) of one step, by how long each has stood at a red light, or for none. Who moves, however slowly, pays nothing."""
        mine = slice(0, self.learners)
        stands = self.state.speed[:, mine] < STANDING
        red = self._rows[:, mine, RED] > 0.0
        self._blocked = np.where(stands & ~red & (self.style[..., PROGRESS] > HALT), self._blocked + 1, 0)
        idle = np.where(stands & (self.state.timer[:, mine] > IDLE_S), IDLE_COST, 0.0)
        cost = np.where(self._blocked * STEP_S > BLOCKED_S, BLOCKED_COST, idle)
        return (self.severity * cost).astype(np.float32)

    def _ask_to_stop(self) -> None:
        """Now and then an agent is asked to stop, and some seconds later to go on."""
        go_on = self._halted == 1
        self.style[..., PROGRESS] = np.where(go_on, self._progress_style, self.style[..., PROGRESS])
        self._halted = np.maximum(self._halted - 1, 0)
        asked = (self._halted == 0) & ~go_on & (self.random.random(self._halted.shape) < 1.0 / HALT_EVERY)
        self._progress_style[asked] = self.style[asked, PROGRESS]
        self._halted[asked] = self.random.integers(*HALT_TICKS, size=int(asked.sum()))
        self.style[asked, PROGRESS] = HALT

    def look(self) -> Seen:
        """What every learner sees now."""
        observe(self.atlas.roads, self.state.arrays(), self._rows, self._objects, self._mask, False)
        mine = slice(0, self.learners)
        self._rows[:, mine, -STYLE:] = self.style
        count = self.batch * self.learners
        return Seen(
            rows=self._rows[:, mine].reshape(count, ROW).copy(),
            objects=self._objects[:, mine].reshape(count, OBJECTS, OBJECT).copy(),
            mask=self._mask[:, mine].reshape(count, OBJECTS).copy(),
            present=(self.state.controller[:, mine] != ABSENT).reshape(count),
        )

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int32]]:
        """Advance by 0.1 s. action (N, 2) m/s^2 and 1/m. Returns reward (N,), failed (N,), cut short (N,) and event bits (N,);
        agents that failed or were cut short begin anew elsewhere."""
        mine = slice(0, self.learners)
        self._action[:, mine] = action.reshape(self.batch, self.learners, 2)
        present = self.state.controller[:, mine] != ABSENT
        step(self.atlas.roads, self.state.arrays(), self._action, self.flags, self.parts, self._respawn)
        if self.director is not None:
            self.director.play(self.state)
        self.parts[:, mine, COLLISION] *= self._harm()
        reward = np.where(present, (self.parts[:, mine] * weights_of(self.style, severity=self.severity)).sum(-1), 0.0).astype(np.float32)
        flags = np.where(present, self.flags[:, mine], 0)
        self._astray = np.where(flags & events.WRONG_WAY, self._astray + 1, 0)
        lost = self._astray > WRONG_WAY_TICKS
        reward -= np.where(present & (self.style[..., PROGRESS] > HALT), self._cost_of_standing(), 0.0).astype(np.float32)
        reward += np.where(lost, BASE_WEIGHTS[OFF_WAY] * self.severity, 0.0)
        self._astray[lost] = 0
        failed = ((flags & FAILURES) > 0) | lost
        cut = ((flags & events.ARRIVED) > 0) | (self.state.timer[:, mine] > STUCK_S)
        done = failed | cut
        everyone = np.zeros((self.batch, self.agents), dtype=np.bool_)
        everyone[:, mine] = done
        self._dismiss(np.flatnonzero(done[:, 0]))  # what was set on a way ends with it
        replace(self.atlas.roads, self.state.arrays(), everyone, np.full(self.batch, self.learners, dtype=np.int32))
        b, a = np.nonzero(done)
        self.style[b, a] = self._styles(len(b))
        self._halted[b, a] = 0
        self._blocked[b, a] = 0
        self._ask_to_stop()
        self._set_incidents()
        return reward.ravel(), failed.ravel(), cut.ravel(), flags.ravel()


def map_chances(atlas: Atlas, real_share: float | None) -> NDArray[np.float64]:
    """How likely each of the atlas's maps is drawn."""
    real = np.array([graph.origin != (0.0, 0.0) for graph in atlas.graphs])
    if real_share is None or real.all() or not real.any():
        return np.full(len(real), 1.0 / len(real))
    return np.where(real, real_share / real.sum(), (1.0 - real_share) / (~real).sum())
