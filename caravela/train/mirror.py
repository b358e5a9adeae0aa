"""Looks and labels on one side of the road, as the model is shown them: see `model.sides`."""

import numpy as np
from numpy.typing import NDArray

from caravela.model.sides import MIRRORED_CAMERAS

_LEFTWARD = {
    "ego": (1, 2),
    "route": (1,),
    "knots": (1,),
    "proposals": (1,),
    "lane": (0, 1),
}  # last-axis numbers that are positive to the left


def on_the_right(arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    """The arrays of a shard, or of some of its rows, with those in left-hand traffic seen in a mirror. What is given stays as it is."""
    rows = np.asarray(arrays["ego"])[:, 2] > 0.5
    return mirror(arrays, rows) if rows.any() else arrays


def mirror(arrays: dict[str, NDArray], rows: NDArray[np.bool_]) -> dict[str, NDArray]:
    """The arrays, some of their rows seen in a mirror; the names are those of `model.batch.Batch`."""
    arrays = {name: np.array(value) for name, value in arrays.items()}
    for name in ("images", "later", "depth", "lamps", "bodies"):
        if name in arrays:
            arrays[name][rows] = arrays[name][rows][:, list(MIRRORED_CAMERAS)][..., ::-1]
    if "bev" in arrays:
        arrays["bev"][rows] = arrays["bev"][rows][..., ::-1]
    for name, columns in _LEFTWARD.items():
        if name in arrays:
            sign = np.ones(arrays[name].shape[-1], dtype=arrays[name].dtype)
            sign[list(columns)] = -1
            arrays[name][rows] *= sign
    return arrays
