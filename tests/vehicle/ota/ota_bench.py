"""A repository, a car and cheap bundles: text that says its tier and whether it passes its self-test."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from caravela.vehicle.ota.car_folder import CarFolder
from caravela.vehicle.ota.disk import Disk, Step, no_step
from caravela.vehicle.ota.repository import Keys, Repository
from caravela.vehicle.ota.self_test import Verdict
from caravela.vehicle.ota.standing import PARKED
from caravela.vehicle.ota.updater import Booted, CarUpdater

NOW = datetime.now(UTC)


class QuickDisk(Disk):
    """Asks the disk to keep nothing: for tests that cut no power."""

    def sync(self, path: Path) -> None:
        self.step(f"sync {path.name}")


def bundle(name: str, *, tier: str = "se", fault: str = "") -> bytes:
    """A bundle that says of itself what `weigh` reads."""
    return f"{tier}|{fault}|{name}|".encode() + name.encode() * 100


def weigh(path: Path, *, drive: bool) -> Verdict:
    """The self-test of such a bundle."""
    tier, fault, *_ = path.read_bytes().decode(errors="replace").split("|")
    return Verdict(tier, fault if drive else "")


@dataclass
class Bench:
    """A repository and a car of the tier 'se' that trusts it and came with the bundle 'factory'."""

    folder: Path
    repository: Repository

    @property
    def address(self) -> str:
        return str(self.repository.folder)

    @property
    def car(self) -> Path:
        return self.folder / "car"

    def publish(self, content: bytes, *, tier: str = "se", release: int | None = None, now: datetime = NOW) -> int:
        file = self.folder / "bundle"
        file.write_bytes(content)
        return self.repository.publish(file, tier=tier, release=release, now=now)

    def updater(self, *, step: Step = no_step, disk: Disk | None = None) -> CarUpdater:
        return CarUpdater(CarFolder(self.car, disk or QuickDisk(step)), examine=weigh)

    def update(self) -> Booted:
        """All steps of a parked car."""
        updater = self.updater()
        updater.stage(self.address)
        updater.swap(PARKED, now=NOW)
        return updater.boot(PARKED)

    def active(self) -> bytes:
        """What the car drives with, once started; it must be as it was signed."""
        return self.updater().boot(PARKED).path.read_bytes()

    def copy(self, folder: Path) -> "Bench":
        """The same car elsewhere, in place of any there, with the same repository."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.car, folder / "car", symlinks=True)
        return Bench(folder, self.repository)


def make_bench(folder: Path) -> Bench:
    folder.mkdir()
    keys = Keys(folder / "keys")
    repository = Repository.make(folder / "repository", keys, now=NOW)
    (folder / "bundle").write_bytes(bundle("factory"))
    root = repository.first_root.read_bytes()
    CarFolder.set_up(folder / "car", root=root, bundle=folder / "bundle", tier="se", disk=QuickDisk())
    return Bench(folder, repository)
