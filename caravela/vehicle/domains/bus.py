"""The bus of one car. Each domain is the only publisher of its own report; anybody reads the newest of another, with its age. A value of
another type or out of range never gets on it, so who reads need not check. The same values are there by their VSS paths, as the
cockpit reads them. No threads and no clock of its own: time is an argument."""

from dataclasses import astuple
from typing import TypeVar

from caravela.core.errors import CaravelaError, unknown_name
from caravela.core.signals import Signals
from caravela.vehicle.domains.reports import DOMAINS, Domain, Report, signals_of

AnyReport = TypeVar("AnyReport", bound=Report)
STALE_S = 0.5  # s after which a domain counts as silent


class BusError(CaravelaError):
    """Who may not publish, or what is no report."""


class Bus:
    """Newest reports of driving, cockpit, powertrain and chassis."""

    def __init__(self) -> None:
        self.signals = Signals(signal for report in DOMAINS for signal in signals_of(report).values())
        self._newest: dict[type, tuple[Report, int]] = {}

    def publish(self, domain: Domain | str, report: Report, *, t_us: int) -> None:
        """Put a domain's report on the bus, whole or not at all. Raises BusError for another domain's report or one from the past, and
        SignalError for a value that a signal cannot hold."""
        kind: type = type(report)
        if kind not in DOMAINS:
            raise BusError(f"the bus got a {kind.__name__}; expected {' or '.join(each.__name__ for each in DOMAINS)}.")
        if domain not in Domain.__members__.values():
            raise unknown_name("domain", str(domain), [each.value for each in Domain])
        if DOMAINS[kind] != domain:
            raise BusError(f"{domain} published a {kind.__name__}; expected its own report: only {DOMAINS[kind]} publishes that one.")
        if kind in self._newest and t_us < self._newest[kind][1]:
            raise BusError(f"{domain} published a report of {t_us} µs after one of {self._newest[kind][1]} µs; expected a later one.")
        signals = signals_of(kind).values()
        checked = [signal.checked(value) for signal, value in zip(signals, astuple(report), strict=True)]
        for signal, value in zip(signals, checked, strict=True):
            self.signals.write(signal.path, value)
        self._newest[kind] = (report, t_us)

    def read(self, kind: type[AnyReport], *, t_us: int, stale_s: float = STALE_S) -> AnyReport | None:
        """The newest report of a kind, or None where its domain has been silent for `stale_s`."""
        report, at_us = self._newest.get(kind, (None, 0))
        if report is None or t_us - at_us > stale_s * 1e6:
            return None
        assert isinstance(report, kind)
        return report
