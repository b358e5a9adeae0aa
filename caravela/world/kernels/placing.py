"""Where there is room beside the road: distances to the road surface on a coarse grid, footprints drawn as heights, polygons
cut into triangles. Runs once, when a scene is built."""


from numpy import float32

from caravela.world.kernels.raster import polygon_distance, strip_distance
from caravela.world.kernels.scalar import scalar


@scalar
def spread_clearance(strips, origin_x, origin_y, cell, columns, rows, reach, out):
    """Lower out (rows * columns) to the distance (m) from each cell's centre to the nearest strip's edge, where below `reach`."""
    for k in range(strips.shape[0]):
        margin = strips[k, 4] + reach
        i0 = max(int((min(strips[k, 0], strips[k, 2]) - margin - origin_x) / cell), 0)
        i1 = min(int((max(strips[k, 0], strips[k, 2]) + margin - origin_x) / cell), columns - 1)
        j0 = max(int((min(strips[k, 1], strips[k, 3]) - margin - origin_y) / cell), 0)
        j1 = min(int((max(strips[k, 1], strips[k, 3]) + margin - origin_y) / cell), rows - 1)
        for j in range(j0, j1 + 1):
            y = origin_y + (float32(j) + 0.5) * cell
            for i in range(i0, i1 + 1):
                x = origin_x + (float32(i) + 0.5) * cell
                at = j * columns + i
                out[at] = min(out[at], strip_distance(strips, k, x, y))


@scalar
def raise_polygons(px, py, start, height, origin_x, origin_y, cell, columns, rows, out):
    """Raise out (rows * columns) to the height of the polygons that contain each cell's centre."""
    for g in range(start.shape[0] - 1):
        a = start[g]
        b = start[g + 1]
        if b - a < 3:
            continue
        x0 = px[a]
        x1 = px[a]
        y0 = py[a]
        y1 = py[a]
        for k in range(a, b):
            x0 = min(x0, px[k])
            x1 = max(x1, px[k])
            y0 = min(y0, py[k])
            y1 = max(y1, py[k])
        i0 = max(int((x0 - origin_x) / cell), 0)
        i1 = min(int((x1 - origin_x) / cell), columns - 1)
        j0 = max(int((y0 - origin_y) / cell), 0)
        j1 = min(int((y1 - origin_y) / cell), rows - 1)
        for j in range(j0, j1 + 1):
            for i in range(i0, i1 + 1):
                x = origin_x + (float32(i) + 0.5) * cell
                y = origin_y + (float32(j) + 0.5) * cell
                if polygon_distance(px, py, a, b, x, y) < 0.5 * cell:
                    out[j * columns + i] = max(out[j * columns + i], height[g])


@scalar
def raise_trees(tree, origin_x, origin_y, cell, columns, rows, out):
    """Raise out to the crowns of trees (T, 4: x, y, radius, height)."""
    for k in range(tree.shape[0]):
        radius = tree[k, 2] * 0.8
        i0 = max(int((tree[k, 0] - radius - origin_x) / cell), 0)
        i1 = min(int((tree[k, 0] + radius - origin_x) / cell), columns - 1)
        j0 = max(int((tree[k, 1] - radius - origin_y) / cell), 0)
        j1 = min(int((tree[k, 1] + radius - origin_y) / cell), rows - 1)
        for j in range(j0, j1 + 1):
            for i in range(i0, i1 + 1):
                dx = origin_x + (float32(i) + 0.5) * cell - tree[k, 0]
                dy = origin_y + (float32(j) + 0.5) * cell - tree[k, 1]
                if dx * dx + dy * dy < radius * radius:
                    out[j * columns + i] = max(out[j * columns + i], tree[k, 3] * 0.85)


@scalar
def area_of(ax, ay, bx, by, cx, cy):
    """Twice the signed area of a triangle."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@scalar
def clip_ears(px, py, begin, end, ring, out):
    """Cut the simple counter-clockwise polygon [begin, end) into triangles, rows of out (., 3) of point numbers; returns how
    many. `ring` is scratch of at least as many integers as the polygon has points."""
    left = end - begin
    for k in range(left):
        ring[k] = begin + k
    count = 0
    k = 0
    tries = 0
    while left > 3 and tries < 2 * left:
        a = ring[(k + left - 1) % left]
        b = ring[k % left]
        c = ring[(k + 1) % left]
        ear = area_of(px[a], py[a], px[b], py[b], px[c], py[c]) > 0.0
        if ear:
            for q in range(left):
                p = ring[q]
                if p != a and p != b and p != c:
                    if (area_of(px[a], py[a], px[b], py[b], px[p], py[p]) >= 0.0 and area_of(px[b], py[b], px[c], py[c], px[p], py[p]) >= 0.0
                            and area_of(px[c], py[c], px[a], py[a], px[p], py[p]) >= 0.0):
                        ear = False
                        break
        if ear:
            out[count, 0] = a
            out[count, 1] = b
            out[count, 2] = c
            count += 1
            at = k % left
            for q in range(at, left - 1):
                ring[q] = ring[q + 1]
            left -= 1
            tries = 0
            k = at
        else:
            k = (k + 1) % left
            tries += 1
    if left == 3:
        out[count, 0] = ring[0]
        out[count, 1] = ring[1]
        out[count, 2] = ring[2]
        count += 1
    return count
