"""`caravela evaluate run`: a suite driven in closed loop, every drive scored; in several processes where they are asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._drivers import driver_named
from caravela.commands._map_sides import test_side
from caravela.commands._progress import Bar
from caravela.commands._result_file import git_revision, text_of
from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.evaluate.drivers import Driver
    from caravela.evaluate.driving import Watcher
    from caravela.evaluate.run import Run
    from caravela.evaluate.summary import Row


@dataclass(frozen=True)
class RunOptions:
    """Drive a suite in closed loop and score every drive. A run that was stopped goes on where it was."""

    suite: str = "nominal"
    """What is driven: nominal, longtail, longtail-more, no-route, dense, other-traffic, dense-other-traffic, night, rain; words (the same starts, told
    differently); words-in-the-car (the same through the cockpit's agent); abroad (the same starts at home and abroad); or brief, to try things out."""
    maps: Path | None = None
    """A folder of maps (.lanes, .osm, …); by default the test side: generated towns that nothing is trained on, and the real places."""
    episodes: int = 224
    """Drives in all, spread over the maps."""
    seed: int = 0
    """Of the starts: the same seed gives every policy the same drives."""
    policy: str = "driver"
    """driver (the model that ships), blind (the same with black pictures), teacher, idm, constant_velocity, stationary; or the path of an
    exported model."""
    bundle: Path | None = None
    """The model that `blind` blindfolds; the one that ships by default."""
    teacher: Path | None = None
    """The teacher's checkpoint; runs/teacher/nano/last.pt if there is one, or the one that ships."""
    out: Path = Path("results")
    """Folder for evaluate-SUITE-POLICY.json."""
    library: Path = Path(".cache/maps/test")
    """Where the maps of the test side are kept (made there if they are not)."""
    threads: int = 1
    """Threads of the model."""
    jobs: int = 1
    """Processes that drive side by side, each its share of the maps."""


def run(options: RunOptions) -> dict[str, Any]:
    """Choose, drive, score, write."""
    import time

    from caravela.commands._evaluate_words import as_understood
    from caravela.evaluate.places import read_folder
    from caravela.evaluate.run import Run, forget
    from caravela.evaluate.suites import suite_named
    from caravela.evaluate.summary import report_of
    from caravela.world.maps.catalogue import cache_folder

    for name, lowest in (("episodes", 1), ("jobs", 1), ("seed", 0), ("threads", 1)):
        if getattr(options, name) < lowest:
            raise CaravelaError(f"--{name} is {getattr(options, name)}; expected at least {lowest}.")
    suite = suite_named(options.suite)
    driver, identity = driver_named(options.policy, bundle=options.bundle, teacher=options.teacher, threads=options.threads)
    path = writable(options.out / f"evaluate-{suite.name}-{driver.name}.json")  # told now, not after hours of driving
    places = read_folder(options.maps) if options.maps is not None else test_side(options.library)
    began, revision = time.perf_counter(), git_revision()
    cache = cache_folder().parent / "evaluate"
    heard = as_understood() if suite.understood else ()
    work = Run(places, suite, identity=identity, episodes=options.episodes, seed=options.seed, cache=cache, heard=heard)
    rows, besides, kept = drive_all(work, driver, options)
    result = {
        "suite": suite.name,
        "policy": driver.name,
        "sees": driver.sees,
        "identity": identity,
        "seed": options.seed,
        "git_revision": revision,
        "world_code": work.code[:16],
        "wall_s": round(time.perf_counter() - began, 1),
        **besides,
        **report_of(rows),
    }
    try:
        path.write_text(text_of(result))
    except OSError as error:
        raise unwritable(path, error) from error
    forget(kept)
    return {**{key: value for key, value in result.items() if key != "rows"}, "out": str(path)}


def drive_all(work: "Run", driver: "Driver", options: RunOptions) -> "tuple[list[Row], dict[str, Any], list[Path]]":
    """Rows of all drives, what the suites `words` and `abroad` say besides, and the files that keep the drives until the result is written."""
    import functools

    from caravela.commands._evaluate_abroad import drive_pairs
    from caravela.commands._evaluate_words import drive_spoken
    from caravela.evaluate.run import collect
    from caravela.evaluate.summary import rows_of

    with Bar() as bar:
        shared = functools.partial(side_by_side, driver=driver, options=options, watcher=bar)
        if work.suite.paired:
            return drive_pairs(work, driver, watcher=bar, before=shared)
        if not work.suite.spoken:
            shared(work)
            outcomes, kept = collect(work, driver, watcher=bar)
            return rows_of(outcomes, work.places), {}, kept
        outcomes, verdicts, tables, kept = drive_spoken(work, driver, watcher=bar, before=shared)
        rows = [{**row, "words": verdict} for row, verdict in zip(rows_of(outcomes, work.places), verdicts, strict=True)]
        return rows, tables, kept


def side_by_side(work: "Run", *, driver: "Driver", options: RunOptions, watcher: "Watcher") -> None:
    """Where several processes are asked for, drive all maps in them, this one among them. What another one leaves undone is driven
    afterwards."""
    from multiprocessing import get_context

    from caravela.evaluate.run import drive_share

    if options.jobs == 1:
        return
    work.choose(watcher)  # once, before the others look it up
    others = [get_context("spawn").Process(target=drive_one_share, args=(work, options, share)) for share in range(1, options.jobs)]
    for process in others:
        process.start()
    try:
        drive_share(work, driver, share=0, of=options.jobs, watcher=watcher)
        for process in others:
            process.join()
    finally:
        for process in others:
            process.terminate()


def drive_one_share(work: "Run", options: RunOptions, share: int) -> None:
    """What one of the other processes does, for as long as the one that began it is there."""
    import os
    import threading
    import time

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)  # whoever asked was killed: nobody wants the rest

    from caravela.evaluate.driving import quiet
    from caravela.evaluate.run import drive_share

    threading.Thread(target=watch, args=(os.getppid(),), daemon=True).start()
    driver, _ = driver_named(options.policy, bundle=options.bundle, teacher=options.teacher, threads=options.threads)
    drive_share(work, driver, share=share, of=options.jobs, watcher=quiet())


