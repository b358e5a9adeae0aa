"""A driver monitor that sees the driver through a camera in the cabin. It judges the eyes; hands and seat are the business of wheel and
seat. Who cannot be seen does not look at the road: no face, a covered camera and one that is unplugged all say that the eyes are away."""

import math
import threading
import time
from dataclasses import replace
from typing import Protocol

from caravela.core.units import STEP_S
from caravela.vehicle.attention import DriverMonitor, DriverState
from caravela.vehicle.cameras import Camera, NoPicture, Size, SourceEnd, is_live, open_camera
from caravela.vehicle.faces import Face, FaceReader, MeshReader
from caravela.vehicle.profiles import AssistedProfile

HOLD_S = 0.3  # eyes count as on for so long after they were seen: a blink takes less
STALE_S = 0.2  # so old may the picture be that a face was read in
SIDEWAYS, UP_OR_DOWN = math.radians(30.0), math.radians(25.0)  # how far a face may turn from the road
OPEN = 0.2  # height over width of an eye from which it is open
PICTURE: Size = (0, 320)  # a face of a fifth of that is found


class Cabin(Protocol):
    """Faces from a camera."""

    def face(self) -> Face | None:
        """The newest one; None where none is seen. Raises NoPicture where nothing new came, SourceEnd where nothing will."""

    def close(self) -> None:
        """It is not needed any more."""


def open_cabin_camera(path: str) -> Cabin:
    """A video file, which waits, or a V4L2 device. Raises CaravelaError for what cannot be opened, and without the face models."""
    read = MeshReader()
    camera = open_camera(path, PICTURE)
    return FacesAsTheyCome(camera, read) if is_live(path) else FacesWhenAsked(camera, read)


class CabinCamera:
    """The eyes by the camera, the rest by another monitor."""

    def __init__(self, cabin: Cabin, *, sensors: DriverMonitor, road: tuple[float, float] = (0.0, 0.0)) -> None:
        """
        Args:
            sensors: whose word on hands and seat is taken.
            road: yaw and pitch, rad, that the camera sees of a face that looks ahead; 0 where it sits straight in front of the driver.
        """
        self._cabin, self._sensors, self._road = cabin, sensors, road
        self._seen_us: int | None = None

    def look(self, t_us: int) -> DriverState:
        """See `DriverMonitor`."""
        try:
            face = self._cabin.face()
        except (NoPicture, SourceEnd):
            face = None
        if face is not None and attends(face, self._road):
            self._seen_us = t_us
        on = self._seen_us is not None and 0 <= t_us - self._seen_us <= round(1e6 * HOLD_S)
        return replace(self._sensors.look(t_us), eyes_on=on)


def attends(face: Face, road: tuple[float, float] = (0.0, 0.0)) -> bool:
    """Whether the eyes are open and the face is towards the road."""
    return face.opening >= OPEN and abs(face.yaw - road[0]) <= SIDEWAYS and abs(face.pitch - road[1]) <= UP_OR_DOWN


def heeding(profile: AssistedProfile) -> AssistedProfile:
    """A profile for what the camera may hold on to: the eyes-on request is made sooner by it, so that it still comes in time, and eyes must be
    back longer by it, so that a glance of one picture does not count as looking."""
    held = HOLD_S + STALE_S
    return replace(profile, eyes_request=profile.eyes_request - held, re_engagement=profile.re_engagement + held)


class FacesWhenAsked:
    """Reads a picture when asked."""

    def __init__(self, camera: Camera, read: FaceReader) -> None:
        self._camera, self._read = camera, read

    def face(self) -> Face | None:
        """See `Cabin`."""
        return self._read(self._camera.picture().pixels)

    def close(self) -> None:
        """See `Cabin`."""
        self._camera.close()


class FacesAsTheyCome:
    """Reads pictures in a thread of its own: the loop never waits for a face."""

    def __init__(self, camera: Camera, read: FaceReader) -> None:
        self._camera, self._read = camera, read
        self._newest: tuple[Face | None, float] | None = None  # and when its picture came, s
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="cabin camera", daemon=True).start()

    def face(self) -> Face | None:
        """See `Cabin`."""
        newest = self._newest
        if newest is None or time.perf_counter() - newest[1] > STALE_S:
            raise NoPicture("the cabin camera has shown nothing new")
        return newest[0]

    def close(self) -> None:
        """The thread ends."""
        self._closed.set()
        self._camera.close()

    def _run(self) -> None:
        while not self._closed.wait(STEP_S / 4):
            try:
                picture = self._camera.picture()
                seen_s = time.perf_counter() - picture.age_s
                self._newest = self._read(picture.pixels), seen_s
            except NoPicture:
                continue
            except SourceEnd:
                return
