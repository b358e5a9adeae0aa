"""Builds the maps that training and evaluation run on: generated towns by seed and real places, on sides that share none:
training, validation and test. What is there already is not built again, so it may be stopped at any time."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from caravela.core.errors import MapError
from caravela.world.maps.catalogue import TEST_PLACES, TEST_SEEDS, TRAINING_SEEDS, VALIDATION_SEEDS, VALIDATION_VARIATIONS
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.maps.netconvert import sumo_home

SIDES = {"training": TRAINING_SEEDS, "validation": VALIDATION_SEEDS, "test": TEST_SEEDS}
SHIPPED = {  # name: seed, style, traffic keeps left; seeds of neither the training nor the test side
    "alderton": (200_001, "grid", False),
    "brookmere": (200_002, "spider", True),
    "caldervale": (200_003, "irregular", True),
    "dunmore": (200_004, "arterial", False),
    "eastlyn": (200_005, "narrow", True),
    "fairhaven": (200_006, "motorway", False),
    "greywick": (200_007, "irregular", False),
    "hallowford": (200_008, "arterial", True),
}
TURNS_BADLY = {"overlapping_service_roads"}  # training places whose roads, turned or varied, lead even the teacher against the traffic
VARIATIONS = 12  # of each of the others


def build_towns(folder: Path) -> list[Path]:
    """The towns that ship with the package, NAME.lanes, for those that are missing in `folder`."""
    from caravela.world.maps.generate import generate

    def town(name: str) -> Callable[[], LaneGraph]:
        seed, style, lefthand = SHIPPED[name]
        return lambda: generate(seed, style=style, lefthand=lefthand, name=name)

    return _build(folder, {folder / f"{name}.lanes": town(name) for name in SHIPPED}, title="shipped towns")


def build_library(folder: Path, *, count: int, side: str = "training", style: str | None = None) -> list[Path]:
    """Files NNNN.lanes of the first `count` towns of one of the SIDES, all in one `style` where it is given, building those that are missing."""
    from caravela.world.maps.generate import generate

    def town(seed: int) -> Callable[[], LaneGraph]:
        return lambda: generate(seed, style=style)

    seeds = list(SIDES[side])[:count]
    if len(seeds) < count:
        raise MapError(f"{count} towns were asked for; the {side} side has {len(seeds)}: ask for fewer.")
    wanted = {folder / f"{seed:04d}.lanes": town(seed) for seed in seeds}
    return _build(folder, wanted, title=f"{side} towns" if style is None else f"{side} {style}")


def build_places(folder: Path, *, extracts: Path, side: str = "training") -> list[Path]:
    """Files NAME.lanes of the real places of one of the SIDES; `extracts` holds NAME/input.osm. Training places are few. So they come as they
    are, once more, NAME-turned, with traffic on the other side of the road, and as VARIATIONS that might be real places, NAME-varied-N,
    every other one of them turned. Those of TURNS_BADLY come once. The validation side has no places of its own: it has two more variations
    of each, whose streets bend otherwise, but whose plan training knows."""
    from caravela.world.maps.openstreetmap import import_osm

    test = side == "test"
    names = sorted(path.parent.name for path in extracts.glob("*/input.osm") if (path.parent.name in TEST_PLACES) == test)
    if not names:
        raise MapError(f"'{extracts}' holds no NAME/input.osm; give the folder of the OpenStreetMap extracts.")

    def place(name: str) -> Callable[[], LaneGraph]:
        return lambda: import_osm(extracts / name / "input.osm", name=name)

    def turned(name: str) -> Callable[[], LaneGraph]:
        return lambda: import_osm(extracts / name / "input.osm", lefthand=not place(name)().lefthand, name=f"{name}-turned")

    def varied(name: str, number: int) -> Callable[[], LaneGraph]:
        def build() -> LaneGraph:
            lefthand = not place(name)().lefthand if number % 2 else None
            return import_osm(extracts / name / "input.osm", lefthand=lefthand, name=f"{name}-varied-{number}", variation=number)

        return build

    sound = [] if test else [name for name in names if name not in TURNS_BADLY]
    numbers = VALIDATION_VARIATIONS if side == "validation" else range(1, VARIATIONS + 1)
    wanted = {} if side == "validation" else {folder / f"{name}.lanes": place(name) for name in names}
    if side == "training":
        wanted |= {folder / f"{name}-turned.lanes": turned(name) for name in sound}
    wanted |= {folder / f"{name}-varied-{n}.lanes": varied(name, n) for name in sound for n in numbers}
    return _build(folder, wanted, title=f"{side} places")


def _build(folder: Path, wanted: dict[Path, Callable[[], LaneGraph]], *, title: str) -> list[Path]:
    missing = {path: build for path, build in wanted.items() if not path.exists()}
    if missing:
        sumo_home()  # its absence is told before anything has begun
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    if missing and not sys.stderr.isatty():  # where no bar is seen
        print(f"making {len(missing)} maps ({title}) in '{folder}', once; a second or two each", file=sys.stderr, flush=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not missing) as progress:
        task = progress.add_task(title, total=len(wanted), completed=len(wanted) - len(missing))
        for path, build in missing.items():
            partial = path.with_suffix(f".{os.getpid()}.part")  # several processes may make the same maps
            graph = build()
            try:
                graph.save(partial)
                partial.replace(path)
            except OSError as error:
                raise _unwritable(folder, error) from error
            progress.advance(task)
    return list(wanted)


def _unwritable(folder: Path, error: OSError) -> MapError:
    return MapError(f"cannot keep maps in '{folder}' ({error.strerror}); expected a folder that can be written: give another one.")
