"""The loop's parts: the stop path needs no network, L2 keeps its lateral limits, a hung model is started anew, and risk ends a domain."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from caravela.core.kinematics import integrate
from caravela.core.modes import Alert, Author, Fault, Mode
from caravela.core.responsibility import Entity, Party, Person
from caravela.core.types import KNOTS, PROPOSALS, Observation, Plan
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.actuation import HOLD_BRAKE, Commands, Watchdog
from caravela.vehicle.attention import DriverState, SimulatedDriver
from caravela.vehicle.conduct import Assisted, Automated, Domain, Engage, Manual, NoteKind, Rules, parked
from caravela.vehicle.domain import DomainMonitor
from caravela.vehicle.health import PLAN_AGE_TICKS
from caravela.vehicle.loop import HUNG_TICKS, Loop, control_of
from caravela.vehicle.planner import Answer, InlinePlanner
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.rehearsal import CruisePolicy, Plain, small_rig
from caravela.vehicle.stop_path import HARDEST, StopPath

RULES = Rules(assisted_profile("gb-l2"), r157(), Entity("Caravela Motors Ltd"))
ANA = Person("Ana Sousa")
L2, L4, MANUAL = Assisted(ANA), Automated(RULES.entity), Manual(ANA)


def plan_of(*, acceleration: float = 0.0, curvature: float = 0.0, speed: float = 10.0, risk: float = 0.1) -> Plan:
    knots = np.zeros((1, PROPOSALS, KNOTS, 2), np.float32)
    knots[..., 0], knots[..., 1] = acceleration, curvature
    trajectories, speeds = integrate(knots, speed=np.full((1, PROPOSALS), speed, np.float32))
    return Plan(trajectories, speeds, knots, np.zeros((1, PROPOSALS), np.float32), np.zeros(1, np.int64), np.array([risk], np.float32))


class Scripted(CruisePolicy):
    """Gives the same plan always."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.given = plan

    def plan(self, observation: Observation) -> Plan:
        return self.given


def loop_of(conduct: Assisted | Automated | Manual, policy: CruisePolicy) -> Loop:
    return Loop(parked(conduct), rules=RULES, planner=InlinePlanner(policy), monitor=SimulatedDriver(), rig=small_rig(), deadline_s=9.0)


def ticks(loop: Loop, plain: Plain, number: int, *, lost: bool = False, first: int = 0):
    return [
        loop.tick(None if lost else plain.look(n * STEP_US), now_us=n * STEP_US, steady_us=n * STEP_US)
        for n in range(first, first + number)
    ]


@pytest.mark.parametrize("curvature", [0.03, -0.02])
def test_the_stop_path_follows_the_last_good_plan_round_a_bend(curvature: float) -> None:
    path, speed = StopPath(), 10.0
    path.keep(plan_of(curvature=curvature))
    x = y = heading = 0.0
    while speed > 0.05:
        acceleration, asked = path.control(speed=speed, deceleration=3.0)
        assert -3.0 <= acceleration <= 0.0
        path.move(speed)
        x, y, heading = x + speed * STEP_S * np.cos(heading), y + speed * STEP_S * np.sin(heading), heading + asked * speed * STEP_S
        speed = max(speed + acceleration * STEP_S, 0.0)
    radius = 1 / curvature
    assert abs(np.hypot(x, y - radius) - abs(radius)) < 0.3, "it stays on the planned arc"
    assert 10.0**2 / 6 < np.hypot(x, y) < 10.0**2 / 6 + 6.0


def test_braking_that_the_last_plan_had_begun_is_kept_up_as_long_as_it_lasts() -> None:
    for planned, kept in ((-6.0, -HARDEST), (-2.5, -2.5), (1.0, -1.0)):
        path = StopPath()
        path.keep(plan_of(acceleration=planned, speed=30.0))
        path.rest(planned)
        asked = []
        for _ in range(60):
            asked.append(path.control(speed=30.0, deceleration=1.0)[0])
            path.move(30.0)
        assert asked[5] == pytest.approx(kept) and asked[30] == pytest.approx(kept)
        assert asked[50] == pytest.approx(-1.0), "the plan is over"


