"""Solid things as the display list holds them, one row each: what a ray meets in a row, and what it looks like there.
A row's numbers depend on its kind and are relative to the eye, so that float32 suffices anywhere on a map."""

import math

from numpy import float32

from caravela.world.kernels.bundles import LEAF, LEAF_DARK, RIM_B, RIM_G, RIM_R, TOP_B, TOP_G, TOP_R
from caravela.world.kernels.geometry import MISS, hit_block, hit_ellipsoid, hit_facet, hit_wheels
from caravela.world.kernels.rounding import fraction
from caravela.world.kernels.scalar import inlined, scalar
from caravela.world.kernels.shade import clamp, fuzz, mix, smooth

ROW = 32
BODY, FACET, CROWN = 1, 2, 3  # kinds
# FACET: columns of bundles.FACET_COLUMNS, then
(FACET_ROLE, FACET_SEED, FACET_STYLE, FACET_TALL, FACET_BASE, FACET_R, FACET_G, FACET_B, STOREY, BAY, PANE_LEFT, PANE_RIGHT, PANE_LOW,
 PANE_HIGH, BRICKS) = range(12, 27)  # reflectance, then window pattern in m: height of a floor, width of a bay, the pane within them
# CROWN: centre x, y, z, radius, half height, seed, species, detail
# BODY: eye x, y, z in body axes, cos, sin, half length, half width, height, rear axle, front axle, wheel radius, paint r, g, b, shape, brake
(EYE_AHEAD, EYE_LEFT, EYE_HIGH, COS, SIN, HALF_LENGTH, HALF_WIDTH, TALL, REAR_AXLE, FRONT_AXLE, WHEEL, PAINT_R, PAINT_G, PAINT_B, SHAPE, BRAKE,
 DETAIL, PLATE) = range(18)
HATCH, SALOON, TALL_CAR, VAN, LORRY, BUS, BLOCK = range(7)  # shapes
PIECES = 3


@scalar
def piece_of(shape, piece, half_length, half_width, tall):
    """Tapered box `piece` of a body: back, front, low, high, lean back, lean front, half width low and high. high <= low: none."""
    hl = half_length
    hw = half_width
    if shape == BLOCK:
        if piece == 0:
            lean = 0.42 * hl if tall > hl else 0.0  # a cone narrows
            return -hl, hl, 0.0, tall, lean, lean, hw, hw - lean
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if shape == LORRY:
        if piece == 0:
            return -hl, hl - 2.35, 1.0, tall, 0.0, 0.0, hw, hw
        if piece == 1:
            return hl - 2.1, hl, 0.45, min(tall * 0.92, 3.1), 0.05, 0.22, hw * 0.97, hw * 0.94
        return -hl + 0.3, hl - 0.6, 0.45, 1.0, 0.0, 0.0, hw * 0.8, hw * 0.8
    if shape == BUS:
        if piece == 0:
            return -hl, hl, 0.32, tall, 0.04, 0.16, hw, hw * 0.97
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if shape == VAN:
        if piece == 0:
            return -hl, hl, 0.26, 0.5 * tall, 0.02, 0.10, hw, hw * 0.99
        if piece == 1:
            return -hl + 0.02, hl - 0.75, 0.5 * tall, tall, 0.10, 0.85, hw * 0.99, hw * 0.88
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    belt = 0.60 * tall
    floor = 0.20
    rear = -hl + 0.10
    lean_back = 0.55
    if shape == SALOON:
        rear = -hl + 0.75
        lean_back = 0.70
    elif shape == TALL_CAR:
        belt = 0.62 * tall
        floor = 0.28
        lean_back = 0.35
    if piece == 0:  # up to the bumpers
        return -hl, hl, floor, 0.62 * belt, -0.02, -0.0, hw * 0.97, hw
    if piece == 1:  # wings, bonnet, doors
        return -hl, hl, 0.62 * belt, belt, 0.10, 0.42, hw, hw * 0.95
    return rear, hl * 0.46, belt, tall, lean_back, 0.72, hw * 0.93, hw * 0.70


