"""What the tests of training share: a run's folder with made-up samples, and a disk that fills."""

import contextlib
import resource

import numpy as np
import pytest

from caravela.core.types import KNOTS, ROUTE_POINTS


@pytest.fixture
def folder(tmp_path):
    """A run's folder with one shard of made-up samples."""
    return make_up(tmp_path)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory):
    """The same, for all tests of a file."""
    return make_up(tmp_path_factory.mktemp("run"))


def make_up(path):
    pytest.importorskip("torch", reason="needs the extra `train`")
    from caravela.model.presets import preset
    from caravela.train.samples import ShardWriter

    random, config, count = np.random.default_rng(0), preset("nano"), 16
    shape = (count, config.cameras, config.channels, config.height, config.width)
    writer = ShardWriter(path / "shards", size=count)
    writer.add(
        {
            "images": random.integers(0, 256, shape, dtype=np.uint8),
            "ego": random.uniform(0.0, 10.0, (count, 3)).astype(np.float32),
            "route": random.normal(0.0, 20.0, (count, ROUTE_POINTS, 2)).astype(np.float32),
            "has_route": np.ones(count, dtype=np.bool_),
            "words": np.zeros((count, config.words_size), dtype=np.float16),
            "knots": random.normal(0.0, 0.1, (count, KNOTS, 2)).astype(np.float32),
            "knots_valid": np.ones(count, dtype=np.bool_),
        }
    )
    return path


@pytest.fixture
def full_disk():
    """A context in which no file may grow beyond so many bytes: the system refuses the rest, as it does on a full disk."""

    @contextlib.contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
