"""Little graphs whose operations can be counted by hand, and the model that ships with one look."""

from pathlib import Path

import numpy as np
import pytest

from caravela.core.sampling import proposal_noise
from caravela.vehicle.bench import graph
from caravela.vehicle.bench.graph import Graph
from caravela.vehicle.bench.trial import model_file
from caravela.vehicle.bundle import open_bundle, shipped


@pytest.fixture
def small() -> tuple[Graph, dict[str, np.ndarray]]:
    """A convolution, a product, an elementwise operation, a product of two constants that nothing waits for, and a shape."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((1, 2, 6, 6), dtype=np.float32)
    constants = {
        "kernel": draw.standard_normal((3, 2, 3, 3), dtype=np.float32),
        "weight": draw.standard_normal((4, 7), dtype=np.float32),
        "left": draw.standard_normal((7, 7), dtype=np.float32),
        "right": draw.standard_normal((7, 7), dtype=np.float32),
    }
    nodes = [
        graph.node("Conv", ["x", "kernel"], "/vision/conv"),  # (1, 3, 4, 4)
        graph.node("Relu", ["/vision/conv"], "/vision/relu"),
        graph.node("Shape", ["/vision/relu"], "/vision/shape"),
        graph.node("MatMul", ["/vision/relu", "weight"], "/trunk/product"),  # (1, 3, 4, 7)
        graph.node("MatMul", ["left", "right"], "/trunk/folded"),
        graph.node("Add", ["/trunk/product", "/trunk/product"], "/trunk/sum"),
        graph.node("MatMul", ["/trunk/sum", "/trunk/folded"], "y"),
    ]
    model = graph.build(nodes, inputs={"x": x}, outputs=["y"], constants=constants)
    return graph.parse(model), {"x": x}


@pytest.fixture(scope="session")
def ships() -> Path:
    """The file of the model that ships."""
    return model_file(shipped())


@pytest.fixture(scope="session")
def look() -> dict[str, np.ndarray]:
    """Inputs of batch 1, of noise."""
    draw = np.random.default_rng(0)
    return {
        "images": draw.integers(0, 256, (1, 4, 5, 96, 128), dtype=np.uint8),
        "ego": np.array([[8.0, 0.0, -1.0]], np.float32)[:, : open_bundle(shipped()).card.ego_values],
        "route": draw.uniform(0.0, 40.0, (1, 8, 2)).astype(np.float32),
        "has_route": np.ones(1, np.float32),
        "words": np.zeros((1, 384), np.float32),
        "noise": proposal_noise(),
    }