@scalar
def hit_body(row, dx, dy, dz):
    """Depth, what was met (0..2 a piece, 3 tread, 4 wheel side) and face of a vehicle along a ray in map axes."""
    lx = dx * row[COS] + dy * row[SIN]
    ly = dy * row[COS] - dx * row[SIN]
    ox = row[EYE_AHEAD]
    oy = row[EYE_LEFT]
    oz = row[EYE_HIGH]
    shape = int(row[SHAPE])
    best = MISS
    part = 0
    side = 0
    for piece in range(PIECES):
        back, front, low, high, lean_back, lean_front, half_low, half_high = piece_of(shape, piece, row[HALF_LENGTH], row[HALF_WIDTH], row[TALL])
        if high > low:
            t, face = hit_block(ox, oy, oz, lx, ly, dz, back, front, low, high, lean_back, lean_front, half_low, half_high)
            if t < best:
                best = t
                part = piece
                side = face
    for k in range(0 if shape == BLOCK else 2):
        axle = row[REAR_AXLE] if k == 0 else row[FRONT_AXLE]
        t, face = hit_wheels(ox, oy, oz, lx, ly, dz, axle, row[WHEEL], row[HALF_WIDTH] + 0.01, 0.24)
        if t < best:
            best = t
            part = 3 + face
            side = k
    return best, part, side


@scalar
def hit_crown(row, dx, dy, dz, noise):
    """Depth of a crown of leaves; near ones lose leaves at their rim."""
    t = hit_ellipsoid(row[0], row[1], row[2], row[3], row[4], dx, dy, dz)
    if t >= MISS or row[7] < 0.5:
        return t
    x = (t * dx - row[0]) / row[3]
    y = (t * dy - row[1]) / row[3]
    z = (t * dz - row[2]) / row[4]
    per = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    facing = -(x * dx + y * dy + z * dz) * per
    ragged = fuzz(noise, (x - y * 0.7) * 0.19 + row[5], z * 0.16 + (x + y) * 0.05 + row[5] * 1.7)
    if facing < 0.75 * ragged - 0.06:
        return MISS
    return t


@inlined
def hit_row(row, kind, dx, dy, dz, noise):
    """Depth of whatever a row of the display list is."""
    if kind == BODY:
        t, part, side = hit_body(row, dx, dy, dz)
        return t
    if kind == FACET:
        t, u, v = hit_facet(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[11], dx, dy, dz)
        return t
    return hit_crown(row, dx, dy, dz, noise)


@scalar
def reflected(env, up):
    """Sky or street as a smooth surface mirrors it in a direction that rises by `up` (-1..1)."""
    t = clamp(up)
    horizon = 0.55 + 0.45 * smooth(-0.05, 0.22, up)
    ground = 1.0 - smooth(-0.30, 0.0, up)
    root = math.sqrt(t)
    r = mix(env[RIM_R], env[TOP_R], root) * horizon
    g = mix(env[RIM_G], env[TOP_G], root) * horizon
    b = mix(env[RIM_B], env[TOP_B], root) * horizon
    return mix(r, r * 0.35, ground), mix(g, g * 0.35, ground), mix(b, b * 0.35, ground)


