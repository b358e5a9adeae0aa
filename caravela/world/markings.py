"""Paint of a lane graph: which lines, bars, teeth, zebras and arrows a road authority would paint on these lanes, as a flat
list of marks that `kernels.raster` turns into coverage and close-up views evaluate exactly. Where regions differ (the line
between directions), both variants are listed in channels of their own and the look of a world chooses between them."""

import numpy as np
from numpy.typing import NDArray

from caravela.world.kernels import raster
from caravela.world.kernels.scalar import scalar
from caravela.world.maps import lane_graph
from caravela.world.maps.lane_graph import LaneGraph

LINE = 0.07  # m, half width of a longitudinal line (Vienna Convention lines are 0.10 to 0.15 m wide)
DIVIDER_DASH, DIVIDER_GAP = 3.0, 6.0  # m
CENTRE_DASH, CENTRE_GAP = 4.0, 4.0  # m
EDGE_LINE_SPEED = 13.0  # m/s, limit from which a road gets edge lines
MARK_COLUMNS = 8  # x, y, cos, sin, half length, half width, channel, shape


@scalar
def follow_line(  # type: ignore[no-untyped-def]  # numbers and arrays: Numba infers them
    x, y, heading, begin, end, offset, half_width, channel, dash, gap, skip_start, skip_end, out, count
):
    """Append marks along points [begin, end) moved `offset` m to the left, painted for `dash` of every dash + gap metres (gap 0:
    solid), leaving out `skip_start` and `skip_end` metres at the ends. Returns the new count; marks that do not fit are dropped."""
    length = 0.0
    for pass_ in range(2):  # first the length, then the marks
        s = 0.0
        for p in range(begin, end - 1):
            x0 = x[p] - offset * np.sin(heading[p])
            y0 = y[p] + offset * np.cos(heading[p])
            dx = x[p + 1] - offset * np.sin(heading[p + 1]) - x0
            dy = y[p + 1] + offset * np.cos(heading[p + 1]) - y0
            piece = np.sqrt(dx * dx + dy * dy)
            if piece < 1e-3:
                continue
            if pass_ == 1:
                low = max(skip_start, s)
                high = min(length - skip_end, s + piece)
                period = dash + gap
                k = int(low / period) if gap > 0.0 else 0
                while low < high:
                    a = low
                    b = high
                    if gap > 0.0:
                        a = max(low, k * period)
                        b = min(high, k * period + dash)
                    if b - a > 0.02 and count < out.shape[0]:
                        middle = 0.5 * (a + b) - s
                        out[count, 0] = x0 + dx / piece * middle
                        out[count, 1] = y0 + dy / piece * middle
                        out[count, 2] = dx / piece
                        out[count, 3] = dy / piece
                        out[count, 4] = 0.5 * (b - a)
                        out[count, 5] = half_width
                        out[count, 6] = channel
                        out[count, 7] = 0.0
                        count += 1
                    if gap <= 0.0:
                        break
                    k += 1
                    if k * period >= high:
                        break
            s += piece
        length = s
    return count


