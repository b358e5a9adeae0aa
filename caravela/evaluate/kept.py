"""What a run has done so far, kept in files until it is complete: named by all that it depends on, written whole or not at all."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError


def key(*parts: Any) -> str:
    """A name that is the same for the same parts only."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def read(path: Path) -> list[dict[str, Any]] | None:
    """The rows of a file; None where it is not there, or torn: they are made again."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write whole or not at all. Raises CaravelaError where the disk refuses."""
    partial = path.with_suffix(f".{os.getpid()}.partial")  # two runs may come to the same drives
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(rows))
        partial.replace(path)
    except OSError as error:
        raise CaravelaError(
            f"cannot keep what is done so far in '{path.parent}' ({error.strerror}); make room there or set XDG_CACHE_HOME."
        ) from error
