"""A scaling study: what is asked about is never learned from, a study that was stopped goes on, and a fit finds the law."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.core.errors import CaravelaError
from caravela.core.types import KNOTS, ROUTE_POINTS, Score
from caravela.evaluate.driving import quiet
from caravela.evaluate.episodes import Episode
from caravela.evaluate.pages.results import page
from caravela.evaluate.run import Outcome
from caravela.evaluate.statistics import student
from caravela.model.checkpoint import save_checkpoint
from caravela.model.presets import from_dial
from caravela.model.vla import VLA
from caravela.train import scaling, scaling_drawing
from caravela.train.power_law import fit
from caravela.train.samples import ShardWriter
from caravela.train.scaling import Point, ScalingConfig, Study, held_out_losses, points_of
from caravela.train.scaling_looks import Looks, open_known, split

TINY = ScalingConfig(
    preset="nano", data=(0.2, 0.4, 0.6, 1.0), depths=None, steps=(1, 2, 3, 4), batch=2, held_out=6, apart=3, newest=None, seed=0
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Eight shards of four made-up looks, whose speed is their number."""
    folder = tmp_path_factory.mktemp("shards")
    random, config, writer = np.random.default_rng(0), from_dial("tiny", depth=1), ShardWriter(folder, size=4)
    for first in range(0, 32, 4):
        speed = np.arange(first, first + 4, dtype=np.float32)
        writer.add(
            {
                "images": random.integers(0, 256, (4, config.cameras, config.channels, config.height, config.width), dtype=np.uint8),
                "ego": np.stack([speed, 0 * speed, 0 * speed + 1], -1),
                "route": random.normal(0.0, 20.0, (4, ROUTE_POINTS, 2)).astype(np.float32),
                "has_route": np.ones(4, dtype=np.bool_),
                "words": np.zeros((4, config.words_size), dtype=np.float16),
                "knots": random.normal(0.0, 0.1, (4, KNOTS, 2)).astype(np.float32),
                "knots_valid": np.arange(4) > 0,
            }
        )
    return folder


class Died(Exception):
    """The study was killed."""


def drawn(looks, *, steps):
    return [float(speed) for step in range(steps) for speed in looks.draw(2, step=step).ego[:, 0]]


def test_what_is_asked_about_is_never_learned_from(shards, tmp_path):
    parted = split(shards, held_out=6, apart=3)
    assert (parted.learned, parted.between, parted.asked) == (20, 4, 8)
    looks = Looks(open_known(shards, parted.learn, study=tmp_path), parted.learned, seed=1)
    asked = Looks(open_known(shards, parted.held, study=tmp_path), parted.asked, seed=0)
    assert {speed for batch in asked.in_turn(3) for speed in batch.ego[:, 0].tolist()} == set(range(24, 32))
    speeds = drawn(looks, steps=25)
    assert sorted(speeds[:20]) == sorted(speeds[20:40]) == list(range(20)) and speeds[:20] != speeds[20:40]


