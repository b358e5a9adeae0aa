"""Centre lines as polylines: resampling with smooth headings, lengths, and where two lines come close. Plain NumPy on
(N, 2) arrays in metres; it knows nothing of lanes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DENSE_STEP = 0.5  # m, spacing at which lines are smoothed and compared
STRAIGHT_SPACING = 4.8  # m between points where the line is straight
CURVED_SPACING = 1.8  # m where it bends
TIGHT_SPACING = 1.0  # m where it bends with less than 12 m radius
SHORTEST = 0.25  # m, shorter lines are stretched about their middle

Polyline = NDArray[np.float64]  # (N, 2) m


@dataclass(frozen=True)
class CentreLine:
    """A resampled line: points 0.2 to 5 m apart, chord length s and heading at every point."""

    points: Polyline  # (N, 2) m
    s: NDArray[np.float64]  # (N,) m
    heading: NDArray[np.float64]  # (N,) rad, unwrapped

    @property
    def length(self) -> float:
        return float(self.s[-1])


def arc_length(points: Polyline) -> NDArray[np.float64]:
    """Chord length (N,) from the first point to each."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def densify(points: Polyline, *, step: float = DENSE_STEP) -> Polyline:
    """The same line with points `step` apart or a little less; both ends stay."""
    s = arc_length(points)
    count = max(1, int(np.ceil(s[-1] / step)))
    at = np.linspace(0.0, s[-1], count + 1)
    return np.stack([np.interp(at, s, points[:, 0]), np.interp(at, s, points[:, 1])], axis=-1)


def point_at(points: Polyline, share: float) -> tuple[NDArray[np.float64], float]:
    """Point (2,) and heading at a share 0..1 of the line's length."""
    s = arc_length(points)
    at = share * s[-1]
    k = int(np.clip(np.searchsorted(s, at, side="right") - 1, 0, len(points) - 2))
    step = points[k + 1] - points[k]
    t = (at - s[k]) / max(s[k + 1] - s[k], 1e-9)
    return points[k] + t * step, float(np.arctan2(step[1], step[0]))


def resample(points: Polyline, *, smoothing: float) -> CentreLine:
    """Smooth kinks over about `smoothing` metres and thin the line out to what its curvature needs. Ends stay put."""
    points = _clean(points)
    dense = densify(points)
    if len(points) > 2 and smoothing > 0.0:
        dense = _smooth(dense, sigma=min(smoothing, arc_length(dense)[-1] / 10.0) / DENSE_STEP)
    s = arc_length(dense)
    heading = headings(dense)
    turn = np.abs(np.diff(heading)) / np.maximum(np.diff(s), 1e-6)  # 1/m
    if len(turn) > 2:
        turn = np.maximum(np.maximum(turn, np.roll(turn, 1)), np.roll(turn, -1))
    spacing = np.where(turn > 1.0 / 12.0, TIGHT_SPACING, np.where(turn > 1.0 / 300.0, CURVED_SPACING, STRAIGHT_SPACING))
    cost = np.concatenate([[0.0], np.cumsum(np.diff(s) / spacing)])
    at = np.linspace(0.0, cost[-1], max(1, int(np.ceil(cost[-1]))) + 1)
    thin = np.stack([np.interp(at, cost, dense[:, 0]), np.interp(at, cost, dense[:, 1])], axis=-1)
    return CentreLine(points=thin, s=arc_length(thin), heading=np.interp(at, cost, heading))


def offset_line(points: Polyline, *, left: float) -> Polyline:
    """The line moved `left` metres to its left (negative: right)."""
    heading = headings(points)
    return points + left * np.stack([-np.sin(heading), np.cos(heading)], axis=-1)


def first_within(line: Polyline, other: Polyline, *, distance: float) -> tuple[float, float]:
    """(arc length along `line` where it first comes within `distance` of `other`, smallest distance between them), m. Both dense.
    The arc length is that of the closest approach where they stay further apart."""
    gap = np.sqrt(((line[:, None] - other[None]) ** 2).sum(-1)).min(axis=1)  # (N,)
    s = arc_length(line)
    near = np.flatnonzero(gap < distance)
    return float(s[near[0] if len(near) else int(gap.argmin())]), float(gap.min())


def distance_to(line: Polyline, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance (M,) of points (M, 2) to a polyline."""
    start, step = line[:-1], np.diff(line, axis=0)
    along = ((points[:, None] - start[None]) * step[None]).sum(-1) / np.maximum((step**2).sum(-1), 1e-12)[None]
    nearest = start[None] + np.clip(along, 0.0, 1.0)[..., None] * step[None]
    return np.sqrt(((points[:, None] - nearest) ** 2).sum(-1)).min(axis=1)


def signed_area(polygon: Polyline) -> float:
    """Area of a polygon (N, 2), positive if counter-clockwise, m^2."""
    x, y = polygon[:, 0], polygon[:, 1]
    return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def short(values: NDArray[np.floating], step: float) -> NDArray[np.float32]:
    """Rounded to whole `step`s, a negative power of two: such numbers compress to half."""
    return (np.round(values / step) * step).astype(np.float32)


def _clean(points: Polyline) -> Polyline:
    """Without repeated points; at least SHORTEST long."""
    keep = np.concatenate([[True], np.hypot(*np.diff(points, axis=0).T) > 0.02])
    last = points[-1]
    points = points[keep]
    if len(points) > 1:
        points[-1] = last
    length = arc_length(points)[-1] if len(points) > 1 else 0.0
    if length < SHORTEST:
        middle = points.mean(axis=0)
        along = (points[-1] - points[0]) / length if length > 1e-3 else np.array([1.0, 0.0])
        points = np.stack([middle - along * SHORTEST / 2, middle + along * SHORTEST / 2])
    return points


def _smooth(dense: Polyline, *, sigma: float) -> Polyline:
    """Gaussian smoothing; point reflection at both ends keeps them and their direction."""
    radius = min(int(3 * sigma), len(dense) - 1)
    if radius < 1:
        return dense
    weight = np.exp(-0.5 * (np.arange(-radius, radius + 1) / min(sigma, radius / 2.0)) ** 2)
    weight /= weight.sum()
    padded = np.concatenate([2 * dense[0] - dense[radius:0:-1], dense, 2 * dense[-1] - dense[-2 : -radius - 2 : -1]])
    smooth = np.stack([np.convolve(padded[:, axis], weight, mode="valid") for axis in (0, 1)], axis=-1)
    smooth[0], smooth[-1] = dense[0], dense[-1]
    return smooth


def headings(points: Polyline) -> NDArray[np.float64]:
    """Heading (N,) at every point, unwrapped: mean of the two neighbouring segments."""
    step = np.diff(points, axis=0)
    segment = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    return np.concatenate([segment[:1], (segment[:-1] + segment[1:]) / 2.0, segment[-1:]])
