"""A drive of the loop with a source, tick by tick, in lockstep or by the clock: what people do is scripted, a fault may be put in, and
everything is counted and recorded. Lockstep waits for the world; by the clock, what is late is late."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from caravela.core.modes import Fault, Mode
from caravela.core.responsibility import Person
from caravela.core.types import Event, Observation
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.cameras import NoPicture, SourceEnd
from caravela.vehicle.conduct import Collided, Engage, Happening, Note, NoteKind, TakeOver
from caravela.vehicle.guard import GuardProcess
from caravela.vehicle.journal import STANDING_EVENTS, Journal
from caravela.vehicle.loop import Loop, Tick, with_words
from caravela.vehicle.rehearsal import Injection
from caravela.vehicle.sources import Source

ENGAGE_TICK = 10  # a second of manual driving before a mode is engaged


@dataclass(frozen=True)
class Script:
    """What happens in a drive that is not driving."""

    engage: Mode | None = None  # by the driver, after a second
    words: str = ""  # said to the car
    injection: Injection | None = None
    fault_at: float = 5.0  # s

    def present(self, number: int) -> bool:
        """Whether the fault is there at a tick."""
        first = round(self.fault_at / STEP_S)
        return self.injection is not None and first <= number < first + (self.injection.ticks or sys.maxsize)


class Drive:
    """One drive. `model_pid` is the process that a fault may kill or stop."""

    def __init__(
        self,
        loop: Loop,
        source: Source,
        *,
        script: Script,
        model_pid: int | None = None,
        journal: Journal | None = None,
        guard: GuardProcess | None = None,
    ) -> None:
        self._loop, self._source, self._script, self._model_pid, self._journal, self._guard = (
            loop,
            source,
            script,
            model_pid,
            journal,
            guard,
        )
        self._jumped_us = 0
        self._events: Sequence[Event] = ()  # of the tick before
        self._standing: frozenset[str] = frozenset()  # those of them that are told once, while they last
        self._troubles: tuple[str, ...] = ()  # with cameras and the model, of the tick before
        self._took_ms: list[float] = []
        self._model_ms: list[float] = []
        self._notes: list[dict[str, Any]] = []
        self._distance = 0.0  # m driven by the network

    def ticks(self, seconds: float, *, realtime: bool = False) -> Iterator[Tick]:
        """Drive, until `seconds` are over or the source ends."""
        start = time.perf_counter()
        for number in range(round(seconds / STEP_S)):
            if realtime:
                time.sleep(max(start + number * STEP_S - time.perf_counter(), 0.0))
            began = time.perf_counter()
            try:
                tick = self._tick(number, round(1e6 * (began - start)) if realtime else number * STEP_US)
            except SourceEnd:
                return
            self._took_ms.append(1e3 * (time.perf_counter() - began))
            yield tick

    def summary(self) -> dict[str, Any]:
        """What came of it, for JSON."""
        car, took = self._loop.car, np.array(self._took_ms or [0.0])
        return {
            "seconds": round(len(self._took_ms) * STEP_S, 1),
            "driven_m": round(self._distance, 1),
            "mode": str(car.mode),
            "responsible": f"{car.responsible.name} ({car.responsible.role})",
            "tenures": [tenure.fields() for tenure in self._loop.ledger.tenures],
            "notes": self._notes,
            "model_ms": _spread(np.array(self._model_ms or [0.0])),
            "tick_ms": _spread(took),
            "ticks_over_100_ms": int((took > 1e3 * STEP_S).sum()),
        }

    def _tick(self, number: int, steady_us: int) -> Tick:
        place, now_us = self._source.place(), steady_us + self._disturbed(number)
        observation, lack = self._look(now_us)
        tick = self._loop.tick(
            None if observation is None else self._spoilt(number, with_words(observation, self._script.words)),
            now_us=now_us,
            steady_us=steady_us,
            happenings=self._happenings(number, steady_us),
            reported=self._guarded(),
        )
        if self._guard is not None:
            self._guard.beat(tick.commands, self._loop.path, speed=tick.speed)
        self._events = self._source.act(tick.commands)
        notes = [*tick.notes, *self._troubled(lack, tick.answer.why), *self._happened()]
        if self._journal is not None:
            self._journal.write(tick, place=place, tenures=self._loop.ledger.tenures, notes=notes)
        self._notes += [{"t_s": round(steady_us * 1e-6, 2), "kind": str(note.kind), "detail": note.detail} for note in notes]
        self._distance += tick.speed * STEP_S if tick.commands.progress else 0.0
        if tick.plan is not None:
            self._model_ms.append(1e3 * tick.answer.latency_s)
        return tick

    def _look(self, now_us: int) -> tuple[Observation | None, str]:
        """What is seen, and where nothing is, why, as far as that is known."""
        try:
            return self._source.look(now_us), ""
        except NoPicture as lack:
            return None, str(lack)

    def _troubled(self, lack: str, why: str) -> list[Note]:
        """What is wrong with a camera or the model, in words, when it begins: the loop names the fault, and knows no more."""
        troubles = tuple(f"{who}: {what}" for who, what in (("camera", lack), ("model", why)) if what)
        begun = [Note(NoteKind.FAULT, trouble) for trouble in troubles if trouble not in self._troubles]
        self._troubles = troubles
        return begun

    def _guarded(self) -> tuple[Fault, ...]:
        """What the guard of the actuators has found."""
        if self._guard is None:
            return ()
        found = Fault.HEARTBEAT_LOST if not self._guard.alive else self._guard.report.fault
        return () if found is None else (found,)

    def _happened(self) -> list[Note]:
        """The world's events of this tick; one that lasts is told when it begins."""
        before, self._standing = self._standing, frozenset(event.kind for event in self._events) & STANDING_EVENTS
        told = [event for event in self._events if event.kind not in before]
        return [Note(NoteKind.EVENT, f"{event.kind} {event.detail}".strip()) for event in told]

    def _happenings(self, number: int, steady_us: int) -> Sequence[Happening]:
        """What people do, and what the car's own crash sensor says: after a collision the car stops, or tells its driver."""
        driver = self._loop.car.responsible
        happenings: list[Happening] = []
        if number == ENGAGE_TICK and self._script.engage is not None and isinstance(driver, Person):
            happenings.append(Engage(steady_us, self._script.engage, driver))
        if self._guard is not None and (by := self._guard.report.taken_by) is not None and self._loop.car.mode is not Mode.MANUAL:
            happenings.append(TakeOver(steady_us, by))  # by pedal or wheel, while the guard drove
        if any("collision" in event.kind for event in self._events):
            happenings.append(Collided(steady_us))
        return happenings

    def _disturbed(self, number: int) -> int:
        """Do to the clock and to the model's process what the fault does; how far the clock is off, µs."""
        injection, script = self._script.injection, self._script
        if injection is not None and script.present(number):
            self._jumped_us += injection.clock_jump_us
            if injection.process and self._model_pid is not None and not script.present(number - 1):
                os.kill(self._model_pid, signal.SIGKILL if injection.fault is Fault.MODEL_DEAD else signal.SIGSTOP)
        return self._jumped_us

    def _spoilt(self, number: int, observation: Observation) -> Observation | None:
        injection = self._script.injection
        return injection.spoil(observation) if injection is not None and self._script.present(number) else observation


def _spread(values: np.ndarray) -> dict[str, float]:
    """Percentiles and the maximum."""
    return {
        "p50": round(float(np.percentile(values, 50)), 2),
        "p99": round(float(np.percentile(values, 99)), 2),
        "max": round(float(values.max()), 2),
    }
