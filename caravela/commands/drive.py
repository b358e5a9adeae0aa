"""`caravela drive`: a model drives through a town, shown on a live page or, headless, as fast as it can. This file
drives without a page; `_drive_live` has the page."""

import math
import time
from typing import TYPE_CHECKING, Any

from caravela.commands._drive_options import Options, aboard_of, outfit_of, settings_of
from caravela.commands._drive_record import finish, open_recording, summary
from caravela.commands._drivers import open_policy
from caravela.commands._progress import progress
from caravela.core.errors import CaravelaError
from caravela.core.units import STEP_S

if TYPE_CHECKING:
    from caravela.studio.driving.stage import DriveSettings
    from caravela.vehicle.policy import OnnxPolicy

HELP = "drive a town or a map and watch it live"

HEADLESS_SECONDS = 60.0
LONGEST_SECONDS = 86_400.0
VIEW_EVERY = 2  # ticks between the large views of a headless recording
VIEW_SIZE = (512, 288)


def run(options: Options) -> dict[str, Any]:
    """Drive. Raises CaravelaError for bad options and, at the end, where the recording stopped before the drive."""
    from caravela.vehicle.recorder import check_target

    seconds = HEADLESS_SECONDS if options.headless and options.seconds is None else options.seconds
    if seconds is not None and not (math.isfinite(seconds) and STEP_S <= seconds <= LONGEST_SECONDS):
        raise CaravelaError(f"--seconds {seconds:g} is out of range; expected {STEP_S:g} to {LONGEST_SECONDS:,.0f}.")
    settings = settings_of(options)
    aboard_of(options)
    outfit_of(options)
    check_target(options.record)
    policy = open_policy(options.policy)
    if options.headless:
        assert seconds is not None
        return drive_headless(options, settings=settings, policy=policy, seconds=seconds)
    from caravela.commands._drive_live import drive_live

    return drive_live(options, settings=settings, policy=policy, seconds=seconds)


def drive_headless(options: Options, *, settings: "DriveSettings", policy: "OnnxPolicy", seconds: float) -> dict[str, Any]:
    """Drive without a page, as fast as it goes."""
    from caravela.commands._drive_said import Passenger
    from caravela.core.types import Camera
    from caravela.studio.driving.drive import Drive, Tick, checked_words
    from caravela.studio.driving.latency import Latencies
    from caravela.studio.driving.simulated import SimulatedStages
    from caravela.studio.view import packet
    from caravela.studio.view.viewfinder import view_camera
    from caravela.world.state import WorldState

    words = checked_words(options.say)
    stages = SimulatedStages(policy.rig)
    stages.prepare(settings, progress)
    recording = open_recording(options.record, rig=policy.rig, tell=progress)
    stage = stages(settings, progress)
    outfit = outfit_of(options)
    drive = Drive(stage, policy, settings, Latencies(window=None), aboard=aboard_of(options), outfit=outfit)
    passenger = Passenger(drive, words, tell=progress) if words else None
    camera: Camera = view_camera(*VIEW_SIZE)
    events: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []

    def look(tick: Tick, state: WorldState) -> None:
        if recording is not None and not recording.failure and tick.number % VIEW_EVERY == 0:
            with drive.latencies.measure("view"):
                view = packet.jpeg(stage.look(camera, state), quality=packet.VIEW_QUALITY)
            recording.view(tick, view, camera)

    began = time.perf_counter()
    if recording is not None:
        recording.begin(stage)
    try:
        for _ in range(round(seconds / STEP_S)):
            with drive.latencies.measure("tick"):
                tick = drive.tick(before_step=look)
                if recording is not None:
                    with drive.latencies.measure("record"):
                        recording.tick(tick)
            if passenger is not None:
                passenger.see(tick)
            events += [event_fields(event) for event in tick.events]
            notes += [
                {"t_s": round(tick.t_s, 2), "kind": str(note.kind), "responsible": tick.responsible, "detail": note.detail}
                for note in tick.notes
            ]
            if tick.number % 100 == 99:
                progress(f"{tick.t_s + STEP_S:.0f} s, {drive.distance:.0f} m")
    except KeyboardInterrupt:  # as with the page, Ctrl-C ends the drive and the recording is finished
        progress(f"ended by Ctrl-C after {drive.number * STEP_S:.1f} of {seconds:.1f} s")
    except BaseException:
        if recording is not None:
            recording.close()
        raise
    passed = time.perf_counter() - began
    driven = drive.number * STEP_S
    finish(recording, seconds=driven, distance=drive.distance)
    return summary(
        seconds=driven,
        distance=drive.distance,
        factor=driven / passed,
        events=events,
        notes=notes,
        ledger=drive.ledger,
        latencies=drive.latencies,
        settings=settings,
        policy=policy,
        outfit=outfit,
        cost=drive.cost,
    )


def event_fields(event: Any) -> dict[str, Any]:
    fields = {"t_s": round(event.t_us * 1e-6, 2), "kind": event.kind, "responsible": event.responsible}
    return fields | ({"detail": event.detail} if event.detail else {})


def show(result: dict[str, Any]) -> None:
    """The same for people."""
    if result["seconds"] == 0.0:
        print(f"the drive was ended before it began: nothing was driven in {result['town']}.")
        return
    latency, drives = result["latency_ms"], result["drives"]
    where = f"through {result['town']}" if drives <= 1 else f"in {drives} drives, the last of them in {result['town']},"
    print(
        f"{result['policy']} ({result['plan']} plan, {result['condition']} start) drove {result['distance_m']:.0f} m {where} "
        f"in {result['seconds']:.1f} s, {result['realtime_factor']:.2f} times real time; a tick takes {latency['p50']:.1f} ms (p99 {latency['p99']:.1f} ms). "
        f"It took {result['energy_wh']:.0f} Wh out of the battery, and a sickness dose of {result['sickness_dose']:.2f} m/s^1.5."
    )
    for event in result["events"]:
        told = f": {event['detail']}" if event.get("detail") else ""
        print(f"  {event['t_s']:7.1f} s  {event['kind'].replace('_', ' ')}{told}  (responsible: {event['responsible']})")
    for stage, times in latency["stages"].items():
        print(f"  {stage:<16} p50 {times['p50']:7.2f} ms   p99 {times['p99']:7.2f} ms")
