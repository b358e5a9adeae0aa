"""`caravela vehicle update` and `caravela vehicle publish`: a car's versions, and the repository that it gets them from."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from caravela.core.errors import CaravelaError, unknown_name

if TYPE_CHECKING:
    from caravela.vehicle.ota.standing import Standing
    from caravela.vehicle.ota.updater import CarUpdater

ACTIONS = ("new", "check", "stage", "swap", "boot", "rollback", "status")


@dataclass(frozen=True)
class UpdateOptions:
    """A car's versions: verified, staged, swapped in when parked, tried at the next boot, rolled back where they fail.

    new: set the car up. check: what is offered? stage: bring it, verified. swap: let the next boot try it. boot: start, with the trial
    if it passes its self-test, else with the last good version. rollback: back to the version before. status: what the car has."""

    action: tyro.conf.Positional[str]
    """new, check, stage, swap, boot, rollback or status."""
    car: Path = Path("car")
    """The folder that holds the car's versions."""
    source: str | None = None
    """check, stage: the repository, a folder or an http(s) address."""
    root: Path | None = None
    """new: root metadata to trust, as in REPOSITORY/metadata/1.root.json."""
    policy: Path | None = None
    """new: the bundle that the car comes with; by default the one that ships."""
    speed: float | None = None
    """swap, boot, rollback: what the car measures, m/s; not known by default."""
    parking_brake: bool = False
    """swap, boot, rollback: the parking brake is on."""
    engaged: bool = False
    """swap, boot, rollback: L2 or L4 is on."""


@dataclass(frozen=True)
class PublishOptions:
    """Offer a bundle to the cars of its tier; without one, say that what is out still counts (daily: a car refuses what is past its time)."""

    bundle: tyro.conf.Positional[Path | None] = None
    """A model bundle: its own name says for which tier."""
    repository: Path = Path("repository")
    """The repository's folder; a web server may show it as it is."""
    keys: Path = Path("keys")
    """The folder of the private keys; never in the repository."""
    new: bool = False
    """Make the repository and its keys first."""
    release: int | None = None
    """Its number; by default the one after the newest."""


def run_update(options: UpdateOptions) -> dict[str, Any]:
    """One step. Raises CaravelaError for bad options, and UpdateRefused, with the reason, for what the car does not take."""
    from caravela.vehicle.ota.car_folder import CarFolder
    from caravela.vehicle.ota.updater import CarUpdater

    if options.action not in ACTIONS:
        raise unknown_name("action of `caravela vehicle update`", options.action, ACTIONS)
    updater = CarUpdater(CarFolder(options.car))
    standing = _standing(options.speed, parking_brake=options.parking_brake, engaged=options.engaged)
    try:
        done = _set_up(options) if options.action == "new" else _act(updater, options, standing)
        return {"action": options.action, "car": str(options.car)} | done | updater.status()
    except OSError as error:
        raise CaravelaError(
            f"the disk of '{options.car}' does not do it ({error}); make room, or give a folder that you can write."
        ) from error


def _set_up(options: UpdateOptions) -> dict[str, Any]:
    from caravela.vehicle.bundle import open_bundle, shipped
    from caravela.vehicle.ota.car_folder import CarFolder
    from caravela.vehicle.ota.trust import checked_root

    if options.root is None:
        raise CaravelaError("new needs --root; expected a repository's root metadata, as in repository/metadata/1.root.json.")
    try:
        root = checked_root(options.root.read_bytes(), source=f"--root '{options.root}'")
    except OSError as error:
        raise CaravelaError(f"cannot read --root '{options.root}' ({error.strerror}); give a repository's metadata/1.root.json.") from error
    bundle = open_bundle(options.policy or shipped())
    CarFolder.set_up(options.car, root=root, bundle=bundle.path, tier=bundle.card.name)
    return {}


def _act(updater: "CarUpdater", options: UpdateOptions, standing: "Standing") -> dict[str, Any]:
    """Any step but setting up."""
    if options.action in ("check", "stage"):
        if options.source is None:
            raise CaravelaError(f"{options.action} needs --source; expected a repository's folder or http(s) address.")
        version, news = (updater.check if options.action == "check" else updater.stage)(options.source)
        return {"offered": version, "news": news}
    if options.action == "swap":
        return {"swapped": updater.swap(standing, now=datetime.now(UTC))}
    if options.action == "rollback":
        return {"back_to": updater.rollback(standing)}
    if options.action == "boot":
        booted = updater.boot(standing)
        return {"booted": booted.version, "happened": booted.notes}
    return {}


def start(car: Path, *, speed: float | None, parking_brake: bool, engaged: bool) -> tuple[Path, tuple[str, ...]]:
    """Start the car in that folder, with a trial only where it is known to be parked; `speed` in m/s, None where it is not known. Returns
    its bundle, and what happened on the way. Raises CaravelaError where there is none."""
    from caravela.vehicle.ota.car_folder import CarFolder
    from caravela.vehicle.ota.updater import CarUpdater

    booted = CarUpdater(CarFolder(car)).boot(_standing(speed, parking_brake=parking_brake, engaged=engaged))
    return booted.path, booted.notes


def _standing(speed: float | None, *, parking_brake: bool, engaged: bool) -> "Standing":
    from caravela.vehicle.ota.standing import Standing

    return Standing(math.nan if speed is None else speed, parking_brake, engaged)


def show_update(result: dict[str, Any]) -> None:
    """The same for people."""
    for note in (*result.get("happened", ()), *result["notes"]):
        print(note)
    if "offered" in result:
        print(f"release {result['offered'].release} is offered: {'news' if result['news'] else 'the car has it'}")
    for name in ("active", "previous", "staged", "trial"):
        if version := result[name]:
            print(f"{name:<9} release {version.release}, sha256 {version.sha256[:16]}, {version.length / 1e6:.1f} MB")
    for failed in result["failed"]:
        print(f"failed    release {failed.release}: {failed.why}")
    print(f"tier '{result['tier']}' drives with {result['bundle']}")


def run_publish(options: PublishOptions) -> dict[str, Any]:
    """Sign. Raises CaravelaError for bad options, missing keys or a repository that is none."""
    from caravela.vehicle.bundle import open_bundle
    from caravela.vehicle.ota.repository import Keys, Repository

    now, keys = datetime.now(UTC), Keys(options.keys)
    bundle = None if options.bundle is None else open_bundle(options.bundle)
    if options.keys.resolve().is_relative_to(options.repository.resolve()):
        raise CaravelaError(f"--keys '{options.keys}' lies in the repository, which everybody reads; give a folder outside it.")
    repository = Repository.make(options.repository, keys, now=now) if options.new else Repository(options.repository, keys)
    if bundle is not None:
        repository.publish(bundle.path, tier=bundle.card.name, release=options.release, now=now)
    elif not options.new:
        repository.renew(now=now)
    return {"repository": str(options.repository), "root": str(repository.first_root), "releases": repository.releases()}
