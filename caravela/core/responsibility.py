"""Who answers for the driving: a named person or a named legal entity, with a role, from one instant to another. There is no
party called "system": a program answers for nothing. The roles follow the Automated Vehicles Act 2024 (Great Britain), whose
terms for who answers for a self-driving car are the plainest that we know of."""

from dataclasses import dataclass
from enum import StrEnum

from caravela.core.errors import CaravelaError


class PartyError(CaravelaError):
    """Somebody who cannot answer for a car."""


class Role(StrEnum):
    """In what capacity a party answers."""

    DRIVER = "driver"  # in the driving seat; answers in manual driving and at L2
    SELF_DRIVING_ENTITY = "authorised self-driving entity"  # answers for how a car drives itself (AV Act 2024, s. 6)
    DRIVERLESS_OPERATOR = "licensed no-user-in-charge operator"  # oversees a car with nobody in the seat (AV Act 2024, s. 12)
    REMOTE_ASSISTANT = "remote assistant"  # advises and releases; never answers for the driving


@dataclass(frozen=True)
class Person:
    """A natural person."""

    name: str
    role: Role = Role.DRIVER

    def __post_init__(self) -> None:
        _named(self.name)
        if self.role not in (Role.DRIVER, Role.REMOTE_ASSISTANT):
            raise PartyError(f"the person '{self.name}' got the role {self.role}; expected a driver or a remote assistant.")


@dataclass(frozen=True)
class Entity:
    """A legal entity."""

    name: str
    role: Role = Role.SELF_DRIVING_ENTITY

    def __post_init__(self) -> None:
        _named(self.name)
        if self.role not in (Role.SELF_DRIVING_ENTITY, Role.DRIVERLESS_OPERATOR):
            raise PartyError(f"the entity '{self.name}' got the role {self.role}; expected one that a company can hold.")


Party = Person | Entity


def _named(name: str) -> None:
    if not any(map(str.isalnum, name)) or name.strip().lower() in ("system", "unknown", "nobody", "human", "driver"):
        raise PartyError(f"'{name}' names nobody; give the person's or the company's own name.")


@dataclass(frozen=True)
class Tenure:
    """A stretch of time for which one party answers; open while it lasts."""

    party: Party
    mode: str
    from_us: int
    until_us: int | None = None

    def __post_init__(self) -> None:
        assert self.until_us is None or self.until_us >= self.from_us, "a tenure ends after it begins"

    def fields(self) -> dict[str, str | float | None]:
        """For JSON: who, in what capacity, in which mode, from when to when, s."""
        return {
            "party": self.party.name,
            "role": str(self.party.role),
            "mode": self.mode,
            "from_s": round(self.from_us * 1e-6, 3),
            "until_s": None if self.until_us is None else round(self.until_us * 1e-6, 3),
        }


class Ledger:
    """All tenures of a drive: they touch, never overlap and leave no gap, so that every instant has exactly one party."""

    def __init__(self, party: Party, *, mode: str, t_us: int) -> None:
        self._closed: list[Tenure] = []
        self._open = Tenure(party, mode, t_us)

    @property
    def tenures(self) -> tuple[Tenure, ...]:
        """In order; the last one is open."""
        return (*self._closed, self._open)

    def note(self, party: Party, *, mode: str, t_us: int) -> Tenure | None:
        """From `t_us` on `party` answers, in `mode`. Returns the tenure that begins, or None where nothing changes."""
        if (party, mode) == (self._open.party, self._open.mode):
            return None
        t_us = max(t_us, self._open.from_us)
        self._closed.append(Tenure(self._open.party, self._open.mode, self._open.from_us, t_us))
        self._open = Tenure(party, mode, t_us)
        return self._open

    def at(self, t_us: int) -> Party:
        """Who answers at `t_us`; before the first tenure, its party does."""
        return next((tenure for tenure in reversed(self.tenures) if tenure.from_us <= t_us), self.tenures[0]).party
