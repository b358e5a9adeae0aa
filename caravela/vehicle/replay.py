"""A recording driven again: every observation is put together from the lossless pictures and the tick's numbers, checked against
its fingerprint, shown to the model, and the plan compared with the one that was recorded. It stops at nothing and reports the first
difference; what cannot be put together is counted, not guessed."""

import base64
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caravela.core.errors import RecordingError
from caravela.core.protocols import Policy
from caravela.core.types import HISTORY_S, KNOTS, ROUTE_POINTS, Observation, Plan, Rig
from caravela.core.units import STEP_S
from caravela.vehicle.journal import image_topic, images_digest
from caravela.vehicle.sealed import messages, read_bytes

LARGEST = 1e6  # m/s, rad/s; beyond it, no arithmetic in single precision says anything
AGES = tuple(round(-age / STEP_S) for age in HISTORY_S)  # ticks


@dataclass(frozen=True)
class Recorded:
    """A recording, read: its entries, its ticks, and the pictures by log time and camera."""

    entries: tuple[dict[str, Any], ...]
    ticks: tuple[tuple[int, dict[str, Any]], ...]  # log time ns, fields
    pictures: dict[tuple[int, str], bytes]  # PNG

    @property
    def model_sha256(self) -> str:
        """Of the model that drove."""
        start = next((entry for entry in self.entries if entry.get("kind") == "start"), {})
        software = start.get("software")
        return str(software.get("model_sha256", "")) if isinstance(software, dict) else ""


@dataclass(frozen=True)
class Difference:
    """Where a replay parts from its recording."""

    tick: int
    t_s: float
    field: str  # of the plan
    recorded: float
    replayed: float


@dataclass(frozen=True)
class Replay:
    """What a replay found."""

    ticks: int  # in the recording
    planned: int  # of those with a plan
    compared: int
    unseen: int  # with a plan, whose pictures were not recorded or do not fit
    first: Difference | None
    largest: float  # of all differences in knots


def read_recording(path: Path) -> Recorded:
    """Read a recording, torn end or not. Raises RecordingError where it is none that can be replayed."""
    entries, ticks, pictures = [], [], {}
    for _, _, message in messages(read_bytes(path)):
        if message.topic == "/journal":
            entries.append(message.fields())
        elif message.topic == "/tick":
            ticks.append((message.log_time, message.fields()))
        elif message.topic.startswith("/camera/"):
            pictures[message.log_time, message.topic] = message.data
    if not ticks:
        raise RecordingError(f"'{path}' holds no ticks of the runtime; expected a recording that `caravela vehicle run --record` made.")
    return Recorded(tuple(entries), tuple(ticks), pictures)


def replay(recorded: Recorded, policy: Policy, *, rig: Rig, tolerance: float = 0.0) -> Replay:
    """Show `policy` what was recorded. Differences up to `tolerance` count as none: other processors round otherwise."""
    policy.reset(1)
    planned = compared = unseen = 0
    first, largest = None, 0.0
    for fields, observation in observations(recorded, rig):
        if "plan" not in fields:
            continue
        planned += 1
        if observation is None:
            unseen += 1
            continue
        compared += 1
        plan = policy.plan(observation)
        with whole(fields):
            difference, size = compare(fields, plan, tolerance=tolerance)
        largest = max(largest, size)
        first = first or difference
    return Replay(len(recorded.ticks), planned, compared, unseen, first, largest)


def observations(recorded: Recorded, rig: Rig) -> Iterator[tuple[dict[str, Any], Observation | None]]:
    """Every tick with what was seen then; None where the recording does not hold it. Raises RecordingError for a tick that cannot be read."""
    frames: dict[int, NDArray[np.uint8]] = {}  # newest frames (C, H, W, 3) by tick
    for log_time, fields in recorded.ticks:
        newest = newest_frames(recorded, log_time, rig)
        with whole(fields):
            number = int(fields["number"])
            if newest is not None:
                frames[number] = newest
            frames.pop(number - max(AGES) - 1, None)
            observation = observation_of(fields, number, frames)
        yield fields, observation


