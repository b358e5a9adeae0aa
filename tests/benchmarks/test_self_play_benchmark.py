"""Self-play's benchmark: it runs without a GPU and says so, and states that are the same lie nowhere apart."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

HERE = Path(__file__).resolve()
FOLDER = HERE.parents[2] / "benchmarks"
sys.path[:0] = [str(FOLDER), str(HERE.parents[1] / "world")]

import self_play
from made_up_gpu import MadeUpGpu

from caravela.world import atlas
from caravela.world.kernels import cuda_world
from caravela.world.maps.catalogue import load_town, towns


@pytest.fixture(scope="module")
def streets():
    return atlas.build([load_town(towns()[0])])


def test_the_same_states_lie_nowhere_apart(streets):
    rows = self_play.apart(streets, MadeUpGpu(), worlds=2, ticks=(1, 6), seed=3)
    assert [row["ticks"] for row in rows] == [1, 6]
    for row in rows:
        assert all(value == 0.0 for name, value in row.items() if name not in ("ticks", "seconds"))


def test_a_pass_that_does_something_else_shows(streets):
    class Lazy(MadeUpGpu):
        def launch(self, kernel, threads, *arguments, **given):
            if kernel is not cuda_world.advance:
                super().launch(kernel, threads, *arguments, **given)

    (row,) = self_play.apart(streets, Lazy(), worlds=2, ticks=(5,), seed=3)
    assert row["share_elsewhere"] > 0.2 and row["median_gap_m"] > 0.0


def test_it_runs_and_says_what_is_missing(tmp_path):
    done = subprocess.run([sys.executable, FOLDER / "self_play.py", "--quick", "--json"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["quick"] and result["rows"][0]["device"] == "cpu"
    assert 0.0 < result["rows"][0]["with_learning_per_s"] < result["rows"][0]["agent_steps_per_s"]
    assert (result["gpu"] is None) == (result["gpu_missing"] is not None)
    if result["gpu"] is None:
        assert result["apart"] == [] and "n/a on a GPU" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert np.isfinite(result["rows"][0]["first_round_s"])
