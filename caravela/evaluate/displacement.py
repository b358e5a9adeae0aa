"""How far a plan ends from where the car really went, open loop on a log, beside what a few lines of physics predict from the car's
own motion. It says how alike two drivers are, not how well one drives: nothing here reacts to the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import PLAN_STEP_S, Plan

HORIZONS_S = (1.0, 2.0, 3.0)  # s ahead
FINE_S = 0.02  # s, step of integration
CHOSEN, AVERAGE, BEST, BLIND = (
    "driver: chosen plan",
    "driver: mean over its proposals",
    "driver: best of its proposals",
    "driver, blind: chosen plan",
)
VELOCITY, TURN, PHYSICS = "constant velocity", "constant turn rate and velocity", "constant turn rate and acceleration"
MEANING = {
    CHOSEN: "what it would have driven",
    AVERAGE: "what a choice by lot would give",
    BEST: "the nearest proposal at each horizon, picked with the truth in hand: a bound, not a driver",
    BLIND: "the same model and speed, all pictures black",
    VELOCITY: "straight ahead at the present speed",
    TURN: "present speed and yaw rate held",
    PHYSICS: "present speed, yaw rate and acceleration held, no slower than standing: the ego-only model, fitted to nothing",
}
HINDSIGHT = (BEST, AVERAGE)  # no predictors


@dataclass(frozen=True)
class Window:
    """One moment of a log: the plans made then, the motion measured then, and what came of it."""

    t: float  # s
    plan: Plan  # of batch 1
    blind: Plan  # of the same model with black pictures
    motion: tuple[float, float, float]  # speed m/s, yaw rate rad/s, acceleration m/s^2
    truth: NDArray[np.float64]  # (len(HORIZONS_S), 2) m in the rig frame of that moment


def errors_of(window: Window) -> dict[str, NDArray[np.float64]]:
    """Distances (len(HORIZONS_S),) in m from the truth, by predictor."""
    speed, yaw_rate, acceleration = window.motion
    every = np.hypot(*np.moveaxis(at_horizons(window.plan)[0] - window.truth, -1, 0))  # (K, horizons)
    drawn = every[window.plan.samples]
    straight = roll_out(speed)
    return {
        CHOSEN: every[int(window.plan.chosen[0])],
        AVERAGE: drawn.mean(0),
        BEST: drawn.min(0),
        BLIND: _distance(at_horizons(window.blind)[0, int(window.blind.chosen[0])], window.truth),
        VELOCITY: _distance(straight, window.truth),
        TURN: _distance(roll_out(speed, yaw_rate=yaw_rate), window.truth),
        PHYSICS: _distance(roll_out(speed, yaw_rate=yaw_rate, acceleration=acceleration), window.truth),
    }


def summary(windows: Sequence[Window]) -> dict[str, Any]:
    """Mean, median and largest distance by predictor and horizon, and where the chosen plan ends beside the truth."""
    errors = [errors_of(window) for window in windows]
    table = {name: np.stack([error[name] for error in errors]) for name in MEANING}  # (n, horizons)
    chosen = np.stack([at_horizons(window.plan)[0, int(window.plan.chosen[0])] - window.truth for window in windows])
    keys = [f"{horizon:g}s" for horizon in HORIZONS_S]
    predictors = [name for name in MEANING if name not in HINDSIGHT]
    return {
        "windows": len(windows),
        "horizons_s": list(HORIZONS_S),
        "displacement_m": {
            name: {
                statistic: {key: round(float(value), 3) for key, value in zip(keys, of(values))}
                for statistic, of in (("mean", _mean), ("median", _median), ("largest", _largest))
            }
            for name, values in table.items()
        },
        "chosen_minus_truth_m": {
            "ahead": {key: round(float(value), 3) for key, value in zip(keys, chosen[..., 0].mean(0))},
            "left": {key: round(float(value), 3) for key, value in zip(keys, chosen[..., 1].mean(0))},
        },
        "nearest_to_the_truth": {key: min(predictors, key=lambda name: table[name][:, place].mean()) for place, key in enumerate(keys)},
        "means": MEANING,
    }


def page_of(result: Mapping[str, Any]) -> list[str]:
    """A result of `caravela watch --score` as lines of Markdown, without a heading."""
    keys = list(next(iter(result["displacement_m"].values()))["mean"])
    lines = [
        f"{result['about']} Distance in metres between the predicted and the true position, mean (median) of {result['windows']} moments.\n",
        "| predictor | " + " | ".join(f"at {key}" for key in keys) + " | what it is |",
        "|---" * (len(keys) + 2) + "|",
    ]
    for name, of in result["displacement_m"].items():
        cells = [f"{of['mean'][key]:.2f} ({of['median'][key]:.2f})" for key in keys]
        lines.append(f"| {name} | {' | '.join(cells)} | {result['means'][name]} |")
    nearest = ", ".join(f"at {key} {name}" for key, name in result["nearest_to_the_truth"].items())
    return [*lines, "", f"Nearest to the truth on average: {nearest}. {' '.join(result['notes'])}\n"]


def at_horizons(plan: Plan) -> NDArray[np.float64]:
    """(B, K, len(HORIZONS_S), 2) m where the trajectories are at the horizons."""
    steps = [round(horizon / PLAN_STEP_S) - 1 for horizon in HORIZONS_S]
    return plan.trajectories[:, :, steps, :2].astype(np.float64)


def roll_out(speed: float, *, yaw_rate: float = 0.0, acceleration: float = 0.0) -> NDArray[np.float64]:
    """(len(HORIZONS_S), 2) m where a car is that holds its acceleration m/s^2, never going backwards, and, while it moves, its yaw
    rate rad/s."""
    t = (np.arange(round(HORIZONS_S[-1] / FINE_S)) + 0.5) * FINE_S
    velocity = np.maximum(speed + acceleration * t, 0.0)
    heading = yaw_rate * t
    path = np.cumsum(velocity[:, None] * np.stack([np.cos(heading), np.sin(heading)], -1) * FINE_S, axis=0)
    return path[[round(horizon / FINE_S) - 1 for horizon in HORIZONS_S]]


def _distance(points: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hypot(*(points - truth).T)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values.mean(0))


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.median(values, axis=0))


def _largest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values.max(0))
