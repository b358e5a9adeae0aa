"""The folder in which a car keeps its versions:

    root.json           the repository's keys that the car trusts from the start
    metadata/           what it has verified since (kept by TUF's client)
    versions/           the bundles, one file each; what no state names is swept away
    incoming.onnx       a bundle on its way in
    state.factory.json  the state as it was set up; never changed
    state.0.json, state.1.json   the newest state and the one before, written in turn

A state is one line with a number that counts up and a checksum. It is written over the older of the two files, so while one is being
written the other is whole: whenever power is cut, the newest whole one is the state."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caravela.core.errors import CaravelaError
from caravela.vehicle.ota.disk import Disk
from caravela.vehicle.ota.refusal import Reason, UpdateRefused
from caravela.vehicle.ota.state import NAME, CarState, Version, from_json, to_json

STATE_BYTES = 1 << 20  # of a state that is still believed
FACTORY, SLOTS = "state.factory.json", ("state.0.json", "state.1.json")


class CarFolder:
    """A car's versions on its disk."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self.path = path
        self.disk = disk or Disk()
        self.root, self.metadata, self.versions = path / "root.json", path / "metadata", path / "versions"
        self.incoming = path / "incoming.onnx"

    @staticmethod
    def set_up(path: Path, *, root: bytes, bundle: Path, tier: str, disk: Disk | None = None) -> "CarFolder":
        """A new car that trusts the keys in `root` (a repository's root metadata) and drives with the file `bundle`.

        Raises:
            CaravelaError where there is a car already, the tier is no name, or a file can't be read or written.
        """
        folder = CarFolder(path, disk)
        if (path / FACTORY).exists():
            raise CaravelaError(f"there is a car at '{path}' already; give --car a new folder.")
        if not NAME.fullmatch(tier):
            raise CaravelaError(f"got the tier '{tier[:80]}'; expected a name of small letters, digits, '.', '_' and '-', as in 'se'.")
        try:
            content = bundle.read_bytes()
            version = Version(0, hashlib.sha256(content).hexdigest(), len(content))
            for each in (path, folder.metadata, folder.versions):
                folder.disk.make_folder(each)
            folder.disk.write(folder.root, root)
            folder.disk.write(folder.file(version), content)
            for slot in SLOTS:  # of a car that was here before, whose higher numbers would count
                if (path / slot).exists():
                    folder.disk.remove(path / slot)
            state = CarState(tier, factory=version, active=version, newest=version)
            folder.disk.write(path / FACTORY, _sealed(0, state))  # last: from here on it is a car
        except OSError as error:
            raise CaravelaError(f"cannot set up a car at '{path}' ({error}); give a bundle and a folder that you can write.") from error
        return folder

    def read(self) -> tuple[CarState, list[str]]:
        """The state, and what was found damaged. Raises CaravelaError where there is no car."""
        found, damaged = self._states()
        if not found:
            what = f"what is at '{self.path}' is damaged" if damaged else f"no car at '{self.path}'"
            raise CaravelaError(f"{what}; expected a folder that `caravela vehicle update new` set up.")
        return found[max(found)], [f"{name} is damaged: the state before it counts" for name in damaged]

    def write(self, state: CarState) -> None:
        """Write the state down. Raises OSError where the disk does not take it; the state before counts then."""
        numbers = {name: number for name in SLOTS if (number := _number(self.path / name)) is not None}
        older = min(SLOTS, key=lambda name: numbers.get(name, 0))
        self.disk.write(self.path / older, _sealed(max(numbers.values(), default=0) + 1, state))

    def file(self, version: Version) -> Path:
        """Where a version lies."""
        return self.versions / version.file

    def is_whole(self, version: Version) -> bool:
        """Whether that file is there, with every byte as it was signed."""
        return is_whole(self.file(version), version)

    def sweep(self) -> None:
        """Remove what an interrupted update left, and versions that neither state names any more."""
        found, _ = self._states()
        needed = {version.file for state in found.values() for version in state.versions()}
        left = [self.incoming, *self.metadata.glob("tmp*")] + [path for path in self.versions.iterdir() if path.name not in needed]
        for path in left:
            if path.is_file():
                self.disk.remove(path)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Alone with the state; waits for others, who are quick. It is freed when the process ends, however it ends."""
        with _alone(self.path, wait=True):
            yield

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Alone with `metadata` and `incoming`. Raises UpdateRefused where another update is being fetched."""
        with _alone(self.metadata, wait=False):
            yield

    def _states(self) -> tuple[dict[int, CarState], list[str]]:
        """The whole states by number, and the names of damaged files."""
        found: dict[int, CarState] = {}
        damaged = []
        for name in (FACTORY, *SLOTS):
            try:
                number, state = _unsealed(self.path / name)
                found[number] = state
            except FileNotFoundError:
                pass
            except (OSError, ValueError):
                damaged.append(name)
        return found, damaged


def is_whole(path: Path, version: Version) -> bool:
    """Whether the file at `path` is, byte for byte, that version."""
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size != version.length:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == version.sha256
    except OSError:
        return False


def _sealed(number: int, state: CarState) -> bytes:
    text = to_json(state)
    return json.dumps({"number": number, "check": _check(number, text), "state": text}).encode()


def _unsealed(path: Path) -> tuple[int, CarState]:
    """Raises OSError or ValueError where there is no whole state."""
    with open(path, "rb") as file:
        content = file.read(STATE_BYTES)
    try:
        values = json.loads(content)
        number, text = values["number"], values["state"]
        if type(number) is not int or number < 0 or values["check"] != _check(number, text):
            raise ValueError("its checksum is another")
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return number, from_json(text)


def _number(path: Path) -> int | None:
    """The number of the state in that file; None where it holds no whole one."""
    try:
        return _unsealed(path)[0]
    except (OSError, ValueError):
        return None


def _check(number: int, text: str) -> str:
    return hashlib.sha256(f"{number}\n{text}".encode()).hexdigest()


@contextmanager
def _alone(folder: Path, *, wait: bool) -> Iterator[None]:
    """A lock on the folder itself: no file to leave behind, and a disk that takes no writing can still be booted from."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise CaravelaError(f"no car at '{folder}' ({error.strerror}); expected one that `caravela vehicle update new` set up.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise UpdateRefused(Reason.BUSY, "another update of this car is being fetched; try again when it is done.") from error
        yield
    finally:
        os.close(descriptor)
