"""Learned traffic: the teacher's network (`train.teacher_net`) as a kernel. A car sees what the teacher would see in its place and does
what it would do on average, in a style of its own. Without torch and without chance: the same state gives the same bits."""

import math

import numpy as np

from caravela.world.kernels.compiling import allocating_kernel, kernel
from caravela.world.kernels.dynamics import FULL_LOCK
from caravela.world.kernels.traffic import LEARNED
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW, STYLE, observe_one

# The weights are one array: WIDTH, OBJECT_WIDTH, ACCELERATIONS and CHANGES say how many, then come the values of the bins of
# acceleration (m/s^2) and of curvature change (1/m), then the layers in the order in which they are used, each (inputs, outputs) and biases.
WIDTH, OBJECT_WIDTH, ACCELERATIONS, CHANGES, BINS = 0, 1, 2, 3, 4
NEUTRAL_SHARE = 0.3  # of styles that ask for nothing in particular, as in self-play


@kernel
def _layer(weights, at, x, inputs, out, outputs):
    """Write out[:outputs] = x[:inputs] through the layer that begins at `at`; returns where the next one begins."""
    end = at + inputs * outputs
    biases = weights[end : end + outputs]
    for j in range(outputs):
        out[j] = biases[j]
    for i in range(inputs):
        value = x[i]
        if value != 0.0:  # half of what comes out of a rectifier
            line = weights[at + i * outputs : at + (i + 1) * outputs]
            for j in range(outputs):  # without branches and counting upward: vector instructions
                out[j] += value * line[j]
    return end + outputs


@kernel
def _rectify(x, count):
    for j in range(count):
        x[j] = max(x[j], np.float32(0.0))


@kernel
def _expected(scores, bins, count):
    """The mean of bins[:count], each as likely as the softmax of its score says."""
    highest = scores[0]
    for k in range(count):
        highest = max(highest, scores[k])
    total, mean = np.float32(0.0), np.float32(0.0)
    for k in range(count):
        share = math.exp(scores[k] - highest)
        total += share
        mean += share * bins[k]
    return mean / total


@kernel
def mean_action(weights, row, objects, mask, room):
    """(acceleration m/s^2, change of curvature 1/m) that the network expects of row (ROW,), objects (OBJECTS, OBJECT) and mask
    (OBJECTS,). room: (3, WIDTH + OBJECT_WIDTH or more) to work in."""
    width, object_width = int(weights[WIDTH]), int(weights[OBJECT_WIDTH])
    accelerations, changes = int(weights[ACCELERATIONS]), int(weights[CHANGES])
    first = BINS + accelerations + changes
    joined, one, other = room[0], room[1], room[2]
    at = first + (OBJECT + 1 + object_width + 1) * object_width  # behind the two layers of the objects
    at = _layer(weights, at, row, ROW, joined, width)
    _rectify(joined, width)
    joined[width : width + object_width] = 0.0
    for k in range(OBJECTS):
        if mask[k]:
            second = _layer(weights, first, objects[k], OBJECT, one, object_width)
            _rectify(one, object_width)
            _layer(weights, second, one, object_width, other, object_width)
            for j in range(object_width):
                joined[width + j] = max(joined[width + j], other[j])
    at = _layer(weights, at, joined, width + object_width, one, width)
    _rectify(one, width)
    at = _layer(weights, at, one, width, other, width)
    _rectify(other, width)
    at = _layer(weights, at, other, width, one, accelerations)
    _layer(weights, at, other, width, joined, changes)
    return _expected(one, weights[BINS:], accelerations), _expected(joined, weights[BINS + accelerations :], changes)


@kernel
def style_of(manner, out):
    """Write the reward weights that a car is told, out (STYLE,) in [-1, 1]: they follow from `AGENT.style`, which it draws when it
    begins, so a state holds them and no stream of chance is touched."""
    z = np.uint64(np.float64(manner) * 16777216.0)
    for k in range(STYLE + 1):
        z += np.uint64(0x9E3779B97F4A7C15)
        mixed = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        share = np.float64((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(40)) * (1.0 / 16777216.0)
        if k < STYLE:
            out[k] = 2.0 * share - 1.0
        elif share < NEUTRAL_SHARE:
            out[:] = 0.0


@kernel
def decide_one(roads, state, b, i, path, junction_lane, junction_distance, distances, order, row, objects, mask, room, wanted):
    """Write what agent i wants if it is LEARNED, wanted (A, 2) m/s^2 and 1/m. `path` (traffic.SAMPLES, 3), distances and order (A,), row (ROW,), objects and
    mask are room to work in, `room` is `mean_action`'s; junction_lane and junction_distance (A,) are every agent's `next_junction`."""
    if state.agents[b, i].controller != LEARNED:
        return
    observe_one(roads, state, b, i, junction_lane, junction_distance, path, distances, order, row[: ROW - STYLE], objects, mask)
    style_of(state.agents[b, i].style, row[ROW - STYLE :])
    acceleration, change = mean_action(roads.learned, row, objects, mask, room)
    lock = FULL_LOCK[state.agents[b, i].kind]
    wanted[i, 0], wanted[i, 1] = acceleration, min(max(state.agents[b, i].curvature + change, -lock), lock)


@allocating_kernel
def decide(roads, state, b, path, junction_lane, junction_distance, wanted):
    """`decide_one` for every LEARNED agent of world b."""
    agents = state.agents.shape[1]
    distances, order = np.empty(agents, dtype=np.float32), np.empty(agents, dtype=np.int32)
    row, objects = np.empty(ROW, dtype=np.float32), np.empty((OBJECTS, OBJECT), dtype=np.float32)
    mask = np.empty(OBJECTS, dtype=np.bool_)
    room = np.empty((3, int(roads.learned[WIDTH] + roads.learned[OBJECT_WIDTH])), dtype=np.float32)
    for i in range(agents):
        decide_one(roads, state, b, i, path, junction_lane, junction_distance, distances, order, row, objects, mask, room, wanted)