def show_run(result: dict[str, Any]) -> None:
    """The summary for people."""
    from caravela.evaluate.referee import NAMES
    from caravela.evaluate.statistics import spelled

    print(
        f"{result['policy']} on {result['suite']}: {result['success']:.1%} of {result['episodes']} drives on {result['maps']} maps succeed",
        end="",
    )
    print(f" ({spelled(result['success_ci'])}); {result['km']:.1f} km")
    for key, name in {**NAMES, "progress": "progress", "score": "score", "comfort": "comfort"}.items():
        print(f"  {name:<20} {result[key]:7.1%}")
    print(f"  {'red lights met':<20} {result['red_lights_met']:6d}, {result['red_lights_run']} of them run")
    if result["energy_wh_per_km"] is not None:
        print(f"  {'Wh per km':<20} {result['energy_wh_per_km']:6.0f}")
    for name, row in result["by_map"].items():
        if row["failures"]:
            failed = ", ".join(f"{NAMES.get(kind, kind)} {count}" for kind, count in row["failures"].items())
            print(f"  {name:<28} {row['success']:4.0%} of {row['episodes']}: {failed}")
    if "points_apart" in result:
        from caravela.commands._evaluate_abroad import show_abroad

        show_abroad(result)
    if "words" in result:
        from caravela.commands._evaluate_words import show_dial, show_words

        show_words(result["words"])
        show_dial(result["dial"])
    shown = Path(result["out"]).parent == Path("results")
    print(f"written to {result['out']}" + ("; `caravela results` puts it into docs/results.md" if shown else ""))
