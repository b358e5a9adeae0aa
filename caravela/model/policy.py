"""The model in torch as a `Policy`, for training: it drives its own rollouts before it is exported. Same behaviour as
`vehicle.OnnxPolicy`, in larger batches and on any device."""

import numpy as np
import torch

from caravela.core.kinematics import integrate
from caravela.core.sampling import proposal_noise
from caravela.core.types import PROPOSALS, Observation, Plan
from caravela.core.vision_input import fuse_frames
from caravela.model.vla import VLA, Actions
from caravela.words import SentenceEncoder, in_mirror


class TorchPolicy:
    """Drives with a model that is still in training; its weights may change between calls."""

    def __init__(self, model: VLA, *, proposals: int = PROPOSALS, steps: int = 5, seed: int = 0, half: bool = False) -> None:
        """`half`: most products in bfloat16, for processors that are faster so."""
        self.model, self.steps, self.half = model, steps, half
        self.name = model.config.name
        self.actions: Actions | None = None  # all that the last call gave
        self._noise = torch.from_numpy(proposal_noise(proposals=proposals, seed=seed))
        self._encoder = SentenceEncoder()

    def reset(self, batch: int) -> None:
        """Forget the past; the model keeps none but what an observation carries."""
        self.actions = None

    def _as_shown(self, observation: Observation) -> list[str]:
        """What was said, of the street as the model is shown it, see `model.sides`."""
        turned = (observation.ego()[:, -1] > 0.5) & self.model.config.mirrors_left
        return [in_mirror(words) if there else words for words, there in zip(observation.words, turned, strict=True)]

    @torch.no_grad()
    def plan(self, observation: Observation) -> Plan:
        """Plan from what is seen now. The model is put into evaluation mode for the call."""
        device = next(self.model.parameters()).device
        training = self.model.training
        self.model.eval()
        try:
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.half):
                self.actions = self.model.sample_actions(
                    torch.from_numpy(fuse_frames(observation.images)).to(device),
                    ego=torch.from_numpy(observation.ego()).to(device),
                    route=torch.from_numpy(observation.route.astype(np.float32)).to(device),
                    has_route=torch.from_numpy(observation.has_route).to(device),
                    words=torch.from_numpy(self._encoder.encode(self._as_shown(observation))).to(device),
                    noise=self._noise.to(device),
                    steps=self.steps,
                )
        finally:
            self.model.train(training)
        knots = self.actions.knots.float().cpu().numpy()
        trajectories, speeds = integrate(knots, speed=observation.speed[:, None])
        return Plan(
            trajectories=trajectories,
            speeds=speeds,
            knots=knots,
            values=self.actions.values.float().cpu().numpy(),
            chosen=self.actions.chosen.cpu().numpy(),
            risk=self.actions.risk.float().cpu().numpy(),
            paced=len(self.model.config.paces),
        )
