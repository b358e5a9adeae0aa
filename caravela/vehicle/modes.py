"""The mode machine: pure and total. `step` takes a car's state and one event and gives the state after it and what is demanded of
the actuators; any event is taken in any state. An offer to take over at L4 may be declined by doing nothing: the entity goes on
answering, and the car stops by itself."""

from dataclasses import dataclass, field, replace

from caravela.core.modes import Alert, Author, Fault, Mode, Phase
from caravela.core.responsibility import Role
from caravela.core.units import STEP_US
from caravela.vehicle.attention import Attention
from caravela.vehicle.conduct import (
    STANDSTILL,
    AskToStop,
    Assisted,
    Automated,
    Car,
    Collided,
    Demands,
    Domain,
    DomainSeen,
    Engage,
    FaultCleared,
    FaultFound,
    Happening,
    Manual,
    Note,
    NoteKind,
    Release,
    Rules,
    Sample,
    Settled,
    TakeOver,
    Wait,
)
from caravela.vehicle.profiles import AutomatedProfile


@dataclass
class _Log:
    notes: list[Note] = field(default_factory=list)

    def add(self, kind: NoteKind, detail: str) -> None:
        self.notes.append(Note(kind, detail))


def step(car: Car, event: Happening, *, rules: Rules) -> tuple[Car, Demands]:
    """The car after `event`, and what is demanded of it. Time never runs backwards: an older event counts as of now."""
    log = _Log()
    before, car = car, replace(car, t_us=max(car.t_us, event.t_us))
    match event:
        case Sample():
            car = _sampled(car, event, rules, log)
        case Engage():
            car = _engaged(car, event, rules, log)
        case TakeOver():
            car = _taken_over(car, event, log)
        case Release():
            car = _released(car, event, log)
        case AskToStop(why=why):
            car = _stopping(car, why, log)
        case Wait() | Settled():
            car = _waiting(car, event.why if isinstance(event, Wait) else "")
        case Collided():
            car = _collided(car, log)
        case FaultFound(fault=fault):
            car = _failed(car, fault, log)
        case FaultCleared(fault=fault):
            if fault in car.faults:
                log.add(NoteKind.FAULT_CLEARED, fault)
            car = replace(car, faults=car.faults - {fault})
        case DomainSeen(domain=domain, why=why):
            car = _domain(car, domain, why, log)
    if car.mode is not before.mode or car.responsible != before.responsible:
        log.notes.insert(0, Note(NoteKind.MODE, f"{before.mode} to {car.mode}"))
    demands = demands_of(car, rules)
    was = demands_of(before, rules).alert
    if demands.alert not in (was, Alert.NONE):
        log.add(NoteKind.REQUEST, demands.alert)
    return car, replace(demands, notes=tuple(log.notes))


def demands_of(car: Car, rules: Rules) -> Demands:
    """What a state asks for, whatever brought it about."""
    match car.conduct:
        case Manual(held=held):
            return Demands(Author.HOLD, hazards=True) if held else Demands(Author.DRIVER)
        case Assisted(response=True):
            return Demands(Author.STOP_PATH, Alert.UNAVAILABLE, hazards=True, deceleration=rules.assisted.response_deceleration)
        case Assisted(collided=True):
            return Demands(Author.STOP_PATH, Alert.DIRECT_CONTROL, hazards=True, deceleration=rules.assisted.response_deceleration)
        case Assisted(untrusted=True):
            return Demands(Author.STOP_PATH, Alert.DIRECT_CONTROL, deceleration=rules.assisted.failure_deceleration)
        case Assisted(failed_us=failed_us):
            return Demands(Author.NETWORK, car.attention.alert if failed_us is None else Alert.DIRECT_CONTROL)
        case Automated(phase=Phase.STOPPED):
            return Demands(Author.HOLD, hazards=True)
        case Automated(phase=Phase.MANOEUVRE):
            return Demands(Author.STOP_PATH, hazards=True, deceleration=rules.automated.manoeuvre_deceleration)
        case Automated(waiting=str(why), offer_us=offer_us) if why:
            return Demands(Author.HOLD, _offer(offer_us, car.t_us, rules.automated), hazards=True)
        case Automated(offer_us=offer_us):
            return Demands(Author.NETWORK, _offer(offer_us, car.t_us, rules.automated))
    raise AssertionError(f"no such conduct: {car.conduct}")


