"""The policy's views, put together from other people's cameras: every camera's picture is warped into those views that it can fill, the
sharper camera first, and what none sees stays black. Only the small views are kept, as far back as the driver's history reaches."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from caravela.core.types import HISTORY_S, Rig
from caravela.vehicle.footage.lens import Lens
from caravela.vehicle.footage.warp import Warp
from caravela.vehicle.serve.optics import Optic
from caravela.vehicle.serve.refusal import Refusal

KEPT = 48  # pictures of a camera
KEPT_S = 1.2  # s that they are kept: the history, and what a world may lag behind
LEAST = 0.005  # of a view; a camera that adds no more to any is not looked at
SHAPE_SLACK = 0.02  # by which the proportions of a picture may differ from those declared
ROAD_AHEAD = (20.0, 0.0, 0.0)  # m, rig frame; a driver that cannot see it is not started
COVER_WIDTH = 640  # pixels; what a camera sees is worked out on a picture of this width
EARLY_US = 50_000  # µs; a picture may be this much newer than the moment that it is for


class Mosaic:
    """The rig's views of one car as its pictures come. Times are the world's, in µs."""

    def __init__(self, optics: Mapping[str, Optic], rig: Rig) -> None:
        """Works out which camera fills what. Raises Refusal where none sees the road ahead."""
        self._rig = rig
        seen = {name: Warp(optic, rig).seen for name, optic in optics.items()}
        sources = {name: _Source(optics[name], rig, seen[name]) for name in optics if max(seen[name].values()) > 0.0}
        self._sources = self._shared(sources)
        if not self._sees(ROAD_AHEAD):
            raise Refusal(
                f"of the cameras {', '.join(optics) or '(none)'} no one sees the road 20 m ahead; expected a front camera with rig_to_camera in "
                "the optical frame (x right, y down, z ahead): declare one.",
                "FAILED_PRECONDITION",
            )

    @property
    def cameras(self) -> tuple[str, ...]:
        """Those that are looked at."""
        return tuple(self._sources)

    @property
    def filled(self) -> dict[str, float]:
        """By view of the rig, the share of it that the cameras fill, 0 to 1."""
        total = sum(source.on_rig(source.cover * source.factor, self._rig) for source in self._sources.values())
        shares = np.asarray(total).mean(axis=(1, 2))
        return {camera.name: float(share) for camera, share in zip(self._rig.cameras, shares)}

    def check(self, name: str, t_us: int) -> None:
        """Raises Refusal for a picture that is not newer than that camera's last."""
        taken = self._sources[name].taken
        if taken and t_us <= taken[0][0]:
            raise Refusal(
                f"camera '{name[:80]}' sent a picture of {t_us} us after one of {taken[0][0]} us; expected them in order: send each once."
            )

    def add(self, name: str, t_us: int, picture: NDArray[np.uint8]) -> None:
        """A picture (H, W, 3) of a camera that is looked at. Raises Refusal for one out of order or of another shape than declared."""
        self.check(name, t_us)
        source = self._sources[name]
        height, width = picture.shape[:2]
        if (width, height) != (source.optic.width, source.optic.height):
            self._resize(name, width, height)
        source.taken.insert(0, (t_us, source.look(picture)))
        source.taken[:] = [taken for taken in source.taken[:KEPT] if t_us - taken[0] <= KEPT_S * 1e6]

    def newest_us(self, name: str, now_us: int) -> int | None:
        """When that camera's newest picture up to now was taken; None where there is none."""
        return next((t_us for t_us, _ in self._sources[name].taken if t_us <= now_us + EARLY_US), None)

    def look(self, now_us: int) -> NDArray[np.uint8]:
        """(T, C, H, W, 3) views at the ages that the driver wants, each from the pictures nearest to them. Every camera has sent one."""
        ages = [now_us + round(age * 1e6) for age in HISTORY_S]
        views = []
        for wanted in ages:
            total = np.zeros((len(self._rig.cameras), self._rig.height, self._rig.width, 3), np.float32)
            for source in self._sources.values():
                usable = [taken for taken in source.taken if taken[0] <= now_us + EARLY_US]
                _, view = min(usable, key=lambda taken: abs(taken[0] - wanted))
                total[source.fills] += view * source.factor[..., None]
            views.append(np.minimum(total + 0.5, 255.0).astype(np.uint8))
        return np.stack(views)

    def _resize(self, name: str, width: int, height: int) -> None:
        source = self._sources[name]
        declared, wide = source.declared, width / height
        if source.taken or abs(wide / (declared.width / declared.height) - 1.0) > SHAPE_SLACK:
            expected = source.optic if source.taken else declared
            raise Refusal(
                f"camera '{name[:80]}' sent a picture of {width}x{height}; expected {expected.width}x{expected.height}, as "
                f"{'before' if source.taken else 'declared, or scaled as a whole'}: send one size and its calibration."
            )
        source.look_through(declared.resized(width, height))
        self._share()

    def _shared(self, sources: "dict[str, _Source]") -> "dict[str, _Source]":
        """Those that add something, each with what it may add."""
        self._sources = sources
        self._share()
        return {name: source for name, source in sources.items() if source.adds}

    def _share(self) -> None:
        left = np.ones((len(self._rig.cameras), self._rig.height, self._rig.width), np.float32)
        for source in self._sources.values():
            source.factor = np.zeros_like(source.cover)
        for number in range(len(self._rig.cameras)):
            able = [source for source in self._sources.values() if number in source.fills]
            for source in sorted(able, key=lambda source: -source.worth(number, self._rig)):
                at = source.fills.index(number)
                taken = np.minimum(source.cover[at], left[number])
                source.factor[at] = taken / np.maximum(source.cover[at], 1e-6)
                left[number] -= taken

    def _sees(self, point: tuple[float, float, float]) -> bool:
        first = Lens.of(self._rig.cameras[0])
        pixel, _ = first.project(np.array(point) - np.array(first.position))
        covers = [source.on_rig(source.cover, self._rig) for source in self._sources.values()]
        return any(cover[0, int(pixel[1]), int(pixel[0])] > 0.5 for cover in covers)


