"""The other side of the road for nothing: a look and its labels, seen in a mirror. Right-hand traffic becomes left-hand traffic, every
left turn a right turn, and a driver learns twice the streets from the same drives. What tells the side of the road by the look of a
country is lost, though: a driver that saw half of its looks so took the wrong side. So it is off by default."""

import numpy as np
from numpy.typing import NDArray

CAMERAS = (0, 1, 3, 2)  # of the policy's rig: the left one shows in the mirror what the right one sees
_LEFTWARD = {
    "ego": (1, 2),
    "route": (1,),
    "knots": (1,),
    "proposals": (1,),
    "lane": (0, 1),
}  # last-axis numbers that are positive to the left


def mirror(arrays: dict[str, NDArray], rows: NDArray[np.bool_]) -> None:
    """Mirror some rows of a batch in place; the arrays are those of a shard, see `model.batch.Batch`."""
    for name in ("images", "depth", "lamps", "bodies"):
        if name in arrays:
            arrays[name][rows] = arrays[name][rows][:, list(CAMERAS)][..., ::-1]
    if "bev" in arrays:
        arrays["bev"][rows] = arrays["bev"][rows][..., ::-1]
    for name, columns in _LEFTWARD.items():
        if name in arrays:
            sign = np.ones(arrays[name].shape[-1], dtype=arrays[name].dtype)
            sign[list(columns)] = -1
            arrays[name][rows] *= sign
