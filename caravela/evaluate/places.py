"""The maps that a suite is driven on: the test side by default, or whatever lies in a folder. Each knows whether anything may
have been trained on it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from caravela.core.errors import MapError
from caravela.world import learned
from caravela.world.maps.catalogue import SUFFIXES, load_map, side_of
from caravela.world.maps.lane_graph import LaneGraph

TEST_TOWNS = 24  # generated towns of the test side
LEAST_KM = 0.05  # of road for cars
WORLD = ("core", "world", "evaluate")  # decide which drives there are and how the world goes on
DRIVERS = (*WORLD, "vehicle", "words", "model", "train")  # and what a driver does
# files that tell of drives, or of something else, and change none
TELLERS = (
    "evaluate/pages",
    *(
        f"evaluate/{name}.py"
        for name in ("summary", "statistics", "frontier", "drawing", "counterfactual", "displacement", "sighted", "domain_table")
    ),
)


@dataclass(frozen=True)
class Place:
    """One map under a name of its own."""

    name: str
    graph: LaneGraph
    digest: str  # of all that is in the map
    real: bool  # streets that exist
    held_out: bool  # on the test side: nothing is trained on it


def read_folder(folder: Path) -> list[Place]:
    """Every map in a folder (and NAME/input.osm below it), by name. Raises MapError where there is none."""
    if not folder.is_dir():
        raise MapError(f"'{folder}' is no folder; expected one that holds maps ({', '.join(SUFFIXES)}).")
    files = [path for path in [*folder.iterdir(), *folder.glob("*/input.osm")] if path.is_file() and path.name.lower().endswith(SUFFIXES)]
    if not files:
        raise MapError(f"'{folder}' holds no map; expected files ending in {', '.join(SUFFIXES)}: `caravela world import` makes one.")
    return name_places([load_map(path) for path in sorted(files)])


def name_places(graphs: Sequence[LaneGraph]) -> list[Place]:
    """Places of graphs; those of one name are numbered."""
    places: dict[str, Place] = {}
    for graph in graphs:
        if graph.car_km() < LEAST_KM:
            raise MapError(
                f"map '{graph.name}' has {graph.car_km() * 1000:.0f} m of road for cars; expected at least 50 m: take it out of the folder."
            )
        name, number = graph.name, 2
        while name in places:
            name, number = f"{graph.name}.{number}", number + 1
        places[name] = Place(name, graph, digest(graph), graph.origin != (0.0, 0.0), side_of(graph.name) == "test")
    return [places[name] for name in sorted(places)]


def digest(graph: LaneGraph) -> str:
    """A fingerprint of a map's content."""
    sha = hashlib.sha256(f"{graph.name} {graph.lefthand}".encode())
    for name in sorted(vars(graph)):
        value = getattr(graph, name)
        if isinstance(value, np.ndarray):
            sha.update(name.encode() + np.ascontiguousarray(value).tobytes())
    return sha.hexdigest()


def program_digest(folders: Sequence[str] = WORLD) -> str:
    """A fingerprint of the code that decides how a drive goes: what was kept from other code is not used."""
    package = Path(__file__).resolve().parents[1]
    sha = hashlib.sha256()
    for folder in folders:
        for path in sorted((package / folder).rglob("*.py")):
            if not path.relative_to(package).as_posix().startswith(TELLERS):
                sha.update(path.read_bytes())
    if learned.SHIPPED.is_file():
        sha.update(learned.SHIPPED.read_bytes())  # drives cars of the world
    return sha.hexdigest()
