"""Other agents at the car of the page: the cockpit's door, behind the same lock as the conversation, so that a client and a person never act
at the same time. What a client is not allowed yet, a person is asked on the page."""

from collections.abc import Mapping
from typing import Any

from caravela.cockpit.clients.audit import Audit
from caravela.cockpit.clients.consent import Client
from caravela.cockpit.clients.door import Answer, Door
from caravela.studio.cabin.cabin import Cabin
from caravela.studio.cabin.conversation import Tone, Who
from caravela.studio.cabin.tongues import ENGLISH


class CabinDoor(Door):
    """A door into a cabin."""

    def __init__(self, cabin: Cabin, *, audit: Audit) -> None:
        super().__init__(cabin.gate, look=cabin.look, consents=cabin.consents, audit=audit, doorbell=cabin.doorbell)
        self._cabin = cabin

    def wait_s(self, client: Client) -> float:
        """See Door."""
        with self._cabin.lock:
            return super().wait_s(client)

    def call(self, client: Client, name: str, arguments: Mapping[str, Any] | None) -> Answer:
        """See Door. What moves something, or asks driving, is told in the conversation."""
        with self._cabin.lock:
            answer = super().call(client, name, arguments)
            if answer.accepted and ("changed" in answer.facts or "request" in answer.facts):
                deeds = tuple(answer.facts.get("changed", {}).items())
                wishes = (answer.facts["request"],) if "request" in answer.facts else ()
                text = f"{client.name}: {name.replace('_', ' ')}"
                self._cabin.conversation.add(
                    Who.CLIENT, text, t_s=self._cabin.now_s, tone=Tone.DONE, language=ENGLISH, deeds=deeds, wishes=wishes
                )
        self._cabin.tell()
        return answer
