"""The bus of one car. Each domain is the only publisher of its own report; anybody reads the newest of another, with its age. A value of
another type or out of range never gets on it, so who reads need not check. The same values are there by their VSS paths, as the
cockpit reads them. No threads and no clock of its own: time is an argument."""

from numbers import Integral
from typing import TypeVar

from caravela.core.errors import CaravelaError, unknown_name
from caravela.core.signals import Signals, shown
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

    def publish(self, domain: Domain | str, report: Report, *, t_us: int, now_us: int) -> None:
        """Put a domain's report on the bus, whole or not at all.

        Args:
            domain: who speaks.
            report: its own.
            t_us: when it was made, as its domain says.
            now_us: the clock of whoever runs the bus: no report is of later.

        Raises BusError for another domain's report and for a time that is none, ahead, or before that of the report that is there;
        SignalError for a value that a signal cannot hold."""
        kind: type = type(report)
        if kind not in DOMAINS:
            raise BusError(f"the bus got a {kind.__name__}; expected {' or '.join(each.__name__ for each in DOMAINS)}.")
        if not isinstance(domain, str) or domain not in Domain.__members__.values():
            raise unknown_name("domain", domain if isinstance(domain, str) else shown(domain), [each.value for each in Domain])
        if DOMAINS[kind] != domain:
            raise BusError(f"{domain} published a {kind.__name__}; expected its own report: only {DOMAINS[kind]} publishes that one.")
        self._check_time(domain, kind, t_us, now_us)
        signals = signals_of(kind)
        checked = {signal.path: signal.checked(getattr(report, name, None)) for name, signal in signals.items()}
        for path, value in checked.items():
            self.signals.write(path, value)
        self._newest[kind] = (kind(**{name: checked[signal.path] for name, signal in signals.items()}), int(t_us))

    def read(self, kind: type[AnyReport], *, t_us: int, stale_s: float = STALE_S) -> AnyReport | None:
        """The newest report of a kind, or None where its domain has been silent for `stale_s`; one from ahead of `t_us` is none either."""
        report, at_us = self._newest.get(kind, (None, 0))
        if report is None or not 0.0 <= t_us - at_us <= stale_s * 1e6:
            return None
        assert isinstance(report, kind)
        return report

    def _check_time(self, domain: str, kind: type, t_us: object, now_us: int) -> None:
        if isinstance(t_us, bool) or not isinstance(t_us, Integral):
            raise BusError(f"{domain} published a report of {shown(t_us)} µs; expected a whole number.")
        at_us = int(t_us)
        if at_us > now_us:
            raise BusError(f"{domain} published a report of {shown(t_us)} µs at {now_us} µs; expected none from ahead: set its clock.")
        if kind in self._newest and at_us < self._newest[kind][1]:
            raise BusError(
                f"{domain} published a report of {shown(t_us)} µs after one of {self._newest[kind][1]} µs; expected a later one."
            )
