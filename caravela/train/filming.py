"""Driving video without actions, filmed in the world as it is needed: what the cameras show, what is there, and what they show some time
later. Nobody says what to do, and no picture comes back often enough to be remembered."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Plan
from caravela.model.batch import Batch
from caravela.train.collect import CollectConfig, Collector, choose_maps
from caravela.train.mirror import on_the_right
from caravela.train.samples import IMAGES, to_batch
from caravela.train.teacher_net import TeacherNet
from caravela.world.maps.lane_graph import LaneGraph

# few maps, since a scene takes as long to build as hundreds of pictures to draw; many nudges, to see the road from everywhere
FILMED = CollectConfig(maps=6, looks=180, nudge_every=4.0, spoken_share=0.0)


@dataclass(frozen=True)
class FilmConfig:
    """How much is filmed, and kept."""

    film: CollectConfig = FILMED  # of one reel
    ahead: int = 4  # looks of 0.2 s until the later picture
    reels: int = 4  # kept, the newest; 0.35 GB each
    draws: float = 2.0  # times that a look is drawn, on average


@dataclass(frozen=True)
class Reel:
    """One round of filming."""

    arrays: dict[str, NDArray]  # one row a look
    later: NDArray[np.int64]  # (n,) the row that shows the same drive some time on; -1 where there is none
    drawn: NDArray[np.int64]  # rows that are learned from; some that stand only show what others see later

    def __len__(self) -> int:
        return len(self.drawn)


class Crew(Collector):
    """A collector that keeps what is seen, and asks nobody what to do."""

    def __init__(self, graphs: Sequence[LaneGraph], teacher: TeacherNet, *, config: CollectConfig, seed: int) -> None:
        self.rows: list[dict[str, NDArray]] = []
        self.when: list[NDArray[np.int64]] = []  # of each row: world, shot, look
        self.drawn: list[NDArray[np.bool_]] = []
        self.shot, self.looked = np.zeros(config.worlds, dtype=np.int64), 0
        super().__init__(graphs, teacher, self, config=config, seed=seed)

    def add(self, arrays: dict[str, NDArray]) -> None:
        """Keep rows."""
        self.rows.append(arrays)

    def _observe(self) -> None:
        self.shot += self.simulator.cuts  # what was seen before a cut does not go on after it
        self.looked += 1
        super()._observe()

    def _label(self, due: NDArray[np.bool_], plan: Plan | None) -> int:
        worlds, state = np.flatnonzero(due), self.simulator.state
        self.add(self._shown(state.select(worlds), worlds))
        self.when.append(np.stack([worlds, self.shot[worlds], np.full(len(worlds), self.looked)], -1))
        standing = (state.speed[worlds, 0] < 0.2) & (state.timer[worlds, 0] > 1.0)
        self.drawn.append(~standing | (self.random.random(len(worlds)) < self.config.standstill_share))
        return len(worlds)

    def reel(self, *, ahead: int) -> Reel:
        """What has been filmed."""
        arrays = {name: np.concatenate([row[name] for row in self.rows]) for name in self.rows[0]}
        when = [tuple(key) for key in np.concatenate(self.when).tolist()]
        row_at = {key: row for row, key in enumerate(when)}
        later = [row_at.get((world, shot, look + ahead), -1) for world, shot, look in when]
        return Reel(arrays, np.array(later, dtype=np.int64), np.flatnonzero(np.concatenate(self.drawn)))


class Film:
    """Random batches of what was filmed lately; a new reel is filmed when the old ones have been looked at enough."""

    def __init__(self, graphs: Sequence[LaneGraph], teacher: TeacherNet, *, config: FilmConfig | None = None, seed: int = 0) -> None:
        self.graphs, self.teacher, self.config = graphs, teacher, config or FilmConfig()
        assert self.config.ahead % self.config.film.label_every == 0, "the later look would never be kept"
        self.random = np.random.default_rng(seed)
        self._reels: deque[Reel] = deque(maxlen=self.config.reels)
        self._due = 0.0  # looks that are to be filmed

    @property
    def shards(self) -> dict[str, Reel]:
        """The reels that are kept."""
        return {str(number): reel for number, reel in enumerate(self._reels)}

    def refresh(self) -> int:
        """Film the first reel; returns the number of looks."""
        if not self._reels:
            self._film()
        return sum(map(len, self._reels))

    def draw(self, size: int) -> Batch:
        """`size` looks at random, all on the right side of the road."""
        while not self._reels or self._due >= len(self._reels[-1]):
            self._film()
        self._due += size / self.config.draws
        whose = self.random.integers(len(self._reels), size=size)
        parts = [
            self._rows(self._reels[k], self.random.choice(self._reels[k].drawn, size=int((whose == k).sum()))) for k in np.unique(whose)
        ]
        return to_batch(on_the_right({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}))

    def _rows(self, reel: Reel, rows: NDArray[np.int64]) -> dict[str, NDArray]:
        later = reel.later[rows]
        known = {name: value[rows] for name, value in reel.arrays.items()}
        return known | {"later": reel.arrays[IMAGES][np.where(later < 0, rows, later)], "later_valid": later >= 0}

    def _film(self) -> None:
        film = self.config.film
        graphs = choose_maps(self.graphs, count=film.maps, real_share=film.real_share, random=self.random)
        crew = Crew(graphs, self.teacher, config=film, seed=int(self.random.integers(1 << 31)))
        crew.run(None, student_share=0.0)
        self._reels.append(crew.reel(ahead=self.config.ahead))
        self._due = max(0.0, self._due - len(self._reels[-1]))
