"""The bus keeps each domain to its own signals, and the plan that listens to all four stays within the model's own: never faster at any
place, the same where a domain is silent or nothing is cheaper, and softer, slower or stopping where people, cold or wet roads make it
dear."""

from dataclasses import replace

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.kinematics import integrate
from caravela.core.request import Manner
from caravela.core.signals import SignalError
from caravela.core.types import KNOTS, Observation, Plan
from caravela.vehicle.domains.bus import Bus, BusError
from caravela.vehicle.domains.integrated import Choice, IntegratedPolicy, outlook
from caravela.vehicle.domains.prices import Shared, Tariff
from caravela.vehicle.domains.reports import DOMAINS, ChassisReport, CockpitReport, Domain, DrivingReport, PowertrainReport, signals_of
from caravela.vehicle.domains.retime import Path, retimed

WEAK = PowertrainReport(regeneration_power=8e3, regeneration_force=4000.0)


def knots_of(acceleration, curvature=0.0) -> np.ndarray:
    """(KNOTS, 2)"""
    return np.stack(
        np.broadcast_arrays(np.asarray(acceleration, np.float32), np.float32(curvature), np.zeros(KNOTS, np.float32))[:2], -1
    ).astype(np.float32)


class Fan:
    """A policy that always proposes the same."""

    name = "fan"

    def __init__(self, *knots: np.ndarray, values=None, paced: int = 0) -> None:
        self._knots, self._paced = np.stack(knots), paced
        self._values = np.zeros(len(knots)) if values is None else np.array(values)

    def reset(self, batch: int) -> None:
        """It keeps nothing."""

    def plan(self, observation: Observation) -> Plan:
        knots = np.repeat(self._knots[None], observation.batch, 0)
        trajectories, speeds = integrate(knots, speed=observation.speed[:, None])
        none = np.zeros(observation.batch)
        values = np.repeat(self._values[None].astype(np.float32), observation.batch, 0)
        return Plan(trajectories, speeds, knots, values, none.astype(np.int64), none.astype(np.float32), self._paced)


def look(speed: float, *, t_us: int = 0) -> Observation:
    return Observation(
        t_us=np.array([t_us]),
        images=np.zeros((1, 3, 0, 0, 0, 3), np.uint8),
        speed=np.array([speed], np.float32),
        yaw_rate=np.zeros(1, np.float32),
        route=np.zeros((1, 8, 2), np.float32),
        has_route=np.ones(1, bool),
        words=("",),
    )


def bus_of(*reports, t_us: int = 0) -> Bus:
    bus = Bus()
    for report in (CockpitReport(), PowertrainReport(), ChassisReport(), *reports):
        bus.publish(DOMAINS[type(report)], report, t_us=t_us, now_us=t_us)
    return bus


def planned(policy, *reports, speed: float, choice: Choice | None = None, t_us: int = 0) -> Plan:
    bus = bus_of(*reports)
    return IntegratedPolicy(policy, lambda: [bus], choice=choice).plan(look(speed, t_us=t_us))


# The bus.
def test_signals_are_there_by_their_vss_paths():
    bus = bus_of(PowertrainReport(charge=41.0))
    assert bus.signals["Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"] == 41.0
    assert all(path.startswith("Vehicle.") for path in bus.signals)


def test_no_two_reports_share_a_signal():
    paths = [signal.path for report in DOMAINS for signal in signals_of(report).values()]
    assert len(paths) == len(set(paths))


def test_a_domain_publishes_its_own_report_only():
    with pytest.raises(BusError, match="cockpit published a PowertrainReport; expected its own report"):
        Bus().publish(Domain.COCKPIT, PowertrainReport(), t_us=0, now_us=0)
    with pytest.raises(CaravelaError, match="unknown domain 'chasis'; did you mean chassis"):
        Bus().publish("chasis", ChassisReport(), t_us=0, now_us=0)


@pytest.mark.parametrize("report", [PowertrainReport(charge=130.0), PowertrainReport(charge=float("nan")), ChassisReport(weight=0.0)])
def test_what_a_signal_cannot_hold_never_gets_on_the_bus(report):
    bus = bus_of()
    before = bus.signals.snapshot()
    with pytest.raises(SignalError, match="expected"):
        bus.publish(DOMAINS[type(report)], report, t_us=1, now_us=1)
    assert bus.signals.snapshot() == before


def test_a_silent_domain_is_none_and_the_past_is_refused():
    bus = bus_of(t_us=1_000_000)
    assert bus.read(ChassisReport, t_us=1_400_000) is not None
    assert bus.read(ChassisReport, t_us=1_600_000) is None
    assert Bus().read(ChassisReport, t_us=0) is None
    with pytest.raises(BusError, match="expected a later one"):
        bus.publish(Domain.CHASSIS, ChassisReport(), t_us=999_999, now_us=999_999)


