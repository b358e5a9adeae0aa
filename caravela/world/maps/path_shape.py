"""Repairs the shapes that netconvert squeezes: where two junctions nearly touch, the road between them shrinks to a point
with any direction, and the paths to it fold over. Such a stub gets the direction of its road, and its paths are drawn anew."""

from collections.abc import Sequence

import numpy as np

from caravela.world.maps.centre_line import DENSE_STEP, Polyline, arc_length, densify

STUB = 2.5  # m, shorter roads are stubs
STUB_LENGTH = 0.6  # m that a stub gets at least
TOUCHING = 0.6  # m, roads whose ends are nearer are joined by a straight piece
GENTLE = 0.12  # 1/m, a path that bends less stays as it was drawn
FITTING = float(np.cos(np.radians(15.0)))  # a path begins and ends within 15 degrees of its roads


def is_stub(shape: Polyline) -> bool:
    return float(arc_length(shape)[-1]) < STUB


def stub(shape: Polyline, *, before: Sequence[Polyline], after: Sequence[Polyline], start: Polyline, end: Polyline) -> Polyline:
    """A straight piece for a lane squeezed to a point: it lies between the roads that lead to it and from it and points from one
    to the other. `start` and `end` (2,) are the middles of its junctions, for want of such roads."""
    middle = (shape[0] + shape[-1]) / 2.0
    source = np.mean([line[-1] for line in before], axis=0) if before else start
    goal = np.mean([line[0] for line in after], axis=0) if after else end
    along = goal - source
    if np.hypot(*along) < 2.0:
        headings = [_unit(line[-1] - line[-2]) for line in before] + [_unit(line[1] - line[0]) for line in after]
        along = np.sum(headings, axis=0) if headings else end - start
    distance, along = float(np.hypot(*(goal - source))), _unit(along)
    reached = float((middle - source) @ along)
    if before and after and distance > 2.0 and not 0.2 * distance < reached < 0.8 * distance:
        middle = middle + (float(np.clip(reached, 0.3 * distance, 0.7 * distance)) - reached) * along
    half = float(np.clip((shape[-1] - shape[0]) @ along, STUB_LENGTH, max(STUB_LENGTH, 0.5 * distance))) / 2.0
    return np.stack([middle - half * along, middle + half * along])


def path(drawn: Polyline, *, before: Polyline, after: Polyline) -> Polyline:
    """The path between two roads: the one that netconvert drew if it fits and is gentle, else the gentlest of ours and its."""
    out, into = _unit(before[-1] - before[-2]), _unit(after[1] - after[0])
    across = after[0] - before[-1]
    gap = float(np.hypot(*across))
    if gap < TOUCHING or (gap < 1.2 and across @ (out + into) < 0.0):
        along = _unit(out + into)
        middle = (before[-1] + after[0]) / 2.0
        half = max(gap, TOUCHING / 2.0) / 2.0
        return np.stack([middle - half * along, middle + half * along])
    curves = [_bezier(before[-1], out, into, after[0])]
    corner = _arc(before[-1], out, into, after[0])
    curves += [] if corner is None else [corner]
    if _fits(drawn, out=out, into=into) and not is_stub(before) and not is_stub(after):
        if sharpest(drawn) < GENTLE:
            return drawn
        curves.append(drawn)
    return min(curves, key=sharpest)


def sharpest(line: Polyline) -> float:
    """Largest curvature of a path, averaged over about 2 m, 1/m."""
    dense = densify(line)
    step = np.diff(dense, axis=0)
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    apart = min(4, len(heading) - 1)
    return float(np.abs(heading[apart:] - heading[:-apart]).max()) / (apart * DENSE_STEP) if apart else 0.0


def _fits(drawn: Polyline, *, out: Polyline, into: Polyline) -> bool:
    """Whether a path begins and ends in the directions of its roads."""
    step = np.diff(drawn, axis=0)
    step = step[np.hypot(*step.T) > 0.05]
    return len(step) > 0 and bool(min(_unit(step[0]) @ out, _unit(step[-1]) @ into) > FITTING)


def _bezier(start: Polyline, out: Polyline, into: Polyline, end: Polyline) -> Polyline:
    """A cubic Bezier curve tangent to both directions; a circular arc where the corner is symmetric."""
    change = _angle(out, into)
    share = 2.0 / 3.0 * np.tan(change / 4.0) / np.sin(change / 2.0) if change > 0.05 else 1.0 / 3.0
    reach = share * float(np.hypot(*(end - start)))
    t = np.linspace(0.0, 1.0, 25)[:, None]
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * (start + reach * out) + 3 * (1 - t) * t**2 * (end - reach * into) + t**3 * end


def _arc(start: Polyline, out: Polyline, into: Polyline, end: Polyline) -> Polyline | None:
    """Straight on, a circular arc, and straight on: the widest turn between two directions. None where their lines do not meet ahead."""
    change = _angle(out, into)
    cross = float(out[0] * into[1] - out[1] * into[0])
    if change < 0.1 or abs(cross) < 0.05:
        return None
    across = end - start
    ahead = float(across[0] * into[1] - across[1] * into[0]) / cross  # m from start to where the lines meet
    behind = float(across[0] * out[1] - across[1] * out[0]) / cross  # m from there to the end
    if ahead < 0.3 or behind < 0.3:
        return None
    tangent = min(ahead, behind) - 0.1
    radius = tangent / np.tan(change / 2.0)
    begin = start + (ahead - tangent) * out
    left = np.array([-out[1], out[0]]) * np.sign(cross)
    angles = np.linspace(0.0, change, 25)[:, None]
    arc = begin + radius * (np.sin(angles) * out + (1.0 - np.cos(angles)) * left)
    return np.concatenate([[start], arc, [end]])


def _angle(a: Polyline, b: Polyline) -> float:
    return float(np.arccos(np.clip(a @ b, -1.0, 1.0)))


def _unit(vector: Polyline) -> Polyline:
    return vector / max(float(np.hypot(*vector)), 1e-9)
