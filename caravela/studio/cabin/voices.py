"""What is said by voice, by who says it: each seat has a conversation of its own, so that nobody says yes to what was read back to somebody else."""

from dataclasses import dataclass

from caravela.cockpit.agent import CockpitAgent
from caravela.cockpit.tool import Place
from caravela.cockpit.voice.conversation import Answered, Conversation
from caravela.cockpit.voice.stages import Transcript


@dataclass(frozen=True)
class ReadBack:
    """A question that is open: were these the words?"""

    words: str
    seat: Place
    at_s: float


class Voices:
    """All who have spoken to one agent. Times are the cabin's."""

    def __init__(self, agent: CockpitAgent) -> None:
        self._agent = agent
        self._conversations: dict[Place, Conversation] = {}

    def hear(self, transcript: Transcript, *, seat: Place, t_s: float) -> Answered:
        """Words that were recognised, or a yes or no that was given by hand."""
        if seat not in self._conversations:
            self._conversations[seat] = Conversation(self._agent, seat=seat)
        return self._conversations[seat].hear(transcript, t_s=t_s)

    def read_back(self, t_s: float, seat: Place | None = None) -> ReadBack | None:
        """What was read back last, to `seat` or to anybody, and waits for a yes."""
        found = []
        for place, conversation in self._conversations.items():
            if seat in (None, place) and (question := conversation.open_question(t_s)) is not None:
                found.append(ReadBack(question[0], place, question[1]))
        return max(found, key=lambda question: question.at_s, default=None)

    def forget(self, seat: Place | None = None) -> None:
        """Something else has come up for `seat`, or for all: what was read back is not answered any more."""
        if seat is None:
            self._conversations.clear()
        else:
            self._conversations.pop(seat, None)