def test_a_report_from_ahead_is_refused_and_poisons_nothing():
    bus = bus_of(t_us=1_000_000)
    with pytest.raises(BusError, match="expected none from ahead"):
        bus.publish(Domain.CHASSIS, ChassisReport(grip=1.0), t_us=10**15, now_us=1_000_000)
    bus.publish(Domain.CHASSIS, ChassisReport(grip=2.0), t_us=1_100_000, now_us=1_100_000)
    assert bus.read(ChassisReport, t_us=1_100_000) == ChassisReport(grip=2.0)
    assert bus.read(ChassisReport, t_us=1_099_999) is None, "a report from ahead of who reads is none"


@pytest.mark.parametrize("t_us", [float("nan"), 1.0, None, "now", True, [], 10**400])
def test_a_time_that_is_none_is_refused(t_us):
    with pytest.raises(BusError):
        bus_of().publish(Domain.CHASSIS, ChassisReport(), t_us=t_us, now_us=1_000_000)


@pytest.mark.parametrize(
    "value", [None, [], 1j, 10**400, pytest.param(-(10**5000), id="long"), "8", True, np.zeros(1), float("nan"), float("inf")]
)
def test_what_is_no_number_of_that_range_is_refused_in_a_sentence(value):
    with pytest.raises(SignalError, match=r"Vehicle.Chassis.Grip got .*; expected 0 to 20 m/s\^2\.$"):
        bus_of().publish(Domain.CHASSIS, ChassisReport(grip=value), t_us=1, now_us=1)
    bus = bus_of()
    bus.publish(Domain.CHASSIS, ChassisReport(grip=np.float32(8.5)), t_us=1, now_us=1)
    assert type(bus.read(ChassisReport, t_us=1).grip) is float


@pytest.mark.parametrize("domain", [None, [], pytest.param(10**5000, id="long"), 3])
def test_a_domain_that_is_no_name_is_refused(domain):
    with pytest.raises(CaravelaError, match="unknown domain"):
        Bus().publish(domain, ChassisReport(), t_us=0, now_us=0)


# The plan.
def test_a_plan_of_which_a_domain_says_nothing_is_the_model_s_own():
    brakes = knots_of([-3.0] * KNOTS, 0.01)
    policy, bus = Fan(brakes), bus_of()
    plan = IntegratedPolicy(policy, lambda: [bus]).plan(look(12.0, t_us=2_000_000))  # all have been silent for 2 s
    assert np.array_equal(plan.knots, policy.plan(look(12.0)).knots)


