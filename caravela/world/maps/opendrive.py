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
from caravela.world.maps.crossings import keep_crossings
from caravela.world.maps.driving_side import drives_left
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.maps.netconvert import DETAIL, REPAIR, SIGNALS, run_tool
from caravela.world.maps.plain_xml import REVERSE, SHIFT, rewrite
from caravela.world.maps.projection import to_degrees
from caravela.world.maps.roadside import furnish
from caravela.world.maps.street import FAST, MAIN, RESIDENTIAL, Street

LARGEST = 400_000_000  # bytes, unpacked
READING = ("--opendrive.curve-resolution=2", "--keep-edges.by-vclass=passenger", "--no-warnings", "--offset.disable-normalization=false")
BUILDING = (
    *DETAIL,
    *SIGNALS,
    *REPAIR,
    "--tls.guess-signals",
    "--tls.cycle.time=60",
    "--sidewalks.guess",
    "--sidewalks.guess.max-speed=18",
    "--crossings.guess",
    "--default.junctions.radius=6",
)


def import_opendrive(path: Path, *, lefthand: bool | None = None, name: str | None = None) -> LaneGraph:
    """`lefthand` overrides the driving side. Raises MapError with one sentence for what is no OpenDRIVE or has no road."""
    name = name or path.name.split(".")[0]
    text = _text(path)
    left = _left_hand(text, lefthand=lefthand)
    with tempfile.TemporaryDirectory() as folder:
        source, plain, net = Path(folder) / "map.xodr", Path(folder) / "plain", Path(folder) / "map.net.xml"
        source.write_bytes(text)
        run_tool("netconvert", [f"--opendrive-files={source}", f"--plain-output-prefix={plain}", *READING], subject=f"'{path}'")
        rewrite(plain, lefthand=left)
        files = [
            f"--node-files={plain}.nod.xml",
            f"--edge-files={plain}.edg.xml",
            f"--connection-files={plain}.con.xml",
            f"--output-file={net}",
        ]
        run_tool("netconvert", [*files, *BUILDING, *(["--lefthand"] if left else [])], subject=f"'{path}'")
        built = read_streets(net, name=name)
    graph = dataclasses.replace(built.graph, origin=_place(text) or (0.0, 0.0))
    graph = keep_crossings(graph, graph.crossing_link >= 0)
    return _furnished(dataclasses.replace(built, graph=graph))


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
        raise MapError(
            f"'{path}' cannot be unpacked ({str(error)[:80]}); expected OpenDRIVE, plain or gzipped: download it again."
        ) from error
    if len(data) > LARGEST:
        raise MapError(f"'{path}' has more than {LARGEST / 1e6:.0f} MB; cut a smaller map.")
    if b"<OpenDRIVE" not in data[:4000]:
        raise MapError(f"'{path}' does not begin with <OpenDRIVE>; expected an OpenDRIVE map.")
    if b"</OpenDRIVE>" not in data[-4000:]:
        raise MapError(f"'{path}' breaks off before </OpenDRIVE>; download it again.")
    return data


def _left_hand(text: bytes, *, lefthand: bool | None) -> str | None:
    """How to make the network left-hand: REVERSE where roads say rule="LHT", SHIFT where only the place or the user does."""
    rules = set(re.findall(rb"<road\b[^>]*\brule=[\"'](\w+)[\"']", text))
    if b"LHT" in rules and lefthand is not False:
        return REVERSE
    place = _place(text)
    left = lefthand if lefthand is not None else b"RHT" not in rules and place is not None and drives_left(*place)
    return SHIFT if left else None


def _place(text: bytes) -> tuple[float, float] | None:
    """Latitude and longitude of the map's middle, degrees, if its geoReference is UTM or transverse Mercator in PROJ's words."""
    header = text[: text.find(b"<road ")].decode(errors="replace")
    reference = re.search(r"<geoReference>(.*?)</geoReference>", header, re.DOTALL)
    if reference is None:
        return None
    words: dict[str, str] = dict(re.findall(r"\+(\w+)=([^\s\]]+)", reference[1]))

    def number(pattern: str) -> float:
        found = re.search(pattern, header)
        return float(found[1]) if found else 0.0

    try:
        east = number(r"<offset[^>]*\bx=\"([-+.\deE]+)\"") + (number(r"\beast=\"([-+.\deE]+)\"") + number(r"\bwest=\"([-+.\deE]+)\"")) / 2.0
        north = (
            number(r"<offset[^>]*\by=\"([-+.\deE]+)\"") + (number(r"\bnorth=\"([-+.\deE]+)\"") + number(r"\bsouth=\"([-+.\deE]+)\"")) / 2.0
        )
        if words.get("proj") == "utm":
            south = "south" in reference[1]
            return to_degrees((east - 5e5) / 0.9996, (north - 1e7 * south) / 0.9996, origin=(0.0, float(words["zone"]) * 6.0 - 183.0))
        if words.get("proj") == "tmerc":
            scale = float(words.get("k", words.get("k_0", "1")))
            shift = float(words.get("x_0", "0")), float(words.get("y_0", "0"))
            origin = float(words.get("lat_0", "0")), float(words.get("lon_0", "0"))
            return to_degrees((east - shift[0]) / scale, (north - shift[1]) / scale, origin=origin)
    except (KeyError, ValueError):
        return None
    return None
