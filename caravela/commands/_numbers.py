"""Numbers among a command's options: which are too small, too large or none."""

from caravela.core.errors import CaravelaError


def at_least(lowest: float, **options: float | None) -> None:
    """Raises CaravelaError for an option (None where it was left out) that is below `lowest` or no number."""
    for name, got in options.items():
        if got is not None and not got >= lowest:
            raise CaravelaError(f"--{name.replace('_', '-')} is {got:g}; expected at least {lowest}.")


def within(lowest: float, highest: float, **options: float | None) -> None:
    """Raises CaravelaError for an option (None where it was left out) that is not within these bounds, or no number."""
    for name, got in options.items():
        if got is not None and not lowest <= got <= highest:
            raise CaravelaError(f"--{name.replace('_', '-')} is {got:g}; expected {lowest:g} to {highest:,g}.")