class _Source:
    """One camera: its warp into the views that it fills, and its last pictures there, newest first."""

    def __init__(self, declared: Optic, rig: Rig, seen: dict[str, float]) -> None:
        self.declared = declared
        self.taken: list[tuple[int, NDArray[np.uint8]]] = []
        self.fills = [number for number, camera in enumerate(rig.cameras) if seen[camera.name] > 0.0]
        self._part = Rig(tuple(rig.cameras[number] for number in self.fills))
        self.factor: NDArray[np.float32]  # (views filled, H, W) share of what it shows that is used
        self.look_through(declared)

    def look_through(self, optic: Optic) -> None:
        finest = max(camera.focal for camera in self._part.cameras)
        self._blocks = max(1, int(min(optic.focal) / finest))
        self.optic, self._warp = optic, Warp(optic.reduced(self._blocks), self._part)
        smaller = min(1.0, COVER_WIDTH / optic.width)
        small = optic.resized(max(round(optic.width * smaller), 8), max(round(optic.height * smaller), 8))
        white = Warp(small, self._part)(np.full((small.height, small.width, 3), 255, np.uint8))
        self.cover = white[..., 0].astype(np.float32) / 255.0  # (views filled, H, W) share of each pixel that it sees

    def look(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(views filled, H, W, 3) of a picture; Pillow averages its pixels down to what the finest view needs ten times as fast as numpy."""
        if self._blocks > 1:
            height, width = (side // self._blocks * self._blocks for side in picture.shape[:2])
            picture = np.asarray(Image.fromarray(picture).reduce(self._blocks, box=(0, 0, width, height)))
        return self._warp(picture)

    @property
    def adds(self) -> bool:
        return bool((self.cover * self.factor).mean(axis=(1, 2)).max() > LEAST)

    def worth(self, number: int, rig: Rig) -> float:
        """How well it shows a view: how much of it, and how sharply."""
        sharp = min(1.0, min(self.optic.focal) / rig.cameras[number].focal)
        return sharp * float(self.cover[self.fills.index(number)].mean())

    def on_rig(self, part: NDArray[np.float32], rig: Rig) -> NDArray[np.float32]:
        """(views filled, H, W) as (C, H, W), 0 elsewhere."""
        whole = np.zeros((len(rig.cameras), *part.shape[1:]), np.float32)
        whole[self.fills] = part
        return whole
