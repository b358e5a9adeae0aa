"""One present, four futures: a world is copied four times and each copy gets randomness of its own; what the others do from
there on differs. Run: python examples/four_futures.py"""

import numpy as np

from caravela.core.types import Control
from caravela.world.maps.catalogue import load_town
from caravela.world.simulator import Simulator

FUTURES, TICKS = 4, 300


def main() -> None:
    world = Simulator([load_town("brookmere")], batch=FUTURES, traffic="dense")
    world.reset(seed=3)
    coast = Control(acceleration=np.zeros(FUTURES, np.float32), curvature=np.zeros(FUTURES, np.float32))
    for _ in range(50):
        world.advance(coast)
    world.state = world.state.copy().select([0] * FUTURES)  # the present of world 0, four times
    world.state.reseed(7)
    for _ in range(TICKS):
        world.advance(coast)
    others = np.stack([world.state.x[:, 1:], world.state.y[:, 1:]], axis=-1)  # (FUTURES, agents, 2) m
    apart = np.linalg.norm(others[1:] - others[0], axis=-1)  # (FUTURES - 1, agents)
    print(
        f"after {TICKS / 10:.0f} s the others are up to {apart.max():.0f} m, in the mean {apart.mean():.0f} m, from where the first future has them"
    )


if __name__ == "__main__":
    main()
