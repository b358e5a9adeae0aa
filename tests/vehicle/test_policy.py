"""The exported model drives without torch, as the torch model does, and a bad bundle is told in one sentence."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from caravela.core.bundle import BODIES
from caravela.core.errors import BundleError, CaravelaError
from caravela.core.protocols import Policy
from caravela.core.types import Observation
from caravela.vehicle.bundle import open_bundle, shipped
from caravela.vehicle.policy import OnnxPolicy

Observe = Callable[..., Observation]


def test_vehicle_imports_no_torch():
    code = "import sys, caravela.vehicle.policy; sys.exit('torch' in sys.modules or 'caravela.model' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


def test_it_plans_for_any_batch_and_tells_what_it_saw(bundle_folder: Path, observe: Observe):
    policy = OnnxPolicy(bundle_folder)
    assert isinstance(policy, Policy) and policy.name == "tiny"
    for batch in (1, 3):
        policy.reset(batch)
        assert policy.insight is None
        plan = policy.plan(observe(batch, words="turn left"))
        assert plan.trajectories.shape == (batch, 16, 40, 3) and plan.speeds.shape == (batch, 16, 40)
        assert plan.knots.shape == (batch, 16, 8, 2) and plan.values.shape == (batch, 16)
        assert plan.chosen.shape == (batch,) and plan.chosen.dtype == np.int64
        assert (plan.speeds >= 0).all() and ((plan.risk >= 0) & (plan.risk <= 1)).all()
        assert plan.control().acceleration.shape == (batch,)
        assert policy.insight is not None and policy.insight.light.shape == (batch, 4)
        assert ((policy.insight.stop_distance >= 0) & (policy.insight.stop_distance <= 80.001)).all()
        assert set(policy.timings) == {"words", "fuse", "model", "integrate", "total"}
        assert policy.timings["total"] >= policy.timings["model"] > 0


def test_it_tells_who_is_around_where_it_is_asked_to(bundle_folder: Path, observe: Observe, monkeypatch: pytest.MonkeyPatch):
    policy = OnnxPolicy(bundle_folder)
    plan = policy.plan(observe(2))
    assert not policy.tells and policy.insight is not None and policy.insight.around(policy.rig) is None
    telling = OnnxPolicy(bundle_folder, tells=True)
    np.testing.assert_array_equal(telling.plan(observe(2)).knots, plan.knots)
    insight = telling.insight
    assert insight is not None and insight.bodies is not None and insight.depth is not None
    assert insight.bodies.shape == (2, 4, len(BODIES), 12, 16) and insight.depth.shape == (2, 4, 12, 16)
    np.testing.assert_allclose(insight.bodies.sum(2), 1.0, atol=1e-4)
    monkeypatch.setattr("caravela.vehicle.sight.FARTHEST", dict.fromkeys(BODIES, 1e6))
    monkeypatch.setattr("caravela.vehicle.sight.SURE", {kind: float(insight.bodies[1, :, k].max()) for k, kind in enumerate(BODIES)})
    assert sorted(thing.kind for thing in insight.around(telling.rig, world=1) or ()) == sorted(BODIES[1:])  # the surest of each kind


def test_left_hand_traffic_is_told_of_in_a_mirror(bundle_folder: Path, observe: Observe):
    policy = OnnxPolicy(bundle_folder)
    assert policy.bundle.card.ego_values == 3  # it is shown left-hand traffic in a mirror
    seen = observe(2, words="change to the left lane")
    sides = np.array([1.0, -1.0], dtype=np.float32)
    assert policy._as_shown(replace(seen, side=sides)) == ["change to the right lane", "change to the left lane"]


def test_the_same_view_gives_the_same_plan_and_words_count(bundle_folder: Path, observe: Observe):
    policy = OnnxPolicy(bundle_folder)
    first, again = policy.plan(observe(2)), OnnxPolicy(bundle_folder).plan(observe(2))
    np.testing.assert_array_equal(first.knots, again.knots)
    assert np.abs(policy.plan(observe(2, words="stop here")).knots - first.knots).max() > 1e-6
    assert np.abs(OnnxPolicy(bundle_folder, seed=1).plan(observe(2)).knots[:, 1:] - first.knots[:, 1:]).max() > 1e-3


def test_the_torch_policy_plans_the_same(bundle_folder: Path, observe: Observe):
    from caravela.model.checkpoint import load_checkpoint
    from caravela.model.policy import TorchPolicy

    model = load_checkpoint(bundle_folder / "checkpoint.safetensors").model
    model.train()
    ours, theirs = OnnxPolicy(bundle_folder).plan(observe(2, words="faster")), TorchPolicy(model).plan(observe(2, words="faster"))
    assert model.training
    np.testing.assert_allclose(ours.knots, theirs.knots, atol=1e-2)
    np.testing.assert_allclose(ours.trajectories, theirs.trajectories, atol=5e-2)
    np.testing.assert_allclose(ours.values, theirs.values, atol=1e-2)
    np.testing.assert_array_equal(ours.chosen, theirs.chosen)


def test_pictures_of_another_rig_are_refused(bundle_folder: Path, observe: Observe):
    with pytest.raises(CaravelaError, match=r"\(3, 96, 128\); expected \(4, 96, 128\)"):
        OnnxPolicy(bundle_folder).plan(observe(1, cameras=3))


def test_a_bundle_that_is_not_there_or_no_model_is_refused(bundle_folder: Path, tmp_path: Path):
    with pytest.raises(BundleError, match="no model at"):
        open_bundle(tmp_path)
    with pytest.raises(BundleError, match="no readable ONNX model"):
        open_bundle(bundle_folder / "model.txt")
    empty = tmp_path / "empty.onnx"
    empty.write_bytes(b"")
    with pytest.raises(BundleError):
        open_bundle(empty)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_model_is_refused(bundle_folder: Path, tmp_path: Path, share: float):
    whole = (bundle_folder / "model.onnx").read_bytes()
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BundleError):
        open_bundle(cut)


def test_a_model_with_other_weights_than_its_fingerprint_is_refused(bundle_folder: Path, tmp_path: Path):
    for name in ("model.onnx", "model.onnx.sha256"):
        (tmp_path / name).write_bytes((bundle_folder / name).read_bytes())
    open_bundle(tmp_path)
    damaged = bytearray((bundle_folder / "model.onnx").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "model.onnx").write_bytes(damaged)
    with pytest.raises(BundleError, match=r"is not the model that model\.onnx\.sha256 beside it was written for"):
        open_bundle(tmp_path)
    (tmp_path / "model.onnx.sha256").unlink()
    open_bundle(tmp_path)  # without one there is nothing to compare


def test_the_model_that_ships_has_its_fingerprint():
    words = (shipped() / "model.onnx.sha256").read_text().split()
    assert words == [open_bundle(shipped()).sha256(), "model.onnx"]


def _edited(bundle_folder: Path, tmp_path: Path, edit: Callable[[dict[str, str]], None]) -> Path:
    model = onnx.load(bundle_folder / "model.onnx")
    values = {entry.key: entry.value for entry in model.metadata_props}
    edit(values)
    onnx.helper.set_model_props(model, values)
    file = tmp_path / "edited.onnx"
    onnx.save(model, file)
    return file


def test_another_version_damaged_metadata_and_foreign_graphs_are_refused(bundle_folder: Path, tmp_path: Path):
    with pytest.raises(BundleError, match=r"version '99'; this program runs version"):
        open_bundle(_edited(bundle_folder, tmp_path, lambda values: values.update({"caravela.version": "99"})))
    with pytest.raises(BundleError, match="damaged metadata"):
        open_bundle(_edited(bundle_folder, tmp_path, lambda values: values.update({"caravela.rig": "[{]"})))
    with pytest.raises(BundleError, match="damaged metadata"):
        open_bundle(_edited(bundle_folder, tmp_path, lambda values: values.update({"caravela.rig": "[]"})))
    with pytest.raises(BundleError, match="not a Caravela driving model"):
        open_bundle(_edited(bundle_folder, tmp_path, lambda values: values.clear()))


def test_left_hand_traffic_is_planned_for_as_in_a_mirror(bundle_folder: Path, observe: Observe):
    """Through the exported graph: what it sees on the left of the road, turned, gives what it sees on the right of it."""
    policy, right = OnnxPolicy(bundle_folder), replace(observe(1), side=-np.ones(1, np.float32))
    assert policy.bundle.card.ego_values == 3
    turned = right.images[:, :, [0, 1, 3, 2]][..., ::-1, :]
    left = replace(right, images=turned.copy(), route=right.route * np.array([1, -1], np.float32), side=np.ones(1, np.float32))
    plans, insights = [], []
    for observation in (right, left, replace(left, side=None)):
        plans.append(policy.plan(observation))
        insights.append(policy.insight)
    np.testing.assert_allclose(plans[0].knots, plans[1].knots * (1, -1), atol=1e-4)
    assert np.abs(plans[1].knots - plans[2].knots).max() > 1e-3, "nobody knows the side: right-hand traffic is assumed"
    assert [bool(insight.mirrored[0]) for insight in insights] == [False, True, False]


def test_a_driver_of_before_takes_no_side(tmp_path: Path, observe: Observe):
    from caravela.model.export import export_onnx
    from caravela.model.presets import from_dial
    from caravela.model.vla import VLA

    export_onnx(VLA(replace(from_dial("before", depth=1), mirrors_left=False)), tmp_path / "model.onnx")
    policy = OnnxPolicy(tmp_path)
    assert policy.bundle.card.ego_values == 2
    here, there = (policy.plan(replace(observe(1), side=np.full(1, side, np.float32))).knots for side in (1.0, -1.0))
    np.testing.assert_array_equal(here, there)
    assert policy.insight is not None and not policy.insight.mirrored[0]


@pytest.fixture(scope="session")
def with_other_eyes(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(a bundle with other eyes for abroad, the driver with those eyes alone)."""
    torch = pytest.importorskip("torch", reason="exporting a model for the test needs the extra 'train'")
    from caravela.model.checkpoint import load_checkpoint
    from caravela.model.export import export_onnx

    home, away = (load_checkpoint(bundle_folder / "checkpoint.safetensors").model for _ in range(2))
    with torch.no_grad():
        for value in (value for value in away.vision.parameters() if value.ndim > 1):
            value.add_(0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(1)))
    both, alone = (tmp_path_factory.mktemp(name) / "model.onnx" for name in ("both", "alone"))
    export_onnx(home, both, abroad=away)
    export_onnx(away, alone)
    return both, alone


