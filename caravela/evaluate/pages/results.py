"""Writes docs/results.md from the JSON under results/: a number that is not in a file is not in the page. A file of another kind gets a
plain table of what is in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError
from caravela.evaluate import displacement
from caravela.evaluate.pages import answers, cloning, cockpit, domain, frontier, languages, pretraining, scaling, sight, suites
from caravela.evaluate.peers import summary as peers
from caravela.vehicle.bench import page as bench

Result = dict[str, Any]
Known = Callable[[str, Result], bool]  # by the file's stem and what is in it

SECTIONS: tuple[tuple[Known, Callable[[Result], str], Callable[[Result], list[str]]], ...] = (  # which file, its heading, its lines
    (lambda _, result: "displacement_m" in result, lambda _: "Real footage, open loop", displacement.page_of),
    (lambda _, result: {"verdict", "conditions"} <= result.keys(), lambda _: "Four domains, one plan", domain.page_of),
    (
        lambda _, result: {"frontiers", "said"} <= result.keys(),
        lambda result: f"The frontier: {result['first']} and {result['second']}",
        frontier.page_of,
    ),
    (lambda _, result: {"judge", "rows"} <= result.keys(), lambda result: f"Independent judge: {result['judge']['name']}", peers.page_of),
    (lambda stem, _: stem == "bench", lambda _: "Tiers and utilisation", bench.page_of),
    (lambda _, result: {"ablation", "sayings"} <= result.keys(), lambda _: "What the cockpit's head reads", cockpit.page_of),
    (lambda stem, _: stem == "languages", lambda _: "Languages", languages.page_of),
    (lambda _, result: {"answers", "trust"} <= result.keys(), lambda _: "Answers off the driving path", answers.page_of),
    (lambda _, result: "pretraining" in result, lambda _: "Pretraining", pretraining.page_of),
    (lambda _, result: "cloning" in result, lambda _: "Behaviour cloning", cloning.page_of),
    (lambda stem, _: stem == "sight", lambda _: "Sight", sight.page_of),
    (lambda _, result: {"fits", "points"} <= result.keys(), lambda _: "Scaling", scaling.page_of),
)


def page(folder: Path) -> str:
    """The whole page. Raises CaravelaError where there is nothing to tell."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise CaravelaError(f"'{folder}' holds no .json; expected results: `caravela evaluate run` writes one.")
    results = {path.stem: read_result(path) for path in paths}
    drives = {stem: result for stem, result in results.items() if stem.startswith("evaluate-") and {"suite", "rows"} <= result.keys()}
    for stem, result in drives.items():
        if lacks := sorted(suites.NEEDED - result.keys()):
            raise CaravelaError(
                f"'{folder / stem}.json' lacks '{lacks[0]}'; expected a result of `caravela evaluate run` of this version: run it again."
            )
    parts = [
        "# Results\n",
        f"Made by `caravela results` from {len(paths)} files under `{folder.name}/`.\n",
        *suites.page_of(list(drives.values())),
    ]
    for stem, result in results.items():
        known = next(((heading, lines) for knows, heading, lines in SECTIONS if knows(stem, result)), None)
        if known is not None:
            heading, lines = known
            try:
                parts += [f"## {heading(result)}\n", *lines(result)]
            except (KeyError, TypeError, AttributeError) as error:
                raise CaravelaError(
                    f"'{folder / stem}.json' cannot be told ({type(error).__name__}: {error}); expected what the command that writes it writes: run it again."
                ) from error
        elif stem not in drives:
            if not result or stem.startswith("evaluate-"):
                raise CaravelaError(f"'{folder / stem}.json' is no result; expected what a command wrote: run it again, or take it out.")
            parts += _other(stem, result)
    return "\n".join(parts).rstrip() + "\n"


def read_result(path: Path) -> Result:
    """One JSON result. Raises CaravelaError for anything else."""
    try:
        result = json.loads(path.read_text())
    except OSError as error:
        raise CaravelaError(f"cannot read '{path}' ({error.strerror}); expected a result that a command wrote.") from error
    except ValueError as error:
        raise CaravelaError(f"'{path}' is no JSON ({error}); expected a result that a command wrote: run that command again.") from error
    if not isinstance(result, dict):
        raise CaravelaError(f"'{path}' holds a {type(result).__name__}; expected one JSON object: run the command that writes it again.")
    return result


def _other(stem: str, result: Result) -> list[str]:
    lines = [f"| {key} | {value} |" for key, value in _flat(result)]
    return [f"## {stem}\n", "| | |", "|---|---|", *lines, ""] if lines else []


def _flat(value: Result, above: str = "") -> list[tuple[str, str]]:
    """(name, text) of the plain values in nested objects; lists of objects are left to the file."""
    found: list[tuple[str, str]] = []
    for key, item in value.items():
        name = f"{above}{key}".replace("_", " ")
        if isinstance(item, dict):
            found += _flat(item, f"{above}{key}: ")
        elif isinstance(item, float):
            found.append((name, f"{item:.4g}" if abs(item) < 1e4 else f"{item:,.0f}"))
        elif not isinstance(item, list):
            found.append((name, str(item)))
        elif item and not isinstance(item[0], dict | list):
            found.append((name, ", ".join(map(str, item))))
    return found