def _offer(offer_us: int | None, t_us: int, profile: AutomatedProfile) -> Alert:
    if offer_us is None:
        return Alert.NONE
    escalated = t_us - offer_us >= round(profile.escalation * 1e6) - STEP_US
    return Alert.TAKE_OVER_OFFER_ESCALATED if escalated else Alert.TAKE_OVER_OFFER


def _sampled(car: Car, event: Sample, rules: Rules, log: _Log) -> Car:
    """Time passes: timers run, stops end."""
    before = car.attention.alert
    watched = isinstance(car.conduct, Assisted)
    attention = (
        car.attention.follow(event.driver, t_us=car.t_us, speed=event.speed, profile=rules.assisted)
        if watched
        else Attention.attentive(car.t_us)
    )
    car = replace(car, speed=event.speed, driver=event.driver, attention=attention)
    match car.conduct:
        case Assisted() as conduct:
            return _watched(_counted(car, before, rules, log), conduct, rules, log)
        case Automated(phase=Phase.MANOEUVRE) as automated if event.speed < STANDSTILL:
            log.add(NoteKind.STOPPED, automated.cause)
            return replace(car, conduct=replace(automated, phase=Phase.STOPPED))
        case Automated(phase=Phase.DRIVING, offer_us=int(offer_us)):
            if not event.driver.seated or car.t_us - offer_us >= round(rules.automated.patience * 1e6):
                return _stopping(car, "nobody took the offer to take over", log)
    return car


def _watched(car: Car, conduct: Assisted, rules: Rules, log: _Log) -> Car:
    """L2 after a sample: the driver has come back, or is gone."""
    if conduct.response or (conduct.collided and car.speed < STANDSTILL):
        if car.speed < STANDSTILL:
            return replace(car, conduct=Manual(conduct.driver, held=True))
        return car
    if conduct.leaving and car.driver.seated and car.driver.hands_on:
        log.add(NoteKind.TAKE_OVER, f"{conduct.driver.name} has the wheel")
        return replace(car, conduct=Manual(conduct.driver))
    if conduct.failed_us is None and not car.driver.seated:
        car = replace(car, conduct=replace(conduct, failed_us=car.t_us))
    late = conduct.failed_us is not None and car.t_us - conduct.failed_us >= round(rules.assisted.unavailability * 1e6) - STEP_US
    if late or car.attention.alert is Alert.UNAVAILABLE:
        log.add(NoteKind.RESPONSE, f"{conduct.driver.name} does not answer")
        return _locked(replace(car, conduct=replace(conduct, response=True), responses=car.responses + 1), rules, log)
    return car


def _counted(car: Car, before: Alert, rules: Rules, log: _Log) -> Car:
    """Count what may bring a lock-out."""
    now = car.attention.alert
    if now is before:
        return car
    if now in (Alert.HANDS_ON_ESCALATED, Alert.EYES_ON_ESCALATED):
        window = round(rules.assisted.lock_out.window * 1e6)
        recent = tuple(t for t in car.escalations if car.t_us - t <= window)
        car = replace(car, escalations=(*recent, car.t_us))
    if now is Alert.DIRECT_CONTROL and car.attention.eyes.escalated_us is not None:
        car = replace(car, direct_alerts=car.direct_alerts + 1)
    return _locked(car, rules, log)


