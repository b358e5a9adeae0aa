"""`caravela results`: docs/results.md from the JSON under results/."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

HELP = "write docs/results.md from the JSON under results/"


@dataclass(frozen=True)
class Options:
    """Write the page of results anew. Every number in it comes from a file."""

    folder: Path = Path("results")
    """Where the results are."""
    out: Path = Path("docs/results.md")
    """The page."""


def run(options: Options) -> dict[str, Any]:
    """Read all, write one."""
    from caravela.core.errors import CaravelaError
    from caravela.evaluate.report import page

    text = page(options.folder)
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)
    except OSError as error:
        raise CaravelaError(
            f"cannot write '{options.out}' ({error.strerror}); give --out a file in a folder that you can write."
        ) from error
    return {"page": str(options.out), "lines": text.count("\n")}