@contextmanager
def whole(fields: dict[str, Any]) -> Iterator[None]:
    """Where a tick's fields are read: one that is missing or of another kind raises RecordingError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError) as error:
        tick = f"tick {str(fields['number'])[:20]}" if "number" in fields else "a tick"
        raise RecordingError(
            f"{tick} of the recording cannot be read ({type(error).__name__}: {str(error)[:80]}); it is damaged: verify it."
        ) from error


def newest_frames(recorded: Recorded, log_time: int, rig: Rig) -> NDArray[np.uint8] | None:
    """(C, H, W, 3) of one tick."""
    pictures = []
    for camera in rig.cameras:
        data = recorded.pictures.get((log_time, image_topic(camera.name)))
        if data is None:
            return None
        try:
            picture = np.asarray(Image.open(io.BytesIO(png_of(data))).convert("RGB"))
        except Exception as error:  # what Pillow raises of damaged pictures shares no base class
            raise RecordingError(f"a picture of {camera.name} cannot be read; the recording is damaged: verify it.") from error
        if picture.shape != (rig.height, rig.width, 3):
            raise RecordingError(
                f"the recording's pictures are {picture.shape[1]}x{picture.shape[0]}; the model's rig has {rig.width}x{rig.height}."
            )
        pictures.append(picture)
    return np.stack(pictures)


def observation_of(fields: dict[str, Any], number: int, frames: dict[int, NDArray[np.uint8]]) -> Observation | None:
    """The observation of a tick, if its pictures are there and are those that the model saw."""
    seen = fields.get("observation")
    history = [frames.get(max(number - age, 0)) for age in AGES]  # before the first tick stands its picture
    if seen is None or any(frame is None for frame in history) or seen["speed"] is None or seen["yaw_rate"] is None:
        return None
    images = np.stack([frame for frame in history if frame is not None])  # (T, C, H, W, 3)
    if images_digest(images) != seen["images_sha256"]:
        return None
    has_route = seen["route"] is not None
    route = np.array(seen["route"] if has_route else np.zeros((ROUTE_POINTS, 2)), np.float32).reshape(1, ROUTE_POINTS, 2)
    if not isinstance(seen["words"], str):
        raise TypeError("the words are no text")
    if not all(math.isfinite(value) and abs(value) < LARGEST for value in (float(seen["speed"]), float(seen["yaw_rate"]))):
        raise ValueError("speed or yaw rate")
    return Observation(
        t_us=np.array([int(seen["t_us"])], np.int64),
        images=images[None],
        speed=np.array([float(seen["speed"])], np.float32),
        yaw_rate=np.array([float(seen["yaw_rate"])], np.float32),
        route=route,
        has_route=np.array([has_route]),
        words=(seen["words"],),
        side=np.array([float(seen.get("side", 0.0))], np.float32),
        abroad=np.array([bool(seen.get("abroad", False))]),
    )


def compare(fields: dict[str, Any], plan: Plan, *, tolerance: float) -> tuple[Difference | None, float]:
    """The first difference of a tick's plan, and the largest in its knots."""
    recorded = fields["plan"]
    knots = unpacked(recorded["knots"], (-1, KNOTS, 2))
    pairs = (
        ("risk", unpacked(recorded["risk"], (-1,)), plan.risk[:1]),
        ("chosen", np.array([recorded["chosen"]], np.float32), plan.chosen[:1].astype(np.float32)),
        ("knots", knots, plan.knots[0]),
        ("values", unpacked(recorded["values"], (-1,)), plan.values[0]),
    )
    size = float(np.abs(knots - plan.knots[0]).max()) if knots.shape == plan.knots[0].shape else float("inf")
    for name, was, now in pairs:
        if was.shape != now.shape:
            return Difference(fields["number"], fields["steady_us"] * 1e-6, name, float(was.size), float(now.size)), size
        apart = ~(np.abs(was - now) <= tolerance)
        apart &= ~(np.isnan(was) & np.isnan(now))
        if apart.any():
            where = int(np.argmax(apart))
            return Difference(fields["number"], fields["steady_us"] * 1e-6, name, float(was.flat[where]), float(now.flat[where])), size
    return None, size


def unpacked(text: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Inverse of `journal.packed`."""
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)


def png_of(message: bytes) -> bytes:
    """The picture in an encoded foxglove.CompressedImage: its field 2. All of its fields are length-delimited (protobuf wire
    type 2). Raises OSError where the bytes are no such message."""
    position = 0
    while position < len(message):
        tag, position = message[position], position + 1
        length = shift = 0
        while True:
            if position >= len(message) or tag & 7 != 2:
                raise OSError("no foxglove.CompressedImage")
            byte, position = message[position], position + 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if tag >> 3 == 2:
            return message[position : position + length]
        position += length
    raise OSError("a foxglove.CompressedImage without a picture")
