"""Places along the ego car's way where an incident can happen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.world.atlas import Atlas
from caravela.world.incidents.ways import Foe, Junctions, Way, ego_way
from caravela.world.kernels.navigation import OFF_ROAD, cell_at, code_heading
from caravela.world.kernels.routes import ROAD
from caravela.world.state import ABSENT, WorldState

BEFORE, AFTER = 18.0, 26.0  # m of plain road that a stretch has before and after its place
STRAIGHTEST = 0.22  # rad that the road may turn over them
NARROWEST = 2.7  # m of lane
MARGIN = 30.0  # m of way left beyond the last place
CROSSING = (np.radians(50.0), np.radians(130.0))  # of headings
ONCOMING = np.radians(140.0)


@dataclass(frozen=True)
class Site:
    """Where an incident happens, as those who set it see it."""

    way: Way  # the ego car's
    s: float  # m along it
    kerb: float  # +1 where the kerb is on the left, -1 on the right
    width: float  # m of the lane
    foe: Foe | None = None

    @property
    def edge(self) -> float:
        """m to the left of the way where the lane ends at the kerb's side."""
        return self.kerb * 0.5 * self.width


class Sites:
    """Finds them for one atlas."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas, self.junctions = atlas, Junctions(atlas)

    def way(self, state: WorldState, world: int) -> Way:
        return ego_way(self.atlas.roads, state.agents[world, 0])

    def find(self, state: WorldState, world: int, way: Way, *, needs: str, earliest: float, latest: float) -> list[Site]:
        """All sites of a kind between two distances along the way: needs is stretch, kerbside, two_way, crossing (who must wait for us),
        oncoming, merging or roundabout (whom we must wait for)."""
        kerb = 1.0 if self.atlas.roads.maps[state.map[world]]["lefthand"] else -1.0
        latest = min(latest, len(way) - MARGIN)
        if needs in ("stretch", "kerbside", "two_way"):
            return self._stretches(state, world, way, kerb, needs=needs, earliest=earliest, latest=latest)
        foes = self.junctions.foes(way, earliest=earliest, latest=latest)
        return [Site(way, foe.ours, kerb, self._width(way, foe.ours), foe) for foe in foes if _suits(foe, needs)]

    def _stretches(self, state: WorldState, world: int, way: Way, kerb: float, *, needs: str, earliest: float, latest: float) -> list[Site]:
        roads = self.atlas.roads
        lanes = roads.lanes[way.lane]
        plain = (lanes["kind"] == ROAD) & (lanes["width"] >= NARROWEST)
        if needs != "stretch":
            plain &= lanes["left" if kerb > 0.0 else "right"] < 0
        found = []
        for s in np.arange(earliest, latest, 3.0):
            part = slice(max(0, int(s - BEFORE)), int(s + AFTER))
            if not plain[part].all() or np.ptp(np.unwrap(way.heading[part])) > STRAIGHTEST:
                continue
            site = Site(way, float(s), kerb, self._width(way, float(s)))
            if needs != "two_way" or self._has_oncoming(state, world, site):
                found.append(site)
        return found

    def _has_oncoming(self, state: WorldState, world: int, site: Site) -> bool:
        """Does a lane of the other direction lie beside ours?"""
        roads = self.atlas.roads
        for ahead in (-10.0, 0.0, 15.0):
            x, y, heading = site.way.pose(site.s + ahead, -site.kerb * site.width)
            cell = int(cell_at(roads.maps, roads.grid, state.map[world], np.float32(x), np.float32(y)))
            if cell <= OFF_ROAD + 1 or cell == 255 or np.cos(code_heading(cell) - heading) > -0.7:
                return False
        return True

    def _width(self, way: Way, s: float) -> float:
        return float(self.atlas.roads.lanes[way.lane[min(int(s), len(way) - 1)]]["width"])


def _suits(foe: Foe, needs: str) -> bool:
    if foe.meets < 25.0:
        return False  # too short a way to come from
    turned = abs(foe.turned)
    crossing = {
        "crossing": not foe.merges and CROSSING[0] < turned < CROSSING[1] and (foe.link >= 0 or not foe.yields),
        "oncoming": not foe.merges and turned > ONCOMING and foe.yields,
        "merging": foe.merges and turned < CROSSING[1] and foe.yields,
        "roundabout": foe.roundabout and foe.yields,
    }
    return bool(crossing[needs])


def clear(state: WorldState, world: int, places: NDArray[np.float64], *, room: float) -> None:
    """Send everybody but the ego car away who is within `room` m of the places (n, 2)."""
    agents = state.agents[world]
    if not len(places):
        return
    away = np.hypot(agents["x"][:, None] - places[:, 0], agents["y"][:, None] - places[:, 1]).min(1)
    gone = (away < room) & (agents["controller"] != ABSENT)
    gone[0] = False
    agents["controller"][gone] = ABSENT
    agents["length"][gone] = 0.0  # or traffic would take the place again
