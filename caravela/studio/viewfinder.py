"""The camera that people watch through, and how large its picture may be: the largest of a few sizes whose cost still
leaves the drive on time. Control ticks come first; a picture that does not fit is left out, never a tick."""

import math
from dataclasses import dataclass

from caravela.core.types import Camera
from caravela.core.units import STEP_S

SIZES = ((384, 216), (512, 288), (640, 360), (800, 450), (960, 540))  # pixels, smallest first, all 16:9
BUDGET_MS = 1000.0 * STEP_S
SHARE = 0.80  # of a tick that the work may take, so that what varies still fits
PATIENCE = 30  # ticks that a larger size must have fitted before it is taken
BLIND_TICKS = 10  # at most this many ticks without a picture
SMOOTHING = 0.1  # weight of the newest duration in the running means


def view_camera(width: int, height: int) -> Camera:
    """A viewing camera behind the windscreen, wide enough for the street and level enough for its buildings."""
    return Camera("view", width=width, height=height, fov=math.radians(78.0), position=(1.2, 0.0, 1.75), pitch=math.radians(-1.0))


@dataclass
class Viewfinder:
    """Chooses the camera of each tick, or none."""

    size: int = 2  # index into SIZES
    other_ms: float = 40.0  # running mean of a tick's work without its picture
    ms_per_pixel: float = 1.5e-4  # running mean of a picture's render and encoding
    fitted: int = 0
    skipped: int = 0

    def choose(self, *, late_ms: float) -> Camera | None:
        """The camera for a tick that starts `late_ms` after it was due; None leaves its picture out."""
        fits = late_ms + self.other_ms + self._picture_ms(self.size) <= BUDGET_MS
        if not fits and self.skipped < BLIND_TICKS:
            self.skipped += 1
            if self.skipped >= 2 and self.size > 0:
                self.size, self.fitted = self.size - 1, 0
            return None
        self.skipped = 0
        return view_camera(*SIZES[self.size])

    def learn(self, *, tick_ms: float, picture_ms: float, camera: Camera | None) -> None:
        """What the tick cost in all, of that its picture."""
        self.other_ms += SMOOTHING * (tick_ms - picture_ms - self.other_ms)
        if camera is not None:
            self.ms_per_pixel += SMOOTHING * (picture_ms / (camera.width * camera.height) - self.ms_per_pixel)
        if self.size > 0 and self.other_ms + self._picture_ms(self.size) > SHARE * BUDGET_MS:
            self.fitted -= 1
            if self.fitted <= -PATIENCE // 2:
                self.size, self.fitted = self.size - 1, 0
        elif self.size + 1 < len(SIZES) and self.other_ms + self._picture_ms(self.size + 1) < SHARE * BUDGET_MS:
            self.fitted += 1
            if self.fitted >= PATIENCE:
                self.size, self.fitted = self.size + 1, 0

    def _picture_ms(self, size: int) -> float:
        width, height = SIZES[size]
        return self.ms_per_pixel * width * height
