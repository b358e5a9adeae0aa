"""The car's recorder: who was driving, what was asked, what failed, when, where, by which software; every tick's command; and the
pictures, all of them or the seconds around what matters. It writes what the mode machine and the loop say, and judges nothing.

Topics: `/journal` what matters, `/tick` every tick, `/camera/NAME/image` lossless pictures (foxglove.CompressedImage), `/seal`."""

import base64
import hashlib
import io
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from foxglove.messages import CompressedImage, Timestamp
from numpy.typing import NDArray
from PIL import Image

from caravela.core.responsibility import Party, Tenure
from caravela.core.types import Plan, Rig
from caravela.core.units import STEP_S
from caravela.vehicle.conduct import Note, NoteKind
from caravela.vehicle.loop import Tick
from caravela.vehicle.sealed import SealedFile, open_file

SEAL_US = 1_000_000  # µs between seals
TRIGGERS = frozenset(
    (NoteKind.MODE, NoteKind.TAKE_OVER, NoteKind.COLLISION, NoteKind.RESPONSE, NoteKind.MANOEUVRE, NoteKind.FAULT, NoteKind.EVENT)
)
STANDING_EVENTS = frozenset({"red_met"})  # what a referee counts for as long as it lasts, though nothing has gone wrong: no trigger


@dataclass(frozen=True)
class Place:
    """Where the car is: the rig in the frame of a named map, m and rad."""

    map: str = ""
    x: float = 0.0
    y: float = 0.0
    heading: float = 0.0


@dataclass(frozen=True)
class Software:
    """What drives: versions that make a recording reproducible."""

    caravela: str
    model: str
    model_sha256: str


@dataclass(frozen=True)
class PictureRing:
    """Pictures of the seconds around a trigger only; before it they wait in memory."""

    before: float = 5.0  # s
    after: float = 5.0  # s


