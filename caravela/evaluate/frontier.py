"""The frontier: what a driver is worth at every threshold of its own risk, a risk-coverage curve (selective prediction; El-Yaniv and Wiener
2010) of driving. At threshold t the car hands over at the first moment at which its risk exceeds t; from then on it makes no more progress and can no more fail.
Coverage is what it drove until then, safety the share of drives without a fault until then, and the score of a drive its progress
until then, or zero if it was at fault. Standing still scores zero: what a car rolls when it does nothing but brake counts for nothing."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.evaluate.referee import at_fault
from caravela.evaluate.statistics import LEAST_CLUSTERS, cluster_sums, percentiles, rounded
from caravela.evaluate.summary import driven_share, shared_drives

Row = dict[str, Any]
MOST_POINTS = 200  # thresholds of a frontier, spread over the records where there are more
RESAMPLES = 2000
GRID = np.round(np.arange(0.05, 1.0001, 0.05), 2)  # coverages at which two frontiers are compared
REACH_MARGIN = 0.02  # of coverage by which a frontier may end sooner and still be said to reach as far
SAFETY_MARGIN = 0.01  # of drives by which it may be less safe at a coverage and still be said to be as safe
AT_ONCE, NEVER = -1.0, 2.0  # thresholds below and above every risk
COVERED, SAFE, SCORED, COUNT = range(4)  # columns of the sums


@dataclass(frozen=True)
class Frontier:
    """One driver's curve, coverage rising from nothing to all that it drives when it never hands over."""

    policy: str
    tells_risk: bool
    thresholds: NDArray[np.float64]  # (P,) rising, from AT_ONCE to NEVER
    sums: NDArray[np.float64]  # (G, P, 4) by map: covered, safe, scored, count
    maps: tuple[str, ...]  # (G,) names, sorted

    @property
    def coverage(self) -> NDArray[np.float64]:
        """(P,) mean share of the expected distance that was driven."""
        return _shares(self.sums.sum(0))[..., COVERED]

    @property
    def safety(self) -> NDArray[np.float64]:
        """(P,) share of drives without a fault."""
        return _shares(self.sums.sum(0))[..., SAFE]

    @property
    def score(self) -> NDArray[np.float64]:
        """(P,) mean of progress, zero where at fault."""
        return _shares(self.sums.sum(0))[..., SCORED]


def frontier_of(rows: Sequence[Row], *, policy: str, notice: float = 0.0) -> Frontier:
    """The curve of one result's rows (see `summary.rows_of`; rows without risk records give one point and its chord).

    Args:
        notice: s that a hand-over takes: a fault within them still counts.
    """
    every = sorted({record[2] for row in rows for record in row.get("risk") or ()})
    if len(every) > MOST_POINTS:
        every = sorted({every[k] for k in np.linspace(0, len(every) - 1, MOST_POINTS).round().astype(int)})
    thresholds = np.array([AT_ONCE, *every[:-1], NEVER])  # at the highest risk of all, nobody hands over
    values = np.stack([_drive(row, thresholds, notice=notice) for row in rows])  # (n, P, 4)
    names = [row["map"] for row in rows]
    sums = cluster_sums(values.reshape(len(rows), -1), names).reshape(-1, len(thresholds), 4)
    return Frontier(policy, bool(every), thresholds, sums, tuple(sorted(set(names))))


def _drive(row: Row, thresholds: NDArray[np.float64], *, notice: float) -> NDArray[np.float64]:
    """(P, 4) covered, safe, scored and 1 of one drive at each threshold."""
    records = np.array(row.get("risk") or np.zeros((0, 3)))
    first = np.searchsorted(records[:, 2], thresholds, side="right")  # the first record above each threshold
    seconds = np.append(records[:, 0], np.inf)[first]
    metres = np.append(records[:, 1], row["distance_m"])[first]
    seconds[0], metres[0] = -np.inf, 0.0  # handed over before it began
    covered = driven_share(row, metres)
    faulty = at_fault(row["failures"])
    moment = float(row["first_failure_s"]) if faulty else np.inf  # too little progress is found last, so the first is a fault
    safe = moment > seconds + notice + 1e-6 if faulty else np.ones(len(thresholds), dtype=np.bool_)
    return np.stack([covered, safe, covered * safe, np.ones(len(thresholds))], -1)


