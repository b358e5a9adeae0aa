"""Where a command's result goes: looked at before the work, so that nobody learns after hours that it cannot be written, or that it
replaced a result that was there, such as one that ships."""

import sys
from pathlib import Path

from caravela.core.errors import CaravelaError


def writable(path: Path, *, option: str = "out") -> Path:
    """`path`, in a folder that is there and takes files; a file that is there is announced as one to be replaced. Raises CaravelaError
    where nothing can be written; `option` is the one that says where."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.exists()
        with path.open("a"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        raise unwritable(path, error, option=option) from error
    return announced(path, option=option) if there else path


def announced(path: Path, *, option: str = "out") -> Path:
    """`path`; where a file is there, people are told that it will be replaced."""
    if path.exists():
        print(f"'{path}' is there and will be replaced; another --{option} keeps it.", file=sys.stderr, flush=True)
    return path


def unwritable(path: Path, error: OSError, *, option: str = "out") -> CaravelaError:
    return CaravelaError(f"cannot write '{path}' ({error.strerror}); give --{option} a place that you can write.")


def folder_for(path: Path, *, option: str = "folder") -> Path:
    """`path` as a folder that is there. Raises CaravelaError where it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CaravelaError(f"cannot make the folder '{path}' ({error.strerror}); give --{option} one that you can write.") from error
    return path
