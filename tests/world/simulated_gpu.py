"""Run with NUMBA_ENABLE_CUDASIM=1: passes are launched as on a GPU, a Python thread each, and come to the CPU's state."""

import sys

import numpy as np
from crossroads import crossroads
from made_up_gpu import HostMemory
from test_on_device import driven

from caravela.world import atlas
from caravela.world.maps.catalogue import load_town

if __name__ == "__main__":
    roads = atlas.build([load_town("alderton"), crossroads()])
    ours, theirs, written, theirs_written, renewed = driven(roads, HostMemory(), ticks=int(sys.argv[1]) if len(sys.argv) > 1 else 12)
    assert renewed
    for mine, other in zip((*ours.arrays(), *written[:2]), (*theirs.arrays(), *theirs_written[:2]), strict=True):
        assert np.array_equal(mine, other)
    print(f"the same: {ours.agents.size} agents, {renewed} of them begun anew")
