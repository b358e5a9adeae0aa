"""`caravela drive`: a model drives through a town, shown on a live page or, headless, as fast as it can. This file reads the options and
drives without a page; `_drive_live` has the page."""

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._weather import Weather
from caravela.core.errors import CaravelaError, RecordingError, unknown_name
from caravela.core.units import STEP_S

if TYPE_CHECKING:
    from caravela.core.responsibility import Tenure
    from caravela.core.types import Rig
    from caravela.studio.driving.body import Cost, Outfit
    from caravela.studio.driving.car import Aboard
    from caravela.studio.driving.drive import DriveSettings
    from caravela.studio.driving.latency import Latencies
    from caravela.studio.record.recording import Recording
    from caravela.vehicle.policy import OnnxPolicy

HELP = "drive a town or a map and watch it live"

PORT = 8020
HEADLESS_SECONDS = 60.0
LONGEST_SECONDS = 86_400.0
VIEW_EVERY = 2  # ticks between the large views of a headless recording
VIEW_SIZE = (512, 288)


@dataclass(frozen=True)
class Options:
    """Let the model drive. Opens a live page, or with --headless drives as fast as it can and sums up."""

    town: str | None = None
    """A town that ships; by default the first."""
    map: Path | None = None
    """A map file instead: .osm, .osm.pbf, .xodr or .lanes."""
    say: str = ""
    """What the car is told, as in --say "turn left at the lights, gently"."""
    weather: Weather = "day"
    traffic: str = "light"
    """none, light, dense; learned or learned-dense: as many cars, driven by the teacher."""
    seed: int = 0
    """The same seed, the same drive."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    mode: str = "l4"
    """How the drive begins: manual, l2, l4 or driverless (L4, nobody in the driving seat)."""
    driver: str = "Ana Sousa"
    """Name of the person in the driving seat."""
    entity: str = "Caravela Motors Ltd"
    """Name of the legal entity that answers at L4."""
    plan: str = "isolated"
    """isolated: the driver's own plan. integrated: battery, motor, tyres and people's comfort are part of it; not the default until
    `caravela vehicle domains` has measured it as better."""
    condition: str | None = None
    """How the car sets out: mild, cold, full or hot; it then does no more than battery, motor and tyres allow, as it always does with
    --plan integrated. By default mild. The weather stays --weather's."""
    host: str = "127.0.0.1"
    """Where the page listens; beyond this machine every request needs the token in the address that is printed."""
    clients: int | None = None
    """Open the car to other agents too, as an MCP server at this port (0 takes a free one); the page asks you about each."""
    folder: Path | None = None
    """Holds what is remembered: offers switched off, other agents' consents and their record; by default in the user's state folder."""
    port: int = PORT
    """Port of the page on this machine; 0 takes a free one."""
    browser: bool = True
    """Open a browser where there is a display."""
    headless: bool = False
    """No page."""
    seconds: float | None = None
    """How long to drive; headless 60 by default, with the page until Ctrl-C."""
    record: Path | None = None
    """Record to this .mcap file, which Foxglove opens; an older one is replaced."""


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


def aboard_of(options: Options) -> "Aboard":
    """Who is aboard. Raises CaravelaError for a mode that there is none of and for somebody who cannot answer."""
    from caravela.studio.driving.car import Aboard

    return Aboard(options.mode, options.driver, options.entity)


def outfit_of(options: Options) -> "Outfit":
    """Which plan is driven, in which car. Raises CaravelaError for a plan or condition that there is none of."""
    from caravela.studio.driving.body import Outfit

    return Outfit(options.plan, options.condition)


def settings_of(options: Options) -> "DriveSettings":
    """The drive that the options ask for. Raises CaravelaError for names that are not known."""
    from caravela.studio.driving.drive import DriveSettings, checked_words
    from caravela.studio.driving.simulated import town_names, traffics, weathers
    from caravela.studio.live.asks import SEED_LIMIT

    if options.map is not None and options.town is not None:
        raise CaravelaError(f"got both --town {options.town} and --map {options.map}; expected one of them.")
    if options.town is not None and options.town not in town_names():
        raise unknown_name("town", options.town, town_names())
    if options.map is None and not town_names():
        raise CaravelaError("this installation has no towns; expected eight: install it again or give --map.")
    for kind, got, known in (("weather", options.weather, weathers()), ("traffic", options.traffic, traffics())):
        if got not in known:
            raise unknown_name(kind, got, known)
    if not 0 <= options.seed <= SEED_LIMIT:
        raise CaravelaError(f"--seed {options.seed} is out of range; expected 0 to {SEED_LIMIT}.")
    checked_words(options.say)
    town = options.map.name if options.map is not None else options.town or town_names()[0]
    return DriveSettings(town=town, map=options.map, weather=options.weather, traffic=options.traffic, seed=options.seed)


