"""The camera that people watch through, and how large its picture may be: the largest of a few sizes that is drawn within a
tick while ticks keep their time. Pictures wait, ticks never do."""

import math
from dataclasses import dataclass

from caravela.core.types import Camera
from caravela.core.units import STEP_S

SIZES = ((384, 216), (512, 288), (640, 360), (800, 450), (960, 540))  # pixels, smallest first, all 16:9
START = 2  # index of the size to begin with
TICK_MS = 1000.0 * STEP_S
PICTURE_SHARE = 0.9  # of a tick's time that a picture may take; above, some ticks have none
TICK_SHARE = 0.8  # of a tick's time that its own work may take; above, the picture is in its way
PATIENCE = 25  # pictures that a size must have been too large, or the next one small enough, before it changes
HASTE = 5  # votes of a picture that takes more than two ticks
REST_S = 0.3  # between pictures, where even the smallest is in the way
SMOOTHING = 0.1  # weight of the newest duration in the running means


def view_camera(width: int, height: int) -> Camera:
    """A viewing camera behind the windscreen, wide enough for the street and level enough for its buildings."""
    return Camera("view", width=width, height=height, fov=math.radians(78.0), position=(1.2, 0.0, 1.75), pitch=math.radians(-1.0))


@dataclass
class Viewfinder:
    """Chooses the camera of the next picture from what the latest cost."""

    size: int = START
    ms_per_pixel: float = 3e-4  # running mean of drawing and encoding
    tick_ms: float = 40.0  # running mean of a tick's own work
    votes: int = 0  # for a larger size, negative for a smaller one

    def camera(self) -> Camera:
        """The camera to use now."""
        return view_camera(*SIZES[self.size])

    def learn_tick(self, milliseconds: float) -> None:
        """What a tick cost, its picture left out."""
        self.tick_ms += SMOOTHING * (milliseconds - self.tick_ms)

    def learn_picture(self, milliseconds: float, camera: Camera) -> None:
        """What a picture cost; changes the size where that has been wrong for a while."""
        self.ms_per_pixel += SMOOTHING * (milliseconds / (camera.width * camera.height) - self.ms_per_pixel)
        late = self.tick_ms > TICK_SHARE * TICK_MS
        if late or self._picture_ms(self.size) > PICTURE_SHARE * TICK_MS:
            self.votes = min(self.votes, 0) - (HASTE if self._picture_ms(self.size) > 2.0 * TICK_MS else 1)
        elif self.size + 1 < len(SIZES) and self._picture_ms(self.size + 1) < PICTURE_SHARE * PICTURE_SHARE * TICK_MS:
            self.votes = max(self.votes, 0) + 1
        else:
            self.votes = 0
        if abs(self.votes) >= PATIENCE:
            self.size = min(max(self.size + (1 if self.votes > 0 else -1), 0), len(SIZES) - 1)
            self.votes = 0

    def rest_s(self) -> float:
        """How long to wait before the next picture, where even the smallest is in the way of the ticks."""
        return REST_S if self.size == 0 and self.tick_ms > TICK_SHARE * TICK_MS else 0.0

    def _picture_ms(self, size: int) -> float:
        width, height = SIZES[size]
        return self.ms_per_pixel * width * height
