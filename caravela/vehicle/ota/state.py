"""What a car knows about its versions, and every change that this can undergo: a frozen value and pure functions of it, without disk or
network. It is written down after each change, so a power cut leaves the value before or the value after.

    staged --swap--> trial --self-test passed--> active; what was active is kept as previous
                       \\--failed, or tried too often--> failed; active stays as it was"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

ATTEMPTS = 2  # times that a trial may begin: power may be lost during one without the version's fault
FAILED_KEPT = 16  # failed versions that are remembered
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")  # of a tier
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Version:
    """A bundle file, named by its content."""

    release: int  # counts up; 0 came with the car
    sha256: str
    length: int  # bytes
    expires: str = ""  # ISO 8601, UTC: when the signature over it is past its time; "" for what came with the car

    @property
    def file(self) -> str:
        """Its name in the car's folder."""
        return f"{self.release}-{self.sha256[:16]}.onnx"


@dataclass(frozen=True)
class Failed:
    """A version that is not tried again."""

    release: int
    sha256: str
    why: str


@dataclass(frozen=True)
class CarState:
    """All that a car knows about its versions."""

    tier: str
    factory: Version  # came with the car, kept for good
    active: Version  # the last good one
    newest: Version  # the newest that ever passed its self-test: nothing older is taken
    previous: Version | None = None  # was active before
    staged: Version | None = None  # verified and waiting
    trial: Version | None = None  # swapped in, not yet known to be good
    attempts: int = 0  # begun self-tests of the trial
    failed: tuple[Failed, ...] = ()

    def versions(self) -> Iterator[Version]:
        """Those whose files are needed."""
        yield from (each for each in (self.factory, self.active, self.previous, self.staged, self.trial) if each is not None)

    def bootable(self) -> tuple[Version, ...]:
        """Those known to be good, in the order in which they are booted."""
        return tuple(dict.fromkeys(each for each in (self.active, self.previous, self.factory) if each is not None))

    def failure(self, sha256: str) -> Failed | None:
        """How that version failed in this car, if it did."""
        return next((each for each in self.failed if each.sha256 == sha256), None)

    def with_staged(self, version: Version) -> "CarState":
        """`version` waits for the car to be parked, in place of what waited before."""
        return replace(self, staged=version)

    def swapped(self) -> "CarState":
        """What is staged is tried at the next boot."""
        assert self.staged is not None, "nothing is staged"
        return replace(self, trial=self.staged, staged=None, attempts=0)

    def tried(self) -> "CarState":
        """A self-test of the trial begins."""
        return replace(self, attempts=self.attempts + 1)

    def confirmed(self) -> "CarState":
        """The trial passed: it is active, and what was active is kept."""
        assert self.trial is not None, "nothing is on trial"
        newest = max(self.newest, self.trial, key=lambda version: version.release)
        previous = self.previous if self.trial == self.active else self.active
        return replace(self, active=self.trial, previous=previous, newest=newest, trial=None, attempts=0)

    def given_up(self, why: str) -> "CarState":
        """The trial failed: what was active stays so."""
        assert self.trial is not None, "nothing is on trial"
        return replace(self._with_failed(self.trial, why), trial=None, attempts=0)

    def dropped(self) -> "CarState":
        """The trial's file is damaged on the disk: it may be fetched again."""
        return replace(self, trial=None, attempts=0)

    def rolled_back(self, why: str) -> "CarState":
        """The previous version is active again, and what was active is not taken again."""
        assert self.previous is not None, "there is no previous version"
        return replace(self._with_failed(self.active, why), active=self.previous, previous=None, staged=None, trial=None, attempts=0)

    def fallen_back(self, version: Version) -> "CarState":
        """What was active is damaged on the disk: `version` is active. The damaged one may be fetched again."""
        return replace(self, active=version, previous=None)

    def _with_failed(self, version: Version, why: str) -> "CarState":
        failed = [each for each in self.failed if each.sha256 != version.sha256]
        return replace(self, failed=(*failed, Failed(version.release, version.sha256, why[:300]))[-FAILED_KEPT:])


def to_json(state: CarState) -> str:
    """As text, the same for the same state."""
    return json.dumps(asdict(state), sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> CarState:
    """Inverse of `to_json`. Raises ValueError for what is no state."""
    try:
        values = json.loads(text)
        optional = {name: None if values[name] is None else read_version(values[name]) for name in ("previous", "staged", "trial")}
        failed = tuple(Failed(_count(each["release"]), _match(SHA256, each["sha256"]), str(each["why"])) for each in values["failed"])
        state = CarState(
            tier=_match(NAME, values["tier"]),
            factory=read_version(values["factory"]),
            active=read_version(values["active"]),
            newest=read_version(values["newest"]),
            attempts=_count(values["attempts"]),
            failed=failed,
            **optional,
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if to_json(state) != text:
        raise ValueError("it holds more than a state")
    return state


def read_version(value: Any) -> Version:
    """A version from JSON. Raises ValueError, KeyError or TypeError for what is none."""
    expires = value["expires"]
    if not isinstance(expires, str):
        raise ValueError("expires is no text")
    return Version(_count(value["release"]), _match(SHA256, value["sha256"]), _count(value["length"]), expires)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise ValueError(f"{value!r:.40} is no count")
    return value


def _match(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{value!r:.40} does not fit {pattern.pattern}")
    return value