def _shares(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 3) of (..., 4) totals."""
    return totals[..., :COUNT] / totals[..., COUNT:]


def pair(a: Sequence[Row], b: Sequence[Row]) -> tuple[list[Row], list[Row], bool]:
    """The drives that both were given, in one order, and whether what standing still makes is known of every one (a start is the same
    for every policy, so either file may say it). Raises CaravelaError where they share none."""
    first, second, known = [], [], True
    for mine, theirs in zip(*shared_drives(a, b), strict=True):
        rolls = mine.get("rolls_m", theirs.get("rolls_m"))
        known &= rolls is not None
        first.append({**mine, "rolls_m": rolls})
        second.append({**theirs, "rolls_m": rolls})
    return first, second, known


@dataclass(frozen=True)
class Comparison:
    """Whether b's frontier lies outside a's, with intervals over maps."""

    coverages: NDArray[np.float64]  # (C,) that both reach
    difference: NDArray[np.float64]  # (C,) safety of b less that of a
    interval: NDArray[np.float64]  # (C, 2)
    reach: float  # coverage without abstention of b less that of a
    reach_interval: tuple[float, float]
    score: float  # likewise of the score without abstention
    score_interval: tuple[float, float]
    area: float  # likewise of the area under the curve
    area_interval: tuple[float, float]
    bands: tuple["Bands", "Bands"]  # of a and b, for drawing

    @property
    def outward(self) -> bool:
        """Is b as safe as a at every coverage and reaches as far, each within its margin, and is the area under its curve larger? All of them
        to the one-sided half of LEVEL, so that together they hold to it as well (an intersection-union test, Berger 1982)."""
        if not len(self.coverages):
            return False  # a driver that goes further than one that hardly moves has shown nothing of its safety
        as_safe = bool((self.interval[:, 0] >= -SAFETY_MARGIN).all())
        return as_safe and self.reach_interval[0] >= -REACH_MARGIN and self.area_interval[0] > 0.0

    @property
    def inward(self) -> bool:
        """The same the other way round."""
        if not len(self.coverages):
            return False
        no_safer = bool((self.interval[:, 1] <= SAFETY_MARGIN).all())
        return no_safer and self.reach_interval[1] <= REACH_MARGIN and self.area_interval[1] < 0.0


@dataclass(frozen=True)
class Bands:
    """Intervals of one frontier's figures."""

    coverage: NDArray[np.float64]  # (C,) of GRID, as far as it reaches
    safety: NDArray[np.float64]  # (C, 2)
    score: tuple[float, float]  # without abstention
    area: float  # under safety over coverage: 1 is perfect
    area_interval: tuple[float, float]
    chord: float  # the same area for one that hands over by chance


def compare(a: Frontier, b: Frontier, *, seed: int = 0) -> Comparison:
    """Two frontiers on the same drives; whole maps are drawn again, the same for both. Of fewer than LEAST_CLUSTERS maps all intervals are
    nan, and neither frontier lies outside the other."""
    assert a.maps == b.maps
    groups = len(a.maps)
    draws = np.random.default_rng(seed).integers(groups, size=(RESAMPLES, groups))
    weights = np.stack([np.bincount(draw, minlength=groups) for draw in draws]).astype(np.float64)  # (R, G)
    redrawn = [_shares(np.tensordot(weights, f.sums, axes=1)) for f in (a, b)]  # (R, P, 3) each
    grids = [GRID[GRID <= f.coverage[-1] + 1e-9] for f in (a, b)]
    common = min(grids, key=len)
    curves = [np.stack([_at(draw, common) for draw in shares]) for shares in redrawn]  # (R, C)
    ends = [shares[:, -1] for shares in redrawn]  # (R, 3)
    areas = [np.array([_area(draw) for draw in shares]) for shares in redrawn]  # (R,)
    interval = functools.partial(_interval, groups=groups)
    return Comparison(
        coverages=common,
        difference=_at(_curve(b), common) - _at(_curve(a), common),
        interval=interval(curves[1] - curves[0]).T,
        reach=float(b.coverage[-1] - a.coverage[-1]),
        reach_interval=_pair(interval(ends[1][:, COVERED] - ends[0][:, COVERED])),
        score=float(b.score[-1] - a.score[-1]),
        score_interval=_pair(interval(ends[1][:, SCORED] - ends[0][:, SCORED])),
        area=_area(_curve(b)) - _area(_curve(a)),
        area_interval=_pair(interval(areas[1] - areas[0])),
        bands=(_bands(a, redrawn[0], grids[0], areas[0]), _bands(b, redrawn[1], grids[1], areas[1])),
    )


def _bands(f: Frontier, redrawn: NDArray[np.float64], grid: NDArray[np.float64], areas: NDArray[np.float64]) -> Bands:
    curves, interval = np.stack([_at(draw, grid) for draw in redrawn]), functools.partial(_interval, groups=len(f.maps))
    chord = float(f.coverage[-1] * (1.0 + f.safety[-1]) / 2.0)
    return Bands(grid, interval(curves).T, _pair(interval(redrawn[:, -1, SCORED])), _area(_curve(f)), _pair(interval(areas)), chord)


