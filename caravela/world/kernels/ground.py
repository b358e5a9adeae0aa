"""Look up the ground: which surface and how much paint a pixel's footprint covers. The footprint is a long thin ellipse at
grazing angles, so taps are spread along the view direction, each bilinear in the mip whose texels are as wide as the footprint.
Eight one-byte channels are filtered at once in two 64-bit words (16 bits a channel)."""

import numpy as np
from numpy import float32

from caravela.world.kernels.bundles import LAMP_LIGHT, SKY_OPEN, SURROUND_BYTES
from caravela.world.kernels.raster import COARSE_PER_TILE, LEVEL_1, LEVEL_2, TILE, TILE_WORDS, mark_coverage
from caravela.world.kernels.rounding import whole
from caravela.world.kernels.scalar import inlined, scalar

EVEN = np.uint64(0x00FF00FF00FF00FF)
BYTE = np.uint64(8)
LOW16 = np.uint64(0xFFFF)
ONES = np.uint64(0x0001000100010001)
MOST_TAPS_SHIFT = 3  # at most 8 taps
TOP_LEVEL = 6
TO_SHARE = np.float32(1.0 / 65280.0)
SURROUND_CELL = np.float32(2.0)


@inlined
def blend(t00, t10, t01, t11, fx, fy):
    """Bilinear mix of four words with weights in 16ths: the even channels and the odd ones, 16 bits each, 255 * 256 at most."""
    w11 = np.uint64(fx * fy)
    w01 = np.uint64((16 - fx) * fy)
    w10 = np.uint64(fx * (16 - fy))
    w00 = np.uint64((16 - fx) * (16 - fy))
    even = (t00 & EVEN) * w00 + (t10 & EVEN) * w10 + (t01 & EVEN) * w01 + (t11 & EVEN) * w11
    odd = ((t00 >> BYTE) & EVEN) * w00 + ((t10 >> BYTE) & EVEN) * w10 + ((t01 >> BYTE) & EVEN) * w01 + ((t11 >> BYTE) & EVEN) * w11
    return even, odd


@inlined
def tile_tap(place, tile_index, words, level, start, x, y):
    """One bilinear lookup in mip `level` (0..2) at (x, y) of its texels from the raster's corner: even and odd channels."""
    i = int(x)
    j = int(y)
    shift = 5 - level
    ti = i >> shift
    tj = j >> shift
    if x < 0.0 or y < 0.0 or ti >= place.tiles_x or tj >= place.tiles_y:
        return np.uint64(0), np.uint64(0)
    tile = tile_index[place.tile_at + tj * place.tiles_x + ti]
    if tile < 0:
        return np.uint64(0), np.uint64(0)
    stride = (TILE >> level) + 1
    at = place.word_at + np.int64(tile) * TILE_WORDS + start + (j - (tj << shift)) * stride + (i - (ti << shift))
    fx = int((x - float32(i)) * 16.0)
    fy = int((y - float32(j)) * 16.0)
    return blend(words[at], words[at + 1], words[at + stride], words[at + stride + 1], fx, fy)


@inlined
def dense_tap(words, start, width, height, x, y):
    """The same in a dense level that begins at word `start`."""
    i = int(x)
    j = int(y)
    if x < 0.0 or y < 0.0 or i + 1 >= width or j + 1 >= height:
        return np.uint64(0), np.uint64(0)
    at = start + j * width + i
    fx = int((x - float32(i)) * 16.0)
    fy = int((y - float32(j)) * 16.0)
    return blend(words[at], words[at + 1], words[at + width], words[at + width + 1], fx, fy)


@inlined
def footprint(across, along, texel):
    """(mip level, log2 of the number of taps) for a footprint of `across` x `along` m (along >= across)."""
    shift = 0
    while shift < MOST_TAPS_SHIFT and along > across * float32(1 << shift) * 2.0:
        shift += 1
    size = max(across, along / float32(1 << shift)) / texel
    level = 0
    while level < TOP_LEVEL and size > 1.4:
        size *= 0.5
        level += 1
    return level, shift


