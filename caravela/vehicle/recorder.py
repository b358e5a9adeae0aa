"""Writes a drive to one MCAP file with Foxglove's schemas: images, calibrations, transforms, the street, those around, the
plan, what was asked of actuation, and a log of events. Chunks reach the disk every second. A disk that fills up ends the
recording, not the drive: the file is cut back to its last whole chunk and sealed, so that every reader still reads it.

Format: MCAP specification version 0, records DataEnd (0x0f) and Footer (0x02)."""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import foxglove
import numpy as np
from foxglove import channels, messages
from foxglove.mcap import MCAPWriteOptions
from numpy.typing import NDArray

from caravela.core.errors import RecordingError
from caravela.core.types import Camera, Control, Event, Plan
from caravela.core.units import STEP_US

SUFFIX = ".mcap"
FLUSH_US = 1_000_000  # µs between chunks that reach the disk
CHUNK_BYTES = 32 << 20  # larger than what one second writes: chunks end where we flush
SEAL = b"\x0f" + (4).to_bytes(8, "little") + bytes(4) + b"\x02" + (20).to_bytes(8, "little") + bytes(20) + b"\x89MCAP0\r\n"
MAP_FRAME, RIG_FRAME = "map", "rig"
CHOSEN, PROPOSED = messages.Color(r=0.05, g=0.75, b=0.7, a=0.9), messages.Color(r=0.5, g=0.6, b=0.65, a=0.35)
ROAD, PEOPLE, VEHICLES = (
    messages.Color(r=0.55, g=0.6, b=0.63, a=1.0),
    messages.Color(r=0.95, g=0.65, b=0.2, a=0.9),
    messages.Color(r=0.35, g=0.5, b=0.85, a=0.9),
)


@dataclass(frozen=True)
class Box:
    """Somebody else on the street: the middle of the body on the ground, map frame, m and rad."""

    name: str  # the same for the same road user
    kind: str
    x: float
    y: float
    heading: float
    length: float
    width: float
    height: float


@dataclass(frozen=True)
class Moment:
    """One tick, of world 0 of what has a batch axis."""

    t_us: int  # since the drive began
    pose: tuple[float, float, float]  # x, y, heading of the rig in the map frame
    speed: float  # m/s
    plan: Plan
    control: Control
    images: Mapping[str, bytes]  # JPEG by camera name
    others: Sequence[Box] = ()
    events: Sequence[Event] = ()
    signals: Mapping[str, Any] = field(default_factory=dict)  # what else belongs on the control channel, ready for JSON


class Disk(io.RawIOBase):
    """An append-only file that remembers its first failure instead of raising it, and from then on takes nothing in."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._position = 0
        self._whole = [0]  # sizes at which the file ended with a whole record
        self.failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Take all of `data`, or none that counts."""
        view = memoryview(data).cast("B")
        self._position += len(view)
        rest = view
        try:
            while self.failure is None and len(rest):
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.failure = error
        return len(view)

    def seek(self, offset: int, whence: int = 0) -> int:
        """The writer asks only where it is."""
        return self._position

    def flush(self) -> None:
        """Nothing is held back."""

    def mark(self) -> None:
        """All that was written so far is whole."""
        if self.failure is None:
            self._whole.append(self._position)

    def seal(self) -> bool:
        """After a failure: cut back to what is whole and end the file as MCAP wants; on a full disk the space for that end
        is what was cut off. Returns whether there is such a file."""
        while self._whole:
            try:
                size = self._whole.pop()
                self._file.truncate(size)
                self._file.seek(size)
                if self._file.write(SEAL) == len(SEAL):
                    return size > 0
            except OSError as error:
                self.failure = error
        return False

    def shut(self) -> None:
        """Close the file; what the system only then finds wrong counts as a failure too."""
        try:
            self._file.close()
        except OSError as error:
            self.failure = self.failure or error


def check_target(path: Path | None) -> None:
    """Raises RecordingError where a file that is to be recorded to does not end in .mcap. A device or a pipe may have any name."""
    special = path is not None and path.exists() and not path.is_file() and not path.is_dir()
    if path is not None and path.suffix.lower() != SUFFIX and not special:
        raise RecordingError(f"--record is '{path}'; expected a file ending in {SUFFIX}.")


