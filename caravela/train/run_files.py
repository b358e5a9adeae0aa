"""A run's files, on a disk that may fill up: each is written beside the old one and renamed over it, so that the last good one stays.
What cannot be written or read is told in one sentence."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from caravela.core.errors import BundleError, CaravelaError


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turns what a disk refuses while `path` is written into a CaravelaError."""
    try:
        yield
    except OSError as error:
        raise CaravelaError(
            f"cannot write '{path}' ({error.strerror or error}); free some space there, or give another --folder. What was saved before stays, "
            "and the same command goes on from it."
        ) from error


def replace_together(files: dict[Path, Callable[[Path], None]]) -> None:
    """Let each function write its file beside the old one, then rename them all. Raises CaravelaError where one of them cannot be
    written: then every old one stays."""
    parts = {path: path.with_name(f"{path.name}.part") for path in files}
    try:
        for path, write in files.items():
            with refusals(path):
                write(parts[path])
        for path, part in parts.items():
            with refusals(path):
                os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def write_tensors(path: Path, content: dict[str, Any]) -> None:
    """`torch.save`. Raises OSError where the disk refuses."""
    try:
        with path.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
    except RuntimeError as error:  # how torch's writer says that its file took less than it was given
        raise OSError(f"the file ended early: {str(error).splitlines()[0]}") from error


def read_tensors(path: Path, *, mend: str) -> dict[str, Any]:
    """What `write_tensors` wrote, on the CPU. Raises BundleError, which ends with how to `mend` it, for anything else."""
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, LookupError, RuntimeError, EOFError, ValueError, TypeError, UnpicklingError) as error:
        raise BundleError(f"'{path}' is damaged or not a training checkpoint ({type(error).__name__}); {mend}.") from error
    if not isinstance(saved, dict):
        raise BundleError(f"'{path}' holds a {type(saved).__name__}, and is not a training checkpoint; {mend}.")
    return saved


def append_row(path: Path, row: dict[str, float]) -> None:
    """One JSON line more. Raises CaravelaError where the disk refuses."""
    with refusals(path), path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def not_finite(what: str, *, at: str, kept: Path) -> CaravelaError:
    """The error for a loss or gradient that is no number, raised before it reaches the weights."""
    return CaravelaError(
        f"the {what} became infinite or no number at {at}, and training stopped before it reached the weights; the last good checkpoint is "
        f"'{kept}': start the same command again to go on from it, and where it comes again, begin another --folder with another --seed."
    )
