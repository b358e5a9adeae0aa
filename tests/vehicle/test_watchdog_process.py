"""The loop's process may be killed or hang: the guard's own process brings the car to a stop, and says who answers all the while."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from caravela.core.errors import CaravelaError
from caravela.core.modes import Author, Fault, Mode
from caravela.core.responsibility import Entity, Person
from caravela.vehicle.actuation import Commands
from caravela.vehicle.guard import GuardProcess, PaperActuators
from caravela.vehicle.stop_path import StopPath

DRIVES = Commands(0.0, 0.0, Author.NETWORK, Mode.L4, Entity("Caravela Mobility Ltd"))
BY_HAND = Commands(0.0, 0.0, Author.DRIVER, Mode.MANUAL, Person("Ada"))
WAIT_S = 30.0  # s, on a machine that is busy


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")] if path.exists() else []


def until(path: Path, wanted, what: str) -> list[dict]:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if wanted(told := lines(path)):
            return told
        time.sleep(0.02)
    pytest.fail(f"{what} did not come within {WAIT_S:.0f} s; last: {lines(path)[-1:]}")


def beats(guard: GuardProcess, commands: Commands, *, seconds: float, speed: float = 8.0) -> None:
    for _ in range(round(seconds / 0.05)):
        guard.beat(commands, StopPath(), speed=speed)
        time.sleep(0.05)


def lives_and_is_killed(path: Path, beating: float) -> None:
    """A loop's process that is killed as it drives."""
    guard = GuardProcess(partial(PaperActuators, path), deceleration=3.0)
    beats(guard, DRIVES, seconds=beating)
    os.kill(os.getpid(), signal.SIGKILL)


