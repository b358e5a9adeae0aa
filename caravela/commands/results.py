"""`caravela results`: docs/results.md from the JSON under results/."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caravela.commands._writing import unwritable, writable

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
    from caravela.evaluate.pages.results import page

    text = page(options.folder)
    writable(options.out)
    try:
        options.out.write_text(text)
    except OSError as error:
        raise unwritable(options.out, error) from error
    return {"page": str(options.out), "lines": text.count("\n")}
