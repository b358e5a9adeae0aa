"""`caravela vehicle run`: the car's loop in a world, on a recording or on video. Worlds, models and the runtime are put together here."""

import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._driving_side import assumed_side
from caravela.commands._numbers import at_least, within
from caravela.commands._vehicle_ota import start
from caravela.commands._vehicle_recordings import read_key
from caravela.commands._weather import Weather
from caravela.commands._writing import announced, writable
from caravela.core.errors import CaravelaError, unknown_name
from caravela.core.modes import Mode
from caravela.core.units import STEP_S

if TYPE_CHECKING:
    from caravela.core.types import Rig
    from caravela.vehicle.bundle import Bundle
    from caravela.vehicle.cabin_camera import Cabin
    from caravela.vehicle.conduct import Conduct
    from caravela.vehicle.journal import Journal
    from caravela.vehicle.loop import Loop
    from caravela.vehicle.planner import ModelProcess
    from caravela.vehicle.rehearsal import Injection
    from caravela.vehicle.sources import Source

MODES = {"manual": None, "l2": Mode.L2, "l4": Mode.L4, "driverless": None}  # what the driver engages
LOCKSTEP_DEADLINE_MS = 1000.0  # where time waits for the world, so may it for the model
LONGEST_SECONDS = 86_400.0
DEADLINES_MS = (1.0, 60_000.0)  # shortest and longest
FASTEST = 90.0  # m/s that --speed may be
UNNAMED = "not named"  # who answers, where nobody said who: a record invents no people


