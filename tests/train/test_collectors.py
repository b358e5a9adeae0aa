"""Collecting in two processes: one that is killed in the middle of a round is replaced, and no finished shard is lost."""

import json
import os
import signal
from contextlib import closing
from functools import partial

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("ray", reason="needs the extra `scale`")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.core.errors import CaravelaError
from caravela.train.collect import CollectConfig
from caravela.train.collectors import rounds_of
from caravela.train.recipe import VLATrainConfig
from caravela.train.rounds import hire_collector
from caravela.train.samples import ShardReader
from caravela.world.maps.catalogue import load_town, towns

TINY = VLATrainConfig(shard=4)
BRIEF = CollectConfig(worlds=2, maps=1, looks=6)


def test_a_collector_that_is_killed_is_replaced_and_finished_shards_stay(tmp_path):
    hire = partial(hire_collector, [load_town(towns()[0])], tmp_path, teacher=SHIPPED_TEACHER, config=TINY, collect=BRIEF)
    told, seen, killed, before = [], [], None, set()
    with closing(rounds_of(hire, collectors=2, address="local", told=told.append)) as rounds:
        for done in rounds:
            seen.append(done)
            if killed is None and len({each.collector for each in seen}) == 2:
                before = {path.name for path in (tmp_path / "shards").glob("shard-*")}
                killed = done
                os.kill(done.process, signal.SIGKILL)  # it drives its next round
            elif killed is not None and done.collector >= 2:
                break
    assert any(f"collector {killed.collector} died" in each and "collector 2 takes its place" in each for each in told), told
    assert {each.collector for each in seen} == {0, 1, 2}
    assert before and before <= {path.name for path in (tmp_path / "shards").glob("shard-*")}
    reader = ShardReader(tmp_path / "shards")
    counts = [json.loads((tmp_path / "shards" / name / "count.json").read_text())["samples"] for name in reader.shards]
    assert reader.refresh() == sum(counts) >= 4 * len(reader.shards)
    assert len(reader.draw(4)) == 4


def test_what_the_user_can_mend_comes_from_a_collector_as_it_is(tmp_path):
    (tmp_path / "junk.pt").write_bytes(b"no checkpoint")
    hire = partial(hire_collector, [load_town(towns()[0])], tmp_path, teacher=tmp_path / "junk.pt", config=TINY, collect=BRIEF)
    with closing(rounds_of(hire, collectors=1, address="local")) as rounds, pytest.raises(CaravelaError, match="not a teacher's") as said:
        next(rounds)
    assert "\n" not in str(said.value)


def test_a_cluster_that_is_not_there_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(CaravelaError, match="no Ray cluster at 'nowhere'"):
        next(rounds_of(failing_to_be_hired, collectors=1, address="nowhere"))


def failing_to_be_hired(number):
    raise AssertionError("there is no cluster to be hired on")