def test_a_watchdog_hands_on_what_the_driver_does_now_and_keeps_a_path_of_its_own() -> None:
    watchdog, path = Watchdog(deceleration=3.0), StopPath()
    path.keep(plan_of(curvature=0.02))
    given = Commands(2.0, 0.05, Author.DRIVER, Mode.MANUAL, Person("Ana Sousa"))
    watchdog.beat(given, path, steady_us=0)
    frozen = watchdog.commands(steady_us=10_000_000, speed=10.0, driver=(-1.5, 0.01))
    assert frozen is not None and (frozen.acceleration, frozen.curvature, frozen.author) == (-1.5, 0.01, Author.DRIVER)
    watchdog.beat(replace(given, mode=Mode.L4, author=Author.NETWORK), path, steady_us=20_000_000)
    path.keep(plan_of(curvature=-0.2))  # whatever a dying loop still does to its own
    stop = watchdog.commands(steady_us=30_000_000, speed=10.0)
    assert stop is not None and stop.curvature == pytest.approx(0.02, abs=2e-3)


def frozen(mode: Mode, author: Author, *, responsible: Party, path: StopPath | None = None) -> Watchdog:
    """A watchdog whose loop beat for the last time at 0 s."""
    watchdog = Watchdog(deceleration=3.0)
    watchdog.beat(Commands(0.0, 0.0, author, mode, responsible), path or StopPath(), steady_us=0)
    return watchdog


def acted(watchdog: Watchdog, t_s: float, *, speed: float = 15.0, **seat: Any) -> Commands:
    commands = watchdog.commands(steady_us=round(t_s * 1e6), speed=speed, **seat)
    assert commands is not None
    return commands


@pytest.mark.parametrize("controls", [(-6.0, 0.05), (-1.0, 0.0), (0.0, 0.05), (1.0, 0.0)])
def test_without_a_loop_the_driver_at_l2_still_has_brake_and_wheel(controls: tuple[float, float]) -> None:
    watchdog = frozen(Mode.L2, Author.NETWORK, responsible=ANA)
    assert acted(watchdog, 0.5).alert is Alert.DIRECT_CONTROL
    taken = acted(watchdog, 0.6, driver=controls)
    assert (taken.acceleration, taken.curvature, taken.author, taken.mode) == (*controls, Author.DRIVER, Mode.MANUAL)
    assert acted(watchdog, 0.7).author is Author.DRIVER, "help has ended"
    assert watchdog.taken_by == ANA


def test_without_a_loop_help_to_steer_does_not_end_with_no_hand_on_the_wheel() -> None:
    path = StopPath()
    path.keep(plan_of(curvature=0.01, speed=15.0))
    watchdog = frozen(Mode.L2, Author.NETWORK, responsible=ANA, path=path)
    given = acted(watchdog, 0.5, driver=(-6.0, 0.0), seat=DriverState(hands_on=False))
    assert given.author is Author.STOP_PATH and given.acceleration == -6.0 and given.curvature == pytest.approx(0.01, abs=2e-3)


def test_without_a_loop_a_person_who_sits_there_may_take_over_from_l4_and_nobody_else() -> None:
    for seat, person, taken in ((DriverState(), ANA, True), (DriverState(), None, False), (DriverState(seated=False), ANA, False)):
        watchdog = frozen(Mode.L4, Author.NETWORK, responsible=RULES.entity)
        given = acted(watchdog, 0.5, driver=(-2.0, 0.03), seat=seat, person=person)
        assert (given.author is Author.DRIVER) == taken and (given.responsible == ANA) == taken
        assert isinstance(given.responsible, Person) == (given.mode is not Mode.L4)


@pytest.mark.parametrize(("conduct", "party"), [(Mode.L4, "entity"), (Mode.MANUAL, "driver")])
def test_a_watchdog_keeps_the_brakes_of_a_standing_car_closed(conduct: Mode, party: str) -> None:
    watchdog = frozen(conduct, Author.HOLD, responsible=RULES.entity if party == "entity" else ANA)
    for t_s in (0.5, 0.6):
        held = acted(watchdog, t_s, speed=0.0)
        assert (held.acceleration, held.author, held.hazards) == (HOLD_BRAKE, Author.HOLD, True)


