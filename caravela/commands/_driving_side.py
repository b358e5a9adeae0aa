"""The side of the road that is assumed where nothing says it: footage and other people's worlds do not."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caravela.core.bundle import BundleCard


def assumed_side(card: "BundleCard", *, lefthand: bool) -> str | None:
    """A sentence about the side that the driver of `card` is told, and how to change it; None where the driver is told none."""
    if card.ego_values < 3:
        return None
    if lefthand:
        return "traffic is taken to keep to the left, as --lefthand says; where it keeps to the right, leave that out."
    return "traffic is assumed to keep to the right; where it keeps to the left, add --lefthand."
