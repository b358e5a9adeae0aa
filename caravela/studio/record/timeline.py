"""The recorder's timeline of the drive under way: who answered from when to when, and a clip of the seconds around everything that the
vehicle's recorder counts as a trigger. Clips live in memory, the newest of them; the file that `--record` writes has all."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from caravela.core.responsibility import Tenure
from caravela.core.types import Camera
from caravela.core.units import STEP_S
from caravela.studio.driving.drive import Tick
from caravela.studio.view.packet import pack
from caravela.vehicle.journal import TRIGGERS, PictureRing

SPACING_S = 0.2  # s between the pictures of a clip
CLIPS_KEPT = 12  # newest; a clip takes up to 5 MB
QUIET = frozenset({"words", "route", "heard", "new_drive", "red_met"})  # events that are no trigger
TENURES_TOLD = 40  # newest


@dataclass
class Clip:
    """The pictures around one trigger. It grows until `until_s`."""

    number: int
    t_s: float
    until_s: float
    kind: str
    detail: str
    mode: str
    responsible: str
    frames: list[tuple[float, bytes]] = field(default_factory=list)  # s, JPEG
    done: bool = False

    def fields(self) -> dict[str, Any]:
        """For JSON."""
        shown = ("number", "t_s", "kind", "detail", "mode", "responsible", "done")
        return {name: getattr(self, name) for name in shown} | {"frames": len(self.frames)}


class Timeline:
    """Keeps the clips. Ticks come from the drive's thread, pictures from the painter's, requests from the server's. `publish` gets what the
    page shows, whenever a clip begins or is done, or somebody else comes to answer."""

    def __init__(self, publish: Callable[[dict[str, Any]], None], *, ring: PictureRing | None = None) -> None:
        self._publish, self._ring = publish, ring or PictureRing()
        self._lock = threading.Lock()
        self._waiting: deque[tuple[float, bytes]] = deque(maxlen=round(self._ring.before / SPACING_S) + 1)
        self._clips: deque[Clip] = deque(maxlen=CLIPS_KEPT)
        self._tenures: tuple[Tenure, ...] = ()
        self._count = 0
        self._now_s = 0.0

    def begin(self) -> None:
        """Another drive begins, and with it time."""
        with self._lock:
            self._waiting.clear()
            self._clips.clear()
            self._tenures = ()
        self._tell()

    def tick(self, tick: Tick, tenures: Sequence[Tenure]) -> None:
        """A tick, and who has answered so far."""
        triggers = [(str(note.kind), note.detail) for note in tick.notes if note.kind in TRIGGERS]
        triggers += [(event.kind, event.detail) for event in tick.events if event.kind not in QUIET]
        with self._lock:
            self._now_s = tick.t_s
            changed = bool(triggers) or tuple(tenures) != self._tenures
            self._tenures = tuple(tenures)
            for kind, detail in triggers:
                self._begin(kind, detail, tick)
            for clip in self._clips:
                if not clip.done and tick.t_s > clip.until_s + STEP_S:
                    clip.done = changed = True
        if changed:
            self._tell()

    def view(self, tick: Tick, view: bytes, camera: Camera) -> None:
        """The picture of a tick."""
        with self._lock:
            if self._waiting and 0.0 <= tick.t_s - self._waiting[-1][0] < SPACING_S - 1e-6:
                return
            self._waiting.append((tick.t_s, view))
            for clip in self._clips:
                if not clip.done and tick.t_s <= clip.until_s + 1e-6:
                    clip.frames.append((tick.t_s, view))

    def clip(self, number: int) -> bytes | None:
        """A clip as one packet: times in the header, a JPEG for each; None where it is gone."""
        with self._lock:
            found = next((clip for clip in self._clips if clip.number == number), None)
            if found is None:
                return None
            times = [round(t_s, 2) for t_s, _ in found.frames]
            return pack(found.fields() | {"times": times}, {str(index): jpeg for index, (_, jpeg) in enumerate(found.frames)})

    def fields(self) -> dict[str, Any]:
        """What the page shows."""
        with self._lock:
            return {
                "type": "timeline",
                "now_s": round(self._now_s, 1),
                "clips": [clip.fields() for clip in self._clips],
                "tenures": [
                    {
                        "name": tenure.party.name,
                        "role": str(tenure.party.role),
                        "mode": tenure.mode,
                        "from_s": round(tenure.from_us * 1e-6, 1),
                        "until_s": None if tenure.until_us is None else round(tenure.until_us * 1e-6, 1),
                    }
                    for tenure in self._tenures[-TENURES_TOLD:]
                ],
            }

    def _begin(self, kind: str, detail: str, tick: Tick) -> None:
        """A clip begins with the pictures that waited; what happens while one runs makes it longer instead of making another."""
        running = next((clip for clip in reversed(self._clips) if not clip.done), None)
        until_s = tick.t_s + self._ring.after
        if running is not None and running.t_s + self._ring.after >= tick.t_s:
            if (kind, detail) != (running.kind, running.detail):
                running.detail = "; ".join(filter(None, (running.detail, f"{kind} {detail}".strip())))[:200]
            running.until_s = min(until_s, running.t_s + 2.0 * self._ring.after)
            return
        self._count += 1
        begun = [frame for frame in self._waiting if tick.t_s - frame[0] <= self._ring.before + 1e-6]
        self._clips.append(
            Clip(self._count, round(tick.t_s, 1), until_s, kind, detail, str(tick.commands.mode), tick.responsible, list(begun))
        )

    def _tell(self) -> None:
        self._publish(self.fields())
