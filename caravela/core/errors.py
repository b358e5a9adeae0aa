"""The one exception root. A `CaravelaError` is the user's to fix: the command line prints it as one sentence and
exits 2. Our own bugs stay `AssertionError` or whatever Python raises, with a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches

NEAR = 0.7  # share of letters that two names have in common from which one may be the other, mistyped
MOST = 16  # known names that a message lists


class CaravelaError(Exception):
    """Something the user can fix. The message says what we got, what we expected, and how to mend it."""


class MapError(CaravelaError):
    """A map file that cannot become a drivable lane graph."""


class RigError(CaravelaError):
    """A camera rig that cannot see."""


class BundleError(CaravelaError):
    """A model bundle that is missing, corrupt or of another version."""


class RecordingError(CaravelaError):
    """A recording that cannot be written or read."""


def install_hint(extra: str) -> str:
    """The command that installs an extra at the versions that are pinned; it is run in the folder of the sources."""
    return f".venv/bin/pip install --editable '.[{extra}]' --constraint constraints.txt"


def unknown_name(kind: str, got: str, known: Iterable[str]) -> CaravelaError:
    """An error for a name that is not in `known`: one that is nearly a known name gets that as a suggestion, any other the known names."""
    known = sorted(known)
    lower = {name.lower(): name for name in known}
    near = [lower[name] for name in get_close_matches(got.lower(), lower, n=2, cutoff=NEAR)]
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[:MOST])}{' …' if len(known) > MOST else ''}."
    return CaravelaError(f"unknown {kind} '{got[:80]}'; {hint}")
