"""Whether the driver attends, and what is due where not: two channels, hands and eyes, each with its ladder of requests. Pure:
the same samples give the same alerts. Time away counts from the last instant at which the driver was seen to attend, and each
rung is climbed one tick early, so that what a clause wants at the latest is there at the latest, whenever we sample."""

from dataclasses import dataclass, replace
from typing import Protocol

from caravela.core.modes import Alert
from caravela.core.units import STEP_US
from caravela.vehicle.profiles import WARNING_SPEED, AssistedProfile


@dataclass(frozen=True)
class DriverState:
    """What a driver monitor sees at one instant."""

    seated: bool = True  # in the driving seat, belt fastened
    hands_on: bool = True  # at least one hand on the wheel
    eyes_on: bool = True  # gaze on an area that matters for driving (the dashboard is none: R171 5.5.4.2.5.2)


class DriverMonitor(Protocol):
    """Where driver states come from: a wheel sensor and a cabin camera, or a simulated driver. One that cannot see must say
    that hands and eyes are away."""

    def look(self, t_us: int) -> DriverState:
        """The driver's state at `t_us`."""


@dataclass(frozen=True)
class Channel:
    """Hands or eyes."""

    seen_us: int  # last instant at which they were on, before the present lapse
    lapsed: bool = False
    back_us: int | None = None  # since when they are on again, while that does not count yet
    request_us: int | None = None  # when the request was made, in this lapse
    escalated_us: int | None = None  # when it was escalated

    def follow(self, on: bool, *, t_us: int, due: bool, request: float, escalation: float, re_engagement: float) -> "Channel":
        """The channel after a sample. `due`: whether the car is fast enough for a request; the rest in s."""
        if on and not self.lapsed:
            return Channel(seen_us=t_us)
        if on:
            back_us = t_us if self.back_us is None else self.back_us
            if t_us - back_us >= round(re_engagement * 1e6):
                return Channel(seen_us=t_us)
            return replace(self, back_us=back_us)
        request_us, escalated_us = self.request_us, self.escalated_us
        if request_us is None and due and _reached(self.seen_us, request, t_us):
            request_us = t_us
        elif request_us is not None and escalated_us is None and _reached(request_us, escalation, t_us):
            escalated_us = t_us
        return Channel(self.seen_us, True, None, request_us, escalated_us)


@dataclass(frozen=True)
class Attention:
    """Both channels, and the loudest alert that is due."""

    hands: Channel
    eyes: Channel
    alert: Alert = Alert.NONE

    @staticmethod
    def attentive(t_us: int) -> "Attention":
        """A driver with hands and eyes where they belong."""
        return Attention(Channel(t_us), Channel(t_us))

    @property
    def escalated_us(self) -> int | None:
        """When the first of the present escalations began."""
        return min((c.escalated_us for c in (self.hands, self.eyes) if c.escalated_us is not None), default=None)

    def follow(self, driver: DriverState, *, t_us: int, speed: float, profile: AssistedProfile) -> "Attention":
        """The attention after a sample at `speed`, m/s."""
        due, back = speed > WARNING_SPEED, profile.re_engagement
        hands = self.hands.follow(
            driver.seated and driver.hands_on,
            t_us=t_us,
            due=due,
            request=profile.hands_request,
            escalation=profile.hands_escalation,
            re_engagement=back,
        )
        eyes = self.eyes.follow(
            driver.seated and driver.eyes_on,
            t_us=t_us,
            due=due,
            request=profile.eyes_request,
            escalation=profile.eyes_escalation,
            re_engagement=back,
        )
        after = Attention(hands, eyes)
        return replace(after, alert=after._loudest(t_us, profile))

    def _loudest(self, t_us: int, profile: AssistedProfile) -> Alert:
        if self.escalated_us is not None:
            if _reached(self.escalated_us, profile.unavailability, t_us):
                return Alert.UNAVAILABLE
            if _reached(self.escalated_us, profile.direct_alert, t_us):
                return Alert.DIRECT_CONTROL
            return Alert.EYES_ON_ESCALATED if self.eyes.escalated_us is not None else Alert.HANDS_ON_ESCALATED
        if self.eyes.request_us is not None:
            return Alert.EYES_ON
        return Alert.HANDS_ON if self.hands.request_us is not None else Alert.NONE


def _reached(since_us: int, seconds: float, t_us: int) -> bool:
    """Whether `seconds` will have passed before the next tick has."""
    return t_us - since_us >= round(seconds * 1e6) - STEP_US


@dataclass(frozen=True)
class SimulatedDriver:
    """A driver who attends except where told: spans (from s, until s) of hands off, eyes away, and an empty seat."""

    hands_off: tuple[tuple[float, float], ...] = ()
    eyes_away: tuple[tuple[float, float], ...] = ()
    seat_empty: tuple[tuple[float, float], ...] = ()

    def look(self, t_us: int) -> DriverState:
        """The driver's state at `t_us`."""
        away = [any(start <= t_us * 1e-6 < end for start, end in spans) for spans in (self.seat_empty, self.hands_off, self.eyes_away)]
        return DriverState(seated=not away[0], hands_on=not away[1], eyes_on=not away[2])
