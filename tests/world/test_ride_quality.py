"""The weightings are the standard's own, to its printed digits; doses and discomfort behave as they must."""

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.world.ride_quality import WD, WF, WK, SicknessFilter, discomfort, dose, response, vertical, weighted

# ISO 2631-1:1997 tables 3 and 4, factors times 1000
TABLES = (
    (WF, {0.1: 695, 0.125: 895, 0.16: 1006, 0.2: 992, 0.25: 854, 0.315: 619, 0.4: 384, 0.5: 224}),
    (WD, {0.5: 853, 1.0: 1011, 2.0: 890, 4.0: 512, 8.0: 253}),
    (WK, {1.0: 482, 2.0: 531, 4.0: 967, 5.0: 1039, 8.0: 1036, 16.0: 768}),
)


def sway(hertz: float, *, amplitude: float = 1.0, seconds: float = 120.0) -> np.ndarray:
    return amplitude * np.sin(2.0 * np.pi * hertz * np.arange(0.0, seconds, 0.1))


@pytest.mark.parametrize(("weighting", "factors"), TABLES)
def test_weightings_are_those_of_the_standard(weighting, factors):
    found = np.round(1000.0 * np.abs(response(weighting, np.array(list(factors)))))
    assert found == pytest.approx(list(factors.values()), abs=1.0)


def test_a_steady_sway_comes_out_as_the_table_says():
    steady = weighted(sway(0.2), WF)[300:-300]
    assert steady.max() == pytest.approx(0.992, abs=0.01)


def test_the_dose_grows_with_the_root_of_time_and_with_the_acceleration():
    still = np.zeros(1200)
    once = dose(sway(0.2), still)
    assert dose(sway(0.2, amplitude=2.0), still) == pytest.approx(2.0 * once, rel=1e-6)
    assert dose(sway(0.2, seconds=480.0), np.zeros(4800)) == pytest.approx(2.0 * once, rel=0.03)
    assert dose(still, sway(0.2)) == pytest.approx(once, rel=1e-9)


def test_slow_swaying_sickens_and_shaking_does_not():
    still = np.zeros(1200)
    assert dose(sway(0.2), still) > 8.0 * dose(sway(1.0), still)
    assert discomfort(sway(1.0), still, still, mass=1800.0) > 2.0 * discomfort(sway(0.2), still, still, mass=1800.0)


def test_the_car_s_own_filter_agrees_with_the_whole_spectrum():
    ride = np.random.default_rng(0).normal(size=600).cumsum() * 0.05
    ride -= ride.mean()
    running = SicknessFilter((1,))
    said = np.array([running(np.array([each]))[0] for each in ride])
    assert np.sqrt(running.integral[0]) == pytest.approx(dose(ride, np.zeros(600)), rel=0.02)
    assert np.abs(said - weighted(ride, WF)).max() < 0.05 * np.abs(said).max()


def test_the_road_shakes_more_the_faster_one_drives_and_less_a_laden_car():
    still, slow, fast = np.zeros(600), np.full(600, 5.0), np.full(600, 20.0)
    assert discomfort(still, still, fast, mass=1800.0) == pytest.approx(2.0 * discomfort(still, still, slow, mass=1800.0))
    assert vertical(2300.0) < vertical(1800.0)
    assert 0.2 < discomfort(still, still, np.full(600, 14.0), mass=1800.0) < 0.6  # a town street in a car: hardly uncomfortable


@pytest.mark.parametrize("ride", [np.array([0.0, np.nan]), np.zeros((2, 3))])
def test_what_is_no_ride_is_refused_in_a_sentence(ride):
    with pytest.raises(CaravelaError, match="expected one finite row"):
        weighted(ride, WF)
