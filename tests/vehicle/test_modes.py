"""The mode machine: who answers is never in doubt, nothing is handed over by itself, and no sequence of events breaks it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from caravela.core.modes import Alert, Author, Fault, Mode, Phase
from caravela.core.responsibility import Entity, Ledger, PartyError, Person, Role
from caravela.vehicle.attention import Channel, DriverState
from caravela.vehicle.conduct import (
    AskToStop,
    Assisted,
    Automated,
    Car,
    Collided,
    Domain,
    DomainSeen,
    Engage,
    FaultCleared,
    FaultFound,
    Happening,
    Manual,
    NoteKind,
    Release,
    Rules,
    Sample,
    Settled,
    TakeOver,
    Wait,
    parked,
)
from caravela.vehicle.modes import demands_of, step
from caravela.vehicle.profiles import assisted_profile, r157

ANA, BEN = Person("Ana Sousa"), Person("Ben Okoro")
RITA = Person("Rita Lang", Role.REMOTE_ASSISTANT)
MAKER = Entity("Caravela Motors Ltd")
OPERATOR = Entity("Harbour Rides plc", Role.DRIVERLESS_OPERATOR)
THERE, AWAY, GONE = DriverState(), DriverState(hands_on=False, eyes_on=False), DriverState(seated=False, hands_on=False, eyes_on=False)
RULES = [Rules(assisted_profile(name), r157(), entity) for name in ("unece-r171", "gb-l2") for entity in (MAKER, OPERATOR)]
DELIBERATE = (Engage, TakeOver, Release, Settled)


def events(t_us: int, faults: Sequence[Fault] = (Fault.MODEL_DEAD,)) -> list[Happening]:
    """One of everything that can happen at `t_us`, with each of `faults`."""
    return [
        *(Sample(t_us, speed, driver) for speed in (0.0, 15.0) for driver in (THERE, AWAY, GONE)),
        *(Engage(t_us, mode, by) for mode in Mode for by in (ANA, RITA)),
        *(TakeOver(t_us, by) for by in (ANA, BEN, RITA)),
        *(Release(t_us, by) for by in (ANA, RITA)),
        AskToStop(t_us, "a passenger is unwell"),
        Collided(t_us),
        Wait(t_us, "boarding"),
        Settled(t_us),
        *(kind(t_us, fault) for kind in (FaultFound, FaultCleared) for fault in faults),
        *(DomainSeen(t_us, domain) for domain in Domain),
    ]


def check(before: Car, event: Happening, after: Car, rules: Rules) -> None:
    """What holds at every step, from any state, by any event."""
    demands = demands_of(after, rules)
    # exactly one responsible party, of the kind that the mode wants: a person where a person drives, else the entity
    assert isinstance(after.responsible, Person) == (after.mode in (Mode.MANUAL, Mode.L2))
    assert isinstance(after.responsible, Entity) == (after.mode is Mode.L4)
    # the party changes by a deliberate act only, and only a person who sits there and holds the wheel comes to answer
    if after.responsible != before.responsible:
        assert isinstance(event, Engage | TakeOver) and event.by.role is Role.DRIVER and before.driver.seated
        if isinstance(after.responsible, Person):
            assert before.driver.hands_on and after.responsible == event.by
            assert before.mode is not Mode.L4 or before.driver.eyes_on
    # the car begins to move by itself, again or at all, by a deliberate act only
    if demands.author is Author.NETWORK and demands_of(before, rules).author is not Author.NETWORK:
        assert isinstance(event, DELIBERATE)
    # a minimal-risk manoeuvre ends at standstill or by a take-over, and what follows it waits for an act
    if isinstance(before.conduct, Automated) and isinstance(after.conduct, Automated):
        if before.conduct.phase is Phase.MANOEUVRE:
            assert after.conduct.phase is Phase.MANOEUVRE or (after.conduct.phase is Phase.STOPPED and after.speed < 0.1)
        if before.conduct.phase is Phase.STOPPED and after.conduct.phase is not Phase.STOPPED:
            assert event.by.role is Role.REMOTE_ASSISTANT or before.driver.seated
            assert isinstance(event, Release) and not after.faults and after.conduct.phase is Phase.DRIVING
    # L4 with a severe fault or outside its domain never drives on
    if isinstance(after.conduct, Automated) and (after.faults or after.domain is Domain.OUTSIDE):
        assert demands.author in (Author.STOP_PATH, Author.HOLD)
    # after a collision nothing drives on
    if isinstance(event, Collided):
        assert demands.author is not Author.NETWORK
    # the network never moves a car whose faults are present
    assert not (after.faults and demands.author is Author.NETWORK)
    # whatever slows down by itself says so to the others, unless the driver is being handed the wheel
    if demands.author is Author.STOP_PATH:
        assert demands.hazards or demands.alert is Alert.DIRECT_CONTROL
        assert 0.0 < demands.deceleration <= r157().deceleration_limit
    # help at L2 never ends with no hand on the wheel, except held at standstill
    if before.mode is Mode.L2 and isinstance(after.conduct, Manual):
        assert after.driver.hands_on or (after.conduct.held and after.speed < 0.1)
    assert after.t_us >= before.t_us


def canonical(car: Car) -> Car:
    """The same state with its clocks counted from now: two of them behave alike."""
    t = car.t_us

    def ago(value: int | None) -> int | None:
        return None if value is None else max(value - t, -60_000_000)

    def channel(c: Channel) -> Channel:
        return replace(c, seen_us=ago(c.seen_us), back_us=ago(c.back_us), request_us=ago(c.request_us), escalated_us=ago(c.escalated_us))

    conduct = car.conduct
    if isinstance(conduct, Assisted):
        conduct = replace(conduct, failed_us=ago(conduct.failed_us))
    elif isinstance(conduct, Automated):
        conduct = replace(conduct, offer_us=ago(conduct.offer_us), cause="")
    attention = replace(car.attention, hands=channel(car.attention.hands), eyes=channel(car.attention.eyes))
    return replace(
        car,
        conduct=conduct,
        attention=attention,
        t_us=0,
        escalations=tuple(0 for _ in car.escalations),
        locked_until_us=None if car.locked_until_us is None else max(car.locked_until_us - t, 0),
    )


def walk(rules: Rules, *, depth: int, breadth: int) -> tuple[int, set[Car]]:
    """Steps made and states met, breadth first, over all events at both spacings; no more than about `breadth` states of each level,
    evenly chosen, lead on."""
    starts = [parked(Manual(ANA)), replace(parked(Automated(rules.entity)), driver=GONE)]
    frontier, seen, steps = list(starts), {canonical(car) for car in starts}, 0
    for _ in range(depth):
        following = []
        for car in frontier:
            for passed in (100_000, 4_900_000):
                for event in events(car.t_us + passed):
                    after, _ = step(car, event, rules=rules)
                    check(car, event, after, rules)
                    steps += 1
                    if (state := canonical(after)) not in seen:
                        seen.add(state)
                        following.append(after)
        frontier = following[:: max(1, len(following) // breadth)]
    return steps, seen


NAMES = [f"{rules.assisted.name}, {rules.entity.role}" for rules in RULES]


@pytest.mark.parametrize("rules", RULES, ids=NAMES)
def test_every_sequence_of_two_events_and_many_of_five_keep_the_rules(rules: Rules) -> None:
    steps, seen = walk(rules, depth=5, breadth=60)
    assert steps > 5_000 and {car.mode for car in seen} == set(Mode)


@pytest.mark.long
@pytest.mark.parametrize("rules", RULES, ids=NAMES)
def test_every_sequence_of_three_events_and_very_many_of_seven_keep_the_rules(rules: Rules) -> None:
    steps, seen = walk(rules, depth=7, breadth=10_000)
    print(f"\n  {rules.assisted.name}: {steps:,} steps, {len(seen):,} different states")
    assert {car.mode for car in seen} == set(Mode)


@pytest.mark.parametrize("seed", range(4))
def test_long_random_drives_keep_the_rules(seed: int) -> None:
    random = Random(seed)
    rules = RULES[seed]
    car, ledger, visited = parked(Manual(ANA)), Ledger(ANA, mode=Mode.MANUAL, t_us=0), set()
    for _ in range(12_000):
        driver = random.choices((THERE, AWAY, GONE), (6, 3, 1))[0]
        t_us = car.t_us + random.choice((-50_000, 0, 100_000, 100_000, 100_000, 2_000_000))
        sample = Sample(t_us, random.choice((0.0, 15.0)), driver)
        event = sample if random.random() < 0.7 else random.choice(events(t_us, random.sample(list(Fault), 2)))
        after, demands = step(car, event, rules=rules)
        check(car, event, after, rules)
        ledger.note(after.responsible, mode=after.mode, t_us=after.t_us)
        visited.add((after.mode, demands.author, demands.alert))
        car = after if random.random() > 0.002 else parked(Manual(ANA), t_us=after.t_us)  # now and then a new run cycle
        ledger.note(car.responsible, mode=car.mode, t_us=car.t_us)
    tenures = ledger.tenures
    assert all(one.until_us == two.from_us for one, two in zip(tenures[:-1], tenures[1:])) and tenures[-1].until_us is None
    assert {mode for mode, _, _ in visited} == set(Mode) and {author for _, author, _ in visited} >= {Author.NETWORK, Author.STOP_PATH}


def test_a_mode_in_which_a_person_must_catch_the_car_cannot_be_made() -> None:
    assert {mode.name for mode in Mode} == {"MANUAL", "L2", "L4"}
    with pytest.raises(PartyError, match="no person answers for a car that drives itself"):
        Automated(ANA)  # type: ignore[arg-type]
    for kind in (Manual, Assisted):
        with pytest.raises(PartyError, match="expected a person in the driving seat"):
            kind(MAKER)  # type: ignore[arg-type]
        with pytest.raises(PartyError, match="expected a person in the driving seat"):
            kind(RITA)
    with pytest.raises(ValueError):
        Mode("L3")


def test_a_responsible_party_has_a_name_and_a_fitting_role() -> None:
    for name in ("", "  ", "system", "Nobody"):
        with pytest.raises(PartyError, match="names nobody"):
            Person(name)
        with pytest.raises(PartyError, match="names nobody"):
            Entity(name)
    with pytest.raises(PartyError, match="expected a driver"):
        Person("Ana Sousa", Role.DRIVERLESS_OPERATOR)
    with pytest.raises(PartyError, match="a company can hold"):
        Entity("Caravela Motors Ltd", Role.DRIVER)


def drive(car: Car, rules: Rules, *happenings: Happening) -> tuple[Car, list[str]]:
    """The car after all that, and its notes."""
    notes: list[str] = []
    for happening in happenings:
        car, demands = step(car, happening, rules=rules)
        notes += [f"{note.kind}: {note.detail}" for note in demands.notes]
    return car, notes


def ticks(car: Car, seconds: float, driver: DriverState = THERE, speed: float = 15.0) -> Iterator[Sample]:
    """Samples at 10 Hz after the car's time."""
    return (Sample(car.t_us + 100_000 * (n + 1), speed, driver) for n in range(round(seconds * 10)))


