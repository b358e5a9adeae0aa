"""Draw a map's ground once, when a scene is built: road surface, kerbs, pavements and paint as area coverage in square
texels, eight channels of one byte packed in a uint64. Only tiles near a road are kept; each carries three mip levels and
a border, so that a lookup never leaves its tile. Sampling at render time is in `ground`."""

import math

import numpy as np

from caravela.world.kernels.scalar import scalar

TILE = 32  # texels along a tile's side
BORDER = 4  # texels beyond it that are drawn as well, for the mips' border
DRAWN = TILE + BORDER
LEVEL_1 = 33 * 33  # where the mips begin within a tile
LEVEL_2 = LEVEL_1 + 17 * 17
TILE_WORDS = LEVEL_2 + 9 * 9
COARSE_PER_TILE = 4  # texels of the first dense level along a tile's side
KERB = np.float32(0.25)  # m, width of kerb stones
PAVEMENT = 2.4  # m, from the kerb stone outward
# channels
# TRACK: below one half the wear of wheels, above it the tint of a cycle track; EDGE: 0.5 + distance beyond the kerb * EDGE_SCALE
ASPHALT, PAVED, STONE, PAINT, CENTRE_DASHED, CENTRE_DOUBLE, TRACK, EDGE = range(8)
EDGE_SCALE = np.float32(0.16)  # 1/m
# strip columns: x0, y0, x1, y1, half width, kind
STRIP_ROAD, STRIP_RURAL, STRIP_CYCLE, STRIP_FOOT = 0, 1, 2, 3
# mark columns: x, y, cos, sin, half length, half width, channel, shape
MARK_BAR, MARK_TRIANGLE = 0, 1
FAR = np.float32(1e6)


@scalar
def overlap(u, half, size):
    """Share of the interval [u - size / 2, u + size / 2] that lies in [-half, half]: a box filter of a bar."""
    low = max(u - 0.5 * size, -half)
    high = min(u + 0.5 * size, half)
    return max(high - low, 0.0) / size


@scalar
def mark_coverage(marks, m, x, y, size):
    """Share of a square of side `size` (m) around (x, y) that mark `m` paints."""
    dx = x - marks[m, 0]
    dy = y - marks[m, 1]
    u = dx * marks[m, 2] + dy * marks[m, 3]
    v = dy * marks[m, 2] - dx * marks[m, 3]
    half_length = marks[m, 4]
    half_width = marks[m, 5]
    if abs(u) > half_length + size or abs(v) > half_width + size:
        return 0.0
    if marks[m, 7] > 0.5:  # a triangle that points along +u
        half_width = half_width * min(max(0.5 - 0.5 * u / half_length, 0.02), 1.0)
    return overlap(u, half_length, size) * overlap(v, half_width, size)


@scalar
def strip_distance(strips, k, x, y):
    """Distance (m) from (x, y) to the edge of strip `k`, negative inside."""
    ex = strips[k, 2] - strips[k, 0]
    ey = strips[k, 3] - strips[k, 1]
    px = x - strips[k, 0]
    py = y - strips[k, 1]
    along = (px * ex + py * ey) / max(ex * ex + ey * ey, 1e-6)
    along = min(max(along, 0.0), 1.0)
    dx = px - along * ex
    dy = py - along * ey
    return math.sqrt(dx * dx + dy * dy) - strips[k, 4]


@scalar
def polygon_distance(px, py, start, end, x, y):
    """Signed distance (m) from (x, y) to the polygon [start, end), negative inside."""
    nearest = FAR
    inside = False
    j = end - 1
    for i in range(start, end):
        ex = px[j] - px[i]
        ey = py[j] - py[i]
        wx = x - px[i]
        wy = y - py[i]
        along = min(max((wx * ex + wy * ey) / max(ex * ex + ey * ey, 1e-9), 0.0), 1.0)
        dx = wx - along * ex
        dy = wy - along * ey
        nearest = min(nearest, dx * dx + dy * dy)
        if (py[i] > y) != (py[j] > y) and wx < ex * wy / ey:
            inside = not inside
        j = i
    distance = math.sqrt(nearest)
    return -distance if inside else distance


