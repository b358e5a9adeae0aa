"""What the model learns from: one dataclass of tensors, any label of which may be absent (None) or masked out row by row.
The constants say how the trainer rasterises labels. Masks are bool, True where the label is known."""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from caravela.core.bundle import BODIES as BODIES  # what shows in a cell of the coarse depth image: the last of these that does
from caravela.core.bundle import LIGHTS as LIGHTS  # state of the traffic light that governs the ego's route

# Bird's-eye grid in the rig frame: row r spans x = -8 + 2 r .. +2 m ahead, column c spans y = -16 + c .. +1 m to the left.
BEV_ROWS, BEV_COLUMNS = 32, 32
BEV_X = (-8.0, 56.0)  # m, rows ascend forward
BEV_Y = (-16.0, 16.0)  # m, columns ascend to the left
BEV_CLASSES = ("drivable", "off_road", "paint", "vehicle", "person")  # a cell's class is the last of these that touches it,
UNKNOWN = 255  # or this where no camera could tell
DEPTH_ROWS, DEPTH_COLUMNS = 12, 16  # coarse depth image per camera: the median of each 8x8 pixels, m along the camera's axis
FAR = 80.0  # m, the distance given where there is no stop line or no lead ahead, and the most that is told


@dataclass(frozen=True)
class Batch:
    """B samples. Inputs are always there."""

    # inputs
    images: Tensor  # (B, C, 5, H, W) uint8, core.vision_input.fuse_frames
    ego: Tensor  # (B, 3) speed m/s, yaw rate rad/s, side of the road: 1 left, -1 right, 0 not known
    route: Tensor  # (B, ROUTE_POINTS, 2) m, rig frame
    has_route: Tensor  # (B,) bool
    words: Tensor  # (B, 384) sentence embedding, zeros where nothing was said
    # what to do
    knots: Tensor | None = None  # (B, KNOTS, 2) m/s^2 and 1/m, the teacher's
    knots_valid: Tensor | None = None  # (B,) bool; None: all valid
    # what became of M proposals
    proposals: Tensor | None = None  # (B, M, KNOTS, 2) m/s^2 and 1/m
    returns: Tensor | None = None  # (B, M) 0..1, higher is better
    failed: Tensor | None = None  # (B, M) 1 where a failure followed, else 0
    outcomes_valid: Tensor | None = None  # (B, M) bool; None: all valid
    # what is there
    bev: Tensor | None = None  # (B, BEV_ROWS, BEV_COLUMNS) uint8 or int64 class, UNKNOWN where not known
    depth: Tensor | None = None  # (B, C, DEPTH_ROWS, DEPTH_COLUMNS) m, 0 where not known (sky)
    lamps: Tensor | None = None  # (B, C, rows, columns) uint8 or int64, of the largest lit lamp in each 32x32 pixels: LIGHTS, or UNKNOWN
    bodies: Tensor | None = None  # (B, C, DEPTH_ROWS, DEPTH_COLUMNS) uint8 or int64 index into BODIES, UNKNOWN where not known
    light: Tensor | None = None  # (B,) int64 index into LIGHTS
    light_valid: Tensor | None = None  # (B,) bool
    stop_distance: Tensor | None = None  # (B,) m to the next stop line on the route, FAR where there is none
    stop_valid: Tensor | None = None  # (B,) bool
    lead: Tensor | None = None  # (B, 2) distance m and speed m/s of the vehicle ahead; FAR and 0 where there is none
    lead_valid: Tensor | None = None  # (B,) bool
    lane: Tensor | None = None  # (B, 2) m left of the lane's centre, rad of heading left of the lane's
    lane_valid: Tensor | None = None  # (B,) bool
    # what is seen later
    later: Tensor | None = None  # (B, C, 5, H, W) uint8, the images some time on
    later_valid: Tensor | None = None  # (B,) bool

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device."""
        return replace(self, **{f.name: value.to(device) for f in fields(self) if (value := getattr(self, f.name)) is not None})
