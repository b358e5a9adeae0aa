"""From outcomes to the numbers that are promised: rates with intervals clustered over maps, tables by map and by driving side,
and a row per drive from which everything can be worked out again. Also compares two policies on the drives they share."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.evaluate.places import Place
from caravela.evaluate.referee import FAILURES, LEAST_KM, faults
from caravela.evaluate.run import Outcome
from caravela.evaluate.statistics import LEAST_CLUSTERS, bootstrap, cluster_sums, paired_difference, rate_interval, ratio_of_rates, share

Row = dict[str, Any]


def rows_of(outcomes: Sequence[Outcome], places: Sequence[Place]) -> list[Row]:
    """One flat row per drive."""
    by_name = {place.name: place for place in places}
    rows = []
    for outcome in outcomes:
        score, episode, place = outcome.score, outcome.episode, by_name[outcome.episode.map]
        rows.append(
            {
                "map": episode.map,
                "seed": episode.seed,
                **({"incident": episode.incident} if episode.incident else {}),
                "side": "left" if outcome.lefthand else "right",
                "real": place.real,
                "held_out": place.held_out,
                "success": score.success,
                "failures": list(score.failures),
                "collisions": round(score.extra["collisions"]),
                "progress": round(score.progress, 4),
                "distance_m": round(score.distance, 1),
                "expected_m": episode.expected,
                "seconds": round(score.seconds, 1),
                "allowed_s": episode.seconds,
                "first_failure_s": _finite(score.extra["first_failure_s"], 1),
                "turns": episode.turns,
                "red_expected": episode.red_lights,
                "red_lights_met": score.red_lights_met,
                "red_lights_run": score.red_lights_run,
                "comfort": round(score.comfort, 4),
                "energy_wh": round(score.extra["energy_wh"], 2),
                "off_road_s": round(score.extra["off_road_s"], 1),
                "wrong_way_s": round(score.extra["wrong_way_s"], 1),
                "end": [round(score.extra["x"], 1), round(score.extra["y"], 1)],
                "rolls_m": outcome.rolls,
                "risk": outcome.risk,
            }
        )
    return rows


def driven_share(row: Row, metres: Any) -> Any:
    """What part of its expected distance a drive had made after `metres` (a number or an array), at most 1. The metres that standing
    still makes count for nothing, on neither side, as far as the row knows them."""
    rolls = float(row.get("rolls_m") or 0.0)
    return np.clip((metres - rolls) / max(row["expected_m"] - rolls, 1e-3), 0.0, 1.0)


def reds_run(row: Row) -> int:
    """Red lights that a drive ran; of a row of before, which counts none, one at most."""
    return int(row.get("red_lights_run", "red_light" in row["failures"]))


def summarise(rows: Sequence[Row], *, seed: int = 0) -> dict[str, Any]:
    """Rates, means and intervals of some drives."""
    maps = [row["map"] for row in rows]
    successes = [row["success"] for row in rows]
    scores = [0.0 if faults(row["failures"]) else float(driven_share(row, row["distance_m"])) for row in rows]
    km = sum(max(row["distance_m"], 0.0) for row in rows) / 1000.0
    told = km >= LEAST_KM * len(rows)  # of who hardly moves, a figure per km says nothing
    per_km = np.array([[faults(row["failures"]), max(row["distance_m"], 0.0) / 1000.0] for row in rows])
    rates = {kind: round(sum(kind in row["failures"] for row in rows) / len(rows), 4) for kind in FAILURES}
    return {
        "episodes": len(rows),
        "maps": len(set(maps)),
        "success": round(sum(successes) / len(rows), 4),
        "success_ci": [_finite(value, 4) for value in rate_interval(successes, maps, seed=seed)],
        "at_fault_collision": rates.pop("at_fault_collision"),
        "collision": round(sum(row["collisions"] > 0 for row in rows) / len(rows), 4),
        **rates,
        "turns": sum(row["turns"] for row in rows),
        "red_lights_met": sum(row["red_lights_met"] for row in rows),
        "red_lights_run": sum(map(reds_run, rows)),
        "progress": round(sum(row["progress"] for row in rows) / len(rows), 4),
        "safety": round(sum(not faults(row["failures"]) for row in rows) / len(rows), 4),
        "score": round(sum(scores) / len(rows), 4),
        "score_ci": [_finite(value, 4) for value in rate_interval(scores, maps, seed=seed)],
        "comfort": round(sum(row["comfort"] for row in rows) / len(rows), 4),
        "energy_wh_per_km": _finite(sum(row["energy_wh"] for row in rows) / km, 1) if told else None,
        "km": round(km, 3),
        "hours": round(sum(row["seconds"] for row in rows) / 3600.0, 3),
        "mean_allowed_s": round(sum(row["allowed_s"] for row in rows) / len(rows), 1),
        "failures_per_km": _finite(float(per_km[:, 0].sum()) / km, 3) if told else None,
        "failures_per_km_ci": [_finite(value, 3) for value in bootstrap(cluster_sums(per_km, maps), share, seed=seed)]
        if told
        else [None, None],
    }


def report_of(rows: Sequence[Row], *, seed: int = 0) -> dict[str, Any]:
    """The summary of all rows and of each map and driving side."""
    return {
        **summarise(rows, seed=seed),
        "by_side": {
            side: summarise(part, seed=seed) for side in ("right", "left") if (part := [row for row in rows if row["side"] == side])
        },
        "by_origin": {
            name: summarise(part, seed=seed)
            for name, real in (("real streets", True), ("generated towns", False))
            if (part := [row for row in rows if row["real"] == real])
        },
        **({"by_incident": _by_incident(rows, seed=seed)} if any("incident" in row for row in rows) else {}),
        "by_map": {name: _of_map([row for row in rows if row["map"] == name]) for name in sorted({row["map"] for row in rows})},
        "rows": list(rows),
    }


def _by_incident(rows: Sequence[Row], *, seed: int) -> dict[str, Any]:
    kinds = dict.fromkeys(row["incident"] for row in rows)
    return {kind: summarise([row for row in rows if row["incident"] == kind], seed=seed) for kind in kinds}


def _of_map(rows: Sequence[Row]) -> dict[str, Any]:
    first = rows[0]
    return {
        "side": first["side"],
        "real": first["real"],
        "held_out": first["held_out"],
        "episodes": len(rows),
        "success": round(sum(row["success"] for row in rows) / len(rows), 4),
        "failures": {kind: count for kind in FAILURES if (count := sum(kind in row["failures"] for row in rows))},
        "progress": round(sum(row["progress"] for row in rows) / len(rows), 4),
        "red_lights_met": sum(row["red_lights_met"] for row in rows),
        "mean_allowed_s": round(sum(row["allowed_s"] for row in rows) / len(rows), 1),
    }


def shared_drives(a: Sequence[Row], b: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The drives that both were given, in one order. Raises CaravelaError where they share none, or where what was expected of one of
    them differs: then the world, the map or the baseline is another, and the drive is not the same."""
    mine, theirs = ({_drive(row): row for row in rows} for rows in (a, b))
    shared = sorted(mine.keys() & theirs.keys())
    if not shared:
        raise CaravelaError("the two results share no drive; evaluate both on the same suite, maps and seed.")
    for key in shared:
        wanted = mine[key]["expected_m"], theirs[key]["expected_m"]
        if abs(wanted[0] - wanted[1]) > 1.0:
            raise CaravelaError(
                f"the two results drove different worlds: on '{key[0]}', seed {key[1]}, {wanted[0]:.0f} m and {wanted[1]:.0f} m were expected; "
                "evaluate both with one version of the program."
            )
    return [mine[key] for key in shared], [theirs[key] for key in shared]