def _curve(f: Frontier) -> NDArray[np.float64]:
    return _shares(f.sums.sum(0))


def _at(curve: NDArray[np.float64], coverages: NDArray[np.float64]) -> NDArray[np.float64]:
    """Safety (C,) of a curve (P, 3) at some coverages: between two thresholds, of a car that takes one or the other by chance."""
    return np.interp(coverages, curve[:, COVERED], curve[:, SAFE])


def _area(curve: NDArray[np.float64]) -> float:
    """Under safety over coverage, as far as it reaches."""
    x, y = curve[:, COVERED], curve[:, SAFE]
    return float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2.0).sum())


def _interval(values: NDArray[np.float64], *, groups: int) -> NDArray[np.float64]:
    """(2, ...) the LEVEL interval over the first axis, which are draws of so many maps; nan of too few."""
    if groups < LEAST_CLUSTERS:
        return np.full((2, *values.shape[1:]), np.nan)
    return np.quantile(values, percentiles(groups), axis=0)


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def sentence(a: Frontier, b: Frontier, comparison: Comparison) -> str:
    """Whether b moves the whole frontier outward."""
    reach = f"{b.policy} reaches {b.coverage[-1]:.0%} of the expected distance, {a.policy} {a.coverage[-1]:.0%}"
    if np.isnan(comparison.reach_interval).any():
        return f"{a.policy} and {b.policy} cannot be told apart on fewer than {LEAST_CLUSTERS} maps: {reach}."
    if not len(comparison.coverages):
        return f"{b.policy} is not said to move the frontier outward: {reach}, so there is no coverage at which to compare their safety."
    low, high = comparison.difference.min(), comparison.difference.max()
    by = f"safety {100 * low:+.1f} to {100 * high:+.1f} points at coverages up to {comparison.coverages[-1]:.0%}"
    if comparison.outward:
        return f"{b.policy} moves the whole frontier outward: {by}, and {reach}."
    if comparison.inward:
        return f"{b.policy} moves the whole frontier inward: {by}, and {reach}."
    count, better = len(comparison.coverages), int((comparison.interval[:, 0] > 1e-9).sum())
    worse = int((comparison.interval[:, 1] < -1e-9).sum())
    told = f"safer at {better} and less safe at {worse} of {count} coverages, not told apart at the rest, area {comparison.area:+.3f}"
    return f"{b.policy} does not move the whole frontier outward: {told} ({by}); {reach}."


def told(f: Frontier, bands: Bands) -> dict[str, Any]:
    """A frontier as JSON. The best threshold is chosen on these drives, so its score flatters."""
    best = int(f.score.argmax())
    return {
        "policy": f.policy,
        "tells_risk": f.tells_risk,
        "score": _round(f.score[-1]),
        "score_ci": rounded(bands.score),
        "safety": _round(f.safety[-1]),
        "reach": _round(f.coverage[-1]),
        "best_score": _round(f.score[best]),
        "best_threshold": _threshold(f.thresholds[best]),
        "area": _round(bands.area),
        "area_ci": rounded(bands.area_interval),
        "area_by_chance": _round(bands.chord),
        "points": [
            {"threshold": _threshold(t), "coverage": _round(c), "safety": _round(s), "score": _round(v), "progress": _round(v / s) if s else None}
            for t, c, s, v in zip(f.thresholds, f.coverage, f.safety, f.score, strict=True)
        ],
    }  # fmt: skip


def compared(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON."""
    return {
        "outward": comparison.outward,
        "inward": comparison.inward,
        "coverages": _rounds(comparison.coverages),
        "safety_difference": _rounds(comparison.difference),
        "safety_difference_ci": [rounded(each) for each in comparison.interval],
        "reach_difference": _round(comparison.reach),
        "reach_difference_ci": rounded(comparison.reach_interval),
        "score_difference": _round(comparison.score),
        "score_difference_ci": rounded(comparison.score_interval),
        "area_difference": _round(comparison.area),
        "area_difference_ci": rounded(comparison.area_interval),
    }


def _threshold(value: float) -> float | None:
    """None where it hands over at once or never: no risk is as low or as high."""
    return None if value in (AT_ONCE, NEVER) else round(float(value), 4)


def _round(value: float) -> float:
    return round(float(value), 4)


def _rounds(values: Any) -> list[float]:
    return [_round(value) for value in values]
