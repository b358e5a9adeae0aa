"""Footage as observations: warped views with the history that the driver wants, and the motion that it is told. There is no
sat-nav; words may be given."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import HISTORY_S, ROUTE_POINTS, Observation, Rig
from caravela.vehicle.footage.lens import Lens
from caravela.vehicle.footage.reader import Frame
from caravela.vehicle.footage.warp import Warp

SLACK = 0.06  # s, an older picture may be this far from the age that the driver wants


class Looks:
    """Makes an observation of each frame as it comes."""

    def __init__(self, lens: Lens, rig: Rig, *, words: str = "", lefthand: bool = False, abroad: bool = False) -> None:
        self.warp = Warp(lens, rig)
        self.complete = False  # whether the last observation's older pictures were of the right age, not the oldest there was
        self._words, self._side = words, np.array([1.0 if lefthand else -1.0], np.float32)
        self._abroad = np.array([abroad])
        self._kept: list[tuple[float, NDArray[np.uint8]]] = []  # time and (C, H, W, 3), newest first

    def see(self, frame: Frame, *, speed: float, yaw_rate: float) -> Observation:
        """The observation at a frame's time, of batch 1. Speed in m/s; yaw rate in rad/s, left positive."""
        oldest = frame.t + min(HISTORY_S) - SLACK
        self._kept = [(frame.t, self.warp(frame.picture)), *(kept for kept in self._kept if kept[0] >= oldest)]
        chosen = [min(self._kept, key=lambda kept: abs(kept[0] - frame.t - age)) for age in HISTORY_S]
        self.complete = all(abs(t - frame.t - age) <= SLACK for (t, _), age in zip(chosen, HISTORY_S))
        return Observation(
            t_us=np.array([round(frame.t * 1e6)], np.int64),
            images=np.stack([views for _, views in chosen])[None],
            speed=np.array([speed], np.float32),
            yaw_rate=np.array([yaw_rate], np.float32),
            route=np.zeros((1, ROUTE_POINTS, 2), np.float32),
            has_route=np.zeros(1, np.bool_),
            words=(self._words,),
            side=self._side,
            abroad=self._abroad,
        )
