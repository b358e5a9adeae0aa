"""Opens footage, a video or a KITTI drive, as pictures at about 10 Hz with their times, a lens, and the car's motion where it was
logged. Whatever is wrong with a file is told in one sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError, RecordingError
from caravela.core.units import STEP_S
from caravela.vehicle.footage import kitti
from caravela.vehicle.footage.lens import Assumption, Lens

SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".mpeg")  # what is looked for in a folder
SLOWEST = 5.0  # pictures a second; the driver looks 0.2 s back
NO_FOOTAGE = ("tty",)  # ffmpeg draws text files as pictures


@dataclass(frozen=True)
class Frame:
    """A picture and when it was taken."""

    t: float  # s from the first
    picture: NDArray[np.uint8]  # (H, W, 3) RGB


@dataclass(frozen=True)
class Footage:
    """Something to watch."""

    name: str
    kind: str  # "kitti" or "video"
    lens: Lens
    frames: Iterator[Frame]  # at about 10 Hz, to be read once
    expected: int | None  # frames that will come, where that is known
    log: kitti.Log | None  # how the car moved


def open_footage(path: Path, *, assumed: Assumption) -> Footage:
    """Open a video, a folder with one video in it, or a KITTI drive. `assumed` is for cameras without a calibration.

    Raises:
        CaravelaError where there is nothing to watch. So do the frames, where the file is damaged further on.
    """
    if path.is_dir():
        if kitti.is_drive(path):
            return _open_drive(path)
        path = _only_video(path)
    if not path.is_file():
        raise CaravelaError(
            f"no footage at '{path}'; expected a video file or a folder with a KITTI drive ({kitti.LOG}, {kitti.PICTURES}/)."
        )
    return _open_video(path, assumed)


def ten_hertz(frames: Iterator[Frame], *, interval: float) -> Iterator[Frame]:
    """Of frames about `interval` seconds apart those nearest to every tenth of a second; all of them where they are no more often."""
    due = 0.0
    for frame in frames:
        if frame.t >= due - 0.5 * min(interval, STEP_S) - 1e-6:
            due = (due if frame.t < due + STEP_S else frame.t) + STEP_S
            yield frame


def _open_drive(folder: Path) -> Footage:
    log = kitti.read_log(folder)
    count = len(log.t)
    pictures = kitti.read_pictures(folder, count)
    first = next(pictures)
    frames = (Frame(float(t), picture) for t, picture in zip(log.t, chain([first], pictures)))
    interval = float(np.median(np.diff(log.t)))
    _check_rate(1.0 / interval, folder)
    lens = kitti.lens_of(first.shape[1], first.shape[0])
    expected = count if interval > 0.75 * STEP_S else int(float(log.t[-1]) / STEP_S) + 1
    return Footage(folder.resolve().name, "kitti", lens, ten_hertz(frames, interval=interval), expected, log)


def _only_video(folder: Path) -> Path:
    try:
        videos = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise CaravelaError(f"cannot look into '{folder}' ({error.strerror}); expected a folder that you can read.") from error
    if len(videos) == 1:
        return videos[0]
    if videos:
        names = ", ".join(file.name for file in videos[:6])
        raise CaravelaError(f"'{folder}' holds {len(videos)} videos ({names}); expected one: give the file itself.")
    raise CaravelaError(
        f"'{folder}' holds neither a video ({', '.join(SUFFIXES[:5])} …) nor a KITTI drive ({kitti.LOG}, {kitti.PICTURES}/); expected one of them."
    )


def _open_video(path: Path, assumed: Assumption) -> Footage:
    unreadable = f"cannot open '{path}' as a video ({{}}); expected a file that ffmpeg can read."
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise RecordingError(unreadable.format(getattr(error, "strerror", None) or error)) from error
    if container.format.name in NO_FOOTAGE or not container.streams.video:
        container.close()
        raise RecordingError(unreadable.format("it has no pictures"))
    stream = container.streams.video[0]
    frames = _decoded(container, stream, path)
    first = next(frames, None)
    if first is None:
        raise RecordingError(unreadable.format("it has no pictures"))
    rate = float(stream.average_rate or 0.0) or 1.0 / STEP_S
    _check_rate(rate, path)
    seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    expected = (
        None if seconds is None else max(0, int((seconds - 1.0 / rate) * min(rate, 1.0 / STEP_S) + 0.05)) + 1
    )  # 0.05: times are rounded
    lens = assumed.lens(first.picture.shape[1], first.picture.shape[0])
    return Footage(path.name, "video", lens, ten_hertz(chain([first], frames), interval=1.0 / rate), expected, None)


def _decoded(container: "av.container.InputContainer", stream: "av.VideoStream", path: Path) -> Iterator[Frame]:
    """All pictures, with the time since the first. Raises RecordingError where they end in a fault, are stored turned or change size."""
    start, t, shape = None, 0.0, None
    try:
        with container:
            for number, frame in enumerate(container.decode(stream)):
                if getattr(frame, "rotation", 0):
                    raise RecordingError(
                        f"'{path}' is stored turned by {frame.rotation} degrees; expected upright pictures: turn it first."
                    )
                time = frame.time if frame.time is not None else number / float(stream.average_rate or 1.0 / STEP_S)
                start = time if start is None else start
                t = time - start
                picture = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
                shape = shape or picture.shape
                if picture.shape != shape:
                    raise RecordingError(f"'{path}' changes its size after {t:.1f} s; expected one size: cut it there.")
                yield Frame(t, picture)
    except (av.FFmpegError, OSError) as error:
        raise RecordingError(
            f"'{path}' is damaged after {t:.1f} s ({getattr(error, 'strerror', None) or error}); cut it before, as with --seconds."
        ) from error


def _check_rate(rate: float, path: Path) -> None:
    if rate < SLOWEST:
        raise RecordingError(f"'{path}' has {rate:.1f} pictures a second; expected at least {SLOWEST:g}: the driver looks 0.2 s back.")