@scalar
def body_normal(row, part, face, x, y, z):
    """Unit normal in body axes; panels are bent toward their edges, as pressed metal is."""
    nx = 0.0
    ny = 0.0
    nz = 0.0
    if part >= 3:
        return (0.0, 1.0 if y > 0.0 else -1.0, 0.0) if part == 4 else (0.0 + 0.5 * (1.0 if x > 0.0 else -1.0), 0.0, 0.86)
    back, front, low, high, lean_back, lean_front, half_low, half_high = piece_of(int(row[SHAPE]), part, row[HALF_LENGTH], row[HALF_WIDTH], row[TALL])
    tall = high - low
    if face == 0:
        nx = -1.0
        nz = lean_back / tall
    elif face == 1:
        nx = 1.0
        nz = lean_front / tall
    elif face == 5:
        nz = 1.0
    elif face == 4:
        nz = -1.0
    else:
        ny = 1.0 if face == 2 else -1.0
        nz = (half_low - half_high) / tall
    if face == 0 or face == 1:
        ny += 0.5 * (y / row[HALF_WIDTH]) * abs(y / row[HALF_WIDTH])
        nz += 0.25 * ((z - low) / tall - 0.4)
    elif face == 2 or face == 3:
        end = x / row[HALF_LENGTH]
        nx += 0.5 * end * end * end
        nz += 0.55 * ((z - low) / tall - 0.45)
    else:
        ny += 0.35 * y / row[HALF_WIDTH]
        nx += 0.25 * x / row[HALF_LENGTH]
    per = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz)
    return nx * per, ny * per, nz * per


@scalar
def glazing(shape, part, face, x, y, z, hl, hw, tall):
    """Share 0..1 of glass at a point of a body; (x, y, z) in body axes."""
    if shape == LORRY:
        if part != 1:
            return float32(0.0)
        v = z / min(tall * 0.92, 3.1)
        if face == 1:
            return smooth(0.52, 0.54, v) * (1.0 - smooth(0.85, 0.87, v)) * (1.0 - smooth(0.86, 0.9, abs(y) / hw))
        if face == 2 or face == 3:
            return smooth(0.54, 0.56, v) * (1.0 - smooth(0.82, 0.84, v)) * smooth(hl - 1.35, hl - 1.3, x) * (1.0 - smooth(hl - 0.45, hl - 0.4, x))
        return float32(0.0)
    if shape == BUS:
        v = z / tall
        band = smooth(0.36, 0.37, v) * (1.0 - smooth(0.80, 0.81, v))
        if face == 1:
            return smooth(0.26, 0.27, v) * (1.0 - smooth(0.84, 0.85, v)) * (1.0 - smooth(0.90, 0.93, abs(y) / hw))
        if face == 0:
            return band * (1.0 - smooth(0.75, 0.8, abs(y) / hw))
        if face == 2 or face == 3:
            pane = abs(fraction(x / 1.5) - 0.5)
            return band * (1.0 - smooth(0.455, 0.47, pane))
        return float32(0.0)
    if shape == VAN:
        if part != 1:
            return float32(0.0)
        v = (z / tall - 0.5) * 2.0
        if face == 1:
            return smooth(0.10, 0.13, v) * (1.0 - smooth(0.86, 0.9, v)) * (1.0 - smooth(0.84, 0.88, abs(y) / hw))
        if face == 2 or face == 3:
            return smooth(0.10, 0.14, v) * (1.0 - smooth(0.72, 0.76, v)) * smooth(hl - 2.1, hl - 2.05, x) * (1.0 - smooth(hl - 1.25, hl - 1.15, x + 0.5 * v))
        if face == 0:
            return smooth(0.15, 0.18, v) * (1.0 - smooth(0.7, 0.74, v)) * (1.0 - smooth(0.7, 0.74, abs(y) / hw)) * smooth(0.03, 0.05, abs(y))
        return float32(0.0)
    if part != 2:
        return float32(0.0)
    belt = (0.62 if shape == TALL_CAR else 0.60) * tall
    v = (z - belt) / (tall - belt)
    if face == 1 or face == 0:
        return smooth(0.05, 0.10, v) * (1.0 - smooth(0.88, 0.94, v)) * (1.0 - smooth(0.80, 0.85, abs(y) / (hw * (0.93 - 0.23 * v))))
    if face == 2 or face == 3:
        rear = -hl + (0.75 if shape == SALOON else 0.10)
        lean = 0.70 if shape == SALOON else (0.35 if shape == TALL_CAR else 0.55)
        from_back = x - rear - lean * v
        from_front = hl * 0.46 - 0.72 * v - x
        pillar = smooth(0.03, 0.05, abs(x + 0.08 * hl))
        return smooth(0.06, 0.12, v) * (1.0 - smooth(0.84, 0.90, v)) * smooth(0.16, 0.22, from_back) * smooth(0.12, 0.18, from_front) * pillar
    return float32(0.0)


