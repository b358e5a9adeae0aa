"""The weights of learned traffic: a small file of the teacher's layers that ships, as the one array that kernels read
(`kernels/learned.py`). `caravela train traffic` writes it."""

import zipfile
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import BundleError
from caravela.world.kernels.vectors import OBJECT, ROW

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "traffic.npz"
LAYERS = ("objects.0", "objects.2", "row.0", "body.0", "body.2", "acceleration", "steering")  # of the network, as they are used
BINS = ("acceleration_bins", "steering_bins")


@cache
def weights(path: Path = SHIPPED) -> NDArray[np.float32]:
    """What kernels read, from a file that holds `NAME.weight` (outputs, inputs) and `NAME.bias` (outputs,) of LAYERS, and BINS. Raises
    BundleError for anything else."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name].astype(np.float32) for name in archive.files}
        return packed(arrays)
    except (OSError, LookupError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(
            f"'{path}' holds no traffic's weights ({error}); expected a file that `caravela train traffic` wrote: write it again."
        ) from error


def weights_or_none(path: Path = SHIPPED) -> NDArray[np.float32]:
    """`weights`, or no numbers at all where the file doesn't fit: only traffic that is driven by them needs them."""
    try:
        return weights(path)
    except BundleError:
        return np.zeros(0, dtype=np.float32)


def packed(arrays: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """The arrays of a file as one. Raises ValueError or LookupError where they are not those of a teacher that sees what ours sees."""
    accelerations, changes = (arrays[name] for name in BINS)
    width, object_width = len(arrays["row.0.bias"]), len(arrays["objects.0.bias"])
    joined = width + object_width
    shapes = dict(
        zip(
            LAYERS,
            (
                (object_width, OBJECT),
                (object_width, object_width),
                (width, ROW),
                (width, joined),
                (width, width),
                (len(accelerations), width),
                (len(changes), width),
            ),
            strict=True,
        )
    )
    parts = [np.array([width, object_width, len(accelerations), len(changes)], dtype=np.float32), accelerations, changes]
    for name, shape in shapes.items():
        weight, bias = arrays[f"{name}.weight"], arrays[f"{name}.bias"]
        if weight.shape != shape or bias.shape != shape[:1]:
            raise ValueError(f"{name} is {weight.shape}, expected {shape}")
        parts += [weight.T.ravel(), bias]
    if width < max(len(accelerations), len(changes)) or not all(np.isfinite(part).all() for part in parts):
        raise ValueError("its numbers are no network's")
    return np.ascontiguousarray(np.concatenate(parts), dtype=np.float32)
