"""`caravela world`: streets in, lane graphs out (`import`), a look at the traffic (`play`), how fast it all is (`bench`), and the
simulated car against a real one (`replay`)."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands import Verb
from caravela.commands._progress import Bar
from caravela.commands._weather import Weather
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError, MapError

HELP = "import real streets, watch the traffic, time the world, replay real drives"
BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "world.py"  # of the repository; an installed package has none


@dataclass(frozen=True)
class ImportOptions:
    """Turn an OpenStreetMap (.osm, .osm.pbf) or OpenDRIVE (.xodr) file into a lane graph. Needs the extra `maps`."""

    file: tyro.conf.Positional[Path]
    """The map: .osm, .osm.pbf or .xodr."""
    out: Path | None = None
    """Where to write the lane graph (.lanes). By default it is kept in the cache that `--map` reads."""
    lefthand: bool | None = None
    """On which side traffic keeps. By default it follows from the place."""


def run_import(options: ImportOptions) -> dict[str, Any]:
    """Import one map and say what is in it."""
    import time

    import numpy as np

    from caravela.world.maps.catalogue import load_map

    began = time.perf_counter()
    print(f"importing {options.file} …", file=sys.stderr)
    graph = load_map(options.file, lefthand=options.lefthand)
    if options.out is not None:
        try:
            graph.save(options.out)
        except OSError as error:
            raise MapError(f"cannot write '{options.out}' ({error.strerror}); give --out a file in a folder that you can write.") from error
    return {
        "name": graph.name,
        "car_km": round(graph.car_km(), 3),
        "lanes": graph.lanes,
        "junctions": int(graph.lane_junction.max(initial=-1)) + 1,
        "signals": len(graph.signal_offset),
        "crossings": len(graph.crossing),
        "buildings": len(graph.building_height),
        "roundabout_lanes": int(np.count_nonzero(graph.lane_roundabout)),
        "driving_side": "left" if graph.lefthand else "right",
        "attribution": graph.attribution,
        "out": None if options.out is None else str(options.out),
        "seconds": round(time.perf_counter() - began, 2),
    }


def show_import(result: dict[str, Any]) -> None:
    """The same for people."""
    named = {"lanes": "lane", "junctions": "junction", "signals": "signal program", "crossings": "crossing", "buildings": "building"}
    counts = [f"{result[key]} {name}{'' if result[key] == 1 else 's'}" for key, name in named.items()]
    print(
        f"{result['name']}: {result['car_km']:.1f} lane-km, {', '.join(counts)}; traffic keeps {result['driving_side']}. {result['attribution']}"
    )
    if result["out"]:
        print(f"written to {result['out']}")


@dataclass(frozen=True)
class PlayOptions:
    """Watch the baseline traffic of a town from one of its cars: written to a film, or to a strip of six pictures."""

    town: tyro.conf.Positional[str] = "alderton"
    """A town that ships, or a map file."""
    out: Path = Path("play.mp4")
    """The film (.mp4) or the strip (.png); an older one is replaced."""
    seconds: float = 20.0
    """How long."""
    traffic: str = "dense"
    """none, light, dense, crowded (two dozen people who cross); learned or learned-dense: as many cars, driven by the teacher."""
    weather: Weather = "day"
    seed: int = 0
    """The same seed, the same traffic."""


def run_play(options: PlayOptions) -> dict[str, Any]:
    """Let the town live and write what is seen."""
    import numpy as np

    from caravela.core.types import Control, Rig
    from caravela.core.units import STEP_S
    from caravela.studio.record.film import check_target, write_film, write_strip
    from caravela.studio.view.viewfinder import SIZES, view_camera
    from caravela.world.cameras import Cameras
    from caravela.world.compilation import compiling_told
    from caravela.world.maps.catalogue import load_map
    from caravela.world.scene import Scene
    from caravela.world.simulator import Simulator, traffic_named
    from caravela.world.state import IDM
    from caravela.world.weather import preset

    if not STEP_S <= options.seconds <= 3600.0:
        raise CaravelaError(f"--seconds is {options.seconds:g}; expected {STEP_S:g} to 3,600.")
    if not 0 <= options.seed < 2**31:
        raise CaravelaError(f"--seed is {options.seed}; expected 0 to {2**31 - 1}.")
    traffic_named(options.traffic), preset(options.weather)
    check_target(options.out)
    graph = load_map(options.town)
    print(f"{graph.name}: {graph.car_km():.1f} km of lanes …", file=sys.stderr)
    still = Control(acceleration=np.zeros(1, np.float32), curvature=np.zeros(1, np.float32))
    with compiling_told():
        world = Simulator([graph], traffic=options.traffic, weathers=(options.weather,))
        world.advance(still)
        world.reset(options.seed)
        world.state.controller[0, 0] = IDM  # the car that one looks from drives like all the others
        cameras = Cameras(Scene.build([graph]), Rig((view_camera(*SIZES[-1]),)), supersample=2)
        world.state.look[:] = cameras.scene.looks[world.state.map]
        cameras.render(world.state)

    def pictures(bar: Bar) -> Iterator[Any]:
        ticks = round(options.seconds / STEP_S)
        bar.stage("filming", total=ticks)
        for _ in range(ticks):
            yield cameras.render(world.state)[0, 0]
            world.advance(still)
            bar.advance(1)

    rate = round(1.0 / STEP_S)
    is_film = options.out.suffix.lower() == ".mp4"
    with Bar() as bar:
        count = write_film(options.out, pictures(bar), rate=rate) if is_film else write_strip(options.out, list(pictures(bar)))
    return {
        "town": graph.name,
        "seconds": round(float(world.state.time[0]), 1),
        "pictures": count,
        "driven_m": round(float(world.state.agents["odometer"][0, 0]), 1),
        "vehicles": 1 + world.traffic.cars,
        "out": str(options.out),
    }


@dataclass(frozen=True)
class BenchOptions:
    """How fast the world is on this machine, without MetaDrive: the figures of benchmarks/world.py, which compares the two."""

    full: bool = False
    """Several repetitions of several seconds, to be quoted; by default one of a second, to get an idea."""


def run_bench(options: BenchOptions) -> dict[str, Any]:
    """Run the benchmark in a process of its own, as it is meant to be run."""
    import json
    import subprocess

    if not BENCHMARK.is_file():
        raise CaravelaError(f"no benchmark at '{BENCHMARK}'; expected a checkout of the repository: run `caravela world bench` from one.")
    words = [sys.executable, str(BENCHMARK), "--no-peer", "--no-sweeps", "--json", *([] if options.full else ["--quick"])]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise CaravelaError(f"the benchmark ended with exit code {done.returncode}; what it said is above.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def show_bench(result: dict[str, Any]) -> None:
    """The same for people."""
    print(f"{result['camera_fps']:,.0f} camera frames/s ({result['headline']})")
    print(f"{result['agent_steps_per_s']:,.0f} agent-steps/s without cameras, likewise")
    print(f"load average before it began: {result['machine']['load_average'][0]:.1f} on {result['machine']['cores']} cores")


@dataclass(frozen=True)
class ReplayOptions:
    """Put a real drive's speed and steering through the simulated car and say how far from the truth it ends up."""

    folder: tyro.conf.Positional[Path]
    """A comma2k19 segment, or a folder that holds one."""
    horizon: float = 10.0
    """Seconds driven without looking at the truth."""
    out: Path = Path("results/replay.json")
    """Where to write the result."""


