"""The navigation grid: half-metre cells that say where one may drive and which way. Built once a map; read by the
off-road, wrong-way and line-of-sight tests."""

import math

import numpy as np

from caravela.world.kernels.compiling import allocating_kernel, kernel

OFF_ROAD, ANY_DIRECTION, BUILDING = 0, 1, 255
HEADINGS = 253  # cell values 2..254
CELL = 0.5  # m
KERB_TOLERANCE = 0.3  # m that a wheel may overhang the lane's edge


@kernel
def heading_code(heading):
    turn = (heading / (2.0 * math.pi)) % 1.0
    return np.uint8(2 + int(turn * HEADINGS) % HEADINGS)


@kernel
def code_heading(code):
    return (float(code) - 2.0 + 0.5) * (2.0 * math.pi / float(HEADINGS))


@allocating_kernel
def _fill_polygon(cells, x0, y0, xs, ys, value):
    rows, columns = cells.shape
    low = max(0, int((ys.min() - y0) / CELL))
    high = min(rows - 1, int((ys.max() - y0) / CELL))
    count = len(xs)
    crossings = np.empty(64, dtype=np.float32)
    for row in range(low, high + 1):
        y = y0 + (row + 0.5) * CELL
        found = 0
        for i in range(count):
            j = i + 1 if i + 1 < count else 0
            if (ys[i] <= y) != (ys[j] <= y) and found < 64:
                crossings[found] = xs[i] + (y - ys[i]) / (ys[j] - ys[i]) * (xs[j] - xs[i])
                found += 1
        ordered = np.sort(crossings[:found])
        for k in range(0, found - 1, 2):
            first = max(0, int(math.ceil((ordered[k] - x0) / CELL - 0.5)))
            last = min(columns - 1, int(math.floor((ordered[k + 1] - x0) / CELL - 0.5)))
            for column in range(first, last + 1):
                cells[row, column] = value


@kernel
def _fill_lane(cells, nearest, x0, y0, px, py, half_width, any_direction):
    rows, columns = cells.shape
    reach = half_width + KERB_TOLERANCE
    for i in range(len(px) - 1):
        dx, dy = px[i + 1] - px[i], py[i + 1] - py[i]
        length = max(math.sqrt(dx * dx + dy * dy), 1e-6)
        ux, uy = dx / length, dy / length
        code = np.uint8(ANY_DIRECTION) if any_direction else heading_code(math.atan2(uy, ux))
        c0 = max(0, int((min(px[i], px[i + 1]) - reach - x0) / CELL))
        c1 = min(columns - 1, int((max(px[i], px[i + 1]) + reach - x0) / CELL))
        r0 = max(0, int((min(py[i], py[i + 1]) - reach - y0) / CELL))
        r1 = min(rows - 1, int((max(py[i], py[i + 1]) + reach - y0) / CELL))
        for row in range(r0, r1 + 1):
            for column in range(c0, c1 + 1):
                qx, qy = x0 + (column + 0.5) * CELL - px[i], y0 + (row + 0.5) * CELL - py[i]
                along = qx * ux + qy * uy
                if along < -0.5 or along > length + 0.5:
                    continue
                across = abs(qy * ux - qx * uy)
                if across <= reach and across < nearest[row, column]:
                    nearest[row, column] = across
                    cells[row, column] = code


@allocating_kernel
def rasterise(cells, nearest, x0, y0, point_start, px, py, ph, width, kind, use, junction_start, jx, jy, building_start, bx, by):
    """Fill (rows, columns) cells: buildings, then road lanes with their headings, then junctions in any direction."""
    for g in range(len(building_start) - 1):
        a, b = building_start[g], building_start[g + 1]
        if b - a >= 3:
            _fill_polygon(cells, x0, y0, bx[a:b], by[a:b], np.uint8(BUILDING))
    for lane in range(len(width)):
        if kind[lane] == 0 and use[lane] & 1:
            a, b = point_start[lane], point_start[lane + 1]
            _fill_lane(cells, nearest, x0, y0, px[a:b], py[a:b], 0.5 * width[lane], np.bool_(False))
    for j in range(len(junction_start) - 1):
        a, b = junction_start[j], junction_start[j + 1]
        if b - a >= 3:
            _fill_polygon(cells, x0, y0, jx[a:b], jy[a:b], np.uint8(ANY_DIRECTION))
    nearest[:] = 1e9
    for lane in range(len(width)):
        if kind[lane] == 1 and use[lane] & 1:
            a, b = point_start[lane], point_start[lane + 1]
            _fill_lane(cells, nearest, x0, y0, px[a:b], py[a:b], 0.5 * width[lane], np.bool_(True))