def _locked(car: Car, rules: Rules, log: _Log) -> Car:
    """Lock L2 out if it has come to that; what brought it then counts anew."""
    rule = rules.assisted.lock_out
    reached = (
        car.responses >= rule.responses
        or (rule.direct_alerts is not None and car.direct_alerts >= rule.direct_alerts)
        or (rule.escalations is not None and len(car.escalations) >= rule.escalations)
    )
    if not reached:
        return car
    if rule.lasts is None:
        if not car.locked:
            log.add(NoteKind.LOCK_OUT, "until the next run cycle")
        return replace(car, locked=True)
    log.add(NoteKind.LOCK_OUT, f"for {rule.lasts / 60:.0f} min")
    return replace(car, locked_until_us=car.t_us + round(rule.lasts * 1e6), responses=0, direct_alerts=0, escalations=())


def _engaged(car: Car, event: Engage, rules: Rules, log: _Log) -> Car:
    why = _why_not(car, event)
    if why:
        log.add(NoteKind.REFUSED, f"{event.mode}: {why}")
        return car
    if event.mode is Mode.L2:
        return replace(car, conduct=Assisted(event.by), attention=Attention.attentive(car.t_us))
    return replace(car, conduct=Automated(rules.entity))


def _why_not(car: Car, event: Engage) -> str:
    """Why a mode cannot be engaged now; empty where it can."""
    conduct = car.conduct
    if event.mode is Mode.MANUAL:
        return "manual driving is taken, not engaged"
    if event.by.role is not Role.DRIVER or not car.driver.seated:
        return "asked for from outside the driving seat"
    if isinstance(conduct, Automated) or (isinstance(conduct, Assisted) and event.mode is Mode.L2):
        return f"{car.mode} is engaged; take over first"
    if event.by != conduct.driver:
        return f"{conduct.driver.name} is driving"
    if isinstance(conduct, Assisted) and (conduct.response or conduct.failed_us is not None):
        return "the driver is asked to take control"
    if car.faults:
        return f"fault: {min(car.faults)}"
    if event.mode is Mode.L4:
        if car.domain is not Domain.INSIDE:
            return f"the operational design domain is {car.domain}"
        return "after a minimal-risk manoeuvre it needs a new run cycle" if car.manoeuvred else ""
    if car.domain is Domain.OUTSIDE:
        return "outside the operational design domain"
    if not (car.driver.hands_on and car.driver.eyes_on):
        return "hands or eyes are away"
    return "locked out" if car.locked or (car.locked_until_us is not None and car.t_us < car.locked_until_us) else ""


def _taken_over(car: Car, event: TakeOver, log: _Log) -> Car:
    """A take-over counts from somebody who sits there, holds the wheel and, at L4, looks at the road."""
    conduct, ready = car.conduct, car.driver.seated and car.driver.hands_on
    if event.by.role is not Role.DRIVER or not car.driver.seated:
        log.add(NoteKind.REFUSED, "take-over: from outside the driving seat")
        return car
    if not isinstance(conduct, Automated) and event.by != conduct.driver and car.speed >= STANDSTILL:
        log.add(NoteKind.REFUSED, f"take-over: {conduct.driver.name} is driving; seats change at standstill")
        return car
    if (
        isinstance(conduct, Assisted) and event.by == conduct.driver and not ready
    ):  # R171 5.5.3.4.1.5: lateral control does not end with no hand on the wheel
        failed_us = car.t_us if conduct.failed_us is None else conduct.failed_us
        return replace(car, conduct=replace(conduct, failed_us=failed_us, leaving=True))
    if isinstance(conduct, Manual) and event.by == conduct.driver and not conduct.held:
        return car
    if not ready or (isinstance(conduct, Automated) and not car.driver.eyes_on):
        log.add(NoteKind.REFUSED, "take-over: hands or eyes are away")
        return car
    log.add(NoteKind.TAKE_OVER, f"{event.by.name} took the controls")
    return replace(car, conduct=Manual(event.by))


