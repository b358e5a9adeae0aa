"""`caravela evaluate frontier A B`: both frontiers drawn, and whether B moves the whole of it outward."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from caravela.commands._result_file import git_revision, names_of_two, read_pair
from caravela.commands._writing import unwritable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caravela.evaluate.frontier import Frontier

FRONTIER_KEYS = {"map", "seed", "allowed_s", "distance_m", "expected_m", "failures", "first_failure_s"}  # of every row


@dataclass(frozen=True)
class FrontierOptions:
    """Safety, progress and coverage at every threshold of the risk that a driver tells, of two results on the drives that they share. Does
    the second move the whole frontier outward?"""

    first: tyro.conf.Positional[Path]
    """A JSON file that `caravela evaluate run` wrote."""
    second: tyro.conf.Positional[Path]
    """Another one, of the same suite."""
    notice: float = 2.0
    """Seconds that a hand-over takes: a fault within them still counts. With 0, handing over as it crashes would count as safe."""
    out: Path = Path("runs/frontier")
    """Folder for frontier-SUITE-FIRST-SECOND.html, .png and .json."""
    seed: int = 0
    """Of the bootstrap."""


def frontier(options: FrontierOptions) -> dict[str, Any]:
    """Read both, sweep, compare, draw."""
    import json
    import math
    import re

    from caravela.evaluate import drawing
    from caravela.evaluate.frontier import compare, compared, frontier_of, pair, sentence, told

    if not 0.0 <= options.notice or not math.isfinite(options.notice):
        raise CaravelaError(f"--notice is {options.notice}; expected seconds, 0 or more.")
    if options.seed < 0:
        raise CaravelaError(f"--seed is {options.seed}; expected 0 or more.")
    results = read_pair(options.first, options.second, needs=FRONTIER_KEYS)
    first, second, known = pair(results[0]["rows"], results[1]["rows"])
    names = names_of_two(results, (options.first, options.second))
    a = frontier_of(first, policy=names[0], notice=options.notice)
    b = frontier_of(second, policy=names[1], notice=options.notice)
    curves, comparison = (a, b), compare(a, b, seed=options.seed)
    suite = results[0]["suite"]
    result = {
        "suite": suite,
        "first": names[0],
        "second": names[1],
        "episodes": len(first),
        "maps": len(a.maps),
        "notice_s": options.notice,
        "said": sentence(a, b, comparison),
        **compared(comparison),
        "frontiers": [told(curve, bands) for curve, bands in zip(curves, comparison.bands, strict=True)],
        "notes": _notes(curves, known=known),
        "git_revision": git_revision(),
    }
    title = f"Safety, progress and coverage: {names[0]} and {names[1]} on {len(first)} drives of {suite}, {len(a.maps)} maps"
    stem = options.out / re.sub(r"[^\w.]+", "-", f"frontier {suite} {names[0]} {names[1]}").strip("-")
    files = {kind: stem.parent / f"{stem.name}.{kind}" for kind in ("html", "png", "json")}
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        files["html"].write_text(drawing.html(curves, comparison.bands, title=title))
        drawing.png(files["png"], curves, comparison.bands, title=title)
        files["json"].write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(stem, error) from error
    return {**result, **{kind: str(path) for kind, path in files.items()}}


def _notes(curves: "Sequence[Frontier]", *, known: bool) -> list[str]:
    notes = [
        f"{curve.policy}: its file holds no risk, so it is one point; the line to it is handing over by chance"
        for curve in curves
        if not curve.tells_risk
    ]
    if not known:
        notes.append(
            "neither file says how far a car rolls that only brakes, so standing still is credited with those metres: run either again"
        )
    return notes


def show_frontier(result: dict[str, Any]) -> None:
    """The same for people."""
    print(f"{result['episodes']} drives of {result['suite']} on {result['maps']} maps. {result['said']}")
    from caravela.evaluate.statistics import spelled

    for each in result["frontiers"]:
        print(
            f"  {each['policy']:<24} score {each['score']:.1%} ({spelled(each['score_ci'])}): safety {each['safety']:.1%}, "
            f"coverage {each['reach']:.1%}; area {each['area']:.3f}, by chance {each['area_by_chance']:.3f}"
        )
    for note in result["notes"]:
        print(f"  ({note})")
    print(f"drawn in {result['html']} and {result['png']}")
