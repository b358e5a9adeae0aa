"""The timings that a jurisdiction wants, by name, each with the clause it comes from. `unece-r171` and `gb-l2` are for L2, `r157`
is what of that regulation applies to an L4 system that hands nothing over. Where a figure was read is in docs/safety.md; these
profiles are traceable to clauses, which is less than complying with them."""

from dataclasses import dataclass

from caravela.core.errors import unknown_name
from caravela.core.units import from_kph

WARNING_SPEED = from_kph(10.0)  # m/s; R171 5.5.4.2.6.1.1 and 5.5.4.2.6.2.1: requests are due above 10 km/h


@dataclass(frozen=True)
class LockOut:
    """When L2 may no longer be engaged, and for how long."""

    responses: int  # unavailability responses in a run cycle that bring it
    direct_alerts: int | None = None  # direct control alerts after an eyes-on request that bring it
    escalations: int | None = None  # escalated requests within `window` that bring it
    window: float = 1800.0  # s
    lasts: float | None = None  # s; None: until the next run cycle


@dataclass(frozen=True)
class AssistedProfile:
    """L2: how long a driver may be away, and what follows. All s, at the latest."""

    name: str
    hands_request: float  # hands off until the hands-on request
    hands_escalation: float  # from there until it is escalated
    eyes_request: float  # eyes away until the eyes-on request
    eyes_escalation: float  # from there until it is escalated
    direct_alert: float  # from an escalated request until the direct control alert
    unavailability: float  # from the first escalated request or alert until the unavailability response
    re_engagement: float  # how long hands or eyes must be back to count, at least
    lateral_acceleration: float  # m/s^2, at most
    lateral_jerk: float  # m/s^3, at most
    response_deceleration: float  # m/s^2 of the unavailability response
    failure_deceleration: float  # m/s^2 after the network failed, until the driver has the wheel
    lock_out: LockOut


@dataclass(frozen=True)
class AutomatedProfile:
    """L4."""

    name: str
    escalation: float  # s from an offer to take over until it is escalated, at the latest
    patience: float  # s from an offer until it lapses and the manoeuvre begins
    manoeuvre_deceleration: float  # m/s^2, stated
    deceleration_limit: float  # m/s^2, what the demand may not exceed
    emergency_above: float  # m/s^2; a demand above this is an emergency manoeuvre, which this stop path never makes
    risk_warning: float  # smoothed risk above which the operational design domain is about to end
    risk_limit: float  # above which it has ended
    risk_time: float  # s over which risk is smoothed


def unece_r171() -> AssistedProfile:
    """UN Regulation 171 (driver control assistance systems)."""
    return AssistedProfile(
        name="unece-r171",
        hands_request=5.0,  # 5.5.4.2.6.1.1
        hands_escalation=10.0,  # 5.5.4.2.6.1.2
        eyes_request=5.0,  # 5.5.4.2.6.2.1
        eyes_escalation=3.0,  # 5.5.4.2.6.2.2
        direct_alert=5.0,  # 5.5.4.2.6.3.1
        unavailability=10.0,  # 5.5.4.2.6.4.1
        re_engagement=0.2,  # 5.5.4.2.5.2.1
        lateral_acceleration=3.5,  # 6.2.3, which is for lane changes
        lateral_jerk=5.0,  # 6.2.3
        response_deceleration=3.0,
        failure_deceleration=1.0,
        lock_out=LockOut(responses=2),  # 5.5.4.2.8.1: more than one response, for the run cycle
    )


def gb_l2() -> AssistedProfile:
    """China's mandatory standard for combined driver assistance, in its draft for review (later numbered GB 47955)."""
    return AssistedProfile(
        name="gb-l2",
        hands_request=5.0,
        hands_escalation=3.0,
        eyes_request=5.0,
        eyes_escalation=3.0,
        direct_alert=5.0,
        unavailability=10.0,
        re_engagement=0.2,  # the draft has none; R171's
        lateral_acceleration=3.0,
        lateral_jerk=5.0,
        response_deceleration=3.0,
        failure_deceleration=1.0,
        lock_out=LockOut(responses=1, direct_alerts=2, escalations=3, window=1800.0, lasts=1800.0),  # draft 8.1
    )


def r157() -> AutomatedProfile:
    """UN Regulation 157 (automated lane keeping), as far as it applies where nobody needs to take over."""
    return AutomatedProfile(
        name="r157",
        escalation=4.0,  # 5.4.3.2
        patience=15.0,  # 5.4.4.1 wants at least 10 s
        manoeuvre_deceleration=3.0,
        deceleration_limit=4.0,  # 5.5.2 (00 series: 5.5.1)
        emergency_above=5.0,  # 5.3.1.1
        risk_warning=0.6,
        risk_limit=0.8,
        risk_time=1.0,
    )


ASSISTED = {"unece-r171": unece_r171, "gb-l2": gb_l2}


def assisted_profile(name: str) -> AssistedProfile:
    """The L2 profile of that name. Raises CaravelaError for an unknown one."""
    if name not in ASSISTED:
        raise unknown_name("L2 profile", name, ASSISTED)
    return ASSISTED[name]()
