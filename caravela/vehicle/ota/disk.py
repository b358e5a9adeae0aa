"""The few ways in which an update changes the disk. Each is done when it returns: also after a power cut. Between any two system calls
`step` is told what comes next, so that a test can cut the power exactly there."""

import os
from collections.abc import Callable
from pathlib import Path

Step = Callable[[str], None]


def no_step(name: str) -> None:
    """Nobody listens."""


class Disk:
    """Writes, moves and removes for good. Raises OSError where the disk does not do it."""

    def __init__(self, step: Step = no_step) -> None:
        self.step = step

    def write(self, path: Path, data: bytes) -> None:
        """`data` as the content of `path`. In place: a cut in between leaves a part of it."""
        self.step(f"open {path.name}")
        with open(path, "wb", buffering=0) as file:
            middle = len(data) // 2
            for number, part in enumerate((memoryview(data)[:middle], memoryview(data)[middle:]), 1):
                self.step(f"write {path.name}, {number} of 2")
                while len(part):
                    part = part[file.write(part) or 0 :]
        self.sync(path)
        self.sync(path.parent)

    def sync(self, path: Path) -> None:
        """Have the content of a file, or a folder's list of names, on the disk."""
        self.step(f"sync {path.name}")
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, path: Path) -> None:
        """A folder, if there is none yet."""
        if not path.is_dir():
            self.step(f"make {path.name}")
            path.mkdir(parents=True)
            self.sync(path.parent)

    def move(self, path: Path, target: Path) -> None:
        """Give a file, whose content is synced, another name at one stroke."""
        self.step(f"move {path.name} to {target.name}")
        os.replace(path, target)
        self.sync(target.parent)

    def remove(self, path: Path) -> None:
        """A file is there no more."""
        self.step(f"remove {path.name}")
        path.unlink(missing_ok=True)
        self.sync(path.parent)
