"""`caravela evaluate peers`: the model drives in another simulator, whose own driver drives the same episodes beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._drivers import SHIPPED_DRIVER
from caravela.commands._progress import Bar
from caravela.commands._result_file import git_revision, text_of
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from caravela.evaluate.driving import Watcher
    from caravela.evaluate.peers.drive import Look, Row
    from caravela.vehicle.policy import OnnxPolicy

ROOT = Path(__file__).resolve().parents[2]
JUDGE = ROOT / "benchmarks" / "metadrive_judge.py"
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
MODEL, IDM = "driver", "idm"
LIMITS = {
    "episodes": (1, 1000),
    "seed": (0, 10**9),
    "blocks": (1, 20),
    "seconds": (1.0, 600.0),
    "density": (0.0, 1.0),
    "speed": (0.0, 20.0),
    "threads": (1, 256),
}
PICTURE_TICKS = 20  # between two pictures that are kept
NOTE = (
    "Drawn in software, four samples a pixel and without shadows of the whole scene; the rig's cameras do not see their own car. The car "
    "answers at once, where the model's own car lags by about 0.15 s; the route is shown without position error, and goes straight on where "
    "the map ends. IDM wants 30 km/h."
)


@dataclass(frozen=True)
class PeersOptions:
    """An independent judge: the model, as it is, drives in MetaDrive through its own rig; MetaDrive's IDM drives the same episodes beside it.
    It needs `make peers` once, and takes minutes an episode, since MetaDrive draws in software here. Finished episodes are kept."""

    episodes: int = 6
    """Of each driver, every one on a map of its own."""
    seed: int = 1000
    """Of the first map; the others follow."""
    blocks: int = 2
    """Of a map (a bend, a junction, a roundabout, a ramp, …)."""
    density: float = 0.1
    """Of the traffic, in MetaDrive's measure."""
    speed: float = 8.0
    """m/s at which either driver begins, as drives in our own world begin in motion; 0: at rest, as MetaDrive's own do."""
    seconds: float = 40.0
    """An episode ends then at the latest: time for about 320 m at the 30 km/h that MetaDrive's IDM wants."""
    bundle: Path | None = None
    """An exported model instead of the one that ships."""
    pictures: Path | None = None
    """A folder for what the model saw every 2 s: front, narrow, left, right."""
    out: Path = Path("results")
    """Folder for evaluate-peers.json."""
    python: Path | None = None
    """The Python of MetaDrive's environment; by default of the one that `make peers` made."""
    threads: int = 1
    """Threads of the model."""


def peers(options: PeersOptions) -> dict[str, Any]:
    """Calibrate, drive, count, write."""
    import time

    from caravela.evaluate.peers.summary import judged, table_of
    from caravela.evaluate.run import forget
    from caravela.vehicle.policy import OnnxPolicy

    check(options)
    path = writable(options.out / "evaluate-peers.json")
    look = None if options.pictures is None else album(options.pictures)
    policy = OnnxPolicy(options.bundle or SHIPPED_DRIVER, threads=options.threads)
    began, revision = time.perf_counter(), git_revision()
    with Bar() as bar:
        bar.stage("calibrating", total=1)
        found, file = calibration(options)
        bar.advance(1)
        rows: list[Row] = []
        files = [file]
        for name in (IDM, MODEL):
            driven, parts = episodes(options, name, policy=policy, look=look, watcher=bar)
            rows, files = rows + [judged(row) for row in driven], files + parts
    by_driver = {name: [row for row in rows if row["driver"] == name] for name in (MODEL, IDM)}
    result = {
        "judge": {"name": "MetaDrive", "version": found["metadrive"]},
        "case": {key: getattr(options, key) for key in ("episodes", "seed", "blocks", "density", "speed", "seconds")},
        "identity": f"{policy.name} {policy.bundle.sha256()}",
        "drivers": {
            name: {"sees": "pixels" if name == MODEL else "state", **table_of(mine, seed=options.seed)} for name, mine in by_driver.items()
        },
        "actuation": found["actuation"],
        "note": NOTE,
        "git_revision": revision,
        "wall_s": round(time.perf_counter() - began, 1),
        "rows": rows,
    }
    try:
        path.write_text(text_of(result))
    except OSError as error:
        raise unwritable(path, error) from error
    forget(files)
    return {**{key: value for key, value in result.items() if key != "actuation"}, "out": str(path)}


def check(options: PeersOptions) -> None:
    """Raises CaravelaError for a number out of its range."""
    for name, (least, most) in LIMITS.items():
        value = getattr(options, name)
        if not least <= value <= most:  # nan is in no range
            raise CaravelaError(f"--{name} is {value}; expected {least} to {most}.")


def case_of(options: PeersOptions, driver: str, cameras: list[dict[str, float]]) -> dict[str, Any]:
    """What the other process is told first."""
    return {
        "first_seed": options.seed,
        "seeds": options.episodes,
        "blocks": options.blocks,
        "density": options.density,
        "speed": options.speed,
        "ticks": ticks_of(options),
        "cameras": cameras,
        "driver": driver,
    }