def open_policy(path: Path | None) -> "OnnxPolicy":
    """The model at `path`, or the one that ships. Raises BundleError."""
    from caravela.vehicle.bundle import shipped
    from caravela.vehicle.policy import OnnxPolicy

    return OnnxPolicy(shipped() if path is None else path)


def open_recording(path: Path | None, *, rig: "Rig", tell: Callable[[str], None]) -> "Recording | None":
    """A recording to `path`, if there is to be one. Raises RecordingError where it cannot be written."""
    if path is None:
        return None
    from caravela.studio.record.recording import Recording
    from caravela.vehicle.recorder import Recorder

    recorder = Recorder(path, cameras=rig.cameras, epoch_ns=time.time_ns())

    def notify(failure: str) -> None:
        if recorder.notice:  # the whole sentence comes at the end of the drive
            tell(recorder.notice)

    return Recording(recorder, rig=rig, on_failure=notify)


def drive_headless(options: Options, *, settings: "DriveSettings", policy: "OnnxPolicy", seconds: float) -> dict[str, Any]:
    """Drive without a page, as fast as it goes."""
    from caravela.core.types import Camera
    from caravela.studio.driving.drive import Drive, Tick
    from caravela.studio.driving.latency import Latencies
    from caravela.studio.driving.simulated import SimulatedStages
    from caravela.studio.view import packet
    from caravela.studio.view.viewfinder import view_camera
    from caravela.world.state import WorldState

    stages = SimulatedStages(policy.rig)
    stages.prepare(settings, progress)
    recording = open_recording(options.record, rig=policy.rig, tell=progress)
    stage = stages(settings, progress)
    outfit = outfit_of(options)
    drive = Drive(stage, policy, settings, Latencies(window=None), options.say, aboard=aboard_of(options), outfit=outfit)
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


def finish(recording: "Recording | None", *, seconds: float, distance: float) -> None:
    """Close the recording. Raises RecordingError where it lacks something."""
    if recording is None:
        return
    recording.close()
    if recording.failure:
        progress(f"the drive itself went on to its end: {seconds:.1f} s, {distance:.0f} m")
        raise RecordingError(recording.failure)


def summary(
    *,
    seconds: float,
    distance: float,
    factor: float,
    events: list[dict[str, Any]],
    notes: list[dict[str, Any]],
    ledger: "Sequence[Tenure]",
    latencies: "Latencies",
    settings: "DriveSettings",
    policy: "OnnxPolicy",
    outfit: "Outfit",
    cost: "Cost",
    drives: int = 1,
) -> dict[str, Any]:
    """What `--json` prints; of several drives that were begun on the page, all together, with the settings of the newest. `limited`:
    whether the car did no more than battery, motor and tyres allow; `clipped`: share of ticks in which that was less than it was asked
    for; `sickness_dose` in m/s^1.5."""
    stages = latencies.percentiles()
    whole = stages.pop("tick", {"p50": 0.0, "p99": 0.0})
    return {
        "seconds": round(seconds, 1),
        "distance_m": round(distance, 1),
        "realtime_factor": round(factor, 3) if seconds > 0.0 else None,
        "events": events,
        "notes": notes,
        "tenures": [tenure.fields() for tenure in ledger],
        "latency_ms": {**whole, "stages": stages},
        "policy": policy.name,
        "plan": outfit.plan,
        "condition": outfit.sets_out,
        "limited": outfit.limited,
        "clipped": round(cost.clipped * STEP_S / seconds, 4) if seconds > 0.0 else None,
        "energy_wh": round(cost.energy, 2),
        "sickness_dose": round(cost.dose, 3),
        "drives": drives,
        "town": settings.town,
        "weather": settings.weather,
        "traffic": settings.traffic,
        "seed": settings.seed,
    }


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
        print(f"  {event['t_s']:7.1f} s  {event['kind'].replace('_', ' ')}  (responsible: {event['responsible']})")
    for stage, times in latency["stages"].items():
        print(f"  {stage:<16} p50 {times['p50']:7.2f} ms   p99 {times['p99']:7.2f} ms")


def event_fields(event: Any) -> dict[str, Any]:
    return {"t_s": round(event.t_us * 1e-6, 2), "kind": event.kind, "responsible": event.responsible}


def progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def has_display() -> bool:
    """Whether a browser would have somewhere to appear."""
    import os

    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_browser(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        progress("no browser could be opened; open the page yourself.")