def test_l4_takes_over_from_the_driver_and_stops_by_itself() -> None:
    car, notes = drive(parked(Manual(ANA)), RULES[0], Engage(0, Mode.L4, ANA), FaultFound(100_000, Fault.CAMERA_STUCK))
    assert "mode: manual to L4" in notes and "minimal-risk manoeuvre: camera stuck" in notes
    assert car.responsible == MAKER and demands_of(car, RULES[0]).hazards
    car, notes = drive(car, RULES[0], *ticks(car, 1.0, GONE), Sample(9_000_000, 0.0, GONE), FaultCleared(9_100_000, Fault.CAMERA_STUCK))
    assert isinstance(car.conduct, Automated) and car.conduct.phase is Phase.STOPPED
    car, _ = drive(car, RULES[0], *ticks(car, 60.0, THERE, 0.0))
    assert demands_of(car, RULES[0]).author is Author.HOLD, "it stays stopped until a deliberate act"
    car, notes = drive(car, RULES[0], Release(car.t_us, ANA), TakeOver(car.t_us, ANA), Engage(car.t_us, Mode.L4, ANA))
    assert notes[0].startswith("refused: release") and car.mode is Mode.MANUAL and notes[-1].endswith("needs a new run cycle")


def test_at_l2_a_collision_is_told_and_the_car_stops_until_the_driver_has_the_wheel() -> None:
    car, _ = drive(parked(Manual(ANA)), RULES[0], Sample(0, 15.0, THERE), Engage(0, Mode.L2, ANA), *ticks(parked(Manual(ANA)), 0.5))
    car, notes = drive(car, RULES[0], Collided(car.t_us))
    demands = demands_of(car, RULES[0])
    assert (demands.author, demands.alert, demands.hazards) == (Author.STOP_PATH, Alert.DIRECT_CONTROL, True)
    assert notes == ["collision: the driver is told to take control", "request: direct control alert"]
    taken, _ = drive(car, RULES[0], TakeOver(car.t_us, ANA))
    assert taken.mode is Mode.MANUAL and demands_of(taken, RULES[0]).author is Author.DRIVER
    stood, _ = drive(car, RULES[0], *ticks(car, 4.0), Sample(car.t_us + 5_000_000, 0.0, AWAY))
    assert demands_of(stood, RULES[0]).author is Author.HOLD and stood.responsible == ANA
    manual, notes = drive(parked(Manual(ANA)), RULES[0], Collided(0))
    assert demands_of(manual, RULES[0]).author is Author.DRIVER and notes == []


