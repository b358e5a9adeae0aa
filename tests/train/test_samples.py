"""Shards: what is written is what is read, half-written ones are invisible, old ones make room."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.train.samples import FIELDS, ResidentReader, ShardReader, ShardWriter


def rows(count: int, *, start: int = 0) -> dict[str, np.ndarray]:
    """Samples whose ego speed is their number."""
    arrays = {name: np.zeros((count, 1), dtype=np.float32) for name in FIELDS}
    arrays["images"] = np.zeros((count, 4, 5, 8, 8), dtype=np.uint8)
    arrays["ego"] = np.arange(start, start + count, dtype=np.float32)[:, None] * (1, 0, 0)
    return arrays


def test_every_sample_comes_back_once_a_shard(tmp_path):
    writer = ShardWriter(tmp_path, size=8)
    writer.add(rows(5))
    assert not list(tmp_path.glob("shard-*"))
    writer.add(rows(5, start=5))
    reader = ShardReader(tmp_path)
    (shard,) = reader.shards.values()
    assert sorted(shard.arrays["ego"][:, 0].tolist()) == list(range(10))


def test_an_unfinished_shard_is_invisible_and_writing_goes_on_after_the_last(tmp_path):
    (tmp_path / "part-000000").mkdir()
    writer = ShardWriter(tmp_path, size=2)
    writer.add(rows(2))
    assert ShardReader(tmp_path).refresh() == 2
    assert ShardWriter(tmp_path, size=2).written == 1


def test_a_shard_that_is_being_taken_away_is_left_out(tmp_path):
    writer = ShardWriter(tmp_path, size=2)
    writer.add(rows(2))
    writer.add(rows(2, start=2))
    for array in (tmp_path / "shard-000000").glob("*.npy"):
        array.unlink()
    assert list(ShardReader(tmp_path).shards) == ["shard-000001"]


def test_the_oldest_make_room(tmp_path):
    writer = ShardWriter(tmp_path, size=2, keep=3)
    for start in range(0, 10, 2):
        writer.add(rows(2, start=start))
    assert [p.name for p in sorted(tmp_path.glob("shard-*"))] == ["shard-000002", "shard-000003", "shard-000004"]


def test_draws_have_the_size_asked_for(tmp_path):
    writer = ShardWriter(tmp_path, size=16)
    writer.add(rows(16))
    writer.add(rows(16, start=16))
    batch = ShardReader(tmp_path).draw(8, spread=4)
    assert len(batch) == 8
    assert batch.images.shape == (8, 4, 5, 8, 8)


def test_shards_in_a_devices_memory_give_the_same_batches_and_follow_the_folder(tmp_path):
    writer = ShardWriter(tmp_path, size=16, keep=2)
    writer.add(rows(16))
    writer.add(rows(16, start=16))
    read, resident = ShardReader(tmp_path, seed=1), ResidentReader(tmp_path, device=torch.device("cpu"), seed=1)
    for _ in range(3):
        assert torch.equal(read.draw(8, spread=4).ego, resident.draw(8, spread=4).ego)
    writer.add(rows(16, start=32))
    assert resident.refresh() == 32
    assert {float(speed) for _ in range(8) for speed in resident.draw(8).ego[:, 0]} <= set(range(16, 48))
