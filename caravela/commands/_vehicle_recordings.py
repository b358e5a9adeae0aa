"""`caravela vehicle replay` and `verify`: a recording shown to the model again, and its seals."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._numbers import within
from caravela.core.errors import CaravelaError

LARGEST_TOLERANCE = 1e6  # beyond which nothing would be compared


@dataclass(frozen=True)
class ReplayOptions:
    """Show a recording to the model again and report the first difference. Ends with exit code 1 where a plan differs, no plan could be
    compared, or the seals say that something was changed."""

    recording: tyro.conf.Positional[Path]
    """A file that `caravela vehicle run --record` made."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    tolerance: float = 0.0
    """Largest difference that counts as none; another processor may need 1e-4."""


@dataclass(frozen=True)
class VerifyOptions:
    """Check the seals of a recording. Ends with exit code 1 where something was changed or is missing."""

    recording: tyro.conf.Positional[Path]
    """A file that `caravela vehicle run --record` made."""
    key: Path | None = None
    """File with the key that it was sealed with."""
    head: str | None = None
    """Its last digest, where that was kept elsewhere."""


def run_replay(options: ReplayOptions) -> dict[str, Any]:
    """Replay and compare. Raises CaravelaError for bad options, and for what cannot be read as a recording."""
    from caravela.vehicle.bundle import shipped
    from caravela.vehicle.policy import OnnxPolicy
    from caravela.vehicle.replay import read_recording, replay
    from caravela.vehicle.sealed import verify

    within(0.0, LARGEST_TOLERANCE, tolerance=options.tolerance)
    recorded = read_recording(options.recording)
    verdict = verify(options.recording)
    policy = OnnxPolicy(options.policy or shipped())
    found = replay(recorded, policy, rig=policy.rig, tolerance=options.tolerance)
    return {
        "ticks": found.ticks,
        "planned": found.planned,
        "compared": found.compared,
        "unseen": found.unseen,
        "same": found.first is None and found.compared > 0,
        "first_difference": None if found.first is None else vars(found.first),
        "largest_difference": found.largest,
        "same_model": policy.bundle.sha256() == recorded.model_sha256,
        "intact": verdict.intact,
        "unchanged": verdict.unchanged,
        "closed": verdict.closed,
        "seals_say": verdict.sentence(),
    }


def show_replay(result: dict[str, Any]) -> None:
    """The same for people."""
    first = result["first_difference"]
    outcome = "the same plans" if result["same"] else "nothing to compare" if first is None else "another plan"
    print(f"{result['compared']} of {result['planned']} plans compared ({result['unseen']} lack pictures): {outcome}.")
    if first is not None:
        print(
            f"first difference at tick {first['tick']} ({first['t_s']:.1f} s): {first['field']} was {first['recorded']:g}, is {first['replayed']:g}"
        )
    print(f"the model is {'the one' if result['same_model'] else 'another than the one'} that drove; {result['seals_say']}.")


def replay_code(result: dict[str, Any]) -> int:
    """1 where the plans are not the same, or not those that were recorded. A recording that a kill cut short is compared as far as it goes."""
    return 0 if result["same"] and result["unchanged"] else 1


def run_verify(options: VerifyOptions) -> dict[str, Any]:
    """Check the seals."""
    from caravela.vehicle.sealed import verify

    verdict = verify(options.recording, key=read_key(options.key), head=options.head)
    return {"intact": verdict.intact, "unchanged": verdict.unchanged, **vars(verdict), "seals_say": verdict.sentence()}


def show_verify(result: dict[str, Any]) -> None:
    """The same for people."""
    print(f"{result['seals_say']}.")
    print(f"{result['seals']} seals hold, the last one is {result['head']}")


def verify_code(result: dict[str, Any]) -> int:
    """1 where something was changed or is missing."""
    return 0 if result["intact"] else 1


def read_key(path: Path | None) -> bytes | None:
    """The key in a file, if there is one. Raises CaravelaError where it cannot be read."""
    if path is None:
        return None
    try:
        key = path.read_bytes()
    except OSError as error:
        raise CaravelaError(f"cannot read the key '{path}' ({error.strerror}); give --key a file.") from error
    if not key:
        raise CaravelaError(f"the key '{path}' is empty; expected at least a byte, better 32 that nobody can guess.")
    return key
