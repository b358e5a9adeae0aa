"""People, animals and two-wheelers in the display list, made of sticks."""

import math

from numpy import float32

from caravela.world.kernels.bundles import FOCAL, NEAR
from caravela.world.kernels.display import add_stick, car_paint
from caravela.world.kernels.geometry import to_camera
from caravela.world.kernels.scalar import scalar
from caravela.world.kernels.shade import hash01


@scalar
def add_person(view, x, y, base, heading, tall, gait, seed, seated, owner, what, width, height, rows, ints, n, box):
    """Append a person as sticks: feet at height `base`, `gait` m walked; `seated` on two wheels."""
    depth, right, up = to_camera(view, x, y, base + 0.5 * tall)
    if depth < NEAR:
        return n
    pixels = tall * view[FOCAL] / depth
    cos = math.cos(heading)
    sin = math.sin(heading)
    top = 0.08 + 0.75 * hash01(seed, 1)
    tr = top * (0.4 + 0.6 * hash01(seed, 2))
    tg = top * (0.4 + 0.6 * hash01(seed, 3))
    tb = top * (0.4 + 0.6 * hash01(seed, 4))
    low = 0.03 + 0.25 * hash01(seed, 5)
    skin = 0.25 + 0.4 * hash01(seed, 6)
    hip = base + 0.50 * tall
    neck = base + 0.82 * tall
    lean = 0.28 if seated else 0.02
    nx = x + cos * lean
    ny = y + sin * lean
    if seated:
        hip = base + 0.52 * tall
        neck = base + 0.84 * tall
    swing = 0.26 * math.sin(gait * 4.2) * (0.0 if seated else 1.0)
    for k in range(2):
        side = 1.0 if k == 0 else -1.0
        step = swing * side
        ax = x - sin * 0.09 * side
        ay = y + cos * 0.09 * side
        knee = 0.28 if seated else 0.10
        turn = 0.12 * math.sin(gait * 2.6 + (0.0 if k == 0 else 3.14159)) if seated else 0.0
        kx = ax + cos * (0.5 * step + knee * (1.0 if seated else 0.2))
        ky = ay + sin * (0.5 * step + knee * (1.0 if seated else 0.2))
        kz = base + (0.34 if seated else 0.27) * tall + turn
        fx = ax + cos * (step - 0.02 + (0.12 if seated else 0.0))
        fy = ay + sin * (step - 0.02 + (0.12 if seated else 0.0))
        fz = base + 0.04 + (max(turn, -0.05) + 0.12 if seated else 0.0)
        if pixels > 14.0:
            n = add_stick(view, ax, ay, hip, kx, ky, kz, 0.085, low, low, low * 1.15, owner, what, width, height, rows, ints, n, box)
            n = add_stick(view, kx, ky, kz, fx, fy, fz, 0.06, low, low, low * 1.15, owner, what, width, height, rows, ints, n, box)
            hx = nx - sin * 0.21 * side + cos * (0.34 if seated else -0.7 * step)
            hy = ny + cos * 0.21 * side + sin * (0.34 if seated else -0.7 * step)
            hz = base + (0.60 if seated else 0.47) * tall
            n = add_stick(view, nx - sin * 0.19 * side, ny + cos * 0.19 * side, neck - 0.05, hx, hy, hz, 0.05, tr, tg, tb, owner, what, width, height, rows, ints, n, box)
        else:
            n = add_stick(view, ax, ay, hip, fx, fy, fz, 0.08, low, low, low * 1.15, owner, what, width, height, rows, ints, n, box)
    n = add_stick(view, x, y, hip, nx, ny, neck - 0.10, 0.17, tr, tg, tb, owner, what, width, height, rows, ints, n, box)
    n = add_stick(view, nx + cos * 0.03, ny + sin * 0.03, neck + 0.07, nx + cos * 0.03, ny + sin * 0.03, base + tall - 0.10, 0.10, skin, 0.72 * skin, 0.58 * skin, owner, what, width, height, rows, ints, n, box)
    return n