def _released(car: Car, event: Release, log: _Log) -> Car:
    conduct = car.conduct
    why = ""
    if not isinstance(conduct, Automated) or conduct.phase is not Phase.STOPPED:
        why = "the car is in no minimal-risk condition"
    elif car.faults:
        why = f"fault: {min(car.faults)}"
    elif car.domain is not Domain.INSIDE:
        why = f"the operational design domain is {car.domain}"
    elif event.by.role is not Role.REMOTE_ASSISTANT and not car.driver.seated:
        why = "asked for from outside the driving seat"
    elif conduct.entity.role is not Role.DRIVERLESS_OPERATOR:
        why = "the person in the driving seat may take over; L4 needs a new run cycle"
    if why:
        log.add(NoteKind.REFUSED, f"release: {why}")
        return car
    assert isinstance(conduct, Automated)
    log.add(NoteKind.RELEASED, f"by {event.by.name} ({event.by.role})")
    return replace(car, conduct=Automated(conduct.entity))


def _stopping(car: Car, why: str, log: _Log) -> Car:
    """Begin the minimal-risk manoeuvre, if the car drives itself."""
    if not isinstance(car.conduct, Automated) or car.conduct.phase is not Phase.DRIVING:
        return car
    log.add(NoteKind.MANOEUVRE, why)
    return replace(car, conduct=Automated(car.conduct.entity, Phase.MANOEUVRE, cause=why), manoeuvred=True)


def _waiting(car: Car, why: str) -> Car:
    """Close the brakes of a standing L4 car, or open them again; a car that moves has to be asked to stop."""
    conduct = car.conduct
    if not isinstance(conduct, Automated) or conduct.phase is not Phase.DRIVING or (why and car.speed >= STANDSTILL):
        return car
    return replace(car, conduct=replace(conduct, waiting=why))


def _collided(car: Car, log: _Log) -> Car:
    """At L4 the manoeuvre begins; at L2 the driver is told, and the stop path leads until the driver has the wheel."""
    if not isinstance(car.conduct, Assisted):
        return _stopping(car, "collision", log)
    if not car.conduct.collided:
        log.add(NoteKind.COLLISION, "the driver is told to take control")
    failed_us = car.t_us if car.conduct.failed_us is None else car.conduct.failed_us
    return replace(car, conduct=replace(car.conduct, failed_us=failed_us, collided=True))


def _failed(car: Car, fault: Fault, log: _Log) -> Car:
    if fault not in car.faults:
        log.add(NoteKind.FAULT, fault)
    car = replace(car, faults=car.faults | {fault})
    if isinstance(car.conduct, Assisted):
        failed_us = car.t_us if car.conduct.failed_us is None else car.conduct.failed_us
        return replace(car, conduct=replace(car.conduct, failed_us=failed_us, untrusted=True))
    return _stopping(car, fault, log)


def _domain(car: Car, domain: Domain, why: str, log: _Log) -> Car:
    begins = (car.mode, car.domain, domain) == (Mode.MANUAL, Domain.UNKNOWN, Domain.INSIDE)  # the first look at the road is no news
    if domain is not car.domain and not begins:
        log.add(NoteKind.DOMAIN, f"{domain} ({why})" if why else domain)
    car = replace(car, domain=domain)
    conduct = car.conduct
    if isinstance(conduct, Assisted) and domain is Domain.OUTSIDE and conduct.failed_us is None:
        return replace(car, conduct=replace(conduct, failed_us=car.t_us))
    if not isinstance(conduct, Automated) or conduct.phase is not Phase.DRIVING:
        return car
    if domain is Domain.OUTSIDE or (domain is not Domain.INSIDE and not car.driver.seated):
        return _stopping(car, f"the operational design domain is {domain}", log)
    if domain in (Domain.ENDING, Domain.UNKNOWN):
        return replace(car, conduct=replace(conduct, offer_us=car.t_us if conduct.offer_us is None else conduct.offer_us))
    return replace(car, conduct=replace(conduct, offer_us=None))