@scalar
def trim(row, shape, part, face, x, y, z):
    """Details on the paint: (share of dark plastic, share of red glass, share of clear lamp glass, share of plate)."""
    hl = row[HALF_LENGTH]
    hw = row[HALF_WIDTH]
    tall = row[TALL]
    dark = 0.0
    red = 0.0
    clear = 0.0
    plate = 0.0
    low = 1.0 if shape == LORRY else (0.62 if shape == BUS else 0.40)
    aside = abs(y) / hw
    if part < 2 or shape != LORRY:
        if face == 0:
            height = 0.75 if shape == LORRY else (0.34 * tall if shape == BUS else 0.50 * tall)
            band = smooth(height - 0.16, height - 0.13, z) * (1.0 - smooth(height + 0.10, height + 0.13, z))
            red = band * smooth(0.68, 0.70, aside)
            plate = (1.0 - smooth(0.24, 0.26, abs(y))) * (1.0 - smooth(0.05, 0.07, abs(z - (height - 0.12))))
            dark = 1.0 - smooth(low - 0.05, low, z)
        elif face == 1:
            height = 0.95 if shape == LORRY else (0.27 * tall if shape == BUS else 0.42 * tall)
            band = smooth(height - 0.10, height - 0.07, z) * (1.0 - smooth(height + 0.07, height + 0.10, z))
            clear = band * smooth(0.58, 0.62, aside)
            dark = max(1.0 - smooth(low - 0.10, low - 0.05, z), band * (1.0 - smooth(0.54, 0.58, aside)))
            plate = (1.0 - smooth(0.24, 0.26, abs(y))) * (1.0 - smooth(0.05, 0.07, abs(z - (low + 0.02))))
        elif face == 2 or face == 3:
            dark = 1.0 - smooth(low - 0.08, low - 0.04, z)
            for k in range(2):  # wheel arches
                gap = x - (row[REAR_AXLE] if k == 0 else row[FRONT_AXLE])
                up = z - row[WHEEL]
                ring = math.sqrt(gap * gap + up * up)
                dark = max(dark, 1.0 - smooth(row[WHEEL] * 1.12, row[WHEEL] * 1.22, ring))
            if row[DETAIL] > 0.5 and shape <= TALL_CAR and z > low:  # gaps between doors, handles
                gap = min(abs(x + 0.08 * hl), min(abs(x - 0.40 * hl), abs(x + 0.52 * hl)))
                dark = max(dark, 0.7 * (1.0 - smooth(0.006, 0.016, gap)))
                handle = min(abs(x + 0.0 * hl), abs(x + 0.40 * hl))
                dark = max(dark, 0.6 * (1.0 - smooth(0.08, 0.1, handle)) * (1.0 - smooth(0.012, 0.02, abs(z - 0.52 * tall))))
    if shape == LORRY and part == 2:
        dark = 1.0
    return dark, red, clear, plate


