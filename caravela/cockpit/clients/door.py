"""The door through which other agents reach the car. In this order: how often, what, whether a person allowed it, and then the same gate as
for the car's own agent, which may still say no. Whatever comes of it is in the record. It speaks no protocol: `server` does."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from caravela.cockpit.acting.gate import Gate
from caravela.cockpit.clients.audit import Audit, AuditError
from caravela.cockpit.clients.consent import NAMELESS, Client, Consents, Decision
from caravela.cockpit.clients.doorbell import Doorbell
from caravela.cockpit.clients.fields import checked, shown
from caravela.cockpit.clients.limits import STRANGERS, Limits
from caravela.cockpit.clients.offered import OF_VEHICLE, Deed, Look, Offered, offers, readable
from caravela.cockpit.clients.scope import Scope
from caravela.cockpit.situation import Situation
from caravela.cockpit.tool import Call
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import CaravelaError
from caravela.core.request import CapSpeed, Request, Wish
from caravela.core.signals import Value
from caravela.core.units import to_kph

MOST_NAME = 60  # characters of a name that are looked at
LEAST_SHARE = 0.5  # of the limit, that another agent may ask for: driving obeys a set speed
LIMIT_UNKNOWN = 50.0 / 3.6  # m/s, where the limit is not known
NO_RECORD = "the car's record cannot be written, and without it nothing is done."


@dataclass(frozen=True)
class Answer:
    """What another agent is told. `facts` is JSON: what was read, changed or handed to driving."""

    accepted: bool
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


class Door:
    """`look` gives the situation now; `scopes` are those that this car offers at all, whoever asks."""

    def __init__(
        self,
        gate: Gate,
        *,
        look: Callable[[], Situation],
        consents: Consents,
        audit: Audit,
        doorbell: Doorbell | None = None,
        limits: Limits | None = None,
        scopes: frozenset[Scope] = frozenset(Scope),
    ) -> None:
        self._gate, self._look, self._consents, self._audit = gate, look, consents, audit
        self._doorbell = doorbell or Doorbell(consents)
        self._limits, self._scopes = limits or Limits(), scopes
        self._flooding: set[str] = set()

    def offered(self) -> tuple[Offered, ...]:
        """What may be asked for, consent given."""
        return tuple(offered for offered in offers().values() if offered.scope in self._scopes)

    def wait_s(self, client: Client) -> float:
        """Count a request of `client`. Returns 0, or the seconds for which it has to wait. Raises AuditError where a flood cannot be recorded."""
        bucket = client.name if self._trusts(client) else STRANGERS
        wait = self._limits.take(bucket, self._look().t_s)
        if not wait:
            self._flooding.discard(bucket)
        elif bucket in self._flooding:
            self._audit.count()
        else:
            self._flooding.add(bucket)
            self._audit.write(self._audit.number(), "refused", **_told(client), why="too many requests")
        return wait

    def turn_away(self, why: str) -> None:
        """Record somebody who did not get as far as asking."""
        with suppress(AuditError):
            if not self.wait_s(Client(NAMELESS)):
                self._audit.write(self._audit.number(), "refused", **_told(Client(NAMELESS)), why=why)

    def call(self, client: Client, name: str, arguments: Mapping[str, Any] | None) -> Answer:
        """Do what `client` asks for, if it may. Never raises for what a client sends."""
        try:
            if wait := self.wait_s(client):
                return Answer(False, f"too many requests; try again in {wait:.1f} s.")
            return self._call(client, name, dict(arguments or {}))
        except AuditError:
            return Answer(False, NO_RECORD)

    def _call(self, client: Client, name: str, arguments: dict[str, Any]) -> Answer:
        number = self._audit.number()
        asked = {**_told(client), "tool": name[:MOST_NAME], "arguments": arguments}
        offered = offers().get(name)
        deed: Deed | None = None
        if offered is None:
            why = f"there is no tool {shown(name)}"
        elif offered.scope not in self._scopes:
            why = f"this car offers nothing of the scope {offered.scope}"
        else:
            asked["scope"] = offered.scope
            try:
                deed, why = offered.deed(checked(offered.fields, arguments)), ""
            except CaravelaError as error:
                why = str(error).rstrip(".")
            why = why or self._unallowed(client, offered.scope)
        if why or deed is None:
            self._audit.write(number, "refused", **asked, why=why)
            return Answer(False, f"{why}.")
        if isinstance(deed, Look):
            self._audit.write(number, "granted", **asked)
            return self._looked(deed)
        self._audit.write(number, "asked", **asked)
        answer = self._done(client, deed)
        came_of_it = answer.facts if answer.accepted else {"why": answer.text.rstrip(".")}
        try:
            self._audit.write(number, "granted" if answer.accepted else "refused", **_told(client), tool=name, **came_of_it)
        except AuditError:  # what is done is done
            return replace(answer, text=f"{answer.text.rstrip('.')}, but its record could not be completed.")
        return answer

    def _unallowed(self, client: Client, scope: Scope) -> str:
        """Why a client may not use a scope; "" where it may."""
        try:
            decision = self._consents.decision(client, scope)
        except CaravelaError:
            return "the car cannot read who was allowed what, so nobody is"
        if decision is Decision.ALLOWED:
            return ""
        if decision is Decision.REFUSED:
            return f"a person in the car does not allow {scope}"
        if decision is Decision.UNPROVED:
            return "this client has a token and did not show it"
        return f"nobody in the car has allowed {scope} yet: {self._doorbell.ring(client, scope, self._look())}"

    def _trusts(self, client: Client) -> bool:
        try:
            return any(self._consents.decision(client, scope) is Decision.ALLOWED for scope in Scope)
        except CaravelaError:
            return False

    def _done(self, client: Client, deed: Any) -> Answer:
        """Through the gate."""
        now, by = self._look(), f"client {client.name}"  # never the name of a seat
        if isinstance(deed, Call):
            verdict = self._gate.call(deed, now, by=by)
        elif why := self._not_for_others(deed, now):
            return Answer(False, f"{why}.")
        else:
            verdict = self._gate.ask(Request(deed, by, round(now.t_s * 1e6)), now)
        if not verdict.accepted:
            return Answer(False, f"{verdict.reason}.")
        if verdict.request is not None:
            return Answer(True, "Handed to driving.", {"request": repr(verdict.request.wish)})
        return Answer(True, "Done.", {"changed": {change.path: change.after for change in verdict.changes}})

    def _not_for_others(self, wish: Wish, now: Situation) -> str:
        """Why only a person in the car may ask this of driving now; "" where another agent may, too."""
        if not isinstance(wish, CapSpeed):
            return ""
        if wish.speed >= now.speed:
            return f"we drive {to_kph(now.speed):.0f} km/h; another agent may only ask for less"
        if self._gate.cap is not None and wish.speed > self._gate.cap:
            return f"at most {to_kph(self._gate.cap):.0f} km/h was asked for; another agent may only ask for less"
        least = LEAST_SHARE * (now.limit or LIMIT_UNKNOWN)
        if wish.speed < least - 1e-6:
            return f"{to_kph(wish.speed):.0f} km/h would hold others up; another agent may ask for {to_kph(least):.0f} or more"
        return ""

    def _looked(self, look: Look) -> Answer:
        signals, now = self._gate.signals, self._look()
        if look.drive:
            facts: dict[str, Any] = {
                "speed_kph": round(to_kph(now.speed), 1),
                "limit_kph": None if now.limit is None else round(to_kph(now.limit)),
                "light_ahead": now.light,
                "ahead_m": now.lead,
                "motorway": now.motorway,
                "arrived": now.arrived,
                "human_drives": now.human_drives,
            }
            paths = ["Vehicle.Body.Raindetection.Intensity", "Vehicle.Exterior.LightIntensity"]
            paths += [path for name in OF_VEHICLE for path in TOOLS[name].paths()]
        else:
            facts = {}
            paths = [path for name in look.tools or readable() for path in TOOLS[name].paths()]
        values: dict[str, Value] = {path: signals[path] for path in paths}
        return Answer(True, "Read.", {**facts, "signals": values})


def _told(client: Client) -> dict[str, Any]:
    return {"client": client.name, "proved": client.proved}
