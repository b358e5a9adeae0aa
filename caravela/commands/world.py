"""`caravela world`: streets in, lane graphs out (`import`), and the simulated car against a real one (`replay`)."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands import Verb
from caravela.core.errors import MapError

HELP = "import real streets into lane graphs, replay real drives"


@dataclass(frozen=True)
class ImportOptions:
    """Turn an OpenStreetMap (.osm, .osm.pbf) or OpenDRIVE (.xodr) file into a lane graph. Needs the extra `maps`."""

    file: tyro.conf.Positional[Path]
    """The map: .osm, .osm.pbf or .xodr."""
    out: Path | None = None
    """Where to write the lane graph (.lanes). By default it is kept in the cache that `--map` reads."""
    lefthand: bool | None = None
    """--lefthand, --no-lefthand: on which side traffic keeps. By default it follows from the place."""


def run_import(options: ImportOptions) -> dict[str, Any]:
    """Import one map and say what is in it."""
    import time

    import numpy as np

    from caravela.world.maps.catalogue import load_map

    began = time.perf_counter()
    print(f"importing {options.file} …", file=sys.stderr)
    graph = load_map(options.file, lefthand=options.lefthand)
    if options.out is not None:
        try:
            graph.save(options.out)
        except OSError as error:
            raise MapError(f"cannot write '{options.out}' ({error.strerror}); give --out a file in a folder that you can write.") from error
    return {
        "name": graph.name,
        "car_km": round(graph.car_km(), 3),
        "lanes": graph.lanes,
        "junctions": len(graph.junction_start) - 1,
        "signals": len(graph.signal_offset),
        "crossings": len(graph.crossing),
        "buildings": len(graph.building_height),
        "roundabout_lanes": int(np.count_nonzero(graph.lane_roundabout)),
        "driving_side": "left" if graph.lefthand else "right",
        "attribution": graph.attribution,
        "out": None if options.out is None else str(options.out),
        "seconds": round(time.perf_counter() - began, 2),
    }


def show_import(result: dict[str, Any]) -> None:
    """The same for people."""
    print(
        f"{result['name']}: {result['car_km']:.1f} lane-km, {result['lanes']} lanes, {result['junctions']} junctions, "
        f"{result['signals']} signal programs, {result['crossings']} crossings, {result['buildings']} buildings; "
        f"traffic keeps {result['driving_side']}. {result['attribution']}"
    )
    if result["out"]:
        print(f"written to {result['out']}")


@dataclass(frozen=True)
class ReplayOptions:
    """Put a real drive's speed and steering through the simulated car and say how far from the truth it ends up."""

    folder: tyro.conf.Positional[Path]
    """A comma2k19 segment, or a folder that holds one."""
    horizon: float = 10.0
    """Seconds driven without looking at the truth."""
    out: Path = Path("results/replay.json")
    """Where to write the result."""


def run_replay(options: ReplayOptions) -> dict[str, Any]:
    """Replay one drive."""
    import json
    import math

    from caravela.core.errors import CaravelaError
    from caravela.world.replay import Calibration, errors_in_brief, fit_sensors, read_comma2k19, replay

    if not 0.1 <= options.horizon <= 3600.0:
        raise CaravelaError(f"--horizon is {options.horizon}; expected 0.1 to 3600 seconds.")
    log = read_comma2k19(options.folder)
    fitted = fit_sensors(log)
    result = {
        "log": "comma2k19",
        "car": log.car.name,
        "wheelbase_m": log.car.wheelbase,
        "steering_ratio": log.car.steering_ratio,
        "horizon_s": options.horizon,
        **errors_in_brief(replay(log, horizon=options.horizon, calibration=Calibration())),
        "sensors_fitted_in_hindsight": {
            "speed_scale": round(fitted.speed_scale, 4),
            "steering_offset_deg": round(math.degrees(fitted.steering_offset), 3),
            **errors_in_brief(replay(log, horizon=options.horizon, calibration=fitted)),
        },
    }
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CaravelaError(
            f"cannot write '{options.out}' ({error.strerror}); give --out a file in a folder that you can write."
        ) from error
    return result | {"out": str(options.out)}


def show_replay(result: dict[str, Any]) -> None:
    """The same for people."""
    error, fitted = result["position_error_m"], result["sensors_fitted_in_hindsight"]["position_error_m"]
    print(
        f"{result['car']}: after {result['horizon_s']:g} s and {result['driven_m']:.0f} m the position is off by {error['median']:.2f} m (median), "
        f"{error['p90']:.2f} m (p90) over {result['windows']} windows; {fitted['median']:.2f} m and {fitted['p90']:.2f} m once the log's own "
        f"sensor errors are taken out. Written to {result['out']}"
    )


VERBS = {
    "import": Verb(ImportOptions, run_import, "a street map into a lane graph", show_import),
    "replay": Verb(ReplayOptions, run_replay, "a real drive through the simulated car", show_replay),
}