@scalar
def bin_boxes(boxes, origin_x, origin_y, cell, nx, ny, fill, start, items):
    """Count (fill == 0: start[c + 1] += 1) or list (fill == 1) the boxes (N, 4: x min, y min, x max, y max) that touch each
    cell of a grid, in order of index. After listing, start[c] is the end of row c."""
    for k in range(boxes.shape[0]):
        i0 = max(int(math.floor((boxes[k, 0] - origin_x) / cell)), 0)
        i1 = min(int(math.floor((boxes[k, 2] - origin_x) / cell)), nx - 1)
        j0 = max(int(math.floor((boxes[k, 1] - origin_y) / cell)), 0)
        j1 = min(int(math.floor((boxes[k, 3] - origin_y) / cell)), ny - 1)
        for j in range(j0, j1 + 1):
            for i in range(i0, i1 + 1):
                c = j * nx + i
                if fill == 0:
                    start[c + 1] += 1
                else:
                    items[start[c]] = k
                    start[c] += 1


@scalar
def tile_is_near(strips, strip_start, strip_items, origin_x, origin_y, size, nx, ny, reach, near):
    """Mark the tiles whose square comes within `reach` (m) of a strip."""
    slack = reach + 0.7072 * size
    for j in range(ny):
        for i in range(nx):
            c = j * nx + i
            x = origin_x + (i + 0.5) * size
            y = origin_y + (j + 0.5) * size
            for n in range(strip_start[c], strip_start[c + 1]):
                if strip_distance(strips, strip_items[n], x, y) < slack:
                    near[c] = 1
                    break


@scalar
def ramp(distance, size):
    """Coverage of a texel of side `size` by a half-plane whose edge lies `distance` beyond its centre (negative: inside)."""
    return min(max(0.5 - distance / size, 0.0), 1.0)


@scalar
def draw_texel(x, y, size, strips, items, begin, end, px, py, polygon_start, polygons, polygon_begin, polygon_end, channel):
    """Surface channels (0..1) of the texel around (x, y), all but paint, written to channel[8]."""
    road = FAR
    urban = FAR
    foot = FAR
    cycle = FAR
    wear = 0.0
    for n in range(begin, end):
        k = items[n]
        kind = int(strips[k, 5])
        distance = strip_distance(strips, k, x, y)
        if kind == STRIP_FOOT:
            foot = min(foot, distance)
            continue
        road = min(road, distance)
        if kind != STRIP_RURAL:
            urban = min(urban, distance)
        if kind == STRIP_CYCLE:
            cycle = min(cycle, distance)
        elif distance < 0.0:
            track = 1.0 - abs(abs(distance + strips[k, 4]) - 0.75) / 0.45  # the two wheel tracks of a lane
            wear = max(wear, track)
    for n in range(polygon_begin, polygon_end):
        p = polygons[n]
        distance = polygon_distance(px, py, polygon_start[p], polygon_start[p + 1], x, y)
        road = min(road, distance)
        urban = min(urban, distance)
    asphalt = ramp(road, size)
    stone = max(ramp(urban - KERB, size) - asphalt, 0.0)
    paved = max(ramp(urban - KERB - PAVEMENT, size) - asphalt - stone, 0.0)
    paved = max(paved, min(ramp(foot, size), 1.0 - asphalt - stone))
    channel[ASPHALT] = asphalt
    channel[PAVED] = paved
    channel[STONE] = stone
    channel[PAINT] = 0.0
    channel[CENTRE_DASHED] = 0.0
    channel[CENTRE_DOUBLE] = 0.0
    tint = ramp(cycle, size)
    channel[TRACK] = (0.48 * wear * (1.0 - tint) + tint) * asphalt
    channel[EDGE] = min(max(0.5 + urban * EDGE_SCALE, 0.0), 1.0)


@scalar
def pack(channel, row, column, shift):
    """Average of the 2**shift squared texels from (row, column) on as one word."""
    word = np.uint64(0)
    for c in range(8):
        total = 0.0
        for j in range(row, row + (1 << shift)):
            for i in range(column, column + (1 << shift)):
                total += channel[j, i, c]
        byte = int(total * (255.0 / (1 << (2 * shift))) + 0.5)
        word |= np.uint64(min(max(byte, 0), 255)) << np.uint64(8 * c)
    return word


