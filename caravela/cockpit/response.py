"""What the agent answers: a sentence, and what was done for it."""

from dataclasses import dataclass

from caravela.cockpit.acting.gate import Change
from caravela.cockpit.replies import Speech
from caravela.core.request import Request


@dataclass(frozen=True)
class Response:
    """What the agent answers and what it did."""

    text: str
    changes: tuple[Change, ...] = ()
    requests: tuple[Request, ...] = ()
    asked: bool = False  # it asks back
    refused: bool = False  # at least one thing was refused
    understood: bool = True
    took_ms: float = 0.0  # from the words to the decision
    from_endpoint: bool = False  # the words are another model's: nothing but words


def fixed(
    say: Speech, sentence: str, changes: tuple[Change, ...] = (), *, asked: bool = False, refused: bool = False, understood: bool = True
) -> Response:
    """A sentence that has nothing to fill in, in the language of `say`."""
    return Response(say.fixed(sentence), changes, asked=asked, refused=refused, understood=understood)


def joined(responses: list[Response]) -> Response:
    """One answer of several."""
    return Response(
        " ".join(dict.fromkeys(response.text for response in responses if response.text)),
        tuple(change for response in responses for change in response.changes),
        tuple(request for response in responses for request in response.requests),
        any(response.asked for response in responses),
        any(response.refused for response in responses),
        all(response.understood for response in responses),
    )
