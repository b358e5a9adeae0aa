"""OpenDRIVE (.xodr, .xodr.gz) and SUMO networks (.net.xml) into lane graphs. OpenDRIVE goes through netconvert; it rarely
says on which side traffic keeps, so that follows from `rule="LHT"`, a flag, or its place. Buildings are invented."""

import dataclasses
import gzip
import re
import tempfile
import zlib
from pathlib import Path

import numpy as np

from caravela.core.errors import MapError
from caravela.world.maps.assemble import Streets, read_streets
from caravela.world.maps.driving_side import drives_left
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.maps.netconvert import DETAIL, REPAIR, SIGNALS, run_tool
from caravela.world.maps.roadside import furnish
from caravela.world.maps.street import FAST, MAIN, RESIDENTIAL, Street

LARGEST = 400_000_000  # bytes, unpacked
FLAGS = ("--opendrive.curve-resolution=2", "--keep-edges.by-vclass=passenger", "--tls.guess-signals", "--tls.cycle.time=60", "--offset.disable-normalization=false")


def import_opendrive(path: Path, *, lefthand: bool | None = None, name: str | None = None) -> LaneGraph:
    """Raises MapError with one sentence for what is no OpenDRIVE or has no road."""
    name = name or path.name.split(".")[0]
    text = _text(path)
    side = ("--lefthand",) if _keeps_left(text, lefthand=lefthand) else ()
    with tempfile.TemporaryDirectory() as folder:
        source, net = Path(folder) / "map.xodr", Path(folder) / "map.net.xml"
        source.write_bytes(text)
        run_tool("netconvert", [f"--opendrive-files={source}", f"--output-file={net}", *DETAIL, *SIGNALS, *REPAIR, *FLAGS, *side], subject=f"'{path}'")
        built = read_streets(net, name=name)
    origin = _place(text) or (0.0, 0.0)
    return _furnished(dataclasses.replace(built, graph=dataclasses.replace(built.graph, origin=origin)))


def import_net(path: Path, *, name: str | None = None) -> LaneGraph:
    """A SUMO network; needs no SUMO. Raises MapError."""
    return _furnished(read_streets(path, name=name or path.name.split(".")[0]))


def _furnished(built: Streets) -> LaneGraph:
    random = np.random.default_rng(zlib.crc32(built.graph.name.encode()))
    streets = {}
    for number in range(len(built.edges)):
        lanes = np.flatnonzero(built.graph.lane_edge == number)
        speed = float(built.graph.lane_speed[lanes].max())
        streets[number] = Street(FAST if speed > 20.0 else MAIN if len(lanes) > 2 or speed > 14.0 else RESIDENTIAL)
    return furnish(built.graph, streets=streets, random=random, density=0.6)


def _text(path: Path) -> bytes:
    """The unpacked file. Raises MapError unless it looks like OpenDRIVE."""
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                data = file.read(LARGEST + 1)
        else:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise MapError(f"'{path}' cannot be unpacked ({str(error)[:80]}); expected OpenDRIVE, plain or gzipped: download it again.") from error
    if len(data) > LARGEST:
        raise MapError(f"'{path}' has more than {LARGEST / 1e6:.0f} MB; cut a smaller map.")
    if b"<OpenDRIVE" not in data[:4000]:
        raise MapError(f"'{path}' does not begin with <OpenDRIVE>; expected an OpenDRIVE map.")
    if b"</OpenDRIVE>" not in data[-4000:]:
        raise MapError(f"'{path}' breaks off before </OpenDRIVE>; download it again.")
    return data


def _keeps_left(text: bytes, *, lefthand: bool | None) -> bool:
    if lefthand is not None:
        return lefthand
    if re.search(rb"<road\b[^>]*\brule=\"LHT\"", text):
        return True
    place = _place(text)
    return place is not None and drives_left(*place)


def _place(text: bytes) -> tuple[float, float] | None:
    """Latitude and longitude of the map's middle from a UTM or transverse Mercator geoReference, if it has one."""
    return None
