"""The lane graph: what every map becomes. Flat arrays, so that kernels read them as they are; `*_start` arrays are
CSR offsets (row r is [start[r], start[r + 1])). Map frame, metres, flat ground. It leaves out elevation."""

import dataclasses
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import MapError

FORMAT_VERSION = 1
ARCHIVE = b"PK"  # what a file begins with

# lane_kind
ROAD, JUNCTION = 0, 1  # JUNCTION: the piece of path that connects two road lanes across a junction
# lane_use, a bit mask
CAR, BICYCLE, PEDESTRIAN, BUS = 1, 2, 4, 8
# lane_control, of JUNCTION lanes: what governs entering them
PRIORITY, YIELD, STOP, SIGNAL, RIGHT_BEFORE_LEFT = 0, 1, 2, 3, 4
# lane_turn, of JUNCTION lanes
STRAIGHT, LEFT, RIGHT, U_TURN = 0, 1, 2, 3
# lamp states of a signal link
LAMP_OFF, LAMP_RED, LAMP_RED_YELLOW, LAMP_YELLOW, LAMP_GREEN_YIELD, LAMP_GREEN, LAMP_FLASHING_YELLOW = range(7)


@dataclass(frozen=True)
class LaneGraph:
    """One map. L lanes, P centre-line points, K signal links, S signal programs, F phases, X crossings, G buildings, T trees,
    Z parking places. Lane points run in the driving direction; consecutive points are 0.2 to 5 m apart."""

    name: str
    lefthand: bool  # traffic keeps left
    origin: tuple[float, float]  # latitude, longitude of the map frame's origin, degrees; (0, 0) for generated towns
    attribution: str
    # lanes
    lane_point_start: NDArray[np.int32]  # (L + 1,)
    point_x: NDArray[np.float32]  # (P,) m
    point_y: NDArray[np.float32]  # (P,) m
    point_s: NDArray[np.float32]  # (P,) m along the lane
    point_heading: NDArray[np.float32]  # (P,) rad
    lane_length: NDArray[np.float32]  # (L,) m
    lane_width: NDArray[np.float32]  # (L,) m
    lane_speed: NDArray[np.float32]  # (L,) m/s speed limit
    lane_kind: NDArray[np.uint8]  # (L,) ROAD | JUNCTION
    lane_use: NDArray[np.uint8]  # (L,) bit mask
    lane_edge: NDArray[np.int32]  # (L,) lanes of one carriageway in one direction share an edge; -1 for JUNCTION lanes
    lane_left: NDArray[np.int32]  # (L,) neighbouring lane of the same edge on the geometric left, drivable alike, or -1
    lane_right: NDArray[np.int32]  # (L,)
    lane_axis_offset: NDArray[np.float32]  # (L,) m from the lane's centre to the road's axis, left positive: what a sat-nav draws
    lane_opposite: NDArray[np.int32]  # (L,) edge of the oncoming carriageway across the axis, or -1 (one-way)
    lane_junction: NDArray[np.int32]  # (L,) junction that a JUNCTION lane crosses, or that a ROAD lane leads into; -1: none
    lane_control: NDArray[np.uint8]  # (L,) of JUNCTION lanes
    lane_turn: NDArray[np.uint8]  # (L,) of JUNCTION lanes
    lane_link: NDArray[np.int32]  # (L,) signal link that governs entering this JUNCTION lane, or -1
    lane_roundabout: NDArray[np.bool_]  # (L,)
    successor_start: NDArray[np.int32]  # (L + 1,) ROAD -> JUNCTION -> ROAD (or ROAD -> ROAD where nothing lies between)
    successor: NDArray[np.int32]
    predecessor_start: NDArray[np.int32]  # (L + 1,)
    predecessor: NDArray[np.int32]
    conflict_start: NDArray[np.int32]  # (L + 1,) JUNCTION lanes that cross or merge with this one
    conflict: NDArray[np.int32]
    conflict_yields: NDArray[np.bool_]  # this lane's traffic must give way to that lane's
    conflict_s: NDArray[np.float32]  # m along this lane where the two first come within a car's width
    # signals
    link_signal: NDArray[np.int32]  # (K,) program of a link
    link_slot: NDArray[np.int32]  # (K,) its column in phase_state
    link_x: NDArray[np.float32]  # (K,) m, end of the stop line's lane: where the stop line is
    link_y: NDArray[np.float32]
    link_heading: NDArray[np.float32]  # (K,) rad, driving direction of the traffic it governs
    signal_phase_start: NDArray[np.int32]  # (S + 1,)
    signal_offset: NDArray[np.float32]  # (S,) s
    phase_duration: NDArray[np.float32]  # (F,) s
    phase_state: NDArray[np.uint8]  # (F, widest program) lamp per slot
    # areas
    junction_start: NDArray[np.int32]  # (J + 1,) outline polygons, counter-clockwise
    junction_x: NDArray[np.float32]
    junction_y: NDArray[np.float32]
    crossing: NDArray[np.float32]  # (X, 5) pedestrian crossings: x0, y0, x1, y1 (kerb to kerb), width; m
    crossing_link: NDArray[np.int32]  # (X,) signal link, or -1
    building_start: NDArray[np.int32]  # (G + 1,) footprints, counter-clockwise, simple
    building_x: NDArray[np.float32]
    building_y: NDArray[np.float32]
    building_height: NDArray[np.float32]  # (G,) m
    tree: NDArray[np.float32]  # (T, 4) x, y, crown radius, height; m
    parking: NDArray[np.float32]  # (Z, 3) x, y, heading of kerbside parking places (the middle of the car)

    @property
    def lanes(self) -> int:
        return len(self.lane_length)

    def car_km(self) -> float:
        """Length of road lanes that cars may use, km."""
        usable = (self.lane_kind == ROAD) & (self.lane_use & CAR > 0)
        return float(self.lane_length[usable].sum()) / 1000.0

    def bounds(self) -> tuple[float, float, float, float]:
        """(x min, y min, x max, y max) of the lanes, m."""
        return float(self.point_x.min()), float(self.point_y.min()), float(self.point_x.max()), float(self.point_y.max())

    def save(self, path: Path) -> None:
        """Write one compressed file (conventional suffix .lanes)."""
        header = {
            "version": FORMAT_VERSION,
            "name": self.name,
            "lefthand": self.lefthand,
            "origin": self.origin,
            "attribution": self.attribution,
        }
        arrays = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if isinstance(getattr(self, f.name), np.ndarray)}
        with path.open("wb") as file:
            np.savez_compressed(file, header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8), **arrays)


def load(path: Path) -> LaneGraph:
    """Read what `LaneGraph.save` wrote. Raises MapError for anything else."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            header = json.loads(archive["header"].tobytes())
            arrays = {name: archive[name] for name in archive.files if name != "header"}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise MapError(
            f"'{path}' is not a lane graph ({_reason(path, error)}); expected a file that `caravela world import` wrote."
        ) from error
    if header.get("version") != FORMAT_VERSION:
        raise MapError(f"'{path}' has lane-graph version {header.get('version')}; expected {FORMAT_VERSION}: import the map again.")
    return LaneGraph(
        name=header["name"], lefthand=header["lefthand"], origin=tuple(header["origin"]), attribution=header["attribution"], **arrays
    )


def _reason(path: Path, error: Exception) -> str:
    """What is wrong with a file that holds no lane graph, for whoever has it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    with path.open("rb") as file:
        begins = file.read(len(ARCHIVE))
    if begins != ARCHIVE:
        return "it holds something else: a lane graph is a compressed archive"
    return "it lacks its header" if isinstance(error, KeyError) else "it is cut off or damaged"
