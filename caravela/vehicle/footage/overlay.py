"""Draws a plan into the picture that it was made for: the proposals as thin lines on the road, the chosen one as a carpet, the
way that the car really took as dots; below it the driver's own views and a few words."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from caravela.core.types import Plan
from caravela.vehicle.footage.lens import Lens

WIDTH, TALLEST = 960, 640  # pixels of the drawn picture; a tall one is narrower, with bars beside it
VIEW, GAP, LABEL, TEXT, LINE = (160, 120), 6, 18, 13, 17  # pixels: a view, space, a label's height, size of letters, a line's height
LINES = 8  # of words, beside the views
CARPET_HALF_WIDTH = 0.85  # m
NEAR = 1.0  # m of depth; nearer points are cut off
FINER = 2  # lines are drawn that many times larger and averaged
CHOSEN, OTHERS, TRUTH, INK, GROUND = (64, 224, 208), (255, 255, 255), (255, 204, 64), (226, 232, 230), (14, 19, 20)


def sheet(
    picture: NDArray[np.uint8],
    plan: Plan,
    *,
    lens: Lens,
    views: NDArray[np.uint8],
    names: Sequence[str],
    words: Sequence[str],
    truth: NDArray[np.float64] | None = None,
) -> NDArray[np.uint8]:
    """One picture of the film, (H, WIDTH, 3) with H even and the same for pictures of one size.

    Args:
        picture: (height, width, 3) what the lens saw.
        plan: of batch 1, made at that moment.
        views: (C, H, W, 3) what the driver saw, with `names`.
        words: lines of text; the first LINES are shown.
        truth: (n, 2) m in the rig frame, where the car went, as far as that is known.
    """
    seen = _draw_plan(picture, plan, lens, truth)
    strip = LABEL + VIEW[1] + 2 * GAP
    canvas = Image.new("RGB", (WIDTH, (seen.height + strip + 1) // 2 * 2), GROUND)
    canvas.paste(seen, ((WIDTH - seen.width) // 2, 0))
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=TEXT)
    for place, (view, name) in enumerate(zip(views, names)):
        left, top = GAP + place * (VIEW[0] + GAP), seen.height + GAP
        pen.text((left, top), name.replace("_", " "), fill=INK, font=font)
        canvas.paste(Image.fromarray(view).resize(VIEW, Image.Resampling.BILINEAR), (left, top + LABEL))
    left = GAP + len(views) * (VIEW[0] + GAP) + GAP
    for row, line in enumerate(words[:LINES]):
        pen.text((left, seen.height + GAP + row * LINE), line, fill=INK, font=font)
    return np.asarray(canvas)


def _draw_plan(picture: NDArray[np.uint8], plan: Plan, lens: Lens, truth: NDArray[np.float64] | None) -> Image.Image:
    """The picture enlarged, with what lies on the road."""
    scale = min(WIDTH / lens.width, TALLEST / lens.height)
    size = (round(lens.width * scale), round(lens.height * scale))
    image = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    layer = Image.new("RGBA", (size[0] * FINER, size[1] * FINER))
    pen, factor = ImageDraw.Draw(layer), scale * FINER
    start = np.zeros((plan.trajectories.shape[1], 1, 2))
    lines = np.concatenate([start, plan.trajectories[0, :, :, :2]], 1)  # (K, N + 1, 2), each from the car on
    chosen = int(plan.chosen[0])
    for line in np.delete(lines, chosen, 0):
        if len(pixels := on_picture(line, lens)) > 1:
            pen.line([tuple(at) for at in pixels * factor], fill=(*OTHERS, 130), width=FINER)
    heading = np.concatenate([[0.0], plan.trajectories[0, chosen, :, 2]])
    side = CARPET_HALF_WIDTH * np.stack([-np.sin(heading), np.cos(heading)], -1)
    left, right = (on_picture(lines[chosen] + sign * side, lens) * factor for sign in (1.0, -1.0))
    if len(left) > 1 and len(right) > 1:
        carpet = Image.new("RGBA", layer.size)
        ImageDraw.Draw(carpet).polygon([tuple(at) for at in np.concatenate([left, right[::-1]])], fill=(*CHOSEN, 90))
        layer.alpha_composite(carpet)
        for edge in (left, right):
            pen.line([tuple(at) for at in edge], fill=(*CHOSEN, 230), width=2 * FINER)
    if truth is not None:
        for at in on_picture(truth[np.isfinite(truth).all(-1)], lens) * factor:
            pen.ellipse([*(at - 2 * FINER), *(at + 2 * FINER)], fill=(*TRUTH, 240))
    image.alpha_composite(layer.resize(size, Image.Resampling.BOX))
    return image.convert("RGB")


def on_picture(line: NDArray, lens: Lens) -> NDArray[np.float64]:
    """Pixels (m, 2) of a line (n, 2), m in the rig frame, on the road; cut where it comes too near to the lens or passes behind it."""
    offsets = np.concatenate([line, np.zeros((len(line), 1))], -1) - np.array(lens.position)
    pixels, depth = lens.project(offsets)
    kept: list[NDArray[np.float64]] = []
    for here in range(len(line)):
        before = here - 1
        if before >= 0 and (depth[before] < NEAR) != (depth[here] < NEAR):
            share = (NEAR - depth[before]) / (depth[here] - depth[before])
            kept.append(lens.project(offsets[before] + share * (offsets[here] - offsets[before]))[0])
        if depth[here] >= NEAR:
            kept.append(pixels[here])
    return np.array(kept).reshape(-1, 2)


def percentages(shares: Mapping[str, float]) -> str:
    """Shares by name as a few words."""
    return ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in shares.items())
