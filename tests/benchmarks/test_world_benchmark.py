"""The world's benchmark: a missing peer is n/a and never a win, rates are medians, and every pass of a kernel is named."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import njit

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))

import passes
import peer_process
import timing
import world
import world_rates

PEER = """
import json, sys
print(json.dumps({"ready": True, "agents": 9, "density": 0.5}), flush=True)
for line in sys.stdin:
    took = dict.fromkeys(("wall_s", "cpu_s", "draw_wall_s", "draw_cpu_s"), float(line))
    print(json.dumps({"steps": 10, "frames": 10, "agent_steps": 90, "drawn": 20, **took}), flush=True)
"""


@njit
def double(values):
    values[:] = values * 2.0


@njit
def add_one(values):
    values[:] = values + 1.0


@njit
def both(values):
    scratch = np.zeros(3)
    double(values)
    for _ in range(2):
        add_one(values)
    values[:] += scratch.sum()


@njit
def everyone(many):
    for k in range(many.shape[0]):
        both(many[k])


def fake_peer(monkeypatch: pytest.MonkeyPatch, folder: Path, source: str) -> None:
    script = folder / "peer.py"
    script.write_text(source)
    monkeypatch.setattr(peer_process, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(peer_process, "SCRIPT", script)


def test_without_its_environment_the_peer_is_missing_and_the_sentence_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(peer_process, "PYTHON", tmp_path / "bin" / "python")
    with pytest.raises(peer_process.PeerMissing, match="make peers"):
        peer_process.MetaDrive({})


def test_a_peer_that_stops_says_why(monkeypatch, tmp_path):
    fake_peer(monkeypatch, tmp_path, "raise RuntimeError('no display')")
    with pytest.raises(peer_process.PeerMissing, match="no display"):
        peer_process.MetaDrive({})


def test_two_processes_do_the_work_of_two_in_the_same_time(monkeypatch, tmp_path):
    fake_peer(monkeypatch, tmp_path, PEER)
    with peer_process.MetaDrive({}, processes=2) as peer:
        done = peer.samples(0.5)
    assert (done["frames"].count, done["frames"].wall_s, done["frames"].cpu_s) == (20, 0.5, 1.0)
    assert done["drawn"].count == 40


def test_a_rate_is_the_median_of_its_repetitions():
    rate = timing.rate_of([timing.Sample(10, 2.0, 1.0), timing.Sample(30, 2.0, 1.0), timing.Sample(1000, 2.0, 1.0)])
    assert (rate.cpu, rate.wall, rate.cpu_low, rate.cpu_high) == (30, 15, 10, 1000)


def test_no_peer_means_no_ratio():
    pair = world._pair("camera_fps", [timing.Sample(10, 1.0, 1.0)], [], by_wall=False)
    assert pair["metadrive_camera_fps"] is None and pair["ratio"] is None


def test_on_several_cores_the_wall_clock_decides():
    ours, theirs = [timing.Sample(100, 1.0, 4.0)], [timing.Sample(10, 1.0, 1.0)]
    assert world._pair("camera_fps", ours, theirs, by_wall=True)["ratio"] == 10.0
    assert world._pair("camera_fps", ours, theirs, by_wall=False)["ratio"] == 2.5


def test_a_timed_kernel_does_the_same_and_names_its_passes():
    timed = passes.timed(everyone, "both")
    assert timed.labels == (passes.SET_UP, "double", "add_one", passes.SET_UP)
    mine, theirs, spent = np.ones((2000, 100)), np.ones((2000, 100)), timed.spent()
    timed.kernel(mine, spent)
    everyone(theirs)
    np.testing.assert_array_equal(mine, theirs)
    assert spent.sum() > 0 and (spent >= 0).all()


def test_every_pass_of_a_frame_and_of_a_tick_has_a_name():
    from caravela.world.kernels import render, step

    for kernel, names in ((render.draw_view, world_rates.FRAME_PASSES), (step._tick, world_rates.TICK_PASSES)):
        _, labels = passes._instrumented(kernel)
        called = [label for label in labels if label != passes.SET_UP]
        assert len(called) >= 5
        assert [label for label in called if not set(label.split("+")) & set(names)] == []


def test_bad_options_are_refused_in_one_sentence():
    done = subprocess.run([sys.executable, FOLDER / "world.py", "--width", "4"], capture_output=True, text=True)
    assert done.returncode == 2 and "8x8" in done.stderr and "Traceback" not in done.stderr


def test_the_result_on_file_keeps_what_it_promises():
    path = FOLDER.parent / "results" / "world.json"
    if not path.is_file():
        pytest.skip("results/world.json is not written yet: run benchmarks/world.py --out results/world.json")
    result = json.loads(path.read_text())
    assert {"camera_fps", "metadrive_camera_fps", "ratio", "agent_steps_per_s", "metadrive_agent_steps_per_s"} <= set(result)
    assert (result["ratio"] is None) == (result["metadrive_camera_fps"] is None)
    assert result["metadrive_missing"] is None or "make peers" in result["metadrive_missing"] or "--no-peer" in result["metadrive_missing"]
    assert "built for a GPU" in result["note"]
