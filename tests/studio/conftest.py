"""A served drive on the ring that all tests of a file share."""

from collections.abc import Iterator

import pytest
from fake_studio import Studio, start_studio, wait_for

from caravela.studio.asks import Stop


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    running, thread = start_studio()
    wait_for(lambda: running.server.started)
    yield running
    running.loop.ask(Stop())
    running.cabin.stop()
    running.server.should_exit = True
    thread.join(timeout=10.0)