@scalar
def add_two_wheeler(view, agent, centre_x, centre_y, owner, what, width, height, rows, ints, n, box):
    """Append a bicycle or motorcycle with its rider."""
    cos = math.cos(agent.heading)
    sin = math.sin(agent.heading)
    seed = int(agent.paint)
    heavy = agent.kind == 4
    wheel = 0.31 if heavy else 0.34
    back = -0.5 * agent.length + wheel
    front = 0.5 * agent.length - wheel
    fr, fg, fb = car_paint(seed)
    thick = 0.06 if heavy else 0.022
    corners = 8
    for k in range(2):
        axle = back if k == 0 else front
        for c in range(corners):
            a0 = 6.2831853 * float32(c) / float32(corners)
            a1 = 6.2831853 * float32(c + 1) / float32(corners)
            p0 = axle + (wheel - thick) * math.cos(a0)
            p1 = axle + (wheel - thick) * math.cos(a1)
            n = add_stick(view, centre_x + cos * p0, centre_y + sin * p0, wheel + (wheel - thick) * math.sin(a0), centre_x + cos * p1, centre_y + sin * p1,
                          wheel + (wheel - thick) * math.sin(a1), thick, 0.03, 0.03, 0.03, owner, what, width, height, rows, ints, n, box)
    saddle = back + 0.42 * (front - back) - 0.15
    high = 0.80 if heavy else 0.95
    tube = 0.16 if heavy else 0.028
    bar = 0.60 if heavy else 0.55
    for k in range(3):
        a = saddle if k == 0 else (back if k == 1 else front - 0.12)
        az = high if k == 0 else (wheel if k == 1 else high + 0.05)
        c = front - 0.12 if k == 0 else (saddle + 0.08 if k == 1 else front)
        cz = high - 0.08 if k == 0 else (0.4 if k == 1 else wheel)
        n = add_stick(view, centre_x + cos * a, centre_y + sin * a, az, centre_x + cos * c, centre_y + sin * c, cz, tube if k < 2 else 0.03, fr, fg, fb, owner, what, width, height, rows, ints, n, box)
    x = centre_x + cos * saddle
    y = centre_y + sin * saddle
    n = add_stick(view, centre_x + cos * (front - 0.12) - sin * bar * 0.5, centre_y + sin * (front - 0.12) + cos * bar * 0.5, high + 0.1,
                  centre_x + cos * (front - 0.12) + sin * bar * 0.5, centre_y + sin * (front - 0.12) - cos * bar * 0.5, high + 0.1,
                  0.02, 0.05, 0.05, 0.05, owner, what, width, height, rows, ints, n, box)
    base = high - 0.88
    return add_person(view, x, y, base, agent.heading, 1.75, agent.odometer, seed + 77, True, owner, what, width, height, rows, ints, n, box)


@scalar
def add_animal(view, agent, owner, what, width, height, rows, ints, n, box):
    """Append a four-legged animal, a dog or a deer by its size."""
    depth, right, up = to_camera(view, agent.x, agent.y, 0.5 * agent.height)
    if depth < NEAR:
        return n
    pixels = agent.height * view[FOCAL] / depth
    cos = math.cos(agent.heading)
    sin = math.sin(agent.heading)
    seed = int(agent.paint)
    r = 0.12 + 0.30 * hash01(seed, 1)
    g = r * (0.62 + 0.16 * hash01(seed, 2))
    b = g * (0.55 + 0.25 * hash01(seed, 3))
    long = agent.length
    tall = agent.height
    back = 0.62 * tall
    trunk = 0.14 * long
    rump = -0.28 * long
    chest = 0.24 * long
    n = add_stick(view, agent.x + cos * rump, agent.y + sin * rump, back, agent.x + cos * chest, agent.y + sin * chest, back, trunk, r, g, b, owner, what, width, height, rows, ints, n, box)
    poll = 0.36 * long
    nose = 0.5 * long
    n = add_stick(view, agent.x + cos * chest, agent.y + sin * chest, back, agent.x + cos * poll, agent.y + sin * poll, 0.92 * tall, 0.5 * trunk, r, g, b, owner, what, width, height, rows, ints, n, box)
    n = add_stick(view, agent.x + cos * poll, agent.y + sin * poll, 0.93 * tall, agent.x + cos * nose, agent.y + sin * nose, 0.86 * tall, 0.42 * trunk, r, g, b, owner, what, width, height, rows, ints, n, box)
    if pixels < 5.0:
        return n
    pace = 0.20 * long * math.sin(agent.odometer * 3.2 / long)
    for k in range(4):
        side = 0.5 * trunk if k % 2 == 0 else -0.5 * trunk
        hip = rump if k < 2 else chest
        foot = hip + (pace if k == 0 or k == 3 else -pace)
        n = add_stick(view, agent.x + cos * hip - sin * side, agent.y + sin * hip + cos * side, back, agent.x + cos * foot - sin * side, agent.y + sin * foot + cos * side,
                      0.03, 0.035 * tall, 0.8 * r, 0.8 * g, 0.8 * b, owner, what, width, height, rows, ints, n, box)
    return n
