"""A served drive on the ring that all tests of a file share."""

from collections.abc import Iterator

import pytest
from fake_studio import Studio, serving


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    with serving() as running:
        yield running
