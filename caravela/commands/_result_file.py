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


def read_pair(first: Path, second: Path, *, needs: set[str]) -> list[dict[str, Any]]:
    """Two results of one suite whose rows have the keys that are needed. Raises CaravelaError for anything else."""
    from caravela.evaluate.report import read_result

    results = [read_result(path) for path in (first, second)]
    for path, result in zip((first, second), results, strict=True):
        rows = result.get("rows")
        if (
            not {"suite", "policy"} <= result.keys()
            or not isinstance(rows, list)
            or not all(isinstance(row, dict) and needs <= row.keys() for row in rows)
        ):
            raise CaravelaError(f"'{path}' is no result of `caravela evaluate run`; expected one of its JSON files.")
    suites = {result["suite"] for result in results}
    if len(suites) > 1:
        raise CaravelaError(f"the two results are of different suites ({', '.join(sorted(suites))}); evaluate both on one.")
    return results