def _drive(row: Row) -> tuple[str, int, float, str]:
    """What tells one drive of a suite from the others."""
    return row["map"], row["seed"], row["allowed_s"], row.get("incident", "")


def compare(a: Sequence[Row], b: Sequence[Row], *, seed: int = 0) -> dict[str, Any]:
    """Two policies on the drives that both were given; what is alike is drawn together: a map, or what a row calls its `cluster`. Raises
    CaravelaError where they share none."""
    first, second = shared_drives(a, b)
    maps = [str(row.get("cluster", row["map"])) for row in first]
    difference, low, high = paired_difference([r["success"] for r in first], [r["success"] for r in second], maps, seed=seed)
    km = [[max(row["distance_m"], 0.0) / 1000.0 for row in rows] for rows in (first, second)]
    ratio = ratio_of_rates([faults(r["failures"]) for r in first], km[0], [faults(r["failures"]) for r in second], km[1], maps, seed=seed)
    progress = paired_difference([r["progress"] for r in first], [r["progress"] for r in second], maps, seed=seed)
    return {
        "episodes": len(first),
        "maps": len(set(maps)),
        "success": [round(sum(row["success"] for row in rows) / len(rows), 4) for rows in (first, second)],
        "success_difference": round(difference, 4),
        "success_difference_ci": [_finite(low, 4), _finite(high, 4)],
        "only_first_succeeds": sum(x["success"] and not y["success"] for x, y in zip(first, second, strict=True)),
        "only_second_succeeds": sum(y["success"] and not x["success"] for x, y in zip(first, second, strict=True)),
        "failures_per_km_ratio": _finite(ratio[0], 3),  # None: of nothing, or by nothing; as an upper end, without bound
        "failures_per_km_ratio_ci": [_finite(ratio[1], 3), _finite(ratio[2], 3)],
        "progress_difference": round(progress[0], 4),
        "progress_difference_ci": [_finite(progress[1], 4), _finite(progress[2], 4)],
    }


def times_better(first: str, second: str, compared: dict[str, Any]) -> str:
    """By how many times the second fails less often per km than the first, with its interval; or that it is not shown to."""
    ratio, (low, high) = compared["failures_per_km_ratio"], compared["failures_per_km_ratio_ci"]
    if ratio is None:
        return f"failures per km: no ratio, since {first} did not fail, or one of them hardly drove."
    if low is None:
        return f"failures per km: {ratio:.2f} times those of {first}; on fewer than {LEAST_CLUSTERS} maps there is no interval."
    top = "without bound" if high is None else f"{high:.3g}"
    told = f"failures per km are {ratio:.2f} times those of {first} (95 % interval {low:.3g} to {top})"
    if ratio <= 0.0:
        return f"{second} never failed on these drives, where {first} did: how many times better that is, they do not say."
    if high is not None and high < 1.0:
        least, most = 1.0 / high, "without bound" if low <= 0.0 else f"{1.0 / low:.3g}"
        return f"{second}: {1.0 / ratio:.2g} times better than {first} by failures per km, at least {least:.2g} times (interval to {most}); {told}."
    if low > 1.0:
        return f"{second}: {ratio:.2g} times worse than {first} by failures per km; {told}."
    return f"{second} is not shown to be better or worse than {first} by failures per km: {told}."


def _finite(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
