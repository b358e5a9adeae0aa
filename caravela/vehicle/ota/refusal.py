"""Why a car says no to an update: one reason by name, and a sentence."""

from enum import StrEnum

from caravela.core.errors import CaravelaError


class Reason(StrEnum):
    UNSIGNED = "unsigned"  # too few good signatures of the keys that the car trusts
    EXPIRED = "expired"  # what was signed is past its time
    OLDER = "older"  # than what the car has seen or driven with
    OTHER_TIER = "other tier"  # made for another computer
    DAMAGED = "damaged"  # bytes other than those signed, or no model
    FAILED_BEFORE = "failed before"  # it has failed its self-test in this car
    NOT_PARKED = "not parked"
    UNREACHABLE = "unreachable"  # the repository does not answer
    BUSY = "busy"  # another update is under way
    NOTHING = "nothing there"  # nothing staged, or nothing to go back to


class UpdateRefused(CaravelaError):
    """An update that the car does not take. What was active stays active."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(f"refused ({reason}): {sentence}")
        self.reason = reason
