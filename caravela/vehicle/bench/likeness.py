"""How like each other two builds of a driver plan: both are shown the same looks, and their chosen plans are laid over each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from caravela.core.kinematics import integrate
from caravela.vehicle.bench.graph import Array
from caravela.vehicle.bundle import open_bundle


def likeness(build: Path, beside: Path, *, looks: Sequence[Mapping[str, Array]]) -> dict[str, Any]:
    """Metres between the chosen plans, each look's mean over the plan's points; the share of looks with the same proposal chosen; and
    the mean difference of the stated risk. `looks` are inputs of batch 1. Raises BundleError for what is no model."""
    metres, same, risks = [], [], []
    sessions = [open_bundle(path).session for path in (build, beside)]
    for look in looks:
        plans = []
        for session in sessions:
            knots, chosen, risk = session.run(["knots", "chosen", "risk"], dict(look))
            paths, _ = integrate(knots, speed=np.asarray(look["ego"], np.float32)[:, :1])
            plans.append((paths[0, chosen[0], :, :2], int(chosen[0]), float(risk[0])))
        (mine, first, risky), (theirs, second, other) = plans
        metres.append(float(np.hypot(*(mine - theirs).T).mean()))
        same.append(first == second)
        risks.append(abs(risky - other))
    low, high = np.percentile(metres, [50, 95])
    return {
        "looks": len(metres),
        "plan_m": {"mean": _told(np.mean(metres)), "p50": _told(low), "p95": _told(high), "max": _told(max(metres))},
        "same_choice": _told(np.mean(same)),
        "risk": _told(np.mean(risks)),
    }


def _told(value: Any) -> float:
    return round(float(value), 4)