def test_after_a_collision_at_l4_the_manoeuvre_begins() -> None:
    car, notes = drive(parked(Automated(OPERATOR)), RULES[1], Collided(0))
    assert demands_of(car, RULES[1]).author is Author.STOP_PATH and notes == ["minimal-risk manoeuvre: collision"]


def test_a_passer_by_does_not_release_a_driverless_car() -> None:
    stopped = (*ticks(parked(Automated(OPERATOR)), 0.1, GONE), AskToStop(200_000, "collision"), Sample(300_000, 0.0, GONE))
    car, _ = drive(parked(Automated(OPERATOR)), RULES[1], *stopped)
    for_driver, notes = drive(car, RULES[1], Release(car.t_us, Person("A Passer-by")))
    assert demands_of(for_driver, RULES[1]).author is Author.HOLD
    assert notes == ["refused: release: asked for from outside the driving seat"]
    for driver, by in ((GONE, RITA), (THERE, ANA)):
        released, _ = drive(car, RULES[1], Sample(400_000, 0.0, driver), Release(400_000, by))
        assert demands_of(released, RULES[1]).author is Author.NETWORK


def test_a_driverless_car_is_released_from_afar_only_when_it_is_well_and_stands() -> None:
    rules = RULES[1]
    car = replace(parked(Automated(OPERATOR)), driver=GONE)
    car, _ = drive(car, rules, *ticks(car, 1.0, GONE), FaultFound(car.t_us, Fault.FRAME_MISSING))
    for held_back in ("in no minimal-risk condition", "fault: frame missing"):
        car, notes = drive(car, rules, Release(car.t_us, RITA))
        assert held_back in notes[-1]
        car, _ = drive(car, rules, Sample(car.t_us + 100_000, 0.0, GONE))
    car, notes = drive(car, rules, FaultCleared(car.t_us, Fault.FRAME_MISSING), Release(car.t_us, RITA))
    assert notes[-1] == "released: by Rita Lang (remote assistant)" and car.responsible == OPERATOR
    assert demands_of(car, rules).author is Author.NETWORK
    car, notes = drive(car, rules, TakeOver(car.t_us, RITA))
    assert notes == ["refused: take-over: from outside the driving seat"], "remote assistance never drives"


