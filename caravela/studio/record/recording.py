"""From ticks to a recording: what the recorder wants to know of each, one drive after the other on one time line. Ticks and
views come from two threads, so writing is locked."""

import dataclasses
import threading
from collections.abc import Callable

import numpy as np

from caravela.core.types import Camera, Rig
from caravela.core.units import STEP_US
from caravela.studio.driving.body import ENERGY
from caravela.studio.driving.drive import Tick
from caravela.studio.driving.stage import Stage
from caravela.studio.driving.street import Street
from caravela.studio.view.map_geometry import TOLERANCE, thin
from caravela.studio.view.packet import POLICY_QUALITY, jpeg, plain
from caravela.vehicle.recorder import Box, Moment, Recorder
from caravela.world.state import KIND_NAMES


class Recording:
    """Feeds a recorder; `on_failure` is told once, should the recording end before the drive does."""

    def __init__(self, recorder: Recorder, *, rig: Rig, on_failure: Callable[[str], None]) -> None:
        self._recorder, self._rig, self._on_failure = recorder, rig, on_failure
        self._lock = threading.Lock()
        self._base_us = 0  # when the present drive began
        self._end_us = 0
        self._told = False

    @property
    def failure(self) -> str:
        """A sentence once the recording has ended before its time, else empty."""
        return self._recorder.failure

    def begin(self, stage: Stage) -> None:
        """Another drive begins, where the one before ended in time."""
        graph = stage.graph
        points = np.stack([graph.point_x, graph.point_y], axis=-1)
        starts = graph.lane_point_start
        lines = [thin(points[starts[lane] : starts[lane + 1]], tolerance=TOLERANCE) for lane in range(graph.lanes)]
        with self._lock:
            self._base_us = self._end_us
            self._recorder.write_street(lines, t_us=self._base_us)
        self._look_after()

    def tick(self, tick: Tick) -> None:
        """Write a tick."""
        with self._lock:
            self._end_us = self._base_us + (tick.number + 1) * STEP_US
            self._recorder.write(moment_of(tick, t_us=self._base_us + tick.number * STEP_US, rig=self._rig))
        self._look_after()

    def view(self, tick: Tick, view: bytes, camera: Camera) -> None:
        """Write the large view of a tick."""
        with self._lock:
            self._recorder.write_view(view, camera=camera, t_us=self._base_us + tick.number * STEP_US)
        self._look_after()

    def close(self) -> None:
        """Finish the file."""
        with self._lock:
            self._recorder.close()
        self._look_after()

    def _look_after(self) -> None:
        if self.failure and not self._told:
            self._told = True
            self._on_failure(self.failure)


def moment_of(tick: Tick, *, t_us: int, rig: Rig) -> Moment:
    """A tick as the recorder takes it."""
    street, images = tick.street, tick.observation.images[0, 0]
    signals = {
        "acceleration": street.acceleration,
        "curvature": street.curvature,
        "mode": str(tick.commands.mode),
        "responsible": tick.responsible,
        "author": str(tick.commands.author),
        "alert": str(tick.commands.alert),
        "limit": street.limit,
        "energy_wh": tick.body[ENERGY],
        "words": tick.observation.words[0],
        "heard": dataclasses.asdict(tick.heard),
        "insight": {name: plain(value) for name, value in tick.insight.items()},
    }
    if not tick.judged:
        signals |= {"values": None, "risk": None}  # in place of what an untrained critic says
    return Moment(
        t_us=t_us,
        pose=(street.x, street.y, street.heading),
        speed=street.speed,
        plan=tick.plan,
        control=tick.control,
        images={camera.name: jpeg(images[index], quality=POLICY_QUALITY) for index, camera in enumerate(rig.cameras)},
        others=boxes_of(street),
        events=tick.events,
        signals=signals,
    )


def boxes_of(street: Street) -> list[Box]:
    """Everybody else, by the middle of the body."""
    boxes = []
    for agent, row in zip(street.ids.tolist(), street.others.astype(float).tolist()):
        kind, x, y, heading, length, width, height, centre = row[:8]
        x, y = x + centre * np.cos(heading), y + centre * np.sin(heading)
        boxes.append(Box(f"agent {agent}", KIND_NAMES[int(kind)], float(x), float(y), heading, length, width, height))
    return boxes
