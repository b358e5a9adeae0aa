"""The loop's parts: the stop path needs no network, L2 keeps its lateral limits, a hung model is started anew, and risk ends a domain."""

from dataclasses import replace

import numpy as np
import pytest

from caravela.core.kinematics import integrate
from caravela.core.modes import Author, Fault, Mode
from caravela.core.responsibility import Entity, Person
from caravela.core.types import KNOTS, PROPOSALS, Observation, Plan
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.actuation import Commands, Watchdog
from caravela.vehicle.attention import SimulatedDriver
from caravela.vehicle.conduct import Assisted, Automated, Domain, Manual, Rules, parked
from caravela.vehicle.domain import DomainMonitor
from caravela.vehicle.loop import HUNG_TICKS, Loop, control_of
from caravela.vehicle.planner import Answer, InlinePlanner
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.rehearsal import CruisePolicy, Plain, small_rig
from caravela.vehicle.stop_path import HARDEST, StopPath

RULES = Rules(assisted_profile("gb-l2"), r157(), Entity("Caravela Motors Ltd"))
L2, L4, MANUAL = Assisted(Person("Ana Sousa")), Automated(RULES.entity), Manual(Person("Ana Sousa"))


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
