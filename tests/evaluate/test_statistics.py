"""Intervals against cases whose answer is known."""

import numpy as np
import pytest

from caravela.evaluate.statistics import bootstrap, cluster_sums, paired_difference, rate_interval, ratio_of_rates, rounded, share, span


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
    assert wide[1] - wide[0] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 10), abs=0.1)


def test_the_interval_depends_on_nothing_but_the_seed():
    happened, maps = [True, False, True, True, False, True], ["a", "a", "b", "c", "d", "e"]
    assert rate_interval(happened, maps, seed=3) == rate_interval(happened, maps, seed=3)


def test_a_statistic_that_is_never_finite_has_no_interval():
    assert all(np.isnan(value) for value in bootstrap(np.zeros((8, 2)), share))


def test_of_fewer_than_five_maps_there_is_no_interval():
    assert rate_interval([True] * 5, list("abcde")) == (1.0, 1.0)
    few = rate_interval([True, False] * 10, list("aabbccdddd") * 2)
    assert all(np.isnan(value) for value in few)
    assert rounded(few) == [None, None] and span(rounded(few)) == "–"
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