class MarkList:
    """Marks being collected; grows as needed."""

    def __init__(self) -> None:
        self.rows: NDArray[np.float32] = np.zeros((4096, MARK_COLUMNS), np.float32)
        self.count = 0

    def _reserve(self, more: int) -> None:
        while self.count + more > len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])

    def bar(
        self, x: float, y: float, heading: float, *, length: float, width: float, channel: int = raster.PAINT, shape: int = raster.MARK_BAR
    ) -> None:
        """A rectangle `length` along `heading`, or a triangle that points along it."""
        self._reserve(1)
        self.rows[self.count] = (x, y, np.cos(heading), np.sin(heading), length / 2, width / 2, channel, shape)
        self.count += 1

    def line(
        self,
        graph: LaneGraph,
        lane: int,
        offset: float,
        *,
        channel: int = raster.PAINT,
        dash: float = 1.0,
        gap: float = 0.0,
        half_width: float = LINE,
        skip: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """A line along a lane, `offset` m left of its centre."""
        begin, end = int(graph.lane_point_start[lane]), int(graph.lane_point_start[lane + 1])
        self._reserve(2 * (end - begin) + int(graph.lane_length[lane] / (dash + gap) if gap else 0) + 4)
        f = np.float32
        self.count = follow_line(
            graph.point_x,
            graph.point_y,
            graph.point_heading,
            begin,
            end,
            f(offset),
            f(half_width),
            f(channel),
            f(dash),
            f(gap),
            f(skip[0]),
            f(skip[1]),
            self.rows,
            self.count,
        )

    def done(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.rows[: self.count])


def marks_of(graph: LaneGraph) -> NDArray[np.float32]:
    """All paint of a map: (N, MARK_COLUMNS), columns as in `kernels.raster`."""
    marks = MarkList()
    for lane in np.flatnonzero(graph.lane_kind == lane_graph.ROAD):
        if graph.lane_use[lane] & (lane_graph.CAR | lane_graph.BUS):
            _longitudinal(graph, int(lane), marks)
            _at_the_end(graph, int(lane), marks)
    for crossing, link in zip(graph.crossing, graph.crossing_link, strict=True):
        _crossing(crossing, link >= 0, marks)
    for x, y, heading in graph.parking:
        for end in (-2.75, 2.75):
            marks.bar(x + end * np.cos(heading), y + end * np.sin(heading), heading, length=0.08, width=1.9)
    return marks.done()


def _longitudinal(graph: LaneGraph, lane: int, marks: MarkList) -> None:
    """Lines on both sides of one road lane; a line between two lanes is painted by one of them."""
    half = float(graph.lane_width[lane]) / 2
    edge, opposite = int(graph.lane_edge[lane]), int(graph.lane_opposite[lane])
    axis_side = 1.0 if not graph.lefthand else -1.0
    for side, neighbour in ((1.0, int(graph.lane_left[lane])), (-1.0, int(graph.lane_right[lane]))):
        boundary = side * half
        if neighbour >= 0:
            if side > 0:
                marks.line(graph, lane, boundary, dash=DIVIDER_DASH, gap=DIVIDER_GAP, half_width=0.06)
        elif side == axis_side and opposite >= 0:
            axis = float(graph.lane_axis_offset[lane])
            axis = axis if abs(axis - boundary) < 1.5 else boundary
            if edge < opposite:
                marks.line(graph, lane, axis, channel=raster.CENTRE_DASHED, dash=CENTRE_DASH, gap=CENTRE_GAP)
            marks.line(graph, lane, axis - 0.14 * axis_side, channel=raster.CENTRE_DOUBLE, half_width=0.05)
        elif graph.lane_speed[lane] >= EDGE_LINE_SPEED:
            marks.line(graph, lane, boundary - 0.2 * side)


def _at_the_end(graph: LaneGraph, lane: int, marks: MarkList) -> None:
    """Stop bar or yield teeth, and arrows where lanes of one road lead different ways."""
    successors = graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]
    successors = successors[graph.lane_kind[successors] == lane_graph.JUNCTION]
    if not len(successors):
        return
    last = int(graph.lane_point_start[lane + 1]) - 1
    x, y, heading = float(graph.point_x[last]), float(graph.point_y[last]), float(graph.point_heading[last])
    width = float(graph.lane_width[lane])
    controls = set(graph.lane_control[successors].tolist())
    if controls & {lane_graph.SIGNAL, lane_graph.STOP}:
        marks.bar(x - 0.3 * np.cos(heading), y - 0.3 * np.sin(heading), heading, length=0.45, width=width - 0.1)
    elif (lane_graph.YIELD in controls and len(successors) and not controls & {lane_graph.PRIORITY}) or controls == {lane_graph.YIELD}:
        for k in range(int(width / 0.9)):
            offset = -width / 2 + 0.45 + 0.9 * k
            marks.bar(
                x - 0.4 * np.cos(heading) - offset * np.sin(heading),
                y - 0.4 * np.sin(heading) + offset * np.cos(heading),
                heading + np.pi,
                length=0.6,
                width=0.55,
                shape=raster.MARK_TRIANGLE,
            )
    turns = set(graph.lane_turn[successors].tolist()) - {lane_graph.U_TURN}
    several = graph.lane_left[lane] >= 0 or graph.lane_right[lane] >= 0
    if several and turns and graph.lane_length[lane] > 25:
        for back in (9.0, 26.0):
            if graph.lane_length[lane] > back + 6:
                _arrow(graph, lane, back, turns, marks)


def _arrow(graph: LaneGraph, lane: int, back: float, turns: set[int], marks: MarkList) -> None:
    """A direction arrow whose middle lies `back` metres before the lane's end."""
    begin, end = graph.lane_point_start[lane], graph.lane_point_start[lane + 1]
    s = graph.point_s[begin:end]
    at = float(graph.lane_length[lane]) - back
    x, y = (float(np.interp(at, s, a[begin:end])) for a in (graph.point_x, graph.point_y))
    heading = float(graph.point_heading[begin + min(int(np.searchsorted(s, at)), end - begin - 1)])
    cos, sin = np.cos(heading), np.sin(heading)
    marks.bar(x - 0.5 * cos, y - 0.5 * sin, heading, length=3.0, width=0.16)
    if lane_graph.STRAIGHT in turns:
        marks.bar(x + 1.6 * cos, y + 1.6 * sin, heading, length=1.4, width=0.8, shape=raster.MARK_TRIANGLE)
    for turn, side in ((lane_graph.LEFT, 1.0), (lane_graph.RIGHT, -1.0)):
        if turn in turns:
            way = heading + side * np.pi / 2
            for distance, length, width, shape in ((0.3, 0.6, 0.16, raster.MARK_BAR), (0.95, 0.8, 0.9, raster.MARK_TRIANGLE)):
                marks.bar(
                    x + 0.5 * cos + distance * np.cos(way),
                    y + 0.5 * sin + distance * np.sin(way),
                    way,
                    length=length,
                    width=width,
                    shape=shape,
                )


def _crossing(crossing: NDArray[np.float32], signalled: bool, marks: MarkList) -> None:
    """A zebra, or two broken lines where a light governs the crossing."""
    x0, y0, x1, y1, width = (float(v) for v in crossing)
    length = float(np.hypot(x1 - x0, y1 - y0))
    if length < 1.0:
        return
    heading = float(np.arctan2(y1 - y0, x1 - x0))
    cos, sin = np.cos(heading), np.sin(heading)
    for k in range(int(length)):
        at = (length - int(length)) / 2 + k + 0.5
        if not signalled:
            marks.bar(x0 + at * cos, y0 + at * sin, heading + np.pi / 2, length=width, width=0.5)
            continue
        for side in (-width / 2, width / 2):
            marks.bar(x0 + at * cos - side * sin, y0 + at * sin + side * cos, heading, length=0.5, width=0.15)
