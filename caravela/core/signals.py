"""Vehicle signals by their COVESA VSS 6 names (Vehicle Signal Specification): what one may hold, and a store that holds nothing
else. Names outside the standard are marked as an overlay, VSS's own word for a maker's additions."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from caravela.core.errors import CaravelaError, unknown_name

Value = bool | float | str


class SignalError(CaravelaError):
    """A value that a signal cannot hold."""


@dataclass(frozen=True)
class Signal:
    """One leaf of the tree. Its type is the type of `start`: bool, float (integers too) or str."""

    path: str
    start: Value
    unit: str = ""  # VSS unit: percent, Celsius, mm, degrees, km/h, m, s
    low: float = -math.inf
    high: float = math.inf
    allowed: tuple[str, ...] = ()  # of a str; empty means any text
    overlay: bool = False  # not in the standard

    def checked(self, value: Value) -> Value:
        """`value` as this signal holds it. Raises SignalError for another type, a number outside the range, an unknown choice."""
        if isinstance(self.start, bool):
            if not isinstance(value, bool):
                raise SignalError(f"{self.path} got {value!r:.60}; expected true or false.")
            return value
        if isinstance(self.start, str):
            if not isinstance(value, str) or (self.allowed and value not in self.allowed):
                raise SignalError(f"{self.path} got {value!r:.60}; expected {' or '.join(self.allowed) or 'a text'}.")
            return value
        if isinstance(value, bool | str) or not math.isfinite(value) or not self.low <= value <= self.high:
            raise SignalError(f"{self.path} got {value!r:.60}; expected {self.low:g} to {self.high:g} {self.unit}".rstrip() + ".")
        return float(value)


class Signals(Mapping[str, Value]):
    """The newest value of every signal of a catalogue."""

    def __init__(self, catalogue: Iterable[Signal]) -> None:
        self.catalogue = {signal.path: signal for signal in catalogue}
        self._values = {signal.path: signal.checked(signal.start) for signal in self.catalogue.values()}

    def __getitem__(self, path: str) -> Value:
        return self._values[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def number(self, path: str) -> float:
        """A signal that holds a number."""
        value = self._values[path]
        assert isinstance(value, float), f"{path} holds no number"
        return value

    def write(self, path: str, value: Value) -> None:
        """Set a signal. Raises CaravelaError for an unknown path and SignalError for what it cannot hold."""
        if path not in self.catalogue:
            raise unknown_name("signal", path, self.catalogue)
        self._values[path] = self.catalogue[path].checked(value)

    def snapshot(self) -> dict[str, Value]:
        """A copy of all values."""
        return dict(self._values)