@scalar
def body_look(row, env, part, face, x, y, z, dx, dy, dz):
    """Reflectance r, g, b, glow of red glass, mirror share, and normal in body axes of a vehicle's point; d the ray in body axes."""
    shape = int(row[SHAPE])
    nx, ny, nz = body_normal(row, part, face, x, y, z)
    per = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    cosine = clamp(-(dx * nx + dy * ny + dz * nz) * per)
    graze = 1.0 - cosine
    graze = graze * graze * graze * graze
    if part >= 3:
        axle = row[REAR_AXLE] if face == 0 else row[FRONT_AXLE]
        gap = x - axle
        up = z - row[WHEEL]
        ring = math.sqrt(gap * gap + up * up) / row[WHEEL]
        rim = 0.0
        if part == 4:
            spoke = 0.5 + 0.5 * math.cos(5.0 * math.atan2(up, gap))
            rim = (1.0 - smooth(0.62, 0.68, ring)) * (0.35 + 0.65 * smooth(0.3, 0.6, spoke + (1.0 - smooth(0.1, 0.2, ring))))
        tone = mix(0.025, 0.34, rim)
        return tone, tone, tone, 0.0, 0.05 * rim, nx, ny, nz
    if shape == BLOCK:
        r, g, b = row[PAINT_R], row[PAINT_G], row[PAINT_B]
        if row[BRAKE] > 0.5:  # striped white, slanting
            white = smooth(0.45, 0.55, fraction((y + x + z) * 1.6))
            r, g, b = mix(r, 0.8, white), mix(g, 0.8, white), mix(b, 0.8, white)
        return r, g, b, 0.0, 0.02, nx, ny, nz
    glass = glazing(shape, part, face, x, y, z, row[HALF_LENGTH], row[HALF_WIDTH], row[TALL])
    dark, red, clear, plate = trim(row, shape, part, face, x, y, z)
    r = row[PAINT_R]
    g = row[PAINT_G]
    b = row[PAINT_B]
    if shape == LORRY and part == 0:
        r, g, b = mix(r, 0.75, 0.6), mix(g, 0.75, 0.6), mix(b, 0.73, 0.6)
    mirror = 0.05 + 0.55 * graze
    r, g, b = mix(r, 0.03, dark), mix(g, 0.03, dark), mix(b, 0.032, dark)
    mirror *= 1.0 - 0.8 * dark
    r, g, b = mix(r, 0.75, clear), mix(g, 0.77, clear), mix(b, 0.8, clear)
    r, g, b = mix(r, 0.42, red), mix(g, 0.02, red), mix(b, 0.02, red)
    yellow = 1.0 if face == 0 and row[PLATE] > 0.5 else 0.0
    r, g, b = mix(r, 0.75, plate), mix(g, mix(0.75, 0.55, yellow), plate), mix(b, mix(0.75, 0.05, yellow), plate)
    r, g, b = mix(r, 0.018, glass), mix(g, 0.022, glass), mix(b, 0.026, glass)
    mirror = mix(mirror, 0.12 + 0.75 * graze, glass)
    return r, g, b, red * row[BRAKE], mirror, nx, ny, nz


@inlined
def crown_look(row, env, palette, noise, x, y, z, per_pixel):
    """Reflectance r, g, b and normal of leaves at a point relative to the crown's centre; `per_pixel` m a pixel spans."""
    nx = x / row[3]
    ny = y / row[3]
    nz = z / row[4]
    leaf = fuzz(noise, (x - y * 0.7) * 0.043 + row[5], z * 0.043 + (x + y) * 0.02)
    if per_pixel < 0.12:
        leaf = 0.55 * leaf + 0.45 * fuzz(noise, (x + y) * 0.21 + row[5], (z - x) * 0.21)
    depth = smooth(0.35, 0.70, leaf)
    under = 0.45 + 0.55 * smooth(-0.9, 0.5, nz)
    kind = row[6]
    r = mix(palette[LEAF_DARK, 0], palette[LEAF, 0], depth) * under
    g = mix(palette[LEAF_DARK, 1], palette[LEAF, 1], depth) * under
    b = mix(palette[LEAF_DARK, 2], palette[LEAF, 2], depth) * under
    warm = 0.25 * kind
    nx += (leaf - 0.5) * 1.1
    nz += (leaf - 0.5) * 0.8 + 0.15
    per = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
    return r * (1.0 + warm), g, b * (1.0 - 0.5 * warm), nx * per, ny * per, nz * per
