"""The operational design domain, watched rather than listed: no streets, no fence, only how sure the model is that it will not
fail, and whether its cameras see. Risk is the model's own estimate of the probability of a failure in the next seconds."""

import math

from caravela.core.units import STEP_S
from caravela.vehicle.conduct import Domain
from caravela.vehicle.profiles import AutomatedProfile

RISK_TICKS = 3  # without a risk, after which the last one says nothing any more: as long as a missing plan is ridden out
HYSTERESIS = 0.05  # of risk, below the warning before the domain counts as good again


class DomainMonitor:
    """Smooths risk and says where the car is in its domain. A risk that nobody tells is not a low one."""

    def __init__(self, profile: AutomatedProfile, *, domain: Domain = Domain.UNKNOWN) -> None:
        """`domain` until the first risk is told, or is missed for too long."""
        self._profile = profile
        self._share = 1.0 - math.exp(-STEP_S / profile.risk_time)
        self._without = 0  # ticks in a row that told no risk
        self.risk: float | None = None  # smoothed
        self.domain = domain

    def see(self, risk: float | None, *, blind: bool) -> tuple[Domain, str]:
        """The domain after a tick, and why. `risk` is None where there is no plan, or one that tells none; `blind`: a camera fails
        to see."""
        if risk is not None:
            self.risk, self._without = risk if self.risk is None else self.risk + self._share * (risk - self.risk), 0
        else:
            self._without += 1
        if self._without > RISK_TICKS:
            self.risk, self.domain = None, Domain.UNKNOWN
        if self.risk is None:
            return self.domain, "no risk is told"
        profile, why = self._profile, f"risk {self.risk:.2f}"
        ending = profile.risk_warning - (HYSTERESIS if self.domain is not Domain.INSIDE else 0.0)
        if self.risk > profile.risk_limit - (HYSTERESIS if self.domain is Domain.OUTSIDE else 0.0):
            self.domain = Domain.OUTSIDE
        elif blind:
            self.domain, why = Domain.ENDING, "a camera does not see"
        else:
            self.domain = Domain.ENDING if self.risk > ending else Domain.INSIDE
        return self.domain, why
