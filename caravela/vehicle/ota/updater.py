"""The steps of an update, in a car: check, stage, swap, boot, roll back. Checking and staging may happen on the road, for they change
nothing that drives. A swap needs a parked car, and so does the boot that tries the new version: it becomes active when its
self-test has passed, and until then the last good one stays what is booted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError
from caravela.vehicle.ota.car_folder import CarFolder, is_whole
from caravela.vehicle.ota.refusal import Reason, UpdateRefused
from caravela.vehicle.ota.self_test import Examine, examine
from caravela.vehicle.ota.standing import Standing
from caravela.vehicle.ota.state import ATTEMPTS, CarState, Version
from caravela.vehicle.ota.trust import Offer, Trust, checked_root

MakeTrust = Callable[[str, CarFolder], Trust]


@dataclass(frozen=True)
class Booted:
    """What a car starts with."""

    version: Version
    path: Path
    notes: tuple[str, ...]  # what happened on the way, a sentence each


def trust(address: str, folder: CarFolder) -> Trust:
    """The repository at `address`, as this car sees it. Raises CaravelaError where there is none, or no root to trust."""
    try:
        root = folder.root.read_bytes()
    except OSError as error:
        raise CaravelaError(
            f"the car at '{folder.path}' has lost the keys that it trusts ({error.strerror}); set one up in a new folder."
        ) from error
    root = checked_root(root, source=f"'{folder.root}'")
    return Trust(address, root=root, metadata=folder.metadata, disk=folder.disk)


class CarUpdater:
    """Updates the car in a folder. Where the disk fails, every step raises OSError, and the state before stays."""

    def __init__(self, folder: CarFolder, *, examine: Examine = examine, trust: MakeTrust = trust) -> None:
        self.folder, self._examine, self._trust = folder, examine, trust

    def check(self, address: str) -> tuple[Version, bool]:
        """What the repository at `address` offers, and whether it is news. Raises UpdateRefused with the reason, CaravelaError for no car."""
        state, _ = self.folder.read()
        with self.folder.fetching():
            version = self._acceptable(state, self._trust(address, self.folder)).version
        return version, version.sha256 != state.active.sha256

    def stage(self, address: str) -> tuple[Version, bool]:
        """Bring the offered version into the car, verified, to wait for a swap. Returns it, and whether it waits: one that is active or
        on trial already does not. Raises as `check`."""
        folder = self.folder
        state, _ = folder.read()
        with folder.fetching():
            with folder.changing():
                folder.sweep()
            repository = self._trust(address, folder)
            offer = self._acceptable(state, repository)
            version = offer.version
            had = [each for each in (state.active, state.trial) if each is not None and each.sha256 == version.sha256]
            if any(folder.is_whole(each) for each in had):
                return version, False
            if not folder.is_whole(version):
                self._bring(offer, repository, state.tier)
            with folder.changing():
                state, _ = folder.read()
                folder.write(state.with_staged(version))
        return version, True

    def swap(self, standing: Standing, *, now: datetime) -> Version:
        """Let the next boot try what is staged. Raises UpdateRefused where the car isn't parked, or what is staged is not there, no longer
        whole, past its time, older than what the car drives with by now, or has failed before."""
        self._must_be_parked(standing)
        with self.folder.changing():
            state, _ = self.folder.read()
            version = state.staged
            if version is None:
                raise UpdateRefused(Reason.NOTHING, "nothing is staged; stage an update first.")
            if not self.folder.is_whole(version):
                raise UpdateRefused(Reason.DAMAGED, f"the staged release {version.release} is not as it was signed; stage it again.")
            if version.expires and datetime.fromisoformat(version.expires).replace(tzinfo=UTC) <= now:
                raise UpdateRefused(
                    Reason.EXPIRED, f"the staged release {version.release} was signed until {version.expires}; stage a newer one."
                )
            _refuse_older_or_failed(state, version)
            self.folder.write(state.swapped())
        return version

    def boot(self, standing: Standing) -> Booted:
        """The version to drive with: a trial that passes its self-test now, or else the last good one that is whole. An unwritable
        disk is noted, not raised. Raises CaravelaError only where there is no car or no whole version in it."""
        folder = self.folder
        with folder.changing():
            state, notes = folder.read()
            if (trial := state.trial) is not None:
                try:
                    state = self._try_out(state, trial, standing, notes)
                except OSError as error:
                    notes.append(f"release {trial.release} was not tried: the disk takes no writing ({error.strerror})")
                    state, _ = folder.read()
            for version in state.bootable():
                if folder.is_whole(version):
                    break
                notes.append(f"release {version.release} is damaged on the disk")
            else:
                raise CaravelaError(
                    f"no version in '{folder.path}' is whole; set a car up with `caravela vehicle update new` in a new folder."
                )
            if version != state.active:
                notes.append(f"release {version.release} is active instead")
                try:
                    folder.write(state.fallen_back(version))
                except OSError as error:
                    notes.append(f"that could not be written down ({error.strerror})")
        return Booted(version, folder.file(version), tuple(notes))

    def rollback(self, standing: Standing, *, why: str = "rolled back by hand") -> Version:
        """Make the previous version active, and never take the present one again. Raises UpdateRefused where the car isn't parked, or
        there is no whole previous version."""
        self._must_be_parked(standing)
        with self.folder.changing():
            state, _ = self.folder.read()
            if state.previous is None or not self.folder.is_whole(state.previous):
                raise UpdateRefused(Reason.NOTHING, f"there is no whole version before release {state.active.release}; stage a newer one.")
            self.folder.write(state.rolled_back(why))
        return state.previous

    def status(self) -> dict[str, Any]:
        """The state, for people and JSON. Raises CaravelaError where there is no car."""
        state, notes = self.folder.read()
        shown = {name: getattr(state, name) for name in ("active", "previous", "staged", "trial", "newest", "factory")}
        whole = all(self.folder.is_whole(version) for version in state.versions())
        rest = {"attempts": state.attempts, "failed": list(state.failed), "whole": whole, "notes": notes}
        return {"tier": state.tier, "bundle": str(self.folder.file(state.active))} | shown | rest

    def _acceptable(self, state: CarState, repository: Trust) -> Offer:
        """What is offered, if this car may take it. Raises UpdateRefused."""
        offer = repository.offer(state.tier)
        _refuse_older_or_failed(state, offer.version)
        return offer

    def _bring(self, offer: Offer, repository: Trust, tier: str) -> None:
        """Download, look at it, and put it beside the others. Raises UpdateRefused for what is no bundle of this tier."""
        folder = self.folder
        repository.download(offer, folder.incoming)
        if not is_whole(folder.incoming, offer.version):
            raise UpdateRefused(Reason.DAMAGED, "what the disk holds is not what was downloaded; check the disk and try again.")
        verdict = self._examine(folder.incoming, drive=False)
        if verdict.fault:
            raise UpdateRefused(
                Reason.DAMAGED, f"release {offer.version.release} was signed but is no bundle ({verdict.fault}); publish another."
            )
        if verdict.tier != tier:
            raise UpdateRefused(
                Reason.OTHER_TIER, f"release {offer.version.release} holds a model of the tier '{verdict.tier}'; this car is '{tier}'."
            )
        folder.disk.move(folder.incoming, folder.file(offer.version))

    def _try_out(self, state: CarState, trial: Version, standing: Standing, notes: list[str]) -> CarState:
        """The state after the trial's self-test, written down. Raises OSError where that fails."""
        if objection := standing.objection():
            notes.append(f"release {trial.release} waits for the car to be parked: {objection}")
            return state
        if not self.folder.is_whole(trial):
            after, note = state.dropped(), "is damaged on the disk; it may be staged again"
        elif state.attempts >= ATTEMPTS:
            fault = f"its self-test was begun {state.attempts} times and never ended"
            after, note = state.given_up(fault), f"failed: {fault}"
        else:
            state = state.tried()
            self.folder.write(state)
            verdict = self._examine(self.folder.file(trial), drive=True)
            fault = verdict.fault or ("" if verdict.tier == state.tier else f"it is for the tier '{verdict.tier}'")
            after, note = (
                (state.given_up(fault), f"failed its self-test: {fault}") if fault else (state.confirmed(), "passed its self-test")
            )
        self.folder.write(after)
        notes.append(f"release {trial.release} {note}")
        return after

    @staticmethod
    def _must_be_parked(standing: Standing) -> None:
        if objection := standing.objection():
            raise UpdateRefused(Reason.NOT_PARKED, f"{objection}; park the car first.")


def _refuse_older_or_failed(state: CarState, version: Version) -> None:
    newest = state.newest
    if version.release < newest.release:
        raise UpdateRefused(
            Reason.OLDER, f"release {version.release} is offered; this car has driven with {newest.release}: offer a newer one."
        )
    if version.release == newest.release and version.sha256 != newest.sha256:
        raise UpdateRefused(
            Reason.OLDER, f"another file is offered as release {version.release}, which this car has: give it a new number."
        )
    if failed := state.failure(version.sha256):
        raise UpdateRefused(Reason.FAILED_BEFORE, f"release {version.release} has failed in this car ({failed.why}); offer another.")