def test_a_stop_without_the_loop_ends_with_the_brakes_closed() -> None:
    watchdog = frozen(Mode.L4, Author.NETWORK, responsible=RULES.entity)
    assert acted(watchdog, 0.5).author is Author.STOP_PATH
    assert acted(watchdog, 0.6, speed=0.0).acceleration == HOLD_BRAKE
    assert acted(watchdog, 0.7, speed=0.3).acceleration == HOLD_BRAKE, "it does not roll away"


def test_one_speed_that_is_no_number_spoils_no_stop() -> None:
    path = StopPath()
    path.keep(plan_of(curvature=0.02))
    watchdog = frozen(Mode.L4, Author.NETWORK, responsible=RULES.entity, path=path)
    acted(watchdog, 0.1, speed=10.0)
    for n, speed in enumerate((10.0, np.nan, np.inf, -np.inf, 1e9, 10.0)):
        given = acted(watchdog, 0.5 + 0.1 * n, speed=speed)
        assert given.author is Author.STOP_PATH and -3.0 <= given.acceleration < 0.0
        assert given.curvature == pytest.approx(0.02, abs=2e-3)
    path.move(np.nan)
    assert np.isfinite(path.control(speed=np.nan, deceleration=3.0)).all() and np.isfinite(path.control(speed=9.0, deceleration=3.0)).all()


def test_a_watchdogs_stop_goes_on_when_the_loop_comes_back() -> None:
    watchdog = frozen(Mode.L4, Author.NETWORK, responsible=RULES.entity)
    acted(watchdog, 0.5)
    back = Commands(1.0, 0.0, Author.NETWORK, Mode.L4, RULES.entity)
    for author, speed, expected in (
        (Author.NETWORK, 12.0, Author.STOP_PATH),
        (Author.STOP_PATH, 6.0, Author.STOP_PATH),
        (Author.STOP_PATH, 0.0, Author.HOLD),
        (Author.HOLD, 0.0, Author.HOLD),
    ):
        watchdog.beat(replace(back, author=author), StopPath(), steady_us=600_000)
        given = acted(watchdog, 0.6, speed=speed)
        assert given.author is expected
        assert (watchdog.fault is None) == (author is Author.HOLD) != (given.acceleration < 0.0)
    watchdog.beat(back, StopPath(), steady_us=700_000)
    assert acted(watchdog, 0.7, speed=0.0) == back, "the loop has been released since: it is in charge"


@pytest.mark.parametrize(("conduct", "author"), [(L2, Author.STOP_PATH), (L4, Author.STOP_PATH), (MANUAL, Author.DRIVER)])
def test_a_loop_that_stood_still_itself_knows_it(conduct: Assisted | Automated | Manual, author: Author) -> None:
    loop, plain = loop_of(conduct, CruisePolicy()), Plain(small_rig())
    ticks(loop, plain, 20)
    late = 25 * STEP_US
    tick = loop.tick(plain.look(late), now_us=late, steady_us=late)
    assert Fault.HEARTBEAT_LOST in tick.faults and tick.commands.author is author
    assert tick.details[Fault.HEARTBEAT_LOST] == "0.6 s without a tick"
    assert NoteKind.FAULT in [note.kind for note in tick.notes]


def test_an_observation_of_nothing_is_an_invalid_one() -> None:
    loop, plain = loop_of(L4, CruisePolicy()), Plain(small_rig())
    whole = plain.look(0)
    for field in ("images", "speed", "yaw_rate", "t_us"):
        tick = loop.tick(replace(whole, **{field: getattr(whole, field)[:0]}), now_us=0, steady_us=0)
        assert Fault.INPUT_INVALID in tick.faults


def test_what_the_watchdog_saw_counts_in_the_loop() -> None:
    loop, plain = loop_of(L4, CruisePolicy()), Plain(small_rig())
    ticks(loop, plain, 20)
    tick = loop.tick(plain.look(2_000_000), now_us=2_000_000, steady_us=2_000_000, reported=(Fault.HEARTBEAT_LOST,))
    assert tick.commands.author is Author.STOP_PATH and tick.commands.hazards


