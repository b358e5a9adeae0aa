"""How a person in the car is asked for consent: one question at a time, with pauses, so that a client can neither nag nor catch a "yes" that
was meant for something else."""

from collections.abc import Callable
from dataclasses import dataclass

from caravela.cockpit.clients.consent import NAMELESS, Client, Consents
from caravela.cockpit.clients.scope import ASKED, Scope
from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.response import Response
from caravela.cockpit.situation import Situation
from caravela.cockpit.tool import FRONT, Place
from caravela.core.errors import CaravelaError

OPEN_S = 30.0  # s for which a question may be answered
SETTLE_S = 1.0  # s after a question in which a yes was meant for something else
PAUSE_S = 20.0  # s between two questions
AGAIN_S = 300.0  # s until the same is asked again, where nobody answered
MOST_ASKED = 256  # unanswered questions that are remembered


@dataclass(frozen=True)
class Asked:
    """A question that is open."""

    client: Client
    scope: Scope
    at_s: float

    @property
    def text(self) -> str:
        claim = "" if self.client.proved else ", as it calls itself,"
        return f"“{self.client.name}”{claim} would like to {ASKED[self.scope]}. Do you allow that?"


class Doorbell:
    """`tell` says the question to those in front; `None` where there is nobody to hear it. `free` is false while another question is open."""

    def __init__(self, consents: Consents, *, tell: Callable[[str], None] | None = None, free: Callable[[], bool] = lambda: True) -> None:
        self._consents, self._tell, self._free = consents, tell, free
        self.open: Asked | None = None
        self._latest = -PAUSE_S
        self._asked: dict[tuple[str, Scope], float] = {}

    def nobody_there(self) -> None:
        """Nobody hears questions any more."""
        self._tell = None

    def ring(self, client: Client, scope: Scope, now: Situation) -> str:
        """Ask for a scope, if this is the time. Returns what to tell the client."""
        t_s = now.t_s
        if client.name == NAMELESS:
            return "a client that says no name cannot be allowed anything"
        if self._tell is None:
            return "nobody can be asked here; a person allows it with `caravela cockpit clients --allow`"
        if self.open is not None and t_s - self.open.at_s > OPEN_S:
            self.open = None
        if self.open is not None and (self.open.client, self.open.scope) == (client, scope):
            return "the person in the car has been asked and has not answered yet"
        if t_s - self._asked.get((client.name, scope), -AGAIN_S) < AGAIN_S:
            return "the person in the car was asked and did not answer"
        if self.open is not None or t_s - self._latest < PAUSE_S or not self._free():
            return "the person in the car cannot be asked just now"
        while len(self._asked) >= MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        self.open, self._latest = Asked(client, scope, t_s), t_s
        self._asked[client.name, scope] = t_s
        self._tell(self.open.text)
        return "the person in the car is asked now"

    def answer(self, answer: Answer, now: Situation, seat: Place) -> Response | None:
        """A yes allows it and a no refuses it, for good; None where no question is open. It is for those in front to say."""
        asked = self.open
        if asked is None or not SETTLE_S <= now.t_s - asked.at_s <= OPEN_S:
            return None
        if seat not in FRONT:
            return Response("That is for those in front to say.", refused=True)
        self.open = None
        if answer is Answer.CANCEL:
            return Response("I leave that open.")
        try:
            if answer is Answer.NO:
                self._consents.refuse(asked.client.name, (asked.scope,))
                return Response(f"All right, “{asked.client.name}” may not.")
            self._consents.allow(asked.client.name, (asked.scope,))
        except CaravelaError as error:
            return Response(str(error), refused=True)
        return Response(f"“{asked.client.name}” may, until you take it back.")
