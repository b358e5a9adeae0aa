"""Where observations come from and commands go: anything that is a `core.World`, a recording, or cameras through PyAV. The loop sees
`Observation`s and cannot tell which."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.protocols import World
from caravela.core.types import HISTORY_S, ROUTE_POINTS, Event, Observation, Rig
from caravela.core.units import STEP_S
from caravela.vehicle.actuation import Commands
from caravela.vehicle.cameras import Camera, NoPicture, SourceEnd, open_camera
from caravela.vehicle.journal import Place
from caravela.vehicle.loop import as_control
from caravela.vehicle.replay import Recorded, observations, whole

HISTORY = tuple(round(-age / STEP_S) for age in HISTORY_S)  # ticks


class Source(Protocol):
    """A car's senses and limbs."""

    def look(self, now_us: int) -> Observation | None:
        """What is seen now; None where nothing came, or NoPicture raised where it is known why. Raises SourceEnd at the end."""

    def act(self, commands: Commands) -> Sequence[Event]:
        """Do as commanded for a tick; what happened."""

    def place(self) -> Place:
        """Where the car is."""

    def close(self) -> None:
        """It is not looked at any more."""


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

    def close(self) -> None:
        """The world is the caller's."""


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
        with whole(fields):
            self._place = Place(**fields["place"])
        return None if observation is None else replace(observation, t_us=np.array([now_us], np.int64))

    def act(self, commands: Commands) -> Sequence[Event]:
        """Nothing follows."""
        return ()

    def place(self) -> Place:
        return self._place

    def close(self) -> None:
        """The file was read whole."""


class VideoSource:
    """Cameras by name, each a video file or a V4L2 device (/dev/videoN), at 10 Hz. A camera of the rig that has none stays black,
    and the loop will say so. Video knows no speed, nor the side that traffic keeps to: they are given."""

    def __init__(self, paths: Mapping[str, str], rig: Rig, *, speed: float, lefthand: bool = False, abroad: bool = False) -> None:
        """Raises CaravelaError for a camera that the rig lacks or a video that cannot be opened."""
        names = [camera.name for camera in rig.cameras]
        if unknown := [name for name in paths if name not in names]:
            raise CaravelaError(f"got a video for the camera '{unknown[0]}'; expected one of {', '.join(names)}.")
        self._speed, self._side = speed, np.array([1.0 if lefthand else -1.0], np.float32)
        self._abroad = np.array([abroad])
        size = (rig.width, rig.height)
        self._cameras: dict[str, Camera | None] = {name: open_camera(paths[name], size) if name in paths else None for name in names}
        self._newest = np.zeros((len(names), rig.height, rig.width, 3), np.uint8)
        self._taken: list[NDArray[np.uint8]] = []  # newest first, (C, H, W, 3)

    def look(self, now_us: int) -> Observation:
        """What all cameras show, of the time of the oldest picture. Raises NoPicture, which names the cameras that show nothing new, and
        SourceEnd where a video is over."""
        newest, lacks, age_s = self._newest.copy(), list[str](), 0.0
        for place, (name, camera) in enumerate(self._cameras.items()):  # all of them, so that none falls behind
            if camera is None:
                continue
            try:
                picture = camera.picture()
            except NoPicture as lack:
                lacks.append(f"{name} {lack}")
                continue
            newest[place], age_s = picture.pixels, max(age_s, picture.age_s)
        self._newest = newest
        self._taken = [newest, *self._taken[: max(HISTORY)]]
        if lacks:
            raise NoPicture(", ".join(lacks))
        images = np.stack([self._taken[min(age, len(self._taken) - 1)] for age in HISTORY])
        return Observation(
            t_us=np.array([now_us - round(1e6 * age_s)], np.int64),
            images=images[None],
            speed=np.array([self._speed], np.float32),
            yaw_rate=np.zeros(1, np.float32),
            route=np.zeros((1, ROUTE_POINTS, 2), np.float32),
            has_route=np.zeros(1, np.bool_),
            words=("",),
            side=self._side,
            abroad=self._abroad,
        )

    def close(self) -> None:
        """No camera is needed any more."""
        for camera in self._cameras.values():
            if camera is not None:
                camera.close()

    def act(self, commands: Commands) -> Sequence[Event]:
        """Nothing follows."""
        return ()

    def place(self) -> Place:
        """Not known."""
        return Place()
