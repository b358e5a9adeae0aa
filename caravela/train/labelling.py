"""What a look shows and what is there, as shard arrays: the model's inputs, coarse pictures of depth and of who shows in them, and
what the eyes are asked for."""

import numpy as np
from numpy.typing import NDArray

from caravela.core.types import Observation
from caravela.core.vision_input import fuse_frames
from caravela.model.batch import BEV_COLUMNS, BEV_ROWS, BEV_X, BEV_Y, BODIES, DEPTH_COLUMNS, DEPTH_ROWS, FAR, UNKNOWN
from caravela.words import SentenceEncoder, in_mirror
from caravela.world.cameras import SEMANTIC_NAMES
from caravela.world.kernels import labels
from caravela.world.lens import Lens
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, WorldState

LIGHT_OF_LAMP = np.array([0, 1, 1, 2, 3, 3, 0], dtype=np.int64)  # LAMP_* to bundle.LIGHTS
READABLE = 45.0  # m to the stop line up to which the governing light must be read
LEAST_VISIBLE = 2  # pixels of somebody, in all pictures together, that the eyes must find
LEAST_THROUGH = 0.5  # share of a cell's light that must come through the glass, or what is there is not known
LEAST_PIXELS = (0, 6, 2, 2)  # of a cell, that one of BODIES shows


def look(observation: Observation, worlds: NDArray[np.int64], encoder: SentenceEncoder) -> dict[str, NDArray]:
    """The model's inputs for some worlds, as shard arrays. In left-hand traffic the words are those of the mirror, in which such looks are shown:
    vectors cannot be turned round later."""
    lefthand = observation.ego()[:, -1] > 0.5
    words = [in_mirror(each) if turned else each for each, turned in zip(observation.words, lefthand, strict=True)]
    return {
        "images": fuse_frames(observation.images[worlds]),
        "ego": observation.ego()[worlds],
        "route": observation.route[worlds],
        "has_route": observation.has_route[worlds],
        "words": encoder.encode([words[w] for w in worlds]).astype(np.float16),
    }


def coarse_depth(depth: NDArray[np.float32]) -> NDArray[np.float16]:
    """(B, C, H, W) m to the median of each cell (B, C, DEPTH_ROWS, DEPTH_COLUMNS), at most FAR; 0 where it is sky."""
    batch, cameras, height, width = depth.shape
    cells = depth.reshape(batch, cameras, DEPTH_ROWS, height // DEPTH_ROWS, DEPTH_COLUMNS, width // DEPTH_COLUMNS)
    middle = np.median(cells.transpose(0, 1, 2, 4, 3, 5).reshape(batch, cameras, DEPTH_ROWS, DEPTH_COLUMNS, -1), axis=-1)
    return np.where(middle > 1000.0, 0.0, np.minimum(middle, FAR)).astype(np.float16)


def coarse_bodies(semantics: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(B, C, H, W) index into SEMANTIC_NAMES to who shows in each cell (B, C, DEPTH_ROWS, DEPTH_COLUMNS): an index into BODIES."""
    batch, cameras, height, width = semantics.shape
    cells = semantics.reshape(batch, cameras, DEPTH_ROWS, height // DEPTH_ROWS, DEPTH_COLUMNS, width // DEPTH_COLUMNS)
    shown = np.zeros((batch, cameras, DEPTH_ROWS, DEPTH_COLUMNS), dtype=np.uint8)
    for index, name in enumerate(BODIES[1:], 1):
        shown[(cells == SEMANTIC_NAMES.index(name)).sum((3, 5)) >= LEAST_PIXELS[index]] = index
    return shown


def unseen_is_unknown(seen: dict[str, NDArray], lens: Lens, worlds: NDArray[np.int64]) -> None:
    """Take back what `seen` says of cells through which hardly any light comes: depth (0), bodies and lamps (UNKNOWN)."""
    for name, unknown in (("depth", 0), ("bodies", UNKNOWN), ("lamps", UNKNOWN)):
        through = lens.through(worlds, rows=seen[name].shape[2], columns=seen[name].shape[3])
        if through is not None:
            seen[name][through < LEAST_THROUGH] = unknown


def truths(simulator: Simulator, state: WorldState, worlds: NDArray[np.int64]) -> dict[str, NDArray]:
    """What is there, for the eyes, in a state: a fork of some of the simulator's worlds. Whom no camera shows is not there."""
    assert simulator.lens is not None and simulator.truth is not None
    hidden = simulator.truth.visible_pixels[worlds] < LEAST_VISIBLE
    hidden[:, 0] = False
    state = state.copy()
    state.agents["controller"][hidden] = ABSENT
    unhindered = np.array([simulator.lens.fault[world] in ("none", "dirty") for world in worlds])
    facts, bird = facts_of(simulator, state)
    stop = facts[:, labels.STOP]
    has_light = (facts[:, labels.LINK] >= 0) & (stop < READABLE)
    light = np.where(has_light, LIGHT_OF_LAMP[facts[:, labels.LAMP].astype(np.int64)], 0)
    # between READABLE and 60 m a light may or may not be legible: not asked
    unclear = (facts[:, labels.LINK] >= 0) & (stop >= READABLE) & (stop < 60.0)
    bird[~unhindered] = UNKNOWN
    return {
        "bev": bird,
        "light": light.astype(np.int64),
        "light_valid": ~unclear & unhindered,
        "stop_distance": np.minimum(np.maximum(stop, 0.0), FAR).astype(np.float32),
        "stop_valid": ((stop < READABLE) | (stop > 70.0)) & unhindered,
        "lead": np.stack(
            [np.minimum(facts[:, labels.LEAD], FAR), np.where(facts[:, labels.LEAD] < FAR, facts[:, labels.LEAD_SPEED], 0.0)], -1
        ),
        # between them one may or may not see it
        "lead_valid": ((facts[:, labels.LEAD] < READABLE) | (facts[:, labels.LEAD] > FAR)) & unhindered,
        "lane": facts[:, [labels.OFFSET, labels.HEADING]],
        "lane_valid": np.abs(facts[:, labels.OFFSET]) < 4.0,
    }


def facts_of(simulator: Simulator, state: WorldState) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Facts (B, labels.FACTS) and bird's-eye views (B, BEV_ROWS, BEV_COLUMNS) of a state."""
    facts = np.zeros((len(state.worlds), labels.FACTS), dtype=np.float32)
    bird = np.zeros((len(state.worlds), BEV_ROWS, BEV_COLUMNS), dtype=np.uint8)
    labels.facts(simulator.atlas.roads, state.arrays(), np.array(BEV_X, np.float32), np.array(BEV_Y, np.float32), facts, bird)
    return facts, bird