def test_a_steady_plan_stays_as_it_is():
    cruise = knots_of([0.0] * KNOTS, 0.0)
    assert planned(Fan(cruise), speed=10.0).knots[0, 0] == pytest.approx(cruise, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_no_pace_is_faster_at_any_place_or_ahead_at_any_time(seed):
    random = np.random.default_rng(seed)
    speed = float(random.uniform(0.0, 15.0))
    knots = knots_of(random.normal(0.0, 1.5, KNOTS), 0.0)
    knots[:, 1] = random.normal(0.0, 0.05, KNOTS)
    _, speeds = integrate(knots[None], speed=np.array([speed], np.float32))
    shared = Shared.of([(CockpitReport(manner=Manner.GENTLE.value), WEAK, ChassisReport())])
    paced, _ = retimed(knots[None], speeds, np.array([speed]), shared, Tariff())
    _, slower = integrate(paced.astype(np.float32), speed=np.array([speed], np.float32))
    plan = Path.of(knots[None].astype(float), speeds.astype(float), np.array([speed]))
    mine = Path.of(paced, slower.astype(float), np.array([speed]))
    assert np.all(mine.place <= plan.place + 0.25)  # knots half a second apart cannot say it more exactly
    assert np.all(mine.speed <= plan.at(mine.place, plan.speed) + 0.35)


@pytest.mark.parametrize("speed", [0.2, 0.8, 3.0, 12.0])
def test_hard_braking_is_never_weakened(speed):
    braking = Fan(knots_of([-6.0] * KNOTS))
    gentle = CockpitReport(manner=Manner.GENTLE.value)
    assert planned(braking, gentle, speed=speed).control().acceleration[0] <= -5.9


def test_a_bend_is_taken_slower_the_more_comfort_is_worth():
    bend = Fan(knots_of([0.0] * KNOTS, 0.06))
    speeds = [
        planned(bend, CockpitReport(manner=manner.value), speed=9.0).speeds[0, 0, 15]
        for manner in (Manner.BRISK, Manner.PLAIN, Manner.GENTLE)
    ]
    assert speeds[2] < speeds[1] - 0.1 < speeds[1] <= speeds[0] <= 9.01


def test_who_feels_sick_is_driven_more_softly():
    bend = Fan(knots_of([0.0] * KNOTS, 0.06))
    well, sick = (planned(bend, CockpitReport(motion_sick=p), speed=9.0).speeds[0, 0, 15] for p in (0.0, 1.0))
    assert sick < well - 0.1


def test_a_battery_that_takes_little_back_makes_the_car_brake_earlier():
    late = Fan(knots_of([0.0, 0.0, -0.5, -3.0, -3.5, -3.5, -3.5, -3.5]))
    well, cold = (planned(late, report, speed=12.0).speeds[0, 0, 9] for report in (PowertrainReport(), WEAK))
    assert cold < well - 0.05


def test_a_wet_road_is_planned_with_less_grip():
    bend = Fan(knots_of([0.0] * KNOTS, 0.06))
    hardy = Choice(tariff=Tariff(longitudinal=0.1, lateral=0.05))  # so that comfort does not slow it down first
    dry, wet = (planned(bend, ChassisReport(grip=grip, brake=grip), speed=9.0, choice=hardy).speeds[0, 0, -1] for grip in (8.8, 4.0))
    assert wet < dry - 0.1


def test_the_motor_s_limit_is_in_the_plan():
    start = Fan(knots_of([3.5] * KNOTS))
    weak = PowertrainReport(drive_force=2500.0, drive_power=20e3)
    strong, laden = (planned(start, *reports, speed=3.0).speeds[0, 0, -1] for reports in ((), (weak, ChassisReport(weight=2300.0))))
    assert laden < 0.8 * strong


def test_asked_to_stop_the_car_slows_down_and_the_slowest_good_proposal_is_taken():
    fan = Fan(knots_of([0.5] * KNOTS), knots_of([-1.0] * KNOTS), knots_of([-2.0] * KNOTS), values=[0.8, 0.795, 0.5])
    asked = CockpitReport(stop=True)
    assert planned(fan, asked, speed=8.0, choice=Choice(retime=False)).chosen[0] == 1  # the third is slower, but the critic warns of it
    assert planned(fan, speed=8.0, choice=Choice(retime=False)).chosen[0] == 0
    plan = planned(fan, asked, speed=8.0)
    assert plan.speeds[0, plan.chosen[0], -1] < 4.0


def test_the_same_way_at_another_pace_is_no_choice_of_the_four_domains():
    braking, rolling = knots_of([-1.0] * KNOTS), knots_of([0.0] * KNOTS)
    assert planned(Fan(braking, rolling), speed=10.0).chosen[0] == 1  # cheaper, as another way
    assert planned(Fan(braking, rolling, paced=1), speed=10.0).chosen[0] == 0


def test_a_proposal_that_the_critic_warns_of_is_never_taken_however_cheap():
    fan = Fan(knots_of([-1.0] * KNOTS), knots_of([0.0] * KNOTS), values=[0.8, 0.8 - Choice().margin - 0.01])
    assert planned(fan, speed=8.0).chosen[0] == 0


def test_a_metre_is_worth_less_where_the_proposals_brake():
    going, stopping = (Fan(knots_of([a] * KNOTS), knots_of([a - 0.2] * KNOTS)).plan(look(10.0)) for a in (0.5, -2.0))
    assert outlook(going, np.array([10.0]), 3.0)[0] == 1.0
    assert outlook(stopping, np.array([10.0]), 3.0)[0] < 0.05
    assert outlook(stopping, np.array([10.0]), 0.0)[0] == 1.0


def test_a_plan_at_another_pace_is_no_sample_of_what_may_come():
    plan = Fan(knots_of([0.5] * KNOTS), knots_of([-5.0] * KNOTS)).plan(look(10.0))
    assert outlook(plan, np.array([10.0]), 3.0)[0] < 0.5
    assert outlook(replace(plan, paced=1), np.array([10.0]), 3.0)[0] == 1.0


def test_the_driver_tells_the_others_what_it_means_to_do():
    bus = bus_of(DrivingReport(acceleration=-1.0))
    IntegratedPolicy(Fan(knots_of([-1.0] * KNOTS)), lambda: [bus]).plan(look(10.0))
    said = bus.read(DrivingReport, t_us=0)
    assert said is not None and said.speed_kph == pytest.approx(36.0)
    assert said.planned_end_kph < 30.0 and said.acceleration == -1.0


def test_the_same_looks_give_the_same_plans():
    fan = Fan(knots_of([0.3] * KNOTS, 0.03), knots_of([-0.5] * KNOTS, 0.02), values=[0.8, 0.8])
    first, second = ([planned(fan, WEAK, speed=v).knots for v in (3.0, 9.0)] for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