def open_file(path: Path) -> io.FileIO:
    """The recording's file, emptied if it was there."""
    return io.FileIO(path, "w")


class Recorder:
    """Writes moments until closed. `failure` is a sentence once the recording has ended before its time, `notice` a short one for
    whoever is still driving then."""

    def __init__(
        self,
        path: Path,
        *,
        cameras: Sequence[Camera],
        epoch_ns: int = 0,
        opener: Callable[[Path], io.FileIO] = open_file,
    ) -> None:
        """`cameras` are those of the moments' images, `epoch_ns` is the wall clock's nanoseconds when the drive began. Raises
        RecordingError where `path` cannot be written."""
        self.path, self.failure, self.notice = path, "", ""
        self._closing = False
        self._cameras = {camera.name: camera for camera in cameras}
        self._epoch_ns, self._flushed_us, self._end_us = epoch_ns, 0, 0  # µs of the drive that are on disk, that were written
        try:
            self._disk = Disk(opener(path))
        except OSError as error:
            raise RecordingError(
                f"cannot record to '{path}' ({error.strerror}); give --record a file in a folder that you can write."
            ) from error
        options = MCAPWriteOptions(disable_seeking=True, chunk_size=CHUNK_BYTES, profile="caravela")
        context = foxglove.Context()
        self._writer = foxglove.open_mcap(self._disk, context=context, writer_options=options)  # type: ignore[arg-type]
        self._transform = channels.FrameTransformChannel("/tf", context=context)
        self._mounts = channels.FrameTransformChannel("/tf_static", context=context)
        self._street = channels.SceneUpdateChannel("/street", context=context)
        self._others = channels.SceneUpdateChannel("/others", context=context)
        self._plan = channels.SceneUpdateChannel("/plan", context=context)
        self._chosen = channels.PosesInFrameChannel("/plan/chosen", context=context)
        self._log = channels.LogChannel("/events", context=context)
        self._control = foxglove.Channel("/control", message_encoding="json", context=context)
        self._context = context
        self._images: dict[str, channels.CompressedImageChannel] = {}
        self._calibrations: dict[str, channels.CameraCalibrationChannel] = {}
        for name in self._cameras:
            self._open_camera(name)
        self._flush()

    def write(self, moment: Moment) -> None:
        """Write one tick. After a failure it does nothing."""
        if self.failure:
            return
        log_time = self._epoch_ns + 1000 * moment.t_us
        stamp = timestamp(log_time)
        x, y, heading = moment.pose
        self._transform.log(transform(MAP_FRAME, RIG_FRAME, (x, y, 0.0), yaw_quaternion(heading), stamp), log_time=log_time)
        if self._end_us == self._flushed_us:  # a second begins
            for camera in self._cameras.values():  # once a second, so that a jump into the recording finds them
                self._write_mount(camera, stamp, log_time)
        for name, data in moment.images.items():
            self._write_image(name, data, stamp, log_time)
        self._others.log(scene([box_entity(box, stamp) for box in moment.others]), log_time=log_time)
        self._plan.log(scene([plan_entity(moment.plan, stamp)]), log_time=log_time)
        self._chosen.log(chosen_poses(moment.plan, stamp), log_time=log_time)
        self._control.log(control_fields(moment), log_time=log_time)
        for event in moment.events:
            self._log.log(log_of(event, stamp), log_time=log_time)
        self._end_us = moment.t_us + STEP_US
        if self._end_us - self._flushed_us >= FLUSH_US:
            self._flush()
        self._check()

    def write_view(self, image: bytes, *, camera: Camera, t_us: int) -> None:
        """Write a picture (JPEG) of a camera that may change its size from one to the next."""
        if self.failure:
            return
        if camera.name not in self._images:
            self._open_camera(camera.name)
        log_time = self._epoch_ns + 1000 * t_us
        self._write_mount(camera, timestamp(log_time), log_time)
        self._write_image(camera.name, image, timestamp(log_time), log_time)
        self._check()

    def write_street(self, lines: Sequence[NDArray[np.float32]], *, t_us: int) -> None:
        """Draw polylines (P, 2) of the map, in place of those before."""
        if self.failure:
            return
        stamp = timestamp(self._epoch_ns + 1000 * t_us)
        entity = messages.SceneEntity(timestamp=stamp, frame_id=MAP_FRAME, id="lanes", lines=[street_line(line) for line in lines])
        self._street.log(scene([entity]), log_time=self._epoch_ns + 1000 * t_us)
        self._check()

    def close(self) -> None:
        """Finish the file. What went wrong, now or before, is in `failure`."""
        self._closing = True
        if not self.failure:
            self._flush()
        if not self.failure:
            self._writer.close()
            self._check()
        self._disk.shut()
        if not self.failure and self._disk.failure is not None:
            self.failure = f"the recording '{self.path}' may lack its last second ({self._disk.failure.strerror}): free some space."

    def _flush(self) -> None:
        self._writer.flush()
        self._check()
        if not self.failure:
            self._flushed_us = self._end_us
            self._disk.mark()

    def _check(self) -> None:
        """End the recording if the disk has failed."""
        if self._disk.failure is None or self.failure:
            return
        why = self._disk.failure.strerror
        self._writer.close()
        readable = self._disk.seal() and self._flushed_us > 0
        kept = f"what '{self.path}' holds is readable" if readable else f"'{self.path}' holds nothing of it"
        self.failure = (
            f"the recording stopped after about {self._flushed_us / 1e6:.0f} s ({why}); {kept}: free some space and record again."
        )
        self.notice = "" if self._closing else f"nothing is recorded any more ({why}); the drive goes on."

    def _open_camera(self, name: str) -> None:
        self._images[name] = channels.CompressedImageChannel(f"/camera/{name}/image", context=self._context)
        self._calibrations[name] = channels.CameraCalibrationChannel(f"/camera/{name}/calibration", context=self._context)

    def _write_image(self, name: str, data: bytes, stamp: messages.Timestamp, log_time: int) -> None:
        image = messages.CompressedImage(timestamp=stamp, frame_id=f"camera/{name}", data=data, format="jpeg")
        self._images[name].log(image, log_time=log_time)

    def _write_mount(self, camera: Camera, stamp: messages.Timestamp, log_time: int) -> None:
        """Where a camera sits and how it projects."""
        frame = f"camera/{camera.name}"
        qx, qy, qz, qw = optical_rotation(camera).tolist()
        rotation = messages.Quaternion(x=qx, y=qy, z=qz, w=qw)
        self._mounts.log(transform(RIG_FRAME, frame, camera.position, rotation, stamp), log_time=log_time)
        self._calibrations[camera.name].log(calibration(camera, frame, stamp), log_time=log_time)