def test_fewer_looks_are_part_of_more_and_of_few_shards(shards, tmp_path):
    mapped = open_known(shards, split(shards, held_out=6, apart=3).learn, study=tmp_path)
    few, more = (set(drawn(Looks(mapped, count, seed=3), steps=20)) for count in (8, 15))
    assert few < more and len(few) == 8 and len({int(speed) // 4 for speed in few}) == 2


def test_a_study_that_was_stopped_goes_on_and_repeats_no_point(shards, tmp_path, monkeypatch):
    mine, learned = tmp_path / "shards", []
    shutil.copytree(shards, mine)

    def learn_point(self, point, looks, asked, watcher):
        if len(learned) == 3:
            learned.append(None)
            raise Died
        learned.append(point)
        assert len(looks) == point.looks and len(asked) == 8
        size = {"parameters": point.depth * 10**6, "flops": point.depth * point.steps * 10**9}
        loss = point.looks**-0.1 * point.depth**-0.2 * point.steps**-0.3
        return {**vars(point), **size, "loss": loss, "path": 2 * loss, "flow": 0.0, "regression": loss}

    monkeypatch.setattr(Study, "_learn_point", learn_point)
    study = Study(mine, tmp_path / "study", TINY)
    with pytest.raises(Died):
        study.learn(quiet())
    ShardWriter(mine, size=1).add({path.stem: np.load(path)[:1] for path in (mine / "shard-000000").glob("*.npy")})  # collecting goes on
    Study(mine, tmp_path / "study", TINY).learn(quiet())
    points = [point for point in learned if point is not None]
    assert len(points) == len(set(points)) == 10 and set(points) == set(study.points)
    shutil.rmtree(mine)  # what is done needs them no more
    again = Study(mine, tmp_path / "study", TINY)
    again.learn(quiet())
    result = again.report(episodes=0)
    found = {axis: round(result["fits"][axis]["path"]["exponent"], 3) for axis in result["fits"]}
    assert found == {"data": 0.1, "parameters": 0.2, "compute": 0.3}
    assert [point["axes"] for point in result["points"]].count(["data", "parameters", "compute"]) == 1

    driven = {"episodes": 4, "maps": 2, "successes": 1, "success": 0.25, "success_ci": [0.05, 0.7], "progress": 0.4}
    for drives in ({}, {"drives": driven}):
        shown = {**result, "points": [{**point, **drives} for point in result["points"]]}
        scaling_drawing.png(tmp_path / "scaling.png", shown)
        assert (tmp_path / "scaling.png").stat().st_size > 5000
        assert ("short drives" in scaling_drawing.html(shown)) == bool(drives)
        (tmp_path / "scaling.json").write_text(json.dumps(shown))
        text = page(tmp_path)
        assert "| parameters N | " in text and "N^-0.200 | 0.200 (0.200 to 0.200)" in text
        assert text.count("| data, parameters, compute | 20 | 4 M | 4 | 16 G |") == 1 and ("1 of 4 (5% to 70%)" in text) == bool(drives)


def test_a_point_that_was_stopped_goes_on_within(shards, tmp_path, monkeypatch):
    class Watching:
        steps, dies_at = 0, 2

        def stage(self, what, *, total):
            self.steps = 0

        def advance(self, count, *, success=0):
            self.steps += count
            if self.steps == self.dies_at:
                raise Died

    monkeypatch.setattr(scaling, "SAVE_EVERY_S", -1.0)
    study, watching = Study(shards, tmp_path / "study", TINY), Watching()
    monkeypatch.setattr(Study, "points", [Point(8, 1, 3)])
    with pytest.raises(Died):
        study.learn(watching)
    watching.dies_at, seen = -1, []
    monkeypatch.setattr(
        Looks, "draw", lambda self, size, *, step, draw=Looks.draw, **kw: (seen.append(step), draw(self, size, step=step, **kw))[1]
    )
    study.learn(watching)
    assert watching.steps == 3 and seen[:2] == [1, 2]  # the first step was saved; the last draw is to count operations
    (row,) = study.learned().values()
    assert row["flops"] == row["flops_per_look"] * 2 * 3 > 0 and row["loss"] == pytest.approx(row["flow"] + row["regression"], abs=1e-5)
    assert [path.name for path in study.driver(Point(8, 1, 3)).parent.iterdir()] == ["average.safetensors"]


def test_every_point_drives_once_from_the_same_starts(shards, tmp_path, monkeypatch):
    study, asked = Study(shards, tmp_path / "study", TINY), []
    for point in study.points:
        save_checkpoint(study.driver(point), VLA(from_dial("tiny", depth=1)), data_version="x")
    places = [SimpleNamespace(name=f"town {k:02d}", real=False, held_out=False) for k in range(24)]

    def drive(work, driver, *, watcher):
        if len(asked) == 2:
            asked.append(None)
            raise Died
        asked.append(work.identity)
        assert driver.sees == "pixels" and work.episodes == 16 and work.seed == 0 and len({place.name for place in work.places}) == 8
        extra = {"collisions": 0.0, "first_failure_s": 3.0, "energy_wh": 1.0, "off_road_s": 0.0, "wrong_way_s": 0.0, "x": 0.0, "y": 0.0}
        scores = [Score(k % 4 == 0, 0.5, 50.0, 20.0, extra=extra) for k in range(16)]
        return [Outcome(Episode(places[3 * (k % 8)].name, k, 20.0, 100.0, 1, 0), False, score) for k, score in enumerate(scores)]

    monkeypatch.setattr(scaling, "run", drive)
    with pytest.raises(Died):
        study.drive(places, quiet(), episodes=16)
    study.drive(places, quiet(), episodes=16)
    assert len(asked) == 11 and len({who for who in asked if who is not None}) == 10
    driven = study.driven(episodes=16)
    assert set(driven) == set(study.points) and study.driven(episodes=8) == {}
    assert all(row["successes"] == 4 and row["success"] == 0.25 and 0.1 < row["success_ci"][0] < 0.25 for row in driven.values())


def test_the_held_out_loss_hides_nothing_and_draws_nothing_new(shards, tmp_path):
    model = VLA(from_dial("tiny", depth=1)).train()
    before, looks = model.config, Looks(open_known(shards, split(shards, held_out=6, apart=3).held, study=tmp_path), 8, seed=0)
    first = held_out_losses(model, looks, batch=3)
    assert first == held_out_losses(model, looks, batch=3) and model.training and model.config == before
    seen = held_out_losses(model, looks, batch=8)  # other batches: the plan losses that take no noise are the same, whatever is not valid
    assert seen["path"] == pytest.approx(first["path"], rel=1e-4)


def test_a_fit_finds_the_law_and_says_how_sure_it_is():
    x = np.array([1e3, 4e3, 1.6e4, 6.4e4, 2.56e5])
    exact = fit(list(x), list(3.0 * x**-0.25))
    assert exact.exponent == pytest.approx(0.25) and exact.scale == pytest.approx(3.0) and exact(100.0) == pytest.approx(3.0 * 100.0**-0.25)
    covered = 0
    for seed in range(200):
        noisy = fit(list(x), list(3.0 * x**-0.25 * np.exp(np.random.default_rng(seed).normal(0.0, 0.1, 5))))
        covered += noisy.interval[0] < 0.25 < noisy.interval[1]
    assert 180 <= covered < 200
    assert fit([1.0, 2.0, 4.0], [3.0, 2.0, 1.0]).interval is None
    assert [round(student(freedom), 3) for freedom in (1, 2, 3, 10)] == [12.706, 4.303, 3.182, 2.228]  # as printed in tables


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data": (0.5, 1.0, 1.0, 1.0)}, "--data gives 2 different points"),
        ({"data": (0.0, 0.2, 0.5, 1.0)}, "--data is 0 0.2 0.5 1; expected shares"),
        ({"data": (0.05, 0.2, 0.5, 1.0)}, "the smallest share of --data is 1 of 20 looks"),
        ({"depths": (1, 2, 4)}, "--depths gives 3 different points"),
        ({"depths": (1, 2, 4, 7)}, "--depths has 7"),
        ({"steps": (0, 2, 4, 7)}, "expected numbers of 1 or more"),
        ({"preset": "nan0"}, "did you mean nano"),
        ({"held_out": 30}, "holds 32 looks in 8 shards"),
        ({"newest": 3}, "holds 12 looks in 3 shards"),
    ],
)
def test_what_makes_no_study_is_told_in_a_sentence(shards, tmp_path, change, says):
    with pytest.raises(CaravelaError, match=says):
        Study(shards, tmp_path / "study", ScalingConfig(**{**vars(TINY), **change}))
    assert not (tmp_path / "study").exists()


def test_a_study_keeps_to_what_it_began_with(shards, tmp_path):
    mine = tmp_path / "shards"
    shutil.copytree(shards, mine)
    Study(mine, tmp_path / "study", TINY)
    with pytest.raises(CaravelaError, match="--batch is 4, but the study"):
        Study(mine, tmp_path / "study", ScalingConfig(**{**vars(TINY), "batch": 4}))
    shutil.rmtree(mine / "shard-000001")
    with pytest.raises(CaravelaError, match=r"shard-000001' is gone.*another --folder"):
        Study(mine, tmp_path / "study", TINY).learn(quiet())
    (tmp_path / "study" / "study.json").write_text("{")
    with pytest.raises(CaravelaError, match="is damaged"):
        Study(mine, tmp_path / "study", TINY)


def test_every_size_up_to_nano_can_be_learned():
    axes = points_of(TINY, 20)
    assert [point.depth for point in axes["parameters"]] == [1, 2, 3, 4] and len({axes[name][-1] for name in axes}) == 1