def run_replay(options: ReplayOptions) -> dict[str, Any]:
    """Replay one drive."""
    import json
    import math

    from caravela.world.replay import Calibration, errors_in_brief, fit_sensors, read_comma2k19, replay

    if not 0.1 <= options.horizon <= 3600.0:
        raise CaravelaError(f"--horizon is {options.horizon}; expected 0.1 to 3600 seconds.")
    log = read_comma2k19(options.folder)
    writable(options.out)
    fitted = fit_sensors(log)
    result = {
        "log": "comma2k19",
        "car": log.car.name,
        "wheelbase_m": log.car.wheelbase,
        "steering_ratio": log.car.steering_ratio,
        "horizon_s": options.horizon,
        **errors_in_brief(replay(log, horizon=options.horizon, calibration=Calibration())),
        "sensors_fitted_in_hindsight": {
            "speed_scale": round(fitted.speed_scale, 4),
            "steering_offset_deg": round(math.degrees(fitted.steering_offset), 3),
            **errors_in_brief(replay(log, horizon=options.horizon, calibration=fitted)),
        },
    }
    try:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(options.out, error) from error
    return result | {"out": str(options.out)}


def show_replay(result: dict[str, Any]) -> None:
    """The same for people."""
    error, fitted = result["position_error_m"], result["sensors_fitted_in_hindsight"]["position_error_m"]
    print(
        f"{result['car']}: after {result['horizon_s']:g} s and {result['driven_m']:.0f} m the position is off by {error['median']:.2f} m (median), "
        f"{error['p90']:.2f} m (p90) over {result['windows']} windows; {fitted['median']:.2f} m and {fitted['p90']:.2f} m once the log's own "
        f"sensor errors are taken out. Written to {result['out']}"
    )


def show_play(result: dict[str, Any]) -> None:
    """The same for people."""
    print(f"{result['seconds']:g} s of {result['vehicles']} vehicles in {result['town']}: {result['pictures']} pictures in {result['out']}")


VERBS = {
    "import": Verb(ImportOptions, run_import, "a street map into a lane graph", show_import),
    "play": Verb(PlayOptions, run_play, "baseline traffic on a town, as a film or a strip of pictures", show_play),
    "bench": Verb(BenchOptions, run_bench, "frames and agent-steps a second on this machine", show_bench),
    "replay": Verb(ReplayOptions, run_replay, "a real drive through the simulated car", show_replay),
}
