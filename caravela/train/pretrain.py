"""The eyes first: before anybody teaches driving, vision and trunk learn what is there and how it goes on, from driving video without
actions. A run that begins in the same folder begins with them."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from caravela.model import foresight
from caravela.model.batch import Batch
from caravela.model.presets import preset
from caravela.model.vla import VLA
from caravela.train.filming import Film, FilmConfig
from caravela.train.recipe import VLATrainConfig
from caravela.train.teacher_net import TeacherNet
from caravela.train.vla import EYES, VLATrainer
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
        teacher: TeacherNet,
        film: FilmConfig | None = None,
    ) -> None:
        self._graphs, self._teacher, self._film = graphs, teacher, film
        super().__init__(folder / EYES, config)

    def _reader(self) -> Film:
        return Film(self._graphs, self._teacher, config=self._film, seed=self.config.seed + self.step)

    def _new_model(self) -> VLA:
        return VLA(preset(self.config.preset))

    def _make_beside(self) -> foresight.Foresight:
        return foresight.Foresight(self.model.config)

    def _relit(self, batch: Batch) -> Batch:
        self._seen = batch.images
        return super()._relit(batch)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """What `batch` costs the eyes and the foresight."""
        with torch.autocast(self.learner.device.type, dtype=torch.bfloat16, enabled=self.half):
            seen = self._seen if self.step % STILL_EVERY == 0 else None
            return foresight.losses(self.model, self.beside, self.average, batch, generator=self._light, seen=seen)