@pytest.mark.parametrize("conduct", [L2, L4])
def test_a_car_does_not_drive_on_an_old_plan_whatever_mix_of_faults_made_it_old(conduct: Assisted | Automated) -> None:
    loop, plain = loop_of(conduct, CruisePolicy()), Plain(small_rig())
    ticks(loop, plain, 20)
    found = []
    for n in range(20, 40):
        seen = None if n % 2 else replace(plain.look(n * STEP_US), t_us=np.array([n * STEP_US - 600_000]))
        found.append(loop.tick(seen, now_us=n * STEP_US, steady_us=n * STEP_US))
    first = [tick.commands.author for tick in found].index(Author.STOP_PATH)
    assert first == PLAN_AGE_TICKS and Fault.PLAN_TOO_OLD in found[first].car.faults
    assert all(tick.commands.author is Author.STOP_PATH for tick in found[first:])


def test_a_camera_that_is_black_for_one_tick_ends_no_domain() -> None:
    loop, plain = loop_of(L4, CruisePolicy()), Plain(small_rig())

    def black(first: int, number: int) -> list:
        seen = [plain.look(n * STEP_US) for n in range(first, first + number)]
        dark = [replace(one, images=np.zeros_like(one.images)) for one in seen]
        return [loop.tick(one, now_us=(first + n) * STEP_US, steady_us=(first + n) * STEP_US) for n, one in enumerate(dark)]

    ticks(loop, plain, 5)
    once = [*black(5, 1), *ticks(loop, plain, 20, first=6)]
    assert Fault.CAMERA_BLIND in once[0].faults and {tick.car.domain for tick in once} == {Domain.INSIDE}
    assert black(26, 10)[-1].car.domain is not Domain.INSIDE


def test_a_stop_needs_nothing_of_the_network() -> None:
    loop, plain = loop_of(L4, Scripted(plan_of(curvature=0.02))), Plain(small_rig(), speed=10.0)
    ticks(loop, plain, 5)

    class Poisoned:
        def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
            raise AssertionError("the stop path asked the network")

    loop._planner = Poisoned()  # type: ignore[assignment]
    found = ticks(loop, plain, 40, lost=True, first=5)
    assert found[5].commands.author is Author.STOP_PATH and found[5].commands.curvature == pytest.approx(0.02, abs=2e-3)
    assert not found[5].commands.progress


@pytest.mark.parametrize(("conduct", "limited"), [(L2, True), (L4, False)])
def test_at_l2_lateral_acceleration_and_jerk_keep_the_profile(conduct: Assisted | Automated, limited: bool) -> None:
    loop, plain = loop_of(conduct, Scripted(plan_of(curvature=0.2, speed=15.0))), Plain(small_rig(), speed=15.0)
    lateral = [tick.commands.curvature * 15.0**2 for tick in ticks(loop, plain, 20)]
    steps = np.diff([0.0, *lateral]) / STEP_S
    assert (max(lateral) <= 3.0 + 1e-6) == limited and (np.abs(steps).max() <= 5.0 + 1e-6) == limited


def test_an_older_plan_is_followed_where_it_has_got_to() -> None:
    plan = plan_of()
    plan.knots[0, 0, :, 0] = np.arange(KNOTS)
    assert control_of(plan).acceleration[0] == pytest.approx(0.4) == plan.control().acceleration[0]
    assert control_of(plan, age_s=0.5).acceleration[0] == pytest.approx(1.4)
    assert control_of(plan, age_s=60.0).acceleration[0] == pytest.approx(KNOTS - 1)


def test_a_hung_model_is_started_anew() -> None:
    class Hung:
        restarts = 0

        def ask(self, observation: Observation, *, deadline_s: float) -> Answer:
            return Answer(None)

        def restart(self) -> None:
            self.restarts += 1

    loop, plain, hung = loop_of(L4, CruisePolicy()), Plain(small_rig()), Hung()
    loop._planner = hung  # type: ignore[assignment]
    ticks(loop, plain, HUNG_TICKS - 1)
    assert hung.restarts == 0
    found = ticks(loop, plain, 2, first=HUNG_TICKS - 1)
    assert hung.restarts == 1 and Fault.PLAN_LATE in found[-1].car.faults


