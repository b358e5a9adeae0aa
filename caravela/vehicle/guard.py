"""The watchdog in a process of its own, which owns the actuators: the loop's process may hang, crash or be killed, and the car comes to a
stop all the same. The loop says what it wants through a pipe; the guard reads the wheels and the driver's controls itself."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from select import select
from typing import Any, Protocol

from caravela.core.errors import CaravelaError
from caravela.core.modes import Author, Fault, Mode
from caravela.core.responsibility import Person
from caravela.core.units import STEP_S
from caravela.vehicle.actuation import SEAT, Commands, Watchdog
from caravela.vehicle.attention import DriverState
from caravela.vehicle.conduct import STANDSTILL
from caravela.vehicle.stop_path import StopPath

START_S = 30.0  # s that its process may take to begin
END_S = 60.0  # s that it may take to bring the car to a stop when the loop is done
OVERDUE_S = 1.0  # s without a word of its own after which a guard counts as hung
REST_TICKS = 10  # that it holds the brakes of a car at rest before it ends, once the loop's process has gone
COASTS = 0.3  # m/s^2 that a car on paper slows down by which nobody drives
READY = "ready"


@dataclass(frozen=True)
class Senses:
    """What the guard sees without the loop."""

    speed: float  # m/s, of the wheels
    driver: tuple[float, float] = (0.0, 0.0)  # acceleration m/s^2 and curvature 1/m that the driver's own controls ask for
    seat: DriverState = SEAT
    person: Person | None = None  # who would answer after a take-over from L4


class Actuators(Protocol):
    """Brakes, motor and steering, and the sensors beside them. Made and used in the guard's process."""

    def senses(self, told: float | None) -> Senses:
        """What is sensed now. `told`: the speed in m/s that came with a beat of the loop in this tick, for actuators that have no wheels."""

    def act(self, commands: Commands) -> None:
        """Do so for a tick. The last commands stay until others come."""


@dataclass(frozen=True)
class Beat:
    """The loop lives."""

    commands: Commands
    path: StopPath
    speed: float  # m/s


@dataclass(frozen=True)
class Report:
    """The guard acts without the loop."""

    fault: Fault | None
    taken_by: Person | None


class GuardProcess:
    """The loop's end."""

    def __init__(self, make_actuators: Callable[[], Actuators], *, deceleration: float) -> None:
        """`make_actuators` must be picklable; `deceleration` of a stop, m/s^2. Waits until the process is there. Raises CaravelaError
        where it does not begin."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make_actuators, deceleration), name="guard")
        self._process.start()
        theirs.close()
        self._report = Report(None, None)
        try:
            begun = self._pipe.poll(START_S) and self._pipe.recv() == READY
        except EOFError:
            begun = False
        if not begun:
            self._end()
            raise CaravelaError(
                "the guard of the actuators did not begin; expected actuators that can be opened: what failed stands above."
            )
        self._heard_s = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether its process still runs and does its work. A car whose guard has gone, or hangs, has nobody who would stop it: it must not be
        driven."""
        return self._process.is_alive() and (self._listened() or time.monotonic() - self._heard_s < OVERDUE_S)

    def beat(self, commands: Commands, path: StopPath, *, speed: float) -> None:
        """The loop lives, wants `commands` at `speed` m/s, and a stop would follow `path`. Never waits: what a guard that does not listen
        cannot take is dropped."""
        if select([], [self._pipe.fileno()], [], 0.0)[1]:
            try:
                self._pipe.send(Beat(commands, copy(path), speed))
            except OSError:
                return

    @property
    def report(self) -> Report:
        """What the guard said last: a fault for the loop's `reported`, and whose take-over it has seen."""
        self._listened()
        return self._report

    def close(self) -> None:
        """The loop is done. A car that a driver drives, or that stands, is left at once; any other is brought to a stop first."""
        if self._process.is_alive() and select([], [self._pipe.fileno()], [], 0.0)[1]:
            try:
                self._pipe.send(None)
            except OSError:
                pass
            deadline = time.monotonic() + END_S
            while self._process.is_alive() and self.alive and time.monotonic() < deadline:
                self._process.join(STEP_S)
        self._end()

    def _listened(self) -> bool:
        """Take in what the guard has said; whether it has said anything."""
        heard = False
        try:
            while self._pipe.poll():
                self._report, heard = self._pipe.recv(), True
        except (EOFError, OSError):
            pass
        if heard:
            self._heard_s = time.monotonic()
        return heard

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, make_actuators: Callable[[], Actuators], deceleration: float) -> None:
    """The guard's process: every tick by its own clock, until the loop is done or has gone, and the car stands."""
    os.setsid()  # what ends the loop's group, or its terminal, does not end this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    actuators, watchdog = make_actuators(), Watchdog(deceleration=deceleration)
    pipe.send(READY)
    rest, gone, due, left_to = 0, False, time.monotonic(), False
    while rest < REST_TICKS:
        speed = None
        while not gone and pipe.poll():
            try:
                beat = pipe.recv()
            except (EOFError, OSError):
                gone = True
                break
            if beat is None:
                gone, left_to = True, True
                break
            speed = beat.speed
            watchdog.beat(beat.commands, beat.path, steady_us=_now_us())
        senses = actuators.senses(speed)
        commands = watchdog.commands(steady_us=_now_us(), speed=senses.speed, driver=senses.driver, seat=senses.seat, person=senses.person)
        if commands is not None:
            actuators.act(commands)
        said = _sent(pipe, Report(watchdog.fault, watchdog.taken_by))
        gone = gone or not said
        by_hand = commands is not None and commands.mode is Mode.MANUAL
        if left_to and (commands is None or by_hand or commands.author is Author.HOLD):
            return
        stands = commands is None or commands.author is Author.HOLD or (by_hand and senses.speed < STANDSTILL)
        rest = rest + 1 if gone and stands else 0
        due = max(due + STEP_S, time.monotonic())
        time.sleep(max(due - time.monotonic(), 0.0))


def _sent(pipe: Connection, message: Any) -> bool:
    """Whether somebody is there still who may listen; a loop that does not is not waited for."""
    try:
        if select([], [pipe.fileno()], [], 0.0)[1]:
            pipe.send(message)
    except OSError:
        return False
    return True


def _now_us() -> int:
    return round(1e6 * time.monotonic())


class PaperActuators:
    """Actuators on paper: every command is a line of JSON in a file. Speed is what the loop's beats say, and without them what
    the commands make of it."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file cannot be written."""
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._began, self._speed, self._asked, self._by_hand = time.monotonic(), 0.0, 0.0, False

    def senses(self, told: float | None) -> Senses:
        """See `Actuators`."""
        self._speed = max(self._speed + min(self._asked, -COASTS if self._by_hand else self._asked) * STEP_S, 0.0) if told is None else told
        return Senses(self._speed)

    def act(self, commands: Commands) -> None:
        """See `Actuators`."""
        self._asked, self._by_hand = commands.acceleration, commands.author is Author.DRIVER
        line = {
            "t_s": round(time.monotonic() - self._began, 3),
            "by": str(commands.author),
            "mode": str(commands.mode),
            "acceleration": round(commands.acceleration, 3),
            "curvature": round(commands.curvature, 5),
            "speed": round(self._speed, 2),
            "hazards": commands.hazards,
            "alert": str(commands.alert),
            "responsible": f"{commands.responsible.name}, {commands.responsible.role}",
            "process": os.getpid(),
        }
        self._file.write(json.dumps(line) + "\n")
