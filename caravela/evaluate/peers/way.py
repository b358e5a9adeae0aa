"""The way of an episode as a line: how far along it a car is, and what a sat-nav shows of it."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError
from caravela.core.frames import to_rig
from caravela.core.types import ROUTE_POINTS, ROUTE_SPACING

AHEAD, BEHIND = 25.0, 10.0  # m along the line from the last place in which the car is looked for: ways that cross are no short cuts


class Way:
    """The road's axis from start to end, and the place of a car that follows it."""

    def __init__(self, points: NDArray[np.float64]) -> None:
        """`points`: (N, 2) map frame, m. Raises CaravelaError for what is no line."""
        points = np.asarray(points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1:] != (2,) or not np.isfinite(points).all():
            raise CaravelaError(f"a route of shape {points.shape} came; expected finite points (N, 2).")
        points = points[np.r_[True, np.hypot(*np.diff(points, axis=0).T) > 1e-6]]  # doubled points have no direction
        if len(points) < 2:
            raise CaravelaError(f"a route of {len(points)} point came; expected two or more.")
        self._points, self._steps = points, np.diff(points, axis=0)
        self._along = np.r_[0.0, np.cumsum(np.hypot(*self._steps.T))]
        self.at: float | None = None  # m along the line; none before the first look

    @property
    def length(self) -> float:
        """m"""
        return float(self._along[-1])

    def follow(self, x: float, y: float) -> float:
        """m along the line of the point nearest to (x, y), looked for around the last one; at first, everywhere."""
        lengths = np.diff(self._along)
        share = np.einsum("nd,nd->n", np.array([x, y]) - self._points[:-1], self._steps) / lengths**2
        share = np.clip(share, 0.0, 1.0)
        away = np.hypot(*(self._points[:-1] + share[:, None] * self._steps - np.array([x, y])).T)
        along = self._along[:-1] + share * lengths
        if self.at is not None:
            away = np.where((along < self.at - BEHIND) | (along > self.at + AHEAD), np.inf, away)
        self.at = float(along[int(np.argmin(away))])
        return self.at

    def point(self, along: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) points of the line; beyond its end it goes straight on."""
        k = np.clip(np.searchsorted(self._along, along, side="right") - 1, 0, len(self._steps) - 1)
        share = (along - self._along[k]) / np.diff(self._along)[k]
        return self._points[k] + share[:, None] * self._steps[k]

    def sat_nav(self, *, x: float, y: float, heading: float) -> NDArray[np.float32]:
        """(ROUTE_POINTS, 2) of the line in the rig frame of a pose, ROUTE_SPACING apart, the first that far ahead of where `follow` was."""
        assert self.at is not None
        ahead = self.at + ROUTE_SPACING * np.arange(1, ROUTE_POINTS + 1, dtype=np.float64)
        return to_rig(self.point(ahead), x=x, y=y, heading=heading).astype(np.float32)
