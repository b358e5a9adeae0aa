"""The file of a result: the commit that made it, a line for every drive, and two of one suite read together."""

from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError


def git_revision() -> str:
    """The commit that runs, marked where files differ from it; "unknown" outside a repository."""
    import subprocess

    folder = Path(__file__).resolve().parent
    try:
        ran = [
            subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True, timeout=10).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        ]
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return ran[0] + ("+changes" if ran[1] else "")


def text_of(result: dict[str, Any]) -> str:
    """A run's result as JSON, one line per drive."""
    import json

    head = json.dumps({key: value for key, value in result.items() if key != "rows"}, indent=1, allow_nan=False)
    rows = ",\n".join(f"  {json.dumps(row, allow_nan=False)}" for row in result["rows"])
    return f'{head[:-2]},\n "rows": [\n{rows}\n ]\n}}\n'


def _number(value: Any) -> bool:
    import math

    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _told(value: Any) -> bool:
    """Records of a driver's risk: s, m and a likelihood each."""
    return value is None or (isinstance(value, list) and all(isinstance(r, list) and len(r) == 3 and all(map(_number, r)) for r in value))


KINDS = {  # what a row's values have to be
    "map": lambda value: isinstance(value, str),
    "seed": _number,
    "allowed_s": _number,
    "success": lambda value: isinstance(value, bool),
    "failures": lambda value: isinstance(value, list) and all(isinstance(kind, str) for kind in value),
    "distance_m": _number,
    "expected_m": _number,
    "progress": _number,
    "first_failure_s": lambda value: value is None or _number(value),
    "rolls_m": lambda value: value is None or _number(value),
    "risk": _told,
}


def _wrong(row: Any, needs: set[str]) -> str:
    """What is wrong with a row; "" for nothing."""
    if not isinstance(row, dict):
        return "one is no object"
    if lacks := sorted(needs - row.keys()):
        return f"one lacks '{lacks[0]}'"
    if odd := [key for key in needs | {"risk", "rolls_m"} if key in KINDS and not KINDS[key](row.get(key))]:
        return f"one has {str(row.get(min(odd)))[:40]!r} as '{min(odd)}'"
    if "first_failure_s" in needs and row["first_failure_s"] is None and set(row["failures"]) - {"under_progress"}:
        return "one failed and does not say when ('first_failure_s')"
    return ""


def read_pair(first: Path, second: Path, *, needs: set[str]) -> list[dict[str, Any]]:
    """Two results of one suite whose rows have the keys that are needed. Raises CaravelaError for anything else."""
    from caravela.evaluate.pages.results import read_result

    results = [read_result(path) for path in (first, second)]
    for path, result in zip((first, second), results, strict=True):
        rows = result.get("rows")
        if not {"suite", "policy"} <= result.keys() or not isinstance(rows, list):
            raise CaravelaError(f"'{path}' is no result of `caravela evaluate run`; expected one of its JSON files.")
        if wrong := next((told for row in rows if (told := _wrong(row, needs))), ""):
            raise CaravelaError(
                f"the drives in '{path}' cannot be read: {wrong}; expected what `caravela evaluate run` writes: run it again."
            )
    suites = {str(result["suite"]) for result in results}
    if len(suites) > 1:
        raise CaravelaError(f"the two results are of different suites ({', '.join(sorted(suites))}); evaluate both on one.")
    if first.resolve() == second.resolve():
        raise CaravelaError(f"'{first}' is given twice; expected two results to set side by side.")
    return results


def names_of_two(results: list[dict[str, Any]], paths: tuple[Path, Path]) -> tuple[str, str]:
    """What to call two results: by policy, or by the folder or else the file's name as well where both are of one policy."""
    a, b = (str(result["policy"]) for result in results)
    if a != b:
        return a, b
    folders, files = [path.resolve().parent.name for path in paths], [path.stem for path in paths]
    first, second = folders if folders[0] != folders[1] else files
    return f"{a} ({first})", f"{b} ({second})"
