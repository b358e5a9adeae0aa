"""Fields of what is offered to other agents. One description serves twice: as the JSON Schema that a client reads, and as the check of what
it sends. A client's schema check is its own affair; ours is this one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caravela.core.errors import CaravelaError


class ArgumentError(CaravelaError):
    """An argument that a client may not send."""


@dataclass(frozen=True)
class NumberField:
    """A number in a range; a whole one where `whole`."""

    name: str
    says: str
    low: float
    high: float
    whole: bool = False
    required: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high, "description": self.says}

    def checked(self, value: Any) -> float | int:
        expected = f"expected a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ArgumentError(f"{self.name} got {shown(value)}; {expected}.")
        if not self.low <= value <= self.high or not math.isfinite(value) or (self.whole and value != int(value)):
            raise ArgumentError(f"{self.name} got {shown(value)}; {expected}.")
        return int(value) if self.whole else float(value)


@dataclass(frozen=True)
class TextField:
    """A name or a title: short, and without control characters."""

    name: str
    says: str
    longest: int  # characters
    required: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.longest, "description": self.says}

    def checked(self, value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= self.longest:
            raise ArgumentError(f"{self.name} got {shown(value)}; expected a text of 1 to {self.longest} characters.")
        if not value.isprintable() or not value.strip():
            raise ArgumentError(f"{self.name} got characters that nobody can read; expected words.")
        return value.strip()


@dataclass(frozen=True)
class ChoiceField:
    """One of a few names; a list of them where `several`."""

    name: str
    says: str
    names: Sequence[str]
    several: bool = False
    required: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        one: dict[str, Any] = {"type": "string", "enum": list(self.names)}
        if not self.several:
            return {**one, "description": self.says}
        return {"type": "array", "items": one, "minItems": 1, "maxItems": len(self.names), "uniqueItems": True, "description": self.says}

    def checked(self, value: Any) -> str | tuple[str, ...]:
        expected = f"expected {'a list of ' if self.several else ''}{', '.join(self.names)}"[:300]
        if not self.several:
            if not isinstance(value, str) or value not in self.names:
                raise ArgumentError(f"{self.name} got {shown(value)}; {expected}.")
            return value
        if not isinstance(value, list) or not 0 < len(value) <= len(self.names) or len(set(map(repr, value))) < len(value):
            raise ArgumentError(f"{self.name} got {shown(value)}; {expected}, each once.")
        for item in value:
            if not isinstance(item, str) or item not in self.names:
                raise ArgumentError(f"{self.name} got {shown(item)}; {expected}.")
        return tuple(value)


Field = NumberField | TextField | ChoiceField


def schema_of(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON Schema of an object that holds these fields and nothing else."""
    return {
        "type": "object",
        "properties": {field.name: field.schema for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def checked(fields: Sequence[Field], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`arguments` as the fields take them. Raises ArgumentError for one that is missing, unknown, of another type or out of range."""
    known = {field.name: field for field in fields}
    for name in arguments:
        if name not in known:
            raise ArgumentError(f"got an argument {shown(name)}; expected {' and '.join(known) or 'none'}.")
    for field in fields:
        if field.required and field.name not in arguments:
            raise ArgumentError(f"{field.name} is missing; expected {field.says}.")
    return {name: known[name].checked(value) for name, value in arguments.items()}


def shown(value: Any) -> str:
    """A value in a sentence: never longer than a line, only characters that every terminal has, and without looking far into what is large."""
    if isinstance(value, str):
        plain = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in value[:40])
        return f"'{plain}'" if len(value) <= 40 else f"{len(value):,} characters"
    if isinstance(value, int) and abs(value) > 1e15:
        return "a huge number"
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    return f"{value!r:.40}"
