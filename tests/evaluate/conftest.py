"""Two towns with many lights, one for each side of the road, and a suite short enough for a test."""

import pytest


@pytest.fixture(scope="session")
def places():
    from caravela.evaluate.places import name_places
    from caravela.world.maps.catalogue import load_town

    return name_places([load_town("dunmore"), load_town("hallowford")])


@pytest.fixture(scope="session")
def suite():
    from caravela.evaluate.suites import Suite

    return Suite("test", "twenty seconds", seconds=20.0, least_seconds=5.0, batch=4)


@pytest.fixture(scope="session")
def starts(tmp_path_factory):
    """Where the starts that were tried are kept between tests."""
    return tmp_path_factory.mktemp("starts")


@pytest.fixture(scope="session")
def chosen(places, suite, starts):
    """Ten drives on the two towns."""
    from caravela.evaluate.driving import quiet
    from caravela.evaluate.run import select

    return select(places, suite, episodes=10, seed=0, cache=starts, watcher=quiet())