@inlined
def sample(place, tile_index, words, x, y, step_x, step_y, level, shift):
    """Filtered channels around (x, y): even and odd. (step_x, step_y) is the footprint's long axis, m, end to end."""
    per = 1.0 / (place.texel * float32(1 << level))
    part = 1.0 / float32(1 << shift)
    du = step_x * per * part
    dv = step_y * per * part
    first = 0.5 * float32((1 << shift) - 1)
    u = (x - place.origin_x) * per - 0.5 - du * first
    v = (y - place.origin_y) * per - 0.5 - dv * first
    # shifting right by `shift` must not leak a channel's low bits into the next one
    down = np.uint64(shift)
    keep = (LOW16 >> down) * ONES
    even = np.uint64(0)
    odd = np.uint64(0)
    if level < 3:
        start = 0 if level == 0 else (LEVEL_1 if level == 1 else LEVEL_2)
        for _ in range(1 << shift):
            a, b = tile_tap(place, tile_index, words, level, start, u, v)
            even += (a >> down) & keep
            odd += (b >> down) & keep
            u += du
            v += dv
        return even, odd
    begin = place.dense_at
    width = np.int64(place.tiles_x * COARSE_PER_TILE)
    height = np.int64(place.tiles_y * COARSE_PER_TILE)
    for _ in range(3, level):
        begin += width * height
        width >>= 1
        height >>= 1
    for _ in range(1 << shift):
        a, b = dense_tap(words, begin, width, height, u, v)
        even += (a >> down) & keep
        odd += (b >> down) & keep
        u += du
        v += dv
    return even, odd


@scalar
def channel(word, k):
    """Channel k (0..3) of an even or odd word as a share 0..1."""
    return float32((word >> np.uint64(16 * k)) & LOW16) * TO_SHARE


@scalar
def painted(place, marks, mark_start, mark_items, x, y, size):
    """Exact paint coverage around (x, y) for close-up views: (common, centre dashed, centre double), 0..1."""
    side = float32(TILE) * place.texel
    i = whole((x - place.origin_x) / side)
    j = whole((y - place.origin_y) / side)
    common = 0.0
    dashed = 0.0
    double = 0.0
    if i >= 0 and j >= 0 and i < place.tiles_x and j < place.tiles_y:
        c = place.mark_at + j * place.tiles_x + i
        for n in range(mark_start[c], mark_start[c + 1]):
            k = mark_items[n]
            coverage = mark_coverage(marks, k, x, y, size)
            if coverage > 0.0:
                if marks[k, 6] < 3.5:
                    common += coverage
                elif marks[k, 6] < 4.5:
                    dashed += coverage
                else:
                    double += coverage
    return min(common, 1.0), min(dashed, 1.0), min(double, 1.0)


@inlined
def surround_byte(surround, at, stride, fx, fy, k):
    """Byte k of the surround cells around a point, bilinear, 0..255."""
    top = float32(surround[at + k]) * (1.0 - fx) + float32(surround[at + SURROUND_BYTES + k]) * fx
    bottom = float32(surround[at + stride + k]) * (1.0 - fx) + float32(surround[at + stride + SURROUND_BYTES + k]) * fx
    return top * (1.0 - fy) + bottom * fy


@inlined
def surroundings(place, surround, x, y, z, sector, sun_tan, day):
    """(share of the sun seen, openness of the sky, street lamps' light), each 0..1, at (x, y) and z m above the ground."""
    u = (x - place.origin_x) / SURROUND_CELL - 0.5
    v = (y - place.origin_y) / SURROUND_CELL - 0.5
    i = whole(u)
    j = whole(v)
    if i < 0 or j < 0 or i + 1 >= place.surround_x or j + 1 >= place.surround_y:
        return float32(1.0), float32(1.0), float32(0.0)
    fx = u - float32(i)
    fy = v - float32(j)
    stride = place.surround_x * SURROUND_BYTES
    at = place.surround_at + np.int64(j * place.surround_x + i) * SURROUND_BYTES
    sun = float32(0.0)
    if day > 0.0:
        skyline = surround_byte(surround, at, stride, fx, fy, sector) * 0.03125 - z * 0.08
        edge = 0.08 + 0.12 * sun_tan
        sun = min(max((sun_tan - skyline) / edge * 0.5 + 0.5, 0.0), 1.0)
    lift = min(z * 0.1, 1.0)
    openness = surround_byte(surround, at, stride, fx, fy, SKY_OPEN) * 0.003921569
    lamp = surround_byte(surround, at, stride, fx, fy, LAMP_LIGHT) * 0.003921569
    return sun, openness + (1.0 - openness) * lift, lamp
