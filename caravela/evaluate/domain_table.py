"""From paired drives to the table: isolated and integrated on the same routes, up to the last place that both reached. Ratios are of sums
over the pairs, with intervals by bootstrap clustered over maps. Says whether the target is met and does not round it into being met."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.units import STEP_S
from caravela.evaluate.cars import ASKED_AT_S
from caravela.evaluate.domains import COLUMNS, Array, WholeDrive
from caravela.evaluate.episodes import Episode
from caravela.evaluate.referee import at_fault
from caravela.evaluate.statistics import bootstrap, cluster_sums, paired_difference
from caravela.world.powertrain import PowertrainSpec
from caravela.world.ride_quality import discomfort, dose
from caravela.world.whole_car import Condition

Row = dict[str, Any]
SPEED, AHEAD, ACROSS, PLACE, ENERGY, FRICTION = range(len(COLUMNS))
ISOLATED, INTEGRATED = ARMS = ("isolated", "integrated")
LEAST_M = 50.0  # of common way, below which a pair is left out of the ratios (never out of the safety counts)
SHORT_M = 0.5  # before the common end, so that both have surely been there
STILL_THERE = 0.7  # share of the kinetic energy at the common end that counts as not used: about what regeneration and drive leave of it
REACTED = 0.5  # m/s slower than the drive in which nobody asked
WAITS_S = 10.0  # s after a request in which a reaction is looked for
ENERGY_TARGET, DOSE_TARGET, EQUAL_TIME = 0.10, 0.25, 0.01  # shares saved; share by which times may differ and still be called equal
MEASURES = ("seconds", "energy_wh", "friction_wh", "dose", "discomfort")


def row_of(episode: Episode, condition: Condition, drives: Sequence[WholeDrive]) -> Row:
    """One pair, isolated first."""
    common = max(min(float(drive.ride[:, PLACE].max(initial=0.0)) for drive in drives) - SHORT_M, 0.0)
    row: Row = {
        "map": episode.map,
        "seed": episode.seed,
        "condition": condition.name,
        "weather": condition.weather,
        "common_m": round(common, 1),
    }
    for arm, drive in zip(ARMS, drives, strict=True):
        row[arm] = {
            **{key: round(value, 4) for key, value in measured(drive, common).items()},
            "success": drive.score.success,
            "failures": list(drive.score.failures),
            "collisions": round(drive.score.extra["collisions"]),
            "distance_m": round(drive.score.distance, 1),
            "driven_s": round(drive.score.seconds, 1),
            "clipped": round(drive.clipped, 4),
        }
    return row


def measured(drive: WholeDrive, metres: float) -> dict[str, float]:
    """What the first `metres` of a drive took."""
    there = np.flatnonzero(drive.ride[:, PLACE] >= metres)
    ride = drive.ride[: int(there[0]) + 1] if len(there) else drive.ride
    kinetic = 0.5 * PowertrainSpec().inertia * drive.mass * float(ride[-1, SPEED]) ** 2 / 3600.0
    return {
        "seconds": len(ride) * STEP_S,
        "energy_wh": float(ride[-1, ENERGY]) - STILL_THERE * kinetic,
        "friction_wh": float(ride[-1, FRICTION]),
        "dose": dose(ride[:, AHEAD], ride[:, ACROSS]),
        "discomfort": discomfort(ride[:, AHEAD], ride[:, ACROSS], ride[:, SPEED], mass=drive.mass),
    }


def reaction(silent: Array, told: Array, *, asked_at_s: float = ASKED_AT_S) -> float | None:
    """s from a request until the drive (T, columns) is REACTED slower than the same drive without it; None where that did not come, or
    where there was nothing to slow down from."""
    first = round(asked_at_s / STEP_S)
    last = min(len(silent), len(told), first + round(WAITS_S / STEP_S))
    if last <= first or silent[first - 1, SPEED] < 2.0 * REACTED:
        return None
    slower = np.flatnonzero(silent[first:last, SPEED] - told[first:last, SPEED] >= REACTED)
    return None if not len(slower) else round((int(slower[0]) + 1) * STEP_S, 1)


def harmed(arm: dict[str, Any]) -> bool:
    """Did a drive fail otherwise than by being slow?"""
    return at_fault(arm["failures"])


def ratio(rows: Sequence[Row], measure: str, *, per_km: bool = False, seed: int = 0) -> dict[str, Any]:
    """A measure of both arms and integrated over isolated, with its interval."""
    columns = np.array([[row[arm][measure] for arm in ARMS] for row in rows], np.float64)
    km = np.array([row["common_m"] for row in rows]) / 1000.0
    sums = cluster_sums(np.column_stack([columns, km, np.ones(len(rows))]), [row["map"] for row in rows])
    low, high = bootstrap(sums, _integrated_over_isolated, seed=seed)
    total = sums.sum(axis=0)
    by = total[2] if per_km else total[3]
    return {
        ISOLATED: _rounded(total[0] / by),
        INTEGRATED: _rounded(total[1] / by),
        "ratio": _rounded(total[1] / total[0]) if total[0] else None,
        "ratio_ci": [_rounded(low), _rounded(high)],
    }


def _integrated_over_isolated(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return totals[..., 1] / totals[..., 0]


def table(rows: Sequence[Row], *, seed: int = 0) -> dict[str, Any]:
    """All figures of some pairs."""
    used = [row for row in rows if row["common_m"] >= LEAST_M]
    maps = [row["map"] for row in rows]
    figures: dict[str, Any] = {
        "pairs": len(rows),
        "compared": len(used),
        "maps": len(set(maps)),
        "km": _rounded(sum(r["common_m"] for r in used) / 1e3),
    }
    if used:
        figures |= {
            "seconds_per_km": ratio(used, "seconds", per_km=True, seed=seed),
            "energy_wh_per_km": ratio(used, "energy_wh", per_km=True, seed=seed),
            "friction_wh_per_km": ratio(used, "friction_wh", per_km=True, seed=seed),
            "dose": ratio(used, "dose", seed=seed),
            "discomfort": ratio(used, "discomfort", seed=seed),
        }
    for name, what in (("success", lambda arm: arm["success"]), ("harm", harmed), ("collision", lambda arm: arm["collisions"] > 0)):
        pair = [[float(what(row[arm])) for row in rows] for arm in ARMS]
        difference, low, high = paired_difference(pair[0], pair[1], maps, seed=seed)
        figures[name] = {ISOLATED: _rounded(float(np.mean(pair[0]))), INTEGRATED: _rounded(float(np.mean(pair[1])))}
        figures[name] |= {"difference": _rounded(difference), "difference_ci": [_rounded(low), _rounded(high)]}
    return figures


def reactions(rows: Sequence[Row]) -> dict[str, Any] | None:
    """How soon requests are felt: of the pairs in which one was made of a car under way."""
    asked = [row["reaction_s"] for row in rows if row.get("reaction_s") is not None]
    if not asked:
        return None
    found: dict[str, Any] = {"requests": len(asked), "within_s": WAITS_S}
    for arm in ARMS:
        times = [each[arm] for each in asked if each[arm] is not None]
        found[arm] = {
            "reacted": len(times),
            "median_s": _rounded(float(np.median([math.inf if e[arm] is None else e[arm] for e in asked]))),
        }
    return found


def verdict(figures: dict[str, Any]) -> dict[str, Any]:
    """The target: at least 10 % less energy or 25 % less dose, at equal time (within 1 %) and with no more drives that do harm."""
    if "dose" not in figures:
        return {"met": False, "why": "no pair came far enough to be compared"}
    ratios = [figures[key]["ratio"] for key in ("energy_wh_per_km", "dose", "seconds_per_km")]
    if None in ratios:
        return {"met": False, "why": "one arm used nothing, or took no time, so there is no ratio"}
    saved = {"energy": 1.0 - ratios[0], "dose": 1.0 - ratios[1]}
    slower = ratios[2] - 1.0
    checks = {
        "energy_saved": _rounded(saved["energy"]),
        "dose_saved": _rounded(saved["dose"]),
        "slower": _rounded(slower),
        "saves_enough": saved["energy"] >= ENERGY_TARGET or saved["dose"] >= DOSE_TARGET,
        "equal_time": slower <= EQUAL_TIME,
        "no_more_harm": figures["harm"]["difference"] <= 0.0,
    }
    return checks | {"met": bool(checks["saves_enough"] and checks["equal_time"] and checks["no_more_harm"])}


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 4)
