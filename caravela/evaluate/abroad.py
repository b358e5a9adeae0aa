"""The suite `abroad`: every start is driven twice, and only where it lies differs. At home the map looks as training maps do. Abroad it is
the same map in a mirror, so that traffic keeps to the other side, in a look of the test side (`world.regions`): other markings, lights,
signs, walls, which nothing was ever trained on. Cars, lights and people begin in the mirror as they do at home, so what is left
between the two drives of a pair is what the driver makes of the place."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from caravela.evaluate.statistics import paired_difference, rounded
from caravela.world import regions
from caravela.world.maps.catalogue import side_of
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.mirrored import mirror, mirrored
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator

HOME, ABROAD = WHERE = ("home", "abroad")
OF_HOME = ("success", "failures", "progress", "distance_m", "first_failure_s", "red_lights_met", "side")  # what a pair's row keeps of it


def graph_at(graph: LaneGraph, *, where: str | None) -> LaneGraph:
    """A map as it is driven there: in a mirror abroad."""
    return mirrored(graph) if where == ABROAD else graph


def scene_at(graph: LaneGraph, *, name: str, where: str) -> Scene:
    """What it looks like there; `graph` is `graph_at`'s, its look abroad follows from the place's `name`."""
    scene = Scene.build([replace(graph, name=name)])
    return scene.abroad(looks_for(name)) if where == ABROAD else scene.at_home()


def looks_for(name: str) -> Sequence[int]:
    """The looks abroad of a map: those of the test side, but where one chooses by it, looks of nowhere that training is kept from."""
    return regions.TO_CHOOSE_BY if side_of(name) == "validation" else regions.HELD_OUT


def begin_in_mirror(simulator: Simulator, home: Simulator) -> None:
    """Let drives that have just begun begin as those at home do, in the mirror; what they look like stays."""
    look = simulator.state.look.copy()
    simulator.state = mirror(home.state)
    simulator.state.look[:] = look


def paired(home: Sequence[dict[str, Any]], abroad: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per pair: that of the drive abroad, its look, and what its drive at home came to. Both are `summary.rows_of` the same
    starts in one order."""
    rows = []
    for mine, theirs in zip(home, abroad, strict=True):
        assert (mine["map"], mine["seed"]) == (theirs["map"], theirs["seed"])
        look = regions.NAMES[regions.abroad(theirs["map"], looks=looks_for(theirs["map"]))]
        rows.append({**theirs, "look": look, "home": {name: mine[name] for name in OF_HOME}})
    return rows


def table(rows: Sequence[dict[str, Any]], *, seed: int = 0) -> dict[str, Any]:
    """Of `paired` rows: success on either side, and how many points home is ahead, with the interval of the difference over maps."""
    home, abroad = [row["home"]["success"] for row in rows], [row["success"] for row in rows]
    apart, low, high = paired_difference(abroad, home, [row["map"] for row in rows], seed=seed)
    looks = {row["look"]: [each for each in rows if each["look"] == row["look"]] for row in rows}
    return {
        "pairs": len(rows),
        "success_home": round(float(np.mean(home)), 4),
        "success_abroad": round(float(np.mean(abroad)), 4),
        "points_apart": round(100.0 * apart, 2),
        "points_apart_ci": rounded((100.0 * low, 100.0 * high), 2),
        "only_home_succeeds": sum(mine and not theirs for mine, theirs in zip(home, abroad, strict=True)),
        "only_abroad_succeeds": sum(theirs and not mine for mine, theirs in zip(home, abroad, strict=True)),
        "by_look": {
            look: {
                "pairs": len(several),
                "success_home": round(float(np.mean([row["home"]["success"] for row in several])), 4),
                "success_abroad": round(float(np.mean([row["success"] for row in several])), 4),
            }
            for look, several in sorted(looks.items())
        },
    }
