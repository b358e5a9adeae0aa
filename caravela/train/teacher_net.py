"""The teacher's network: a row of numbers and a set of objects in, a distribution over accelerations and steering changes
out. Categorical actions stay multi-modal while they are learned; their mean is smooth when they are used."""

import torch
from torch import Tensor, nn

from caravela.world.kernels.vectors import OBJECT, ROW

ACCELERATIONS = (-7.0, -4.0, -2.2, -1.0, -0.4, 0.0, 0.4, 0.9, 1.6, 2.6)  # m/s^2
CURVATURE_CHANGES = (-0.044, -0.02, -0.008, -0.003, -0.001, 0.0, 0.001, 0.003, 0.008, 0.02, 0.044)  # 1/m over the present curvature


class TeacherNet(nn.Module):
    """Actor and critic share the encoding of objects."""

    def __init__(self, width: int = 192, object_width: int = 64) -> None:
        super().__init__()
        self.objects = nn.Sequential(nn.Linear(OBJECT, object_width), nn.ReLU(), nn.Linear(object_width, object_width), nn.ReLU())
        self.row = nn.Sequential(nn.Linear(ROW, width), nn.ReLU())
        self.body = nn.Sequential(nn.Linear(width + object_width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.value_body = nn.Sequential(nn.Linear(width + object_width, width), nn.ReLU(), nn.Linear(width, 1))
        self.acceleration = nn.Linear(width, len(ACCELERATIONS))
        self.steering = nn.Linear(width, len(CURVATURE_CHANGES))
        for head in (self.acceleration, self.steering):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        with torch.no_grad():  # begin as somebody who drives on: gently faster, straight ahead
            self.acceleration.bias.copy_(-0.6 * (torch.tensor(ACCELERATIONS) - 0.6).abs())
            self.steering.bias.copy_(-60.0 * torch.tensor(CURVATURE_CHANGES).abs())
        self.register_buffer("acceleration_bins", torch.tensor(ACCELERATIONS))
        self.register_buffer("steering_bins", torch.tensor(CURVATURE_CHANGES))

    def forward(self, rows: Tensor, objects: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """rows (N, ROW), objects (N, O, OBJECT), mask (N, O) -> log-probabilities (N, 10) and (N, 11), value (N,)."""
        seen = self.objects(objects) * mask.unsqueeze(-1)  # (N, O, object_width); all are >= 0, so masked ones never win the maximum
        joined = torch.cat([self.row(rows), seen.amax(dim=1)], dim=-1)
        hidden = self.body(joined)
        return (
            self.acceleration(hidden).log_softmax(-1),
            self.steering(hidden).log_softmax(-1),
            self.value_body(joined).squeeze(-1),
        )

    def mean_action(self, rows: Tensor, objects: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The expected acceleration (N,) m/s^2 and change of curvature (N,) 1/m."""
        acceleration, steering, _ = self(rows, objects, mask)
        return acceleration.exp() @ self.acceleration_bins, steering.exp() @ self.steering_bins
