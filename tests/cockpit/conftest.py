"""One understanding for all tests of the cockpit: loading it takes a second, and it keeps nothing of what it hears."""

import pytest

from caravela.cockpit.grading.grader import Car
from caravela.cockpit.reading.understanding import Understanding


@pytest.fixture(scope="session")
def understanding() -> Understanding:
    return Understanding()


@pytest.fixture
def car() -> Car:
    """A car at 36 km/h in a town."""
    return Car()


@pytest.fixture
def agent(car, understanding):
    return car.agent(understanding)