class Journal:
    """Feeds a sealed file with ticks until closed."""

    def __init__(
        self,
        path: Path,
        *,
        rig: Rig,
        software: Software,
        first: Tenure,
        epoch_ns: int,
        ring: PictureRing | None = None,
        key: bytes | None = None,
        opener: Callable[[Path], io.FileIO] = open_file,
    ) -> None:
        """`first` is who answers when it begins, `epoch_ns` the wall clock's nanoseconds at steady time 0. Without a `ring` all
        pictures are kept. Raises RecordingError where `path` cannot be written."""
        self._rig, self._epoch_ns, self._ring = rig, epoch_ns, ring
        self._file = SealedFile(path, key=key, opener=opener)
        self._file.open_channel("/journal")
        self._file.open_channel("/tick")
        schema = CompressedImage.get_schema()
        for camera in rig.cameras:
            topic = image_topic(camera.name)
            self._file.open_channel(topic, encoding="protobuf", schema=(schema.name, schema.encoding, bytes(schema.data)))
        size = 0 if ring is None else round(ring.before / STEP_S)
        self._waiting: deque[tuple[int, NDArray[np.uint8]]] = deque(maxlen=size)  # log time, newest frames (C, H, W, 3)
        self._keep_until_us = -1
        self._sealed_us, self._end_us = first.from_us, first.from_us
        self._tenure = first
        self._enter("start", str(first.mode), t_us=first.from_us, place=Place(), party=first.party, software=vars(software))
        self._file.seal(log_time=self._log_time(first.from_us))

    @property
    def failure(self) -> str:
        """A sentence once the recording has ended before its time, else empty."""
        return self._file.failure

    @property
    def head(self) -> str:
        """Digest of the newest seal; keep it elsewhere to detect a file that was sealed anew."""
        return self._file.head

    def write(self, tick: Tick, *, place: Place, tenures: Sequence[Tenure], notes: Sequence[Note] | None = None) -> None:
        """A tick, where it was, and all tenures so far. `notes` replace the tick's own, where there are more."""
        t_us = self._end_us = max(tick.steady_us, self._end_us)
        notes = tick.notes if notes is None else notes
        for note in notes:
            self._enter(note.kind, note.detail, t_us=t_us, place=place, party=tick.commands.responsible)
        if tenures[-1] != self._tenure:
            for tenure in tenures[tenures.index(self._tenure) + 1 :] if self._tenure in tenures else tenures[-1:]:
                self._enter("tenure", tenure.mode, t_us=t_us, place=place, party=tenure.party, from_us=tenure.from_us)
            self._tenure = tenures[-1]
        self._file.write("/tick", tick_fields(tick, place), log_time=self._log_time(t_us))
        self._picture(tick, t_us, triggered=any(map(is_trigger, notes)))
        if t_us - self._sealed_us >= SEAL_US:
            self._sealed_us = t_us
            self._file.seal(log_time=self._log_time(t_us))

    def close(self) -> None:
        """Enter the end and finish the file. What went wrong is in `failure`."""
        self._enter("end", self._tenure.mode, t_us=self._end_us, place=Place(), party=self._tenure.party)
        self._file.close(log_time=self._log_time(self._end_us))

    def _enter(self, kind: str, detail: str, *, t_us: int, place: Place, party: Party, **more: Any) -> None:
        fields = {
            "kind": str(kind),
            "detail": str(detail),
            "t_s": t_us * 1e-6,
            "place": vars(place),
            "responsible": {"name": party.name, "role": str(party.role)},
            **more,
        }
        self._file.write("/journal", fields, log_time=self._log_time(t_us))

    def _picture(self, tick: Tick, t_us: int, *, triggered: bool) -> None:
        """Keep the tick's pictures if they matter; with a trigger, those that wait too."""
        if triggered:
            self._keep_until_us = t_us + round((self._ring.after if self._ring else 0.0) * 1e6)
            while self._waiting:
                self._write_pictures(*self._waiting.popleft())
        observation = tick.observation
        if observation is None or observation.images.shape[2] != len(self._rig.cameras):
            return
        if self._ring is None or t_us <= self._keep_until_us:
            self._write_pictures(t_us, observation.images[0, 0])
        else:
            self._waiting.append((t_us, observation.images[0, 0].copy()))

    def _write_pictures(self, t_us: int, frames: NDArray[np.uint8]) -> None:
        log_time = self._log_time(t_us)
        stamp = Timestamp(sec=log_time // 1_000_000_000, nsec=log_time % 1_000_000_000)
        for camera, frame in zip(self._rig.cameras, frames):
            image = CompressedImage(timestamp=stamp, frame_id=f"camera/{camera.name}", data=png(frame), format="png")
            self._file.write(image_topic(camera.name), image.encode(), log_time=log_time)

    def _log_time(self, t_us: int) -> int:
        return self._epoch_ns + 1000 * t_us


def is_trigger(note: Note) -> bool:
    """Whether the pictures around a note are kept."""
    return note.kind in TRIGGERS and not (note.kind is NoteKind.EVENT and note.detail.partition(" ")[0] in STANDING_EVENTS)


def image_topic(camera: str) -> str:
    return f"/camera/{camera}/image"


def png(frame: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 3), without loss: a replay must see what the model saw."""
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "png", compress_level=1)
    return file.getvalue()


def tick_fields(tick: Tick, place: Place) -> dict[str, Any]:
    """One row of `/tick`; SI. Single-precision numbers survive JSON exactly."""
    commands, observation, plan = tick.commands, tick.observation, tick.plan
    fields: dict[str, Any] = {
        "number": tick.number,
        "steady_us": tick.steady_us,
        "now_us": tick.now_us,
        "mode": commands.mode,
        "responsible": commands.responsible.name,
        "author": commands.author,
        "alert": commands.alert,
        "hazards": commands.hazards,
        "acceleration": commands.acceleration,
        "curvature": commands.curvature,
        "speed": tick.speed,
        "place": vars(place),
        "faults": sorted(tick.faults),
        "latency_ms": round(1e3 * tick.answer.latency_s, 2),
    }
    if observation is not None:
        fields["observation"] = {
            "t_us": int(observation.t_us[0]),
            "speed": finite(observation.speed[0]),
            "yaw_rate": finite(observation.yaw_rate[0]),
            "route": observation.route[0].tolist() if bool(observation.has_route[0]) else None,
            "words": observation.words[0],
            "side": float(observation.ego()[0, 2]),
            "abroad": observation.abroad is not None and bool(observation.abroad[0]),
            "images_sha256": images_digest(observation.images[0]),
        }
    if plan is not None:
        fields["plan"] = plan_fields(plan)
    return fields


def plan_fields(plan: Plan) -> dict[str, Any]:
    """A plan (world 0), bit by bit: arrays of little-endian float32 in base 64."""
    return {
        "chosen": int(plan.chosen[0]),
        "knots": packed(plan.knots[0]),
        "values": packed(plan.values[0]),
        "risk": packed(plan.risk[:1]),
    }


def images_digest(images: NDArray[np.uint8]) -> str:
    """Fingerprint of all that the model sees at a tick, (T, C, H, W, 3)."""
    return hashlib.sha256(np.ascontiguousarray(images).tobytes()).hexdigest()


def packed(array: NDArray[np.float32]) -> str:
    return base64.b64encode(array.astype("<f4").tobytes()).decode()


def finite(value: Any) -> float | None:
    """A number for JSON; None for NaN and infinity."""
    return float(value) if np.isfinite(value) else None