@scalar
def draw_tile(x0, y0, size, strips, items, begin, end, px, py, polygon_start, polygons, polygon_begin, polygon_end,
              marks, mark_items, mark_begin, mark_end, scratch, texels, base, coarse, coarse_base, coarse_stride):
    """Draw the tile whose corner is (x0, y0) into texels[base:base + TILE_WORDS] and its 4 x 4 block of the first dense level."""
    for j in range(DRAWN):
        y = y0 + (j + 0.5) * size
        for i in range(DRAWN):
            draw_texel(x0 + (i + 0.5) * size, y, size, strips, items, begin, end, px, py, polygon_start, polygons,
                       polygon_begin, polygon_end, scratch[j, i])
    for n in range(mark_begin, mark_end):
        m = mark_items[n]
        reach = max(marks[m, 4], marks[m, 5]) + size
        i0 = max(int((marks[m, 0] - reach - x0) / size), 0)
        i1 = min(int((marks[m, 0] + reach - x0) / size) + 1, DRAWN)
        j0 = max(int((marks[m, 1] - reach - y0) / size), 0)
        j1 = min(int((marks[m, 1] + reach - y0) / size) + 1, DRAWN)
        c = int(marks[m, 6])
        for j in range(j0, j1):
            for i in range(i0, i1):
                coverage = mark_coverage(marks, m, x0 + (i + 0.5) * size, y0 + (j + 0.5) * size, size)
                scratch[j, i, c] = min(scratch[j, i, c] + coverage, 1.0)
    for j in range(33):
        for i in range(33):
            texels[base + j * 33 + i] = pack(scratch, j, i, 0)
    for j in range(17):
        for i in range(17):
            texels[base + LEVEL_1 + j * 17 + i] = pack(scratch, 2 * j, 2 * i, 1)
    for j in range(9):
        for i in range(9):
            texels[base + LEVEL_2 + j * 9 + i] = pack(scratch, 4 * j, 4 * i, 2)
    for j in range(COARSE_PER_TILE):
        for i in range(COARSE_PER_TILE):
            coarse[coarse_base + j * coarse_stride + i] = pack(scratch, 8 * j, 8 * i, 3)


@scalar
def draw_tiles(origin_x, origin_y, size, nx, ny, tile_index, strips, strip_start, strip_items, px, py, polygon_start, box_start, box_items,
               marks, mark_start, mark_items, scratch, texels, coarse):
    """Draw every kept tile (tile_index >= 0); scratch (DRAWN, DRAWN, 8) float32."""
    stride = nx * COARSE_PER_TILE
    side = TILE * size
    for j in range(ny):
        for i in range(nx):
            c = j * nx + i
            if tile_index[c] >= 0:
                draw_tile(origin_x + i * side, origin_y + j * side, size, strips, strip_items, strip_start[c], strip_start[c + 1],
                          px, py, polygon_start, box_items, box_start[c], box_start[c + 1],
                          marks, mark_items, mark_start[c], mark_start[c + 1], scratch,
                          texels, tile_index[c] * TILE_WORDS, coarse, j * COARSE_PER_TILE * stride + i * COARSE_PER_TILE, stride)


@scalar
def halve(fine, width, height, coarse):
    """Average a dense level (height, width), both even, into one of half its size, channel by channel."""
    for j in range(height // 2):
        for i in range(width // 2):
            at = 2 * j * width + 2 * i
            word = np.uint64(0)
            for c in range(8):
                shift = np.uint64(8 * c)
                total = np.uint64(2)
                total += (fine[at] >> shift) & np.uint64(255)
                total += (fine[at + 1] >> shift) & np.uint64(255)
                total += (fine[at + width] >> shift) & np.uint64(255)
                total += (fine[at + width + 1] >> shift) & np.uint64(255)
                word |= (total >> np.uint64(2)) << shift
            coarse[j * (width // 2) + i] = word


@scalar
def horizon_angles(height, width, rows, cell, sectors, reach, near, out):
    """For every cell with near > 0, the elevation of the skyline in each of `sectors` directions, as tan(angle) * 32 capped
    at 255, from heights (m) sampled up to `reach` cells away."""
    for j in range(rows):
        for i in range(width):
            here = j * width + i
            if near[here] == 0:
                continue
            for k in range(sectors):
                angle = 2.0 * math.pi * k / sectors
                dx = math.cos(angle)
                dy = math.sin(angle)
                steepest = 0.0
                step = 1.0
                while step <= reach:
                    x = int(i + step * dx + 0.5)
                    y = int(j + step * dy + 0.5)
                    if x < 0 or y < 0 or x >= width or y >= rows:
                        break
                    steepest = max(steepest, height[y * width + x] / (step * cell))
                    step += max(1.0, step * 0.12)
                out[here * sectors + k] = min(int(steepest * 32.0), 255)
