"""Four towns side by side in Gymnasium's terms: a driver that looks at nothing but the sat-nav and its own speed. It steers towards
the route and never stops, so it shows how long that lasts. Run: python examples/gymnasium_loop.py"""

import gymnasium
import numpy as np

from caravela.world.registration import ENVIRONMENT, register

STEPS, CRUISE = 300, 7.0  # ticks of 0.1 s; m/s


def steer(route: np.ndarray) -> np.ndarray:
    """(B,) curvature of the arc through the second sat-nav point, 1/m: pure pursuit (Coulter 1992)."""
    target = route[:, 1]  # (B, 2) m in the rig frame, about 20 m ahead
    return 2.0 * target[:, 1] / np.maximum((target**2).sum(axis=-1), 1.0)


def main() -> None:
    register()
    envs = gymnasium.make_vec(ENVIRONMENT, num_envs=4, traffic="none")
    seen, _ = envs.reset(seed=0)
    returns, drives, failures = np.zeros(envs.num_envs), 0, 0
    for _ in range(STEPS):
        actions = np.stack([CRUISE - seen["ego"][:, 0], steer(seen["route"])], axis=-1).astype(np.float32)
        seen, rewards, terminations, truncations, _ = envs.step(actions)
        returns += rewards
        drives += int((terminations | truncations).sum())
        failures += int(terminations.sum())
    print(
        f"{STEPS * envs.num_envs / 10:.0f} s driven from {seen['images'].shape[1:]} pictures; {drives} drives ended, {failures} of them in a failure"
    )
    print(f"mean reward {returns.mean() / STEPS:.4f} a tick")
    envs.close()


if __name__ == "__main__":
    main()
