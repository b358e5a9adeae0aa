"""`caravela world`: streets in, lane graphs out. So far: `import`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands import Verb
from caravela.core.errors import MapError

HELP = "import real streets into lane graphs"


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


VERBS = {"import": Verb(ImportOptions, run_import, "a street map into a lane graph", show_import)}
