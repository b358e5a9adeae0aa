"""Where observations come from and commands go: anything that is a `core.World`, a recording, or cameras through PyAV. The loop sees
`Observation`s and cannot tell which."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.protocols import World
from caravela.core.types import HISTORY_S, ROUTE_POINTS, Event, Observation, Rig
from caravela.core.units import STEP_S
from caravela.vehicle.actuation import Commands
from caravela.vehicle.journal import Place
from caravela.vehicle.loop import as_control
from caravela.vehicle.replay import Recorded, observations

HISTORY = tuple(round(-age / STEP_S) for age in HISTORY_S)  # ticks


class SourceEnd(Exception):
    """There is nothing more to see."""


class Source(Protocol):
    """A car's senses and limbs."""

    def look(self, now_us: int) -> Observation | None:
        """What is seen now; None where nothing came. Raises SourceEnd at the end."""

    def act(self, commands: Commands) -> Sequence[Event]:
        """Do as commanded for a tick; what happened."""

    def place(self) -> Place:
        """Where the car is."""


class WorldSource:
    """Drives in a world of batch 1."""

    def __init__(self, world: World, *, seed: int, place: Callable[[], Place] = Place) -> None:
        self._world, self.place = world, place
        self._observation = world.reset(seed)

    def look(self, now_us: int) -> Observation:
        """The world has no clock of its own: what it shows is of now."""
        return replace(self._observation, t_us=np.array([now_us], np.int64))

    def act(self, commands: Commands) -> Sequence[Event]:
        """The world goes on by a tick."""
        self._observation, events = self._world.step(as_control(commands))
        return events[0]


class LogSource:
    """Shows a recording again; what is commanded changes nothing."""

    def __init__(self, recorded: Recorded, rig: Rig) -> None:
        self._ticks = observations(recorded, rig)
        self._place = Place()

    def look(self, now_us: int) -> Observation | None:
        """The next tick's observation, as if it were of now."""
        try:
            fields, observation = next(self._ticks)
        except StopIteration:
            raise SourceEnd from None
        self._place = Place(**fields["place"])
        return None if observation is None else replace(observation, t_us=np.array([now_us], np.int64))

    def act(self, commands: Commands) -> Sequence[Event]:
        """Nothing follows."""
        return ()

    def place(self) -> Place:
        return self._place


class VideoSource:
    """Cameras by name, each a video file or a V4L2 device (/dev/videoN), at 10 Hz. A camera of the rig that has none stays black,
    and the loop will say so. Video knows no speed, nor the side that traffic keeps to: they are given."""

    def __init__(self, paths: Mapping[str, str], rig: Rig, *, speed: float, lefthand: bool = False) -> None:
        """Raises CaravelaError for a camera that the rig lacks or a video that cannot be opened."""
        names = [camera.name for camera in rig.cameras]
        if unknown := [name for name in paths if name not in names]:
            raise CaravelaError(f"got a video for the camera '{unknown[0]}'; expected one of {', '.join(names)}.")
        self._rig, self._speed, self._side = rig, speed, np.array([1.0 if lefthand else -1.0], np.float32)
        self._videos = [frames(paths[name], rig) if name in paths else None for name in names]
        self._taken: list[NDArray[np.uint8]] = []  # newest first, (C, H, W, 3)

    def look(self, now_us: int) -> Observation:
        """The next tenth of a second of every video."""
        black = np.zeros((self._rig.height, self._rig.width, 3), np.uint8)
        try:
            newest = np.stack([black if video is None else next(video) for video in self._videos])
        except StopIteration:
            raise SourceEnd from None
        self._taken = [newest, *self._taken[: max(HISTORY)]]
        images = np.stack([self._taken[min(age, len(self._taken) - 1)] for age in HISTORY])
        return Observation(
            t_us=np.array([now_us], np.int64),
            images=images[None],
            speed=np.array([self._speed], np.float32),
            yaw_rate=np.zeros(1, np.float32),
            route=np.zeros((1, ROUTE_POINTS, 2), np.float32),
            has_route=np.zeros(1, np.bool_),
            words=("",),
            side=self._side,
        )

    def act(self, commands: Commands) -> Sequence[Event]:
        """Nothing follows."""
        return ()

    def place(self) -> Place:
        """Not known."""
        return Place()


def frames(path: str, rig: Rig) -> Iterator[NDArray[np.uint8]]:
    """Frames (H, W, 3) of a video at 10 Hz, scaled to the rig. Opens it now. Raises CaravelaError where that fails."""
    device = path.startswith("/dev/")
    if not device and not Path(path).is_file():
        raise CaravelaError(f"no video at '{path}'; expected a file that ffmpeg can read or a device like /dev/video0.")
    try:
        container = av.open(path, format="v4l2" if device else None)
        stream = container.streams.video[0]
    except (av.FFmpegError, IndexError, OSError) as error:
        raise CaravelaError(f"cannot open '{path}' as a video ({error}); expected a file that ffmpeg can read.") from error
    return _at_ten_hertz(container, stream, rig)


def _at_ten_hertz(container: "av.container.InputContainer", stream: "av.VideoStream", rig: Rig) -> Iterator[NDArray[np.uint8]]:
    due = 0.0  # on a clock of its own: counted from the frame taken, 25 frames a second would become 8.3
    with container:
        for frame in container.decode(stream):
            at = due if frame.time is None else frame.time
            if at + 1e-6 >= due:
                due = (due if at < due + STEP_S else at) + STEP_S
                yield frame.to_ndarray(format="rgb24", width=rig.width, height=rig.height).astype(np.uint8, copy=False)