def test_an_offer_may_be_declined_by_doing_nothing() -> None:
    car, _ = drive(parked(Manual(ANA)), RULES[0], Engage(0, Mode.L4, ANA), DomainSeen(0, Domain.ENDING, "fog"))
    after, notes = drive(car, RULES[0], *ticks(car, 3.5))
    assert notes == [] and after.responsible == MAKER
    withdrawn, _ = drive(after, RULES[0], DomainSeen(after.t_us, Domain.INSIDE))
    assert demands_of(withdrawn, RULES[0]).alert is Alert.NONE
    stopped, notes = drive(after, RULES[0], *ticks(after, 12.0))
    assert notes[0] == "request: offer to take over, escalated" and notes[-1].startswith("minimal-risk manoeuvre: nobody took")
    assert stopped.responsible == MAKER, "declining hands nothing over"
    taken, _ = drive(after, RULES[0], TakeOver(after.t_us, ANA))
    assert taken.responsible == ANA


def test_at_l2_a_fault_is_told_and_the_car_slows_until_the_driver_has_the_wheel() -> None:
    car, _ = drive(parked(Manual(ANA)), RULES[0], Engage(0, Mode.L2, ANA), Sample(100_000, 15.0, AWAY))
    car, notes = drive(car, RULES[0], FaultFound(car.t_us, Fault.MODEL_DEAD))
    demands = demands_of(car, RULES[0])
    assert demands.author is Author.STOP_PATH and demands.alert is Alert.DIRECT_CONTROL and car.responsible == ANA
    off, _ = drive(car, RULES[0], TakeOver(car.t_us, ANA))
    assert off.mode is Mode.L2, "steering help does not end with no hand on the wheel"
    taken, _ = drive(off, RULES[0], *ticks(off, 0.1))
    assert taken.mode is Mode.MANUAL
    ignored, notes = drive(car, RULES[0], *ticks(car, 10.0, AWAY))
    assert "unavailability response: Ana Sousa does not answer" in notes and demands_of(ignored, RULES[0]).hazards


@pytest.mark.parametrize(
    ("prepare", "by", "why"),
    [
        ((Sample(0, 0.0, AWAY),), ANA, "hands or eyes are away"),
        ((Sample(0, 0.0, GONE),), ANA, "outside the driving seat"),
        ((FaultFound(0, Fault.CAMERA_BLIND),), ANA, "fault: camera blind"),
        ((DomainSeen(0, Domain.OUTSIDE),), ANA, "outside the operational design domain"),
        ((), BEN, "Ana Sousa is driving"),
        ((), RITA, "outside the driving seat"),
        ((Engage(0, Mode.L4, ANA),), ANA, "take over first"),
    ],
)
def test_l2_is_refused_with_its_reason(prepare: tuple[Happening, ...], by: Person, why: str) -> None:
    car, notes = drive(parked(Manual(ANA)), RULES[0], *prepare, Engage(0, Mode.L2, by))
    assert car.mode is not Mode.L2 and notes[-1].startswith("refused: L2") and why in notes[-1]


def test_notes_name_what_the_record_needs() -> None:
    assert {kind.name for kind in NoteKind} >= {"MODE", "TAKE_OVER", "REQUEST", "MANOEUVRE", "FAULT"}
