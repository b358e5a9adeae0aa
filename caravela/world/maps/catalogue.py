"""Which maps there are: the towns that ship, what may be trained on and what only tested on, and one door for every map a
user can name: a town, a .lanes file, OpenStreetMap, OpenDRIVE or a SUMO network. Imports are kept in a cache."""

import hashlib
import os
import zlib
from functools import cache
from pathlib import Path

from caravela.core.errors import MapError, unknown_name
from caravela.world.maps import lane_graph
from caravela.world.maps.lane_graph import FORMAT_VERSION, LaneGraph
from caravela.world.maps.paving import paved

TOWNS_FOLDER = Path(__file__).parent / "towns"
IMPORTER_VERSION = 1  # raise it when an import of the same file gives another map
TRAINING_SEEDS = range(1, 901)  # of generated towns
VALIDATION_SEEDS = range(901, 1000)  # what one chooses by: neither trained on nor reported
VALIDATION_VARIATIONS = range(25, 27)  # of the training side's real places, which have more: what one chooses by, see `world.maps.library`
TEST_SEEDS = range(100_001, 200_001)
TEST_PLACES = (  # real maps that nothing is ever trained on
    "neukolln",
    "borough_sausage_links",
    "bristol_contraflow_cycleway",
    "leeds_cycleway",
    "perth_stretched_lights",
    "quad_intersection",
    "roosevelt_cycletrack",
    "tempe_light_rail",
)
SUFFIXES = (".lanes", ".osm", ".osm.pbf", ".xodr", ".xodr.gz", ".net.xml")
FOOTAGE = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v")  # what is taken for a map now and then


def side_of(name: str) -> str:
    """training, validation or test: the side of a generated town or a real place, by its map's name; what is on none may be trained on.
    A place that is turned or varied is on the side of the place itself, but for the variations that one chooses by."""
    name = _unnumbered(name)
    place, _, number = name.removesuffix("-turned").partition("-varied-")
    if place in TEST_PLACES:
        return "test"
    if number:
        return "validation" if number.isdigit() and int(number) in VALIDATION_VARIATIONS else "training"
    seed = name.rpartition("-")[2]
    if seed.isdigit() and int(seed) in TEST_SEEDS:
        return "test"
    return "validation" if seed.isdigit() and int(seed) in VALIDATION_SEEDS else "training"


def place_of(name: str) -> str:
    """What a map is alike to: the place that it is a variation of, in whatever mirror; else itself."""
    return _unnumbered(name).removesuffix("-turned").partition("-varied-")[0]


def _unnumbered(name: str) -> str:
    """Without the number that a second map of one name is given."""
    base, _, number = name.rpartition(".")
    return base if base and number.isdigit() else name


@cache
def towns() -> tuple[str, ...]:
    """Names of the towns that ship with the package."""
    return tuple(sorted(path.stem for path in TOWNS_FOLDER.glob("*.lanes")))


def load_town(name: str) -> LaneGraph:
    """A town that ships with the package. Raises CaravelaError with a suggestion for an unknown one."""
    if name not in towns():
        raise unknown_name("town", name, towns())
    return load(TOWNS_FOLDER / f"{name}.lanes")


def load(path: Path) -> LaneGraph:
    """A .lanes file, its gaps paved. Raises MapError, whatever is wrong with it."""
    try:
        return paved(lane_graph.load(path))
    except (TypeError, ValueError, LookupError, OverflowError, EOFError, zlib.error, AttributeError) as error:
        raise MapError(f"'{path}' is a broken lane graph (damaged, or it lacks something); import the map again.") from error


def load_map(source: str | Path, *, lefthand: bool | None = None) -> LaneGraph:
    """A town's name or a map file. OpenStreetMap, OpenDRIVE and SUMO files are imported once and cached; `lefthand` overrides the
    driving side that such an import finds. Raises CaravelaError with one sentence."""
    path, shown = Path(source).expanduser(), str(source)[:200]
    if str(source) in towns() and (isinstance(source, str) or not path.is_file()):
        graph = load_town(str(source))
    else:
        try:
            suffix = _suffix(path, shown=shown)
            graph = load(path) if suffix == ".lanes" else _imported(path, suffix=suffix, lefthand=lefthand)
        except OSError as error:
            raise MapError(
                f"map '{shown}' cannot be read ({error.strerror or type(error).__name__}); give a map that you may read."
            ) from error
    if lefthand is not None and graph.lefthand != lefthand:
        side = "left" if graph.lefthand else "right"
        raise MapError(f"traffic keeps {side} on map '{shown}'; expected no --lefthand: it is for .osm and .xodr maps only.")
    return graph


def _suffix(path: Path, *, shown: str) -> str:
    """The kind of a map file. Raises CaravelaError for what is none."""
    endings = ", ".join(SUFFIXES)
    if not path.is_file():
        if path.is_dir() or len(path.parts) > 1 or path.suffix:
            kind = "a folder" if path.is_dir() else "not there"
            raise MapError(f"map '{shown}' is {kind}; expected a town ({', '.join(towns())}) or a file ending in {endings}.")
        raise unknown_name("town", shown, towns())
    suffix = next((s for s in sorted(SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(s)), None)
    if suffix is None and path.suffix.lower() in FOOTAGE:
        raise MapError(f"'{shown}' looks like a video; expected a map ({endings}): `caravela watch {shown}` shows the driver real footage.")
    if suffix is None:
        raise MapError(f"'{shown}' is no map that we know by its name; expected a file ending in {endings}.")
    if path.stat().st_size == 0:
        raise MapError(f"'{shown}' is empty; expected a {suffix} map: download or write it again.")
    return suffix


def cache_folder() -> Path:
    """Where imported maps are kept: $XDG_CACHE_HOME or ~/.cache, then caravela/maps."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "caravela" / "maps"


def _imported(path: Path, *, suffix: str, lefthand: bool | None) -> LaneGraph:
    stem = path.name[: -len(suffix)]
    name = path.parent.name if stem == "input" and path.parent.name else stem
    side = "" if lefthand is None else "left" if lefthand else "right"
    digest = hashlib.sha256(f"{IMPORTER_VERSION}.{FORMAT_VERSION}.{suffix}.{name}.{side}".encode())
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    kept = cache_folder() / f"{digest.hexdigest()[:32]}.lanes"
    if kept.is_file():
        try:
            return load(kept)
        except MapError:
            pass  # a torn cache file is written again
    graph = _read(path, suffix=suffix, name=name, lefthand=lefthand)
    _keep(graph, kept)
    return paved(graph)


def _read(path: Path, *, suffix: str, name: str, lefthand: bool | None) -> LaneGraph:
    if suffix in (".osm", ".osm.pbf"):
        from caravela.world.maps.openstreetmap import import_osm

        return import_osm(path, lefthand=lefthand, name=name)
    from caravela.world.maps.opendrive import import_net, import_opendrive

    return import_net(path, name=name) if suffix == ".net.xml" else import_opendrive(path, lefthand=lefthand, name=name)


def _keep(graph: LaneGraph, path: Path) -> None:
    """Write to the cache; where that is not possible, the map is imported again next time."""
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        graph.save(partial)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