def timestamp(nanoseconds: int) -> messages.Timestamp:
    return messages.Timestamp(sec=nanoseconds // 1_000_000_000, nsec=nanoseconds % 1_000_000_000)


def scene(entities: list[messages.SceneEntity]) -> messages.SceneUpdate:
    return messages.SceneUpdate(entities=entities)


def yaw_quaternion(yaw: float) -> messages.Quaternion:
    return messages.Quaternion(x=0.0, y=0.0, z=math.sin(yaw / 2.0), w=math.cos(yaw / 2.0))


def optical_rotation(camera: Camera) -> NDArray[np.float64]:
    """The rotation, as a quaternion x, y, z, w, from a camera's optical frame (x right, y down, z into the picture) to the
    rig's: that of a level camera looking ahead, (-1/2, 1/2, -1/2, 1/2), then the mount's pitch, then its yaw."""
    a, b = camera.yaw / 2.0, -camera.pitch / 2.0  # pitch up turns about y to the right
    yaw, pitch = np.array([0.0, 0.0, math.sin(a), math.cos(a)]), np.array([0.0, math.sin(b), 0.0, math.cos(b)])
    return multiply(multiply(yaw, pitch), np.array([-0.5, 0.5, -0.5, 0.5]))


def multiply(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Hamilton product of two quaternions x, y, z, w: first q's rotation, then p's."""
    vector = p[3] * q[:3] + q[3] * p[:3] + np.cross(p[:3], q[:3])
    return np.append(vector, p[3] * q[3] - p[:3] @ q[:3])


def transform(
    parent: str, child: str, position: tuple[float, float, float], rotation: messages.Quaternion, stamp: messages.Timestamp
) -> messages.FrameTransform:
    x, y, z = position
    return messages.FrameTransform(
        timestamp=stamp, parent_frame_id=parent, child_frame_id=child, translation=messages.Vector3(x=x, y=y, z=z), rotation=rotation
    )


def calibration(camera: Camera, frame: str, stamp: messages.Timestamp) -> messages.CameraCalibration:
    f, cx, cy = camera.focal, camera.width / 2.0, camera.height / 2.0
    return messages.CameraCalibration(
        timestamp=stamp,
        frame_id=frame,
        width=camera.width,
        height=camera.height,
        distortion_model="plumb_bob",
        D=[0.0] * 5,
        K=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        R=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        P=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def street_line(line: NDArray[np.float32]) -> messages.LinePrimitive:
    points = [messages.Point3(x=x, y=y, z=0.0) for x, y in line.tolist()]
    kind = messages.LinePrimitiveLineType.LineStrip
    return messages.LinePrimitive(type=kind, thickness=1.0, scale_invariant=True, points=points, color=ROAD)


def box_entity(box: Box, stamp: messages.Timestamp) -> messages.SceneEntity:
    """A road user as a box that fades unless the next tick brings it again."""
    pose = messages.Pose(position=messages.Vector3(x=box.x, y=box.y, z=box.height / 2.0), orientation=yaw_quaternion(box.heading))
    size = messages.Vector3(x=box.length, y=box.width, z=box.height)
    cube = messages.CubePrimitive(pose=pose, size=size, color=PEOPLE if box.kind in ("pedestrian", "bicycle", "animal") else VEHICLES)
    kind = messages.KeyValuePair(key="kind", value=box.kind)
    lifetime = messages.Duration(sec=0, nsec=1500 * STEP_US)
    return messages.SceneEntity(timestamp=stamp, frame_id=MAP_FRAME, id=box.name, lifetime=lifetime, cubes=[cube], metadata=[kind])


def plan_entity(plan: Plan, stamp: messages.Timestamp) -> messages.SceneEntity:
    """The fan of proposals as lines in the rig frame, the chosen one thick."""
    chosen = int(plan.chosen[0])
    lines = [
        messages.LinePrimitive(
            type=messages.LinePrimitiveLineType.LineStrip,
            thickness=0.25 if index == chosen else 0.05,
            points=[messages.Point3(x=x, y=y, z=0.05) for x, y, _ in trajectory],
            color=CHOSEN if index == chosen else PROPOSED,
        )
        for index, trajectory in enumerate(plan.trajectories[0].tolist())
    ]
    return messages.SceneEntity(timestamp=stamp, frame_id=RIG_FRAME, id="plan", frame_locked=True, lines=lines)


def chosen_poses(plan: Plan, stamp: messages.Timestamp) -> messages.PosesInFrame:
    poses = [
        messages.Pose(position=messages.Vector3(x=x, y=y, z=0.0), orientation=yaw_quaternion(heading))
        for x, y, heading in plan.trajectories[0, int(plan.chosen[0])].tolist()
    ]
    return messages.PosesInFrame(timestamp=stamp, frame_id=RIG_FRAME, poses=poses)


def control_fields(moment: Moment) -> dict[str, Any]:
    """One row of the control channel; SI."""
    return {
        "speed": moment.speed,
        "asked_acceleration": float(moment.control.acceleration[0]),
        "asked_curvature": float(moment.control.curvature[0]),
        "chosen": int(moment.plan.chosen[0]),
        "risk": float(moment.plan.risk[0]),
        "values": [float(value) for value in moment.plan.values[0]],
        **moment.signals,
    }


def log_of(event: Event, stamp: messages.Timestamp) -> messages.Log:
    level = messages.LogLevel.Info if event.kind in ("words", "arrived") else messages.LogLevel.Warning
    detail = f": {event.detail}" if event.detail else ""
    return messages.Log(timestamp=stamp, level=level, name=event.kind, message=f"{event.kind}{detail} (responsible: {event.responsible})")
