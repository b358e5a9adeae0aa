"""What a look teaches: most of what a driver meets it does well already, and what it would have done otherwise than the teacher is
drawn more often. It is told by where either plan leads in two seconds."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.kinematics import integrate
from caravela.core.types import PLAN_STEP_S

AFTER_S = 2.0
SPEED_SCALE, SIDE_SCALE = 1.5, 0.75  # m/s and m that make a look count one more
LEAST, MOST = 0.5, 3.0


def weights(arrays: dict[str, NDArray]) -> NDArray[np.float64]:
    """(B,) how often each look of a shard is drawn, by the difference between the student's mean plan and the teacher's. Looks without
    a student, or without a valid label, count as if the two agreed."""
    count = len(arrays["ego"])
    if not {"proposals", "knots", "knots_valid"} <= arrays.keys():
        return np.full(count, LEAST)
    speed = np.asarray(arrays["ego"][:, :1], dtype=np.float32)
    last = round(AFTER_S / PLAN_STEP_S) - 1
    mine, my_speed = integrate(np.asarray(arrays["proposals"][:, :1]), speed=speed)
    its, its_speed = integrate(np.asarray(arrays["knots"])[:, None], speed=speed)
    heading = its[:, 0, last, 2]
    apart = mine[:, 0, last, :2] - its[:, 0, last, :2]
    side = np.abs(np.cos(heading) * apart[:, 1] - np.sin(heading) * apart[:, 0])
    slower = np.abs(my_speed[:, 0, last] - its_speed[:, 0, last])
    told = np.asarray(arrays["knots_valid"]) & np.asarray(arrays["proposals"]).any((1, 2, 3))
    return np.where(told, np.clip(LEAST + slower / SPEED_SCALE + side / SIDE_SCALE, LEAST, MOST), LEAST)