@allocating_kernel
def enclosed(cells, most):
    """Off-road areas of (rows, columns) cells that road encloses, of at most `most` cells, joined by their sides: where each begins in the
    list of cells (N + 1,), that list (M, 2) as row and column, the share of each one's border that is junction (N,), and the side of
    the largest square within it (N,), in cells."""
    rows, columns = cells.shape
    seen = np.zeros((rows, columns), dtype=np.bool_)
    square = np.zeros((rows, columns), dtype=np.int32)  # side of the largest off-road square whose last corner is here
    for row in range(1, rows):
        for column in range(1, columns):
            if cells[row, column] == OFF_ROAD:
                square[row, column] = 1 + min(square[row - 1, column], square[row, column - 1], square[row - 1, column - 1])
    listed = np.empty((rows * columns, 2), dtype=np.int32)  # of the areas kept, and behind them the one that is looked at
    start = np.zeros(rows * columns + 1, dtype=np.int64)
    within = np.empty(rows * columns, dtype=np.float64)
    thickest = np.empty(rows * columns, dtype=np.int64)
    areas, begin = 0, 0
    for row in range(rows):
        for column in range(columns):
            if seen[row, column] or cells[row, column] != OFF_ROAD:
                continue
            first, last = begin, begin + 1
            listed[first, 0], listed[first, 1] = row, column
            seen[row, column] = True
            leaks, junction, border, thick = False, 0, 0, 0
            while first < last:
                r, c = listed[first, 0], listed[first, 1]
                first += 1
                thick = max(thick, square[r, c])
                for side in range(4):
                    y = r + (1 if side == 0 else -1 if side == 1 else 0)
                    x = c + (1 if side == 2 else -1 if side == 3 else 0)
                    if y < 0 or x < 0 or y >= rows or x >= columns or cells[y, x] == BUILDING:
                        leaks = True
                    elif cells[y, x] != OFF_ROAD:
                        border += 1
                        junction += cells[y, x] == ANY_DIRECTION
                    elif not seen[y, x]:
                        seen[y, x] = True
                        listed[last, 0], listed[last, 1] = y, x
                        last += 1
            if not leaks and last - begin <= most:
                within[areas], thickest[areas] = junction / max(border, 1), thick
                areas, begin = areas + 1, last
                start[areas] = begin
    return start[: areas + 1].copy(), listed[:begin].copy(), within[:areas].copy(), thickest[:areas].copy()


@kernel
def cell_at(maps, grid, map_index, x, y):
    """Value of the navigation cell at a map-frame point; OFF_ROAD outside the grid."""
    column = int(math.floor((x - maps[map_index].grid_x) / CELL))
    row = int(math.floor((y - maps[map_index].grid_y) / CELL))
    if column < 0 or row < 0 or column >= maps[map_index].columns or row >= maps[map_index].rows:
        return np.uint8(OFF_ROAD)
    return grid[maps[map_index].grid_start + row * maps[map_index].columns + column]


@kernel
def line_of_sight(maps, grid, map_index, x0, y0, x1, y1):
    """True where no building cell lies between two points, tested every metre."""
    dx, dy = x1 - x0, y1 - y0
    steps = int(math.sqrt(dx * dx + dy * dy))
    for i in range(2, steps - 1):
        share = float(i) / float(steps)
        if cell_at(maps, grid, map_index, x0 + share * dx, y0 + share * dy) == BUILDING:
            return False
    return True
