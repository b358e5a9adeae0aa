"""The three sides of the maps: what is trained on, what is chosen by, and what is reported. Maps that are missing are made."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.evaluate.places import Place
    from caravela.world.maps.lane_graph import LaneGraph

VALIDATION_TOWNS, VALIDATION_STYLES = 24, {"avenues": 16, "crooked": 16}
# times as many towns more on the training side: wide streets that meet at odd angles, as real ones do, and streets with sharp bends
MORE_TOWNS = {"avenues": 0.18, "crooked": 0.18}


def training_maps(folder: Path, *, towns: int) -> "list[LaneGraph]":
    """The training side: generated towns and, where their extracts are, real places, made in `folder` where they are missing."""
    from caravela.world.maps.catalogue import load, side_of
    from caravela.world.maps.library import build_library, build_places

    build_library(folder / "train", count=towns)
    for style, share in MORE_TOWNS.items():
        build_library(folder / f"train_{style}", count=round(share * towns), style=style)
    extracts = _extracts()
    if extracts.is_dir():
        build_places(folder / "train_real", extracts=extracts)
    else:
        _tell_missing(extracts, "the training side is generated towns alone")
    sides = ("train", *(f"train_{style}" for style in MORE_TOWNS), "train_real")
    graphs = [load(path) for side in sides for path in sorted((folder / side).glob("*.lanes"))]
    if astray := [f"{graph.name} ({side_of(graph.name)})" for graph in graphs if side_of(graph.name) != "training"]:
        raise CaravelaError(f"maps of other sides are among those to train on: {', '.join(astray)}; take them out of '{folder}'.")
    return [graph for graph in graphs if graph.car_km() > 0.4]


def validation_towns(folder: Path) -> list[Path]:
    """Files of the validation side: generated towns, by which one may choose, made in `folder` where they are missing."""
    from caravela.world.maps.library import build_library

    return build_library(folder / "validation", count=VALIDATION_TOWNS, side="validation")


def validation_side(folder: Path) -> dict[str, Path]:
    """The folders of all that one may choose by, by what they hold: towns, towns of two styles more and, where the extracts are, variations of
    the training side's real places. Made in `folder` where they are missing."""
    from caravela.world.maps.library import build_library, build_places

    validation_towns(folder)
    folders = {"towns": folder / "validation"} | {style: folder / f"validation_{style}" for style in VALIDATION_STYLES}
    for style, count in VALIDATION_STYLES.items():
        build_library(folders[style], count=count, side="validation", style=style)
    extracts = _extracts()
    if extracts.is_dir():
        folders["varied places"] = folder / "validation_real"
        build_places(folders["varied places"], extracts=extracts, side="validation")
    else:
        _tell_missing(extracts, "variations of real places are left out")
    return folders


def test_side(library: Path) -> "list[Place]":
    """The maps that nothing is trained on: generated towns (made in `library` where they are missing) and real places."""
    from caravela.evaluate.places import TEST_TOWNS, read_folder
    from caravela.world.maps.catalogue import TEST_PLACES
    from caravela.world.maps.library import build_library, build_places

    build_library(library, count=TEST_TOWNS, side="test")
    extracts = _extracts()
    if extracts.is_dir():
        build_places(library, extracts=extracts, side="test")
    if missing := [name for name in TEST_PLACES if not (library / f"{name}.lanes").is_file()]:
        print(
            f"without the real places {', '.join(missing)}: '{extracts}' has none (CARAVELA_DATA says where the extracts are).",
            file=sys.stderr,
        )
    return [place for place in read_folder(library) if place.held_out]


def _tell_missing(extracts: Path, so: str) -> None:
    print(f"without real places, since '{extracts}' is no folder (CARAVELA_DATA says where the extracts are): {so}.", file=sys.stderr)


def _extracts() -> Path:
    """Where the extracts of real places are, if they are anywhere."""
    return Path(os.environ.get("CARAVELA_DATA", "../shared/data")) / "osm_maps"
