"""What the server says no to: one sentence for the client, and the gRPC status that goes with it."""

from typing import Literal

from caravela.core.errors import CaravelaError

Status = Literal["INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND", "ALREADY_EXISTS", "RESOURCE_EXHAUSTED", "INTERNAL"]


class Refusal(CaravelaError):
    """A call that the client can mend. `status` is the name of a gRPC status code."""

    def __init__(self, sentence: str, status: Status = "INVALID_ARGUMENT") -> None:
        super().__init__(sentence)
        self.status = status


class Unusable(Refusal):
    """A camera of a kind that cannot be warped. The others may do without it."""
