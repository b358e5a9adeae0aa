"""A vision-language-action model of the Hugging Face hub drives: the runtime takes any policy behind core.Policy. It answers in action tokens,
the last BINS of its vocabulary, as RT-2 and OpenVLA do. Run: python examples/hugging_face_driver.py MODEL [SECONDS]"""

import sys

import numpy as np

from caravela.core.kinematics import ACCELERATION_RANGE, CURVATURE_MAX, integrate
from caravela.core.types import KNOTS, Observation, Plan, policy_rig
from caravela.vehicle.planner import InlinePlanner
from caravela.world.maps.catalogue import load_town
from caravela.world.simulator import Simulator

LIMITS = np.array([ACCELERATION_RANGE, (-CURVATURE_MAX, CURVATURE_MAX)], np.float32)
BINS, LOW, HIGH = 256, LIMITS[:, 0], LIMITS[:, 1]  # so many tokens say a number from LOW to HIGH


class HubPolicy:
    def __init__(self, model: str) -> None:
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor

        self.name, self.processor = model, AutoProcessor.from_pretrained(model)
        self.model = AutoModelForImageTextToText.from_pretrained(model, dtype=torch.float32).eval()
        self.actions = np.arange(BINS) + self.model.config.get_text_config().vocab_size - BINS

    def reset(self, batch: int) -> None: ...

    def plan(self, seen: Observation) -> Plan:
        said = []
        for image, speed, words in zip(seen.images[:, 0, 0], seen.speed, seen.words):  # the front camera, now
            inputs = self.processor(images=image, text=f"<image> speed {speed:.0f} m/s. {words} what to do?", return_tensors="pt")
            answer = self.model.generate(**inputs, max_new_tokens=2 * KNOTS, prefix_allowed_tokens_fn=lambda *_: self.actions.tolist())
            said.append(answer[0, -2 * KNOTS :].numpy().reshape(1, KNOTS, 2) - self.actions[0])
        knots = LOW + (HIGH - LOW) * (np.stack(said).astype(np.float32) + 0.5) / BINS  # (B, K = 1, KNOTS, 2)
        none = np.zeros((seen.batch, 1), np.float32)  # such a model says neither what its plan is worth nor how sure it is
        return Plan(*integrate(knots, speed=seen.speed[:, None]), knots, none, none[:, 0].astype(np.int64), none[:, 0] + np.nan)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(print("No model was named; give a folder, or a name on the hub, of one that was trained to answer in action tokens."))
    try:
        planner, world = InlinePlanner(HubPolicy(sys.argv[1])), Simulator([load_town("alderton")], rig=policy_rig())
    except ImportError:
        sys.exit("Models of the hub need torch and transformers, of which one is not installed: .venv/bin/pip install --editable '.[hub]'.")
    seen, seconds = world.reset(seed=0), float((*sys.argv, "2")[2])
    for _ in range(round(10 * seconds)):
        seen, _ = world.step(planner.ask(seen, deadline_s=60.0).plan.control())
    print(f"{sys.argv[1]} drove for {seconds:g} s and goes {3.6 * float(seen.speed[0]):.0f} km/h.")
