"""Vehicle signals by their COVESA VSS 6 names (Vehicle Signal Specification): what one may hold, and a store that holds nothing
else. Names outside the standard are marked as an overlay, VSS's own word for a maker's additions."""

import math
import numbers
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from caravela.core.errors import CaravelaError, unknown_name

Value = bool | float | str
LONGEST_WHOLE = 10**40  # beyond it, a whole number is not written out


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

    def checked(self, value: object) -> Value:
        """`value` as this signal holds it. Raises SignalError for another type, a number outside the range, an unknown choice."""
        if isinstance(self.start, bool):
            if not isinstance(value, bool):
                raise SignalError(f"{self.path} got {shown(value)}; expected true or false.")
            return value
        if isinstance(self.start, str):
            if not isinstance(value, str) or (self.allowed and value not in self.allowed):
                raise SignalError(f"{self.path} got {shown(value)}; expected {' or '.join(self.allowed) or 'a text'}.")
            return value
        number = _number(value)
        if not self.low <= number <= self.high or math.isinf(number):
            raise SignalError(f"{self.path} got {shown(value)}; expected {self.low:g} to {self.high:g} {self.unit}".rstrip() + ".")
        return number


def _number(value: object) -> float:
    """A real number as a float; NaN for one that a float cannot hold, and for everything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except (OverflowError, ValueError):
        return math.nan


def shown(value: object) -> str:
    """A value in a sentence: what it is where that is short and safe to tell, else its kind."""
    if type(value) is int and abs(value) > LONGEST_WHOLE:
        return "a whole number of many digits"
    return f"{value!r:.60}" if type(value) in (bool, int, float, str, type(None)) else f"a {type(value).__name__}"


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
        if not isinstance(path, str) or path not in self.catalogue:
            raise unknown_name("signal", path if isinstance(path, str) else shown(path), self.catalogue)
        self._values[path] = self.catalogue[path].checked(value)

    def snapshot(self) -> dict[str, Value]:
        """A copy of all values."""
        return dict(self._values)
