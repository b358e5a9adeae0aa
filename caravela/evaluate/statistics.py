"""Intervals that do not flatter: drives on one map are alike, so whole maps are drawn again, not drives. Percentile bootstrap
(Efron 1979) over clusters, its percentiles expanded for few clusters (Hesterberg 2015): plain ones of five to eight maps hold the truth in
83 to 87 of a hundred cases, these in 92 or 93, not quite 95. Two policies are compared on the same drives. Of fewer than LEAST_CLUSTERS maps there is no
interval: drawing two or three again says next to nothing of others. numpy only."""

import functools
import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
LEVEL = 0.95
LEAST_CLUSTERS = 5

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def cluster_sums(values: NDArray[np.float64], clusters: Sequence[str]) -> NDArray[np.float64]:
    """Sums (G, columns) of values (n, columns) by cluster, in sorted order of the clusters' names."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, index, values)
    return sums


def bootstrap(sums: NDArray[np.float64], statistic: Statistic, *, seed: int = 0, resamples: int = RESAMPLES) -> tuple[float, float]:
    """The LEVEL interval of a statistic of column totals, when clusters are drawn again with replacement.

    Args:
        sums: (G, columns) sums by cluster.
        statistic: totals (R, columns) -> (R,), e.g. successes over drives; where it is nan (nothing over nothing), the draw is left out.

    Returns:
        Two nan where there is none: of fewer than LEAST_CLUSTERS clusters, or of a statistic that is always nan. An end may be infinite,
        where draws of something over nothing reach that far.
    """
    if len(sums) < LEAST_CLUSTERS:
        return float("nan"), float("nan")
    draws = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    values = statistic(sums[draws].sum(axis=1))
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    ends = percentiles(len(sums))
    if np.isfinite(values).all():
        low, high = np.quantile(values, ends)
    else:  # nothing lies between a number and infinity
        low, high = np.quantile(values, ends, method="inverted_cdf")
    return float(low), float(high)


@functools.cache
def percentiles(groups: int) -> tuple[float, float]:
    """Between which the draws of so many clusters hold the truth to LEVEL: those of a normal distribution of which one goes out as far as
    Student's t goes, with the n where the bootstrap should have n - 1 made good (Hesterberg 2015, What Teachers Should Know About the
    Bootstrap, 5.3)."""
    beyond = NormalDist().cdf(-math.sqrt(groups / (groups - 1)) * student(groups - 1))
    return beyond, 1.0 - beyond


def student(freedom: int, *, level: float = LEVEL) -> float:
    """What Student's t with that many degrees of freedom stays within, on either side, with probability `level`."""
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _probability_within(middle, freedom) < level else (low, middle)
    return 0.5 * (low + high)


def _probability_within(t: float, freedom: int) -> float:
    """P(|T| < t), Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, even = math.cos(angle), freedom % 2 == 0
    term, total = (1.0, 1.0) if even else (cosine, cosine)
    for k in range(2 if even else 3, freedom - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    if even:
        return math.sin(angle) * total
    return 2.0 / math.pi * (angle + (math.sin(angle) * total if freedom > 1 else 0.0))


def rounded(interval: Sequence[float], digits: int = 4) -> list[float | None]:
    """An interval for JSON: None for what is not finite."""
    return [round(float(value), digits) if math.isfinite(value) else None for value in interval]


def span(interval: Sequence[float | None], form: str = ".1%") -> str:
    """An interval for people, each end in `form`; a dash where there is none."""
    ends = [format(value, form) for value in interval if value is not None]
    return " to ".join(ends) if len(ends) == len(interval) else "–"


def spelled(interval: Sequence[float | None], form: str = ".1%") -> str:
    """The same, and why there is none."""
    return f"fewer than {LEAST_CLUSTERS} maps: no interval" if None in interval else f"95 % interval {span(interval, form)}"


def share(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Column 0 over column 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return totals[..., 0] / totals[..., 1]


def rate_interval(happened: Sequence[bool | float], clusters: Sequence[str], *, seed: int = 0) -> tuple[float, float]:
    """Interval of the share of drives in which something happened. Where it happened in none or in all, drawing them again says nothing:
    then it is Wilson's, with as many trials as there are clusters, as if the drives of one told one thing."""
    groups, part = len(set(clusters)), np.asarray(happened, dtype=np.float64)
    if groups >= LEAST_CLUSTERS and part.min() == part.max() and part[0] in (0.0, 1.0):
        return wilson(int(part[0]) * groups, groups)
    values = np.stack([np.asarray(happened, dtype=np.float64), np.ones(len(happened))], -1)
    return bootstrap(cluster_sums(values, clusters), share, seed=seed)


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Wilson's (1927) LEVEL interval of a share of few independent trials: one that is none or all keeps a width."""
    assert 0 <= successes <= count and count > 0, (successes, count)
    z, part = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0), successes / count
    middle = (part + z * z / (2 * count)) / (1.0 + z * z / count)
    half = z / (1.0 + z * z / count) * math.sqrt(part * (1.0 - part) / count + z * z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def paired_difference(a: Sequence[float], b: Sequence[float], clusters: Sequence[str], *, seed: int = 0) -> tuple[float, float, float]:
    """(mean of b - a, low, high) over the same drives. Where none differs, drawing them again says nothing: then the interval is as wide as
    the share of drives that may differ, Wilson's of none of as many trials as there are clusters."""
    difference = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    groups = len(set(clusters))
    if groups >= LEAST_CLUSTERS and not difference.any():
        most = wilson(0, groups)[1]
        return 0.0, -most, most
    low, high = bootstrap(cluster_sums(np.stack([difference, np.ones(len(difference))], -1), clusters), share, seed=seed)
    return float(difference.mean()), low, high


def ratio_of_rates(
    counts_a: Sequence[float],
    km_a: Sequence[float],
    counts_b: Sequence[float],
    km_b: Sequence[float],
    clusters: Sequence[str],
    *,
    seed: int = 0,
) -> tuple[float, float, float]:
    """((events per km of b) / (of a), low, high) over the same drives."""
    values = np.stack([np.asarray(column, dtype=np.float64) for column in (counts_b, km_b, counts_a, km_a)], -1)
    sums = cluster_sums(values, clusters)

    def ratio(totals: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (totals[..., 0] / totals[..., 1]) / (totals[..., 2] / totals[..., 3])

    return float(ratio(sums.sum(axis=0)[None])[0]), *bootstrap(sums, ratio, seed=seed)