def ended(process: int) -> bool:
    """Whether a process has ended, though perhaps nobody has asked how."""
    stat = Path(f"/proc/{process}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def stop_of(told: list[dict]) -> list[dict]:
    return [line for line in told if line["by"] != "network"]


def test_a_loop_that_is_killed_leaves_a_car_that_stops(tmp_path):
    path = tmp_path / "told.jsonl"
    loop = multiprocessing.get_context("spawn").Process(target=lives_and_is_killed, args=(path, 1.0))
    loop.start()
    loop.join(WAIT_S)
    assert loop.exitcode == -signal.SIGKILL
    told = until(path, lambda told: sum(line["by"] == "hold" for line in told) >= 10, "standstill")
    stop = stop_of(told)
    assert {line["by"] for line in told[: told.index(stop[0])]} == {"network"}
    assert all(line["hazards"] and line["mode"] == "L4" and line["responsible"].startswith("Caravela Mobility Ltd") for line in stop)
    assert min(line["acceleration"] for line in stop if line["speed"] > 0.5) >= -3.0 - 1e-6
    speeds = [line["speed"] for line in stop]
    assert speeds[0] == 8.0 and speeds[-1] < 0.2 and all(a >= b for a, b in zip(speeds, speeds[1:]))
    assert stop[-1]["by"] == "hold" and stop[-1]["acceleration"] < -1.0
    assert len(stop) < 60  # 8 m/s at 3 m/s^2, the brakes' taking up, and a second of rest
    until(path, lambda told: ended(told[-1]["process"]), "the end of the guard's process")


def test_a_loop_that_hangs_is_told_so_and_gets_the_car_back_once_it_holds_it(tmp_path):
    path = tmp_path / "told.jsonl"
    guard = GuardProcess(partial(PaperActuators, path), deceleration=3.0)
    try:
        beats(guard, DRIVES, seconds=0.5, speed=2.0)
        assert guard.report.fault is None
        until(path, lambda told: told[-1]["by"] == "stop path", "the stop")
        assert guard.report.fault is Fault.HEARTBEAT_LOST
        beats(guard, DRIVES, seconds=0.3, speed=2.0)  # it comes back, and wants to drive
        assert lines(path)[-1]["by"] in ("stop path", "hold")
        until(path, lambda told: told[-1]["by"] == "hold", "standstill")
        beats(guard, BY_HAND, seconds=0.4, speed=0.0)
        assert lines(path)[-1]["by"] == "driver"
        assert guard.report.fault is None
    finally:
        guard.close()


def test_in_manual_it_hands_the_driver_s_controls_on_and_ends_with_the_loop(tmp_path):
    path = tmp_path / "told.jsonl"
    guard = GuardProcess(partial(PaperActuators, path), deceleration=3.0)
    beats(guard, BY_HAND, seconds=0.3)
    time.sleep(0.6)
    guard.close()
    assert not guard.alive
    assert {line["by"] for line in lines(path)} == {"driver"}


def test_a_loop_that_ends_while_it_drives_leaves_a_car_that_stops(tmp_path):
    path = tmp_path / "told.jsonl"
    guard = GuardProcess(partial(PaperActuators, path), deceleration=3.0)
    beats(guard, DRIVES, seconds=0.3, speed=3.0)
    guard.close()  # as at the end of a drive, by Ctrl-C, or after an exception
    assert not guard.alive and lines(path)[-1]["by"] == "hold" and lines(path)[-1]["speed"] < 0.2


def test_a_guard_that_hangs_is_not_alive(tmp_path):
    path = tmp_path / "told.jsonl"
    guard = GuardProcess(partial(PaperActuators, path), deceleration=3.0)
    process = lines_process(path, guard)
    os.kill(process, signal.SIGSTOP)
    deadline = time.monotonic() + WAIT_S
    while guard.alive and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not guard.alive
    guard.close()
    assert ended(process)


def test_a_guard_that_is_killed_is_seen_and_never_waited_for(tmp_path):
    guard = GuardProcess(partial(PaperActuators, tmp_path / "told.jsonl"), deceleration=3.0)
    os.kill(lines_process(tmp_path / "told.jsonl", guard), signal.SIGKILL)
    deadline = time.monotonic() + WAIT_S
    while guard.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not guard.alive
    began = time.monotonic()
    beats(guard, DRIVES, seconds=0.2)
    assert guard.report.fault is None and time.monotonic() - began < 5.0
    guard.close()


def lines_process(path: Path, guard: GuardProcess) -> int:
    beats(guard, DRIVES, seconds=0.2)
    return until(path, bool, "a command")[-1]["process"]


def test_a_guard_that_hangs_keeps_nobody_waiting(tmp_path):
    path = tmp_path / "told.jsonl"
    guard = GuardProcess(partial(PaperActuators, path), deceleration=3.0)
    process = lines_process(path, guard)
    os.kill(process, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(2000):
            guard.beat(DRIVES, StopPath(), speed=8.0)
        assert time.monotonic() - began < 10.0
    finally:
        os.kill(process, signal.SIGKILL)
        guard.close()


def test_actuators_that_cannot_be_opened_are_said_so(tmp_path):
    with pytest.raises(CaravelaError, match="did not begin"):
        GuardProcess(partial(PaperActuators, tmp_path / "no" / "told.jsonl"), deceleration=3.0)


def test_the_command_is_killed_and_the_car_in_the_file_stops(tmp_path):
    path = tmp_path / "told.jsonl"
    command = [
        sys.executable,
        "-m",
        "caravela",
        "vehicle",
        "run",
        "--realtime",
        "--seconds",
        "60",
        "--actuators",
        str(path),
        "--deadline-ms",
        "1000",
    ]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120.0  # the world and the model load
        while not any(line["by"] == "network" and line["speed"] > 1.0 for line in lines(path)):
            assert run.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        run.kill()
        run.wait()
    told = until(path, lambda told: told[-1]["by"] == "hold", "standstill")
    assert stop_of(told)[-1]["speed"] < 0.2


def test_actuators_want_the_clock():
    from caravela.commands._vehicle_run import RunOptions, check

    with pytest.raises(CaravelaError, match="--realtime"):
        check(RunOptions(actuators=Path("x.jsonl")))
