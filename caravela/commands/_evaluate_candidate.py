"""`caravela evaluate candidate`: whether another driver is worth the test drives, found out where nothing is reported."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._drivers import SHIPPED_DRIVER, driver_named
from caravela.commands._evaluate_run import RunOptions, run
from caravela.commands._map_sides import validation_side
from caravela.commands._numbers import at_least
from caravela.commands._result_file import text_of
from caravela.commands._writing import folder_for, unwritable, writable
from caravela.core.errors import CaravelaError

CROWDED = "dense"  # a suite that the towns are driven in once more


@dataclass(frozen=True)
class CandidateOptions:
    """Drive a driver and another one beside it on the validation side, and say drive by drive which succeeds where: in towns, on
    avenues, round sharp bends, in variations of real places, and in dense traffic. Drivers are chosen here, so that the test side stays
    what nobody chose by. What has been driven is not driven again."""

    driver: tyro.conf.Positional[Path]
    """The candidate: the folder of an exported model, see `caravela train export`."""
    than: Path = SHIPPED_DRIVER
    """The driver beside it; the one that ships by default."""
    episodes: int = 48
    """Drives of each of the two in each of the five parts."""
    seed: int = 0
    """Of the starts."""
    maps: Path = Path(".cache/maps")
    """Folder with the maps; its validation side is used (made there if it is not)."""
    out: Path = Path("runs/judge")
    """Folder for the results of the parts, by driver."""
    results: Path | None = None
    """A file for the comparison itself."""
    threads: int = 1
    """Threads of the model."""
    jobs: int = 1
    """Processes that drive side by side, each its share of the maps."""


def candidate(options: CandidateOptions) -> dict[str, Any]:
    """Drive what is not yet driven, compare part by part and in all."""
    import json

    from caravela.evaluate.referee import FAILURES
    from caravela.evaluate.summary import compare
    from caravela.world.maps.catalogue import place_of

    at_least(0, seed=options.seed)
    at_least(1, episodes=options.episodes, threads=options.threads, jobs=options.jobs)
    names = [driver_named(str(path), bundle=None, threads=options.threads)[1] for path in (options.than, options.driver)]
    if names[0].split()[-1] == names[1].split()[-1]:
        raise CaravelaError(f"'{options.driver}' and '{options.than}' are the same model; expected another one to compare it with.")
    if options.results is not None:
        writable(options.results, option="results")
    for identity in names:
        writable(folder_for(options.out / _short(identity), option="out") / "new.json", option="out")
    parts = {name: ("nominal", folder) for name, folder in validation_side(options.maps).items()}
    parts["dense traffic"] = (CROWDED, options.maps / "validation")
    done: dict[str, Any] = {"drivers": names, "seed": options.seed, "parts": {}}
    rows: list[list[dict[str, Any]]] = [[], []]
    for name, (suite, folder) in parts.items():
        driven = [
            _driven(options, path, identity, suite=suite, folder=folder, part=name)
            for path, identity in zip((options.than, options.driver), names, strict=True)
        ]
        failures = [{kind: result[kind] for kind in FAILURES} for result in driven]
        done["parts"][name] = compare(driven[0]["rows"], driven[1]["rows"], seed=options.seed) | {"failures": failures}
        for mine, result in zip(rows, driven, strict=True):
            mine += [{**row, "map": f"{name}: {row['map']}", "cluster": place_of(row["map"])} for row in result["rows"]]
    done["all"] = compare(rows[0], rows[1], seed=options.seed)
    if options.results is not None:
        try:
            options.results.write_text(json.dumps(done, indent=1) + "\n")
        except OSError as error:
            raise unwritable(options.results, error) from error
    return done


def _driven(options: CandidateOptions, path: Path, identity: str, *, suite: str, folder: Path, part: str) -> dict[str, Any]:
    """One driver's result in one part: what is there, if it is of the same drives and program, or driven now."""
    import json

    from caravela.evaluate.places import DRIVERS, program_digest, read_folder

    code, maps = program_digest(DRIVERS)[:16], [place.digest for place in read_folder(folder)]
    asked = {"identity": identity, "seed": options.seed, "drivers_code": code, "map_digests": maps, "asked": options.episodes}
    file = options.out / _short(identity) / f"{part.replace(' ', '-')}.json"
    if file.exists():
        try:
            kept = json.loads(file.read_text())
        except ValueError:  # it was cut off; it is driven anew
            kept = {}
        if all(kept.get(key) == value for key, value in asked.items()):
            return kept
    with tempfile.TemporaryDirectory() as out:
        done = run(
            RunOptions(
                suite=suite,
                maps=folder,
                episodes=options.episodes,
                seed=options.seed,
                policy=str(path),
                out=Path(out),
                threads=options.threads,
                jobs=options.jobs,
            )
        )
        result = json.loads(Path(done["out"]).read_text()) | asked
    file.write_text(text_of(result))
    return result


def _short(identity: str) -> str:
    """Of a driver, for a folder's name."""
    return identity.split()[-1][:12]


def show_candidate(done: dict[str, Any]) -> None:
    """The same for people."""
    from caravela.evaluate.statistics import spelled

    print(f"{'':<16} drives   than  candidate   won  lost")
    for name, part in {**done["parts"], "all": done["all"]}.items():
        than, new = part["success"]
        print(
            f"{name:<16} {part['episodes']:6d} {than:6.1%} {new:10.1%} {part['only_second_succeeds']:5d} {part['only_first_succeeds']:5d}"
        )
    both = done["all"]
    print(f"difference {both['success_difference']:+.1%} ({spelled(both['success_difference_ci'], '+.1%')})")
