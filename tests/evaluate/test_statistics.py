"""Intervals against cases whose answer is known."""

import numpy as np
import pytest

from caravela.evaluate import statistics
from caravela.evaluate.statistics import (
    bootstrap,
    cluster_sums,
    paired_difference,
    rate_interval,
    ratio_of_rates,
    rounded,
    share,
    span,
    spelled,
    student,
    wilson,
)
from caravela.evaluate.summary import times_better


def test_sums_by_cluster():
    sums = cluster_sums(np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]]), ["b", "a", "b"])
    assert sums.tolist() == [[0.0, 1.0], [2.0, 2.0]]


def test_clusters_of_one_drive_give_the_binomial_interval():
    happened = [True] * 80 + [False] * 20
    low, high = rate_interval(happened, [str(k) for k in range(100)])
    spread = 1.96 * np.sqrt(0.8 * 0.2 / 100)
    assert low == pytest.approx(0.8 - spread, abs=0.015) and high == pytest.approx(0.8 + spread, abs=0.015)


def test_drives_that_agree_within_a_map_count_as_one():
    maps = [str(k // 10) for k in range(100)]  # ten maps of ten drives, all alike within a map
    alike = [k // 10 < 5 for k in range(100)]
    mixed = [k % 2 == 0 for k in range(100)]
    wide, narrow = rate_interval(alike, maps), rate_interval(mixed, maps)
    assert narrow == (0.5, 0.5)
    assert wide[1] - wide[0] == pytest.approx(2 * student(9) * np.sqrt(0.25 / 9), abs=0.1)


def held(groups, *, tries=400):
    """In what share of tries the interval of the mean of as many clusters holds the truth."""
    rng, count = np.random.default_rng(0), 0
    for _ in range(tries):
        drives = rng.normal(rng.normal(0.5, 0.2, size=(groups, 1)), 0.1, size=(groups, 4))
        low, high = bootstrap(np.stack([drives.sum(1), np.full(groups, 4.0)], -1), share, resamples=2000)
        count += low <= 0.5 <= high
    return count / tries


@pytest.mark.parametrize(("groups", "plain"), [(5, 0.85), (8, 0.89), (32, 0.94)])
def test_intervals_hold_the_truth_nearly_as_often_as_they_say(groups, plain, monkeypatch):
    assert 0.91 <= held(groups) <= 0.99
    monkeypatch.setattr(statistics, "percentiles", lambda _: (0.025, 0.975))
    assert held(groups) < plain


def test_the_interval_depends_on_nothing_but_the_seed():
    happened, maps = [True, False, True, True, False, True], ["a", "a", "b", "c", "d", "e"]
    assert rate_interval(happened, maps, seed=3) == rate_interval(happened, maps, seed=3)


def test_a_statistic_that_is_never_finite_has_no_interval():
    assert all(np.isnan(value) for value in bootstrap(np.zeros((8, 2)), share))


def test_of_fewer_than_five_maps_there_is_no_interval():
    assert not np.isnan(rate_interval([True] * 5, list("abcde"))).any()
    few = rate_interval([True, False] * 10, list("aabbccdddd") * 2)
    assert all(np.isnan(value) for value in few)
    assert rounded(few) == [None, None] and span(rounded(few)) == "–" and "fewer than 5 maps" in spelled(rounded(few))
    assert np.isnan(paired_difference([0.0, 1.0], [1.0, 1.0], ["a", "b"])[1:]).all()
    assert np.isnan(ratio_of_rates([1.0, 2.0], [1.0, 1.0], [2.0, 2.0], [1.0, 1.0], ["a", "b"])[1:]).all()


def test_an_interval_as_people_and_files_get_it():
    assert rounded((0.123456, 0.5)) == [0.1235, 0.5] and rounded((0.123456, 0.5), 2) == [0.12, 0.5]
    assert span([0.1, 0.25]) == "10.0% to 25.0%" and span([-0.1, 0.25], "+.0%") == "-10% to +25%"


def test_paired_difference_takes_out_what_both_share():
    rng = np.random.default_rng(0)
    hard = rng.random(200) < 0.5
    a = [float(not h) for h in hard]
    b = [float((not h) or k % 10 == 0) for k, h in enumerate(hard)]
    mean, low, high = paired_difference(a, b, [str(k // 4) for k in range(200)])
    assert mean == pytest.approx(np.mean(b) - np.mean(a)) and 0.0 < low <= mean <= high < 0.1


def test_ratio_of_rates_per_km():
    maps = [str(k) for k in range(50)]
    ratio, low, high = ratio_of_rates([2.0] * 50, [1.0] * 50, [1.0] * 50, [2.0] * 50, maps)
    assert ratio == pytest.approx(0.25) and low == pytest.approx(0.25) and high == pytest.approx(0.25)


def test_all_or_none_keeps_a_width_as_of_so_many_maps():
    maps = [f"m{k % 8}" for k in range(40)]
    assert rate_interval([True] * 40, maps) == wilson(8, 8)
    assert rate_interval([False] * 40, maps) == wilson(0, 8)
    most = wilson(0, 8)[1]
    assert paired_difference([1.0] * 40, [1.0] * 40, maps) == (0.0, -most, most) and most > 0.3


def test_a_ratio_over_what_hardly_ever_failed_has_no_upper_end():
    maps = [f"m{k}" for k in range(12)]
    ratio, low, high = ratio_of_rates([1.0] + [0.0] * 11, [1.0] * 12, [1.0] * 12, [1.0] * 12, maps)
    assert ratio == pytest.approx(12.0)
    assert high == np.inf  # a third of the draws miss the one failure
    finite = [12.0 / k for k in range(1, 8)]
    assert any(low == pytest.approx(each) for each in finite) and low > 2.0


@pytest.mark.parametrize(
    ("ratio", "interval", "told"),
    [
        (0.25, [0.1, 0.5], "b: 4 times better than a by failures per km, at least 2 times (interval to 10)"),
        (0.0, [0.0, 0.0], "b never failed on these drives, where a did"),
        (0.2, [0.0, 0.5], "at least 2 times (interval to without bound)"),
        (3.0, [1.5, None], "b: 3 times worse than a by failures per km"),
        (0.9, [0.5, 1.7], "b is not shown to be better or worse than a"),
        (0.9, [0.5, None], "to without bound"),
        (None, [None, None], "no ratio"),
        (0.5, [None, None], "no interval"),
    ],
)
def test_how_many_times_better(ratio, interval, told):
    assert told in times_better("a", "b", {"failures_per_km_ratio": ratio, "failures_per_km_ratio_ci": interval})
