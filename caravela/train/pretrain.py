"""The eyes first: before anybody teaches driving, vision and trunk learn what is there and how it goes on, from driving video without
actions. A run that begins in the same folder begins with them."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from caravela.model import foresight
from caravela.model.batch import Batch
from caravela.train.footage import Footage, FootageConfig
from caravela.train.teacher_driver import TeacherDriver
from caravela.train.vla import EYES, VLATrainConfig, VLATrainer
from caravela.world.maps.lane_graph import LaneGraph

STILL_EVERY = 10  # steps between those that also tell what it would cost to foresee no change


class Pretrainer(VLATrainer):
    """A run of its own in the folder `eyes` of a driver's run: same checkpoints, same care, other looks and losses."""

    def __init__(
        self,
        graphs: Sequence[LaneGraph],
        folder: Path,
        config: VLATrainConfig,
        *,
        driver: TeacherDriver,
        footage: FootageConfig | None = None,
    ) -> None:
        self._graphs, self._driver, self._footage = graphs, driver, footage
        super().__init__(folder / EYES, config)

    def _reader(self) -> Footage:
        return Footage(self._graphs, self._driver, config=self._footage, seed=self.config.seed + self.step)

    def _beside(self) -> list[nn.Parameter]:
        self.foresight = foresight.Foresight(self.model.config).to(self.learner.device)
        return list(self.foresight.parameters())

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """What `batch` costs the eyes and the foresight."""
        with torch.autocast(self.learner.device.type, dtype=torch.bfloat16, enabled=self.half):
            return foresight.losses(self.model, self.foresight, self.average, batch, still=self.step % STILL_EVERY == 0)
