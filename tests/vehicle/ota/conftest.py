"""A fresh repository and car a test."""

from pathlib import Path

import pytest
from ota_bench import Bench, make_bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "bench")
