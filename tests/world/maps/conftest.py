"""Where the shared real maps are, and each of them imported once per test run."""

import functools
import importlib.util
import os
from pathlib import Path

import pytest

pytest.register_assert_rewrite("soundness")

DATA = Path(os.environ.get("CARAVELA_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
HAS_SUMO = importlib.util.find_spec("sumo") is not None


@pytest.fixture(scope="session")
def place():
    """Imports a real place by name, once. Skips where SUMO or the shared data is missing."""
    if not HAS_SUMO:
        pytest.skip("needs the extra `maps` (eclipse-sumo)")
    if not (DATA / "osm_maps").is_dir():
        pytest.skip("needs the shared maps (CARAVELA_DATA or ../shared/data)")

    @functools.cache
    def read(name: str):
        from caravela.world.maps.openstreetmap import import_osm

        return import_osm(DATA / "osm_maps" / name / "input.osm", name=name)

    return read