def test_one_file_drives_at_home_and_abroad(bundle_folder: Path, with_other_eyes: tuple[Path, Path], observe: Observe):
    both, alone = with_other_eyes
    policy, seen = OnnxPolicy(both), observe(3)
    home, away = OnnxPolicy(bundle_folder).plan(seen).knots, OnnxPolicy(alone).plan(seen).knots
    assert np.abs(home - away).max() > 1e-3
    np.testing.assert_array_equal(policy.plan(seen).knots, home)
    np.testing.assert_array_equal(policy.plan(replace(seen, abroad=np.zeros(3, bool))).knots, home)
    np.testing.assert_array_equal(policy.plan(replace(seen, abroad=np.ones(3, bool))).knots, away)
    mixed = policy.plan(replace(seen, abroad=np.array([True, False, True]))).knots
    np.testing.assert_allclose(mixed[[0, 2]], away[[0, 2]], atol=1e-5)
    np.testing.assert_allclose(mixed[1], home[1], atol=1e-5)


def test_a_driver_without_other_eyes_drives_abroad_as_at_home(bundle_folder: Path, observe: Observe):
    seen = observe(2)
    policy = OnnxPolicy(bundle_folder)
    assert policy.bundle.abroad is None
    np.testing.assert_array_equal(policy.plan(replace(seen, abroad=np.ones(2, bool))).knots, policy.plan(seen).knots)


def test_eyes_of_another_driver_are_refused(with_other_eyes: tuple[Path, Path], tmp_path: Path):
    both, alone = with_other_eyes
    model, other = onnx.load(alone), onnx.load(both)
    del model.metadata_props[:]
    model.metadata_props.extend(other.metadata_props)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BundleError, match="another model"):
        OnnxPolicy(path)


def test_training_goes_on_from_its_eyes_at_home(with_other_eyes: tuple[Path, Path], bundle_folder: Path):
    from caravela.model.reopen import weights_digest

    assert weights_digest(with_other_eyes[0]) == weights_digest(bundle_folder) != weights_digest(with_other_eyes[1])