def ticks_of(options: PeersOptions) -> int:
    from caravela.core.units import STEP_S

    return round(options.seconds / STEP_S)


def program() -> str:
    """A fingerprint of all that decides how an episode goes, on either side of the pipe."""
    from caravela.evaluate import kept
    from caravela.evaluate.places import program_digest

    theirs = [path.read_text() for path in (JUDGE, JUDGE.with_name("metadrive_peer.py")) if path.is_file()]
    return kept.key(program_digest(("core", "vehicle", "words")), program_digest(("evaluate/peers",)), theirs)


def calibration(options: PeersOptions) -> tuple[dict[str, Any], Path]:
    """MetaDrive's version, and what its car does beside what is expected of it; and where that is kept."""
    from caravela.evaluate import kept
    from caravela.evaluate.peers.actuation import car_from, checked
    from caravela.evaluate.peers.link import Peer
    from caravela.world.maps.catalogue import cache_folder

    case = case_of(options, MODEL, cameras=[])
    file = cache_folder().parent / "evaluate" / "peers" / f"{kept.key(program(), 'calibration', options.seed)}.json"
    rows = kept.read(file)
    if rows is None:
        with Peer(options.python or PYTHON, JUDGE, case) as judge:
            said = judge.ask({"calibrate": options.seed}).said
        missing = {"metadrive", "car", "throttle_speed_acceleration", "steering_speed_curvature"} - said.keys()
        if missing:
            raise CaravelaError(f"the peer's calibration lacks {', '.join(sorted(missing))}: its script does not fit this version.")
        actuation = checked(car_from(said["car"]), pulls=said["throttle_speed_acceleration"], turns=said["steering_speed_curvature"])
        rows = [{"metadrive": said["metadrive"], "actuation": actuation}]
        kept.write(file, rows)
    return rows[0], file


def episodes(
    options: PeersOptions, name: str, *, policy: "OnnxPolicy", look: "Look | None", watcher: "Watcher"
) -> "tuple[list[Row], list[Path]]":
    """All episodes of one driver, those that are done already among them, and the files that keep them."""
    import contextlib

    from caravela.evaluate import kept
    from caravela.evaluate.peers.drive import cameras_of, drive
    from caravela.evaluate.peers.link import Peer
    from caravela.evaluate.peers.summary import judged
    from caravela.world.maps.catalogue import cache_folder

    case = case_of(options, name, cameras_of(policy.rig))
    told = {key: value for key, value in case.items() if key not in ("first_seed", "seeds")}  # which others there are changes none
    identity = policy.bundle.sha256() if name == MODEL else name
    folder, code = cache_folder().parent / "evaluate" / "peers", program()
    files = {seed: folder / f"{kept.key(code, told, identity, seed)}.json" for seed in range(options.seed, options.seed + options.episodes)}
    watcher.stage(f"{name} drives", total=options.episodes)
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        judge: Peer | None = None
        for seed, file in files.items():
            done = kept.read(file)
            if done is None:
                judge = judge or stack.enter_context(Peer(options.python or PYTHON, JUDGE, case))
                mine = policy if name == MODEL else None
                row = drive(judge, seed, policy=mine, rig=policy.rig, ticks=ticks_of(options), look=look)
                done = [{"driver": name, **row}]
                kept.write(file, done)
            rows += done
            watcher.advance(1, success=int(judged(done[0])["success"]))
    return rows, list(files.values())


def album(folder: Path) -> "Look":
    """Keeps what the model saw, as SEED-TICK.png. Raises CaravelaError where the folder cannot be written."""
    import numpy as np
    from PIL import Image

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CaravelaError(f"cannot make '{folder}' ({error.strerror}); give --pictures a folder that you can write.") from error

    def look(seed: int, tick: int, pictures: "NDArray[np.uint8]") -> None:
        if tick % PICTURE_TICKS == 0:
            Image.fromarray(np.concatenate(list(pictures), axis=1)).save(folder / f"{seed}-{tick:04d}.png")

    return look


def show_peers(result: dict[str, Any]) -> None:
    """The same for people."""
    from caravela.evaluate.statistics import span

    case = result["case"]
    print(
        f"{result['judge']['name']} {result['judge']['version']}, {case['episodes']} maps of {case['blocks']} blocks; 95 % intervals, descriptive only"
    )
    for name, row in result["drivers"].items():
        print(
            f"  {name:<8} arrives {row['success']:.0%} ({span(row['success_ci'], '.0%')}); completes {row['completion']:.0%} of the route "
            f"({span(row['completion_ci'], '.0%')}); crashes {row['crash']:.0%}, out of road {row['out_of_road']:.0%}, out of time {row['out_of_time']:.0%}"
        )
    for row in result["rows"]:
        print(f"  {row['driver']:<8} map {row['seed']}: {', '.join(row['ended'])} after {row['seconds']:.0f} s, {row['completion']:.0%}")
    print(f"written to {result['out']}")