@dataclass(frozen=True)
class RunOptions:
    """Run the car's loop: the model in a process of its own, behind a deadline, under the mode machine, recorded."""

    mode: str = "l4"
    """manual, l2, l4 or driverless (L4, nobody in the driving seat)."""
    town: str | None = None
    """A town that ships to drive in; by default the first."""
    log: Path | None = None
    """A recording to look at instead; what is commanded changes nothing then."""
    video: tuple[str, ...] = ()
    """Cameras instead, as NAME=FILE or NAME=/dev/videoN."""
    speed: float = 10.0
    """Speed for --video, m/s: video knows none."""
    lefthand: bool = False
    """For --video: traffic keeps to the left there; to the right is assumed."""
    abroad: bool = False
    """For --video: the streets are of a country that the driver was taught none of (it was: Europe, Britain, the United States), so it looks with its
    other eyes."""
    weather: Weather = "day"
    traffic: str = "light"
    """none, light, dense, crowded (two dozen people who cross); learned or learned-dense: as many cars, driven by the teacher."""
    seed: int = 0
    """The same seed, the same drive."""
    seconds: float = 20.0
    """How long."""
    say: str = ""
    """What the car is told."""
    profile: str = "unece-r171"
    """L2's timings: unece-r171 or gb-l2."""
    driver: str | None = None
    """Name of the person in the driving seat; by default "not named"."""
    entity: str | None = None
    """Name of the legal entity that answers at L4; by default "not named"."""
    away_at: float | None = None
    """When the simulated driver's hands and eyes leave, s."""
    cabin: str | None = None
    """A camera that sees the driver's face, for the eyes: a video file or /dev/videoN; by default they are simulated."""
    cabin_road: tuple[float, float] = (0.0, 0.0)
    """With --cabin: yaw and pitch, degrees, that it sees of a face that looks ahead; 0 0 straight in front of the driver."""
    fault: str | None = None
    """A fault to put in, as `caravela vehicle safety` names them."""
    fault_at: float = 5.0
    """When it begins, s."""
    realtime: bool = False
    """Keep to the clock at 10 Hz; by default the world waits for the loop."""
    actuators: Path | None = None
    """With --realtime: what the actuators are told goes to this file, through a watchdog in a process of its own; kill this process, and the
    car in the file comes to a stop all the same."""
    deadline_ms: float | None = None
    """The model's deadline; by default 80 with --realtime, else 1000."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    car: Path | None = None
    """Start the car in this folder (see `update`) and drive with its version; one on trial is tried only if the car is parked."""
    car_speed: float | None = None
    """With --car: what it measures as it starts, m/s; not known by default."""
    parking_brake: bool = False
    """With --car: the parking brake is on as it starts."""
    engaged: bool = False
    """With --car: L2 or L4 is on as it starts."""
    record: Path | None = None
    """Record to this .mcap file; one that is there is replaced, which is said first."""
    around: bool = False
    """Keep pictures only of the 5 s around what matters."""
    key: Path | None = None
    """File with a key to seal the recording with."""


def run_run(options: RunOptions) -> dict[str, Any]:
    """Drive. Raises CaravelaError for bad options and, at the end, where the recording stopped before the drive."""
    from contextlib import ExitStack
    from functools import partial

    from caravela.vehicle.bundle import open_bundle, shipped
    from caravela.vehicle.guard import GuardProcess, PaperActuators
    from caravela.vehicle.planner import PICTURE_BYTES, ModelProcess, picture_bytes
    from caravela.vehicle.policy import OnnxPolicy
    from caravela.vehicle.run import Drive, Script

    injection = check(options)
    path = options.policy or shipped()
    if options.car is not None:
        path, notes = start(options.car, speed=options.car_speed, parking_brake=options.parking_brake, engaged=options.engaged)
        _say("\n".join((*notes, f"the car in '{options.car}' drives with {path.name}")))
    bundle = open_bundle(path)
    rig = bundle.card.rig
    if options.record is not None:
        _announce(options, options.record)
    if options.actuators is not None:
        writable(options.actuators, option="actuators")
    with ExitStack() as opened:
        if (cabin := open_cabin(options)) is not None:
            opened.callback(cabin.close)
        source = open_source(options, rig)
        opened.callback(source.close)
        if options.video and (line := assumed_side(bundle.card, lefthand=options.lefthand)):
            _say(line)
        _say("loading the model in a process of its own …")
        planner = ModelProcess(partial(OnnxPolicy, path), picture_bytes=max(PICTURE_BYTES, picture_bytes(rig)))
        opened.callback(planner.close)
        loop = make_loop(options, rig, planner, cabin=cabin)
        guard: GuardProcess | None = None
        if options.actuators is not None:
            guard = GuardProcess(partial(PaperActuators, options.actuators), deceleration=loop.rules.automated.manoeuvre_deceleration)
            opened.callback(guard.close)
        journal = open_journal(options, bundle, loop)
        script = Script(MODES[options.mode], words=options.say, injection=injection, fault_at=options.fault_at)
        drive = Drive(loop, source, script=script, model_pid=planner.pid, journal=journal, guard=guard)
        for _ in drive.ticks(options.seconds, realtime=options.realtime):
            pass
    if journal is not None:
        journal.close()
        if journal.failure:
            raise CaravelaError(journal.failure)
    recorded = {"recording": str(options.record), "head": journal.head} if journal is not None else {"recording": None, "head": None}
    return drive.summary() | recorded


def check(options: RunOptions) -> "Injection | None":
    """The fault to put in, if any. Raises CaravelaError for options that mean nothing."""
    from caravela.core.responsibility import Entity, Person
    from caravela.studio.driving.drive import checked_words
    from caravela.studio.driving.simulated import town_names, traffics, weathers
    from caravela.vehicle.profiles import assisted_profile
    from caravela.vehicle.recorder import check_target
    from caravela.vehicle.rehearsal import injections

    check_target(options.record)
    assisted_profile(options.profile)
    read_key(options.key)
    Person(options.driver if options.driver is not None else UNNAMED)
    Entity(options.entity if options.entity is not None else UNNAMED)
    checked_words(options.say)
    if options.mode not in MODES:
        raise unknown_name("mode", options.mode, MODES)
    if not STEP_S <= options.seconds <= LONGEST_SECONDS:
        raise CaravelaError(f"--seconds {options.seconds:g} is out of range; expected {STEP_S:g} to {LONGEST_SECONDS:,.0f}.")
    at_least(0, seed=options.seed)
    within(0.0, LONGEST_SECONDS, fault_at=options.fault_at, away_at=options.away_at)
    within(*DEADLINES_MS, deadline_ms=options.deadline_ms)
    within(0.0, FASTEST, speed=options.speed)
    for angle in options.cabin_road:
        within(-90.0, 90.0, cabin_road=angle)
    if options.cabin_road != (0.0, 0.0) and options.cabin is None:
        raise CaravelaError("got --cabin-road without --cabin; expected both, or neither.")
    if sum((options.town is not None, options.log is not None, bool(options.video))) > 1:
        raise CaravelaError("got more than one of --town, --log and --video; expected one.")
    if options.actuators is not None and not options.realtime:
        raise CaravelaError(
            "got --actuators without --realtime; where the world waits for the loop, so would its watchdog: give --realtime."
        )
    if options.car is not None and options.policy is not None:
        raise CaravelaError("got both --car and --policy; expected one: a car drives with its own version.")
    for kind, got, known in (("weather", options.weather, weathers()), ("traffic", options.traffic, traffics())):
        if got not in known:
            raise unknown_name(kind, got, known)
    if options.town is not None and options.town not in town_names():
        raise unknown_name("town", options.town, town_names())
    named = {injection.name: injection for injection in injections() if not injection.freezes}
    if options.fault is not None and options.fault not in named:
        raise unknown_name("fault", options.fault, named)
    return None if options.fault is None else named[options.fault]


def _announce(options: RunOptions, record: Path) -> None:
    """Say that a recording will be replaced, and that one will name nobody for a part of the drive."""
    if record.is_file():
        announced(record, option="record")
    answers = {"driverless": ("entity",), "l4": ("driver", "entity")}.get(options.mode, ("driver",))
    if lacks := [f"--{name}" for name in answers if getattr(options, name) is None]:
        _say(f"the record will say '{UNNAMED}' of who answers; give {' and '.join(lacks)}.")


def open_source(options: RunOptions, rig: "Rig") -> "Source":
    """What the loop looks at. Raises CaravelaError for what cannot be opened."""
    from caravela.vehicle.cameras import is_live
    from caravela.vehicle.replay import read_recording
    from caravela.vehicle.sources import LogSource, VideoSource, WorldSource

    if options.log is not None:
        return LogSource(read_recording(options.log), rig)
    if options.video:
        if bad := [text for text in options.video if "=" not in text]:
            raise CaravelaError(f"got --video {bad[0]}; expected NAME=FILE, as in front=drive.mp4.")
        paths = dict(text.split("=", 1) for text in options.video)
        if not options.realtime and (live := [path for path in paths.values() if is_live(path)]):
            raise CaravelaError(f"got the camera {live[0]} without --realtime; a live camera does not wait for the loop: give --realtime.")
        return VideoSource(paths, rig, speed=options.speed, lefthand=options.lefthand, abroad=options.abroad)
    from caravela.studio.driving.simulated import SimulatedStages, town_names
    from caravela.studio.driving.stage import DriveSettings
    from caravela.studio.driving.street import street_of
    from caravela.vehicle.journal import Place

    town = options.town or town_names()[0]
    stage = SimulatedStages(rig)(DriveSettings(town, weather=options.weather, traffic=options.traffic, seed=options.seed), _say)

    def place() -> Place:
        street = street_of(stage.world.state, stage.graph)
        return Place(stage.graph.name, street.x, street.y, street.heading)

    stage.ask(options.say)
    return WorldSource(stage.world, seed=options.seed, place=place)


def open_cabin(options: RunOptions) -> "Cabin | None":
    """The camera on the driver, if there is one. Raises CaravelaError for one that cannot be opened, and without the face models."""
    if options.cabin is None:
        return None
    from caravela.vehicle.cabin_camera import open_cabin_camera
    from caravela.vehicle.cameras import is_live

    if is_live(options.cabin) and not options.realtime:
        raise CaravelaError(
            f"got the camera {options.cabin} without --realtime; a live camera does not wait for the loop: give --realtime."
        )
    return open_cabin_camera(options.cabin)


def make_loop(options: RunOptions, rig: "Rig", planner: "ModelProcess", *, cabin: "Cabin | None" = None) -> "Loop":
    """The loop of a parked car."""
    from caravela.core.responsibility import Entity, Person, Role
    from caravela.vehicle.attention import DriverMonitor, SimulatedDriver
    from caravela.vehicle.cabin_camera import CabinCamera, heeding
    from caravela.vehicle.conduct import Automated, Manual, Rules, parked
    from caravela.vehicle.loop import DEADLINE_S, Loop
    from caravela.vehicle.profiles import assisted_profile, r157

    driverless = options.mode == "driverless"
    entity = Entity(
        UNNAMED if options.entity is None else options.entity, Role.DRIVERLESS_OPERATOR if driverless else Role.SELF_DRIVING_ENTITY
    )
    assisted = assisted_profile(options.profile)
    rules: Rules = Rules(assisted if cabin is None else heeding(assisted), r157(), entity)
    conduct: Conduct = Automated(entity) if driverless else Manual(Person(UNNAMED if options.driver is None else options.driver))
    away = () if options.away_at is None else ((options.away_at, LONGEST_SECONDS),)
    monitor: DriverMonitor = SimulatedDriver(hands_off=away, eyes_away=away, seat_empty=((0.0, LONGEST_SECONDS),) if driverless else ())
    if cabin is not None:
        yaw, pitch = (math.radians(angle) for angle in options.cabin_road)
        monitor = CabinCamera(cabin, sensors=monitor, road=(yaw, pitch))
    deadline_s = DEADLINE_S if options.realtime else LOCKSTEP_DEADLINE_MS * 1e-3
    if options.deadline_ms is not None:
        deadline_s = options.deadline_ms * 1e-3
    return Loop(parked(conduct), rules=rules, planner=planner, monitor=monitor, rig=rig, deadline_s=deadline_s)


def open_journal(options: RunOptions, bundle: "Bundle", loop: "Loop") -> "Journal | None":
    """The recorder, if there is to be one. Raises RecordingError where the file cannot be written."""
    if options.record is None:
        return None
    from caravela import __version__
    from caravela.vehicle.journal import Journal, PictureRing, Software

    software = Software(__version__, bundle.card.name, bundle.sha256())
    ring = PictureRing() if options.around else None
    first = loop.ledger.tenures[0]
    key = read_key(options.key)
    return Journal(options.record, rig=bundle.card.rig, software=software, first=first, epoch_ns=time.time_ns(), ring=ring, key=key)


def show_run(result: dict[str, Any]) -> None:
    """The same for people."""
    print(
        f"{result['seconds']:.1f} s, {result['driven_m']:.0f} m by the network, now {result['mode']}; {result['responsible']} answers; "
        f"the model takes {result['model_ms']['p50']:.0f} ms (p99 {result['model_ms']['p99']:.0f} ms)."
    )
    for note in result["notes"]:
        print(f"  {note['t_s']:7.1f} s  {note['kind']}: {note['detail']}")
    if result["recording"]:
        print(f"recorded to {result['recording']}; its last seal is {result['head']}")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
