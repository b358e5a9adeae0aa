"""Cameras through PyAV: a video file gives its next tenth of a second whenever it is asked, a live camera what came last, with the age that
it has by then. A stretch that cannot be decoded, a camera that is unplugged and one that is silent bring no picture, and say why; a drive
goes on without it. It leaves out opening a camera again that was unplugged."""

import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.units import STEP_S

DEVICES = "/dev/"  # what lies there is live, everything else a file
FIRST_S = 5.0  # s that a live camera may take to its first picture

Size = tuple[int, int]  # width and height to scale pictures to, px; a width of 0: as wide as they then are


class SourceEnd(Exception):
    """There is nothing more to see."""


class NoPicture(Exception):
    """Nothing came this time; the text says from where, and why."""


@dataclass(frozen=True)
class Picture:
    """What a camera saw, (H, W, 3)."""

    pixels: NDArray[np.uint8]
    age_s: float = 0.0  # since it came, when it was asked for


class Camera(Protocol):
    """Gives pictures at 10 Hz."""

    def picture(self) -> Picture:
        """This tick's. Raises NoPicture where there is none, SourceEnd where there will be none any more."""

    def close(self) -> None:
        """It is not needed any more."""


def open_camera(path: str, size: Size) -> Camera:
    """A video file or a V4L2 device. Raises CaravelaError for what cannot be opened, and for a device that shows nothing."""
    live = is_live(path)
    if not live and not Path(path).is_file():
        raise CaravelaError(f"no video at '{path}'; expected a file that ffmpeg can read or a device like /dev/video0.")
    try:
        container = av.open(path, format="v4l2" if live else None)
        stream = container.streams.video[0]
    except (av.FFmpegError, IndexError, OSError) as error:
        raise CaravelaError(f"cannot open '{path}' as a video ({error}); expected a file that ffmpeg can read.") from error
    pictures = decoded(container, stream, size)
    return LiveCamera(pictures, name=path) if live else FileCamera(pictures)


def is_live(path: str) -> bool:
    """Whether a camera does not wait for who looks."""
    return path.startswith(DEVICES)


class FileCamera:
    """A video at 10 Hz by its own clock: it waits for who looks."""

    def __init__(self, pictures: "Iterator[Decoded]") -> None:
        self._ticks = at_ten_hertz(pictures)
        self._broken = ""  # why the rest cannot be read

    def picture(self) -> Picture:
        """The next tenth of a second's."""
        if self._broken:
            raise NoPicture(self._broken)
        try:
            pixels = next(self._ticks)
        except StopIteration:
            raise SourceEnd from None
        except av.FFmpegError as error:
            self._broken = f"cannot be read any further ({told(error)})"
            raise NoPicture(self._broken) from error
        if isinstance(pixels, str):
            raise NoPicture(pixels)
        return Picture(pixels)

    def close(self) -> None:
        self._ticks.close()  # and its file with it


class LiveCamera:
    """The newest picture of a camera that does not wait, taken in by a thread of its own: whoever looks is never kept waiting."""

    def __init__(self, pictures: "Iterator[Decoded]", *, name: str, first_s: float = FIRST_S) -> None:
        """Waits for the first picture. Raises CaravelaError where none comes within `first_s`."""
        self._lock, self._came, self._closed = threading.Lock(), threading.Event(), threading.Event()
        self._newest: tuple[NDArray[np.uint8], float] | None = None  # not yet looked at, and when it came, s
        self._why = "has sent nothing new"
        self._thread = threading.Thread(target=self._read, args=(pictures,), name=f"camera {name}", daemon=True)  # a read may never end
        self._thread.start()
        if not self._came.wait(first_s) or self._newest is None:
            self.close()
            raise CaravelaError(f"the camera '{name}' {self._why} within {first_s:g} s; expected pictures: is it plugged in, and free?")

    def picture(self) -> Picture:
        """What came since the look before."""
        with self._lock:
            newest, self._newest = self._newest, None
        if newest is None:
            raise NoPicture(self._why)
        return Picture(newest[0], age_s=time.perf_counter() - newest[1])

    def close(self) -> None:
        """The thread ends with its next picture."""
        self._closed.set()

    def _read(self, pictures: "Iterator[Decoded]") -> None:
        why = "has ended"
        try:
            for each in pictures:
                if self._closed.is_set():
                    return
                if each.pixels is None:
                    continue
                with self._lock:
                    self._newest = each.pixels, time.perf_counter()
                self._came.set()
        except Exception as error:  # a thread that ends without a word would look like a silent camera
            why = f"broke off ({told(error)})"
        self._why = why
        self._came.set()


@dataclass(frozen=True)
class Decoded:
    """A picture of a stream, or why there is none in its place."""

    at_s: float | None  # by the stream's clock
    pixels: NDArray[np.uint8] | None
    why: str = ""


def decoded(container: "av.container.InputContainer", stream: "av.VideoStream", size: Size) -> Iterator[Decoded]:
    """All pictures, (H, W, 3), scaled; a packet that cannot be decoded is one without pixels. Raises av.FFmpegError where the
    stream itself breaks off."""
    with container:
        for packet in container.demux(stream):
            at_s = None if packet.pts is None or packet.time_base is None else float(packet.pts * packet.time_base)
            try:
                for frame in packet.decode():
                    if frame.is_corrupt:
                        yield Decoded(frame.time, None, "a picture is damaged")
                        continue
                    width = size[0] or max(round(frame.width * size[1] / frame.height), 1)
                    pixels = frame.to_ndarray(format="rgb24", width=width, height=size[1])
                    yield Decoded(frame.time, pixels.astype(np.uint8, copy=False))
            except (av.FFmpegError, ValueError) as error:  # the latter from a picture of a kind that cannot be scaled
                if not isinstance(error, av.EOFError):
                    yield Decoded(at_s, None, f"a picture cannot be decoded ({told(error)})")


def at_ten_hertz(pictures: Iterator[Decoded]) -> Generator[NDArray[np.uint8] | str, None, None]:
    """A picture for every tick, or why it has none."""
    due = 0.0  # on a clock of its own: counted from the frame taken, 25 frames a second would become 8.3
    for each in pictures:
        at = due if each.at_s is None else each.at_s
        if at + 1e-6 >= due:
            due = (due if at < due + STEP_S else at) + STEP_S
            yield each.why if each.pixels is None else each.pixels


def told(error: Exception) -> str:
    """In a few words."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).splitlines()[0][:80]