def test_risk_ends_the_domain_and_the_car_stops() -> None:
    policy = Scripted(plan_of(risk=0.1))
    loop, plain = loop_of(L4, policy), Plain(small_rig())
    assert ticks(loop, plain, 20)[-1].car.domain is Domain.INSIDE
    policy.given = plan_of(risk=0.95)
    found = ticks(loop, plain, 40, first=20)
    assert [tick.car.domain for tick in found].index(Domain.ENDING) < [tick.car.domain for tick in found].index(Domain.OUTSIDE)
    assert found[-1].commands.author is Author.STOP_PATH and found[-1].commands.hazards


@pytest.mark.parametrize(("asked", "mode"), [(Mode.L4, Mode.MANUAL), (Mode.L2, Mode.L2)])
def test_l4_is_refused_while_no_risk_is_told(asked: Mode, mode: Mode) -> None:
    loop, plain = loop_of(MANUAL, Scripted(plan_of(risk=np.nan))), Plain(small_rig())
    ticks(loop, plain, 10)
    tick = loop.tick(plain.look(1_000_000), now_us=1_000_000, steady_us=1_000_000, happenings=(Engage(1_000_000, asked, ANA),))
    assert tick.car.mode is mode and not tick.faults
    assert asked is Mode.L2 or "the operational design domain is not known" in tick.notes[-1].detail


def test_l4_is_refused_before_the_first_plan() -> None:
    loop = loop_of(MANUAL, CruisePolicy())
    tick = loop.tick(None, now_us=0, steady_us=0, happenings=(Engage(0, Mode.L4, ANA),))
    assert tick.car.mode is Mode.MANUAL and "not known" in tick.notes[-1].detail


@pytest.mark.parametrize(("seated", "author"), [(True, Author.NETWORK), (False, Author.STOP_PATH)])
def test_a_risk_that_is_told_no_more_asks_to_leave_l4_or_stops(seated: bool, author: Author) -> None:
    policy = Scripted(plan_of(risk=0.1))
    loop, plain = loop_of(L4, policy), Plain(small_rig())
    loop._monitor = SimulatedDriver(seat_empty=() if seated else ((0.0, 1e9),))
    ticks(loop, plain, 10)
    policy.given = plan_of(risk=np.nan)
    found = ticks(loop, plain, 20, first=10)
    assert found[2].car.domain is Domain.INSIDE, "a tick or two without is ridden out"
    assert found[-1].car.domain is Domain.UNKNOWN and found[-1].commands.author is author
    assert (found[-1].commands.alert is Alert.TAKE_OVER_OFFER) == seated
    policy.given = plan_of(risk=0.1)
    assert ticks(loop, plain, 5, first=30)[-1].car.domain is Domain.INSIDE


def test_the_first_risk_counts_in_full() -> None:
    assert DomainMonitor(r157()).see(0.9, blind=False)[0] is Domain.OUTSIDE
    assert DomainMonitor(r157()).see(None, blind=False)[0] is Domain.UNKNOWN


def test_the_domain_does_not_flicker_at_its_edge() -> None:
    monitor = DomainMonitor(r157())
    seen = [monitor.see(0.6 + 0.02 * (-1) ** n, blind=False)[0] for n in range(200)]
    assert sum(one is not two for one, two in zip(seen[:-1], seen[1:])) <= 1


def test_in_manual_the_drivers_own_controls_pass_whatever_is_wrong() -> None:
    loop, plain = loop_of(MANUAL, CruisePolicy()), Plain(small_rig())
    for number in range(10):
        seen = replace(plain.look(number * STEP_US), speed=np.full(1, np.nan, np.float32))
        tick = loop.tick(seen, now_us=number * STEP_US, steady_us=number * STEP_US, driver=(-1.5, 0.01))
        assert (tick.commands.acceleration, tick.commands.curvature, tick.commands.mode) == (-1.5, 0.01, Mode.MANUAL)
    assert Fault.INPUT_INVALID in tick.car.faults
