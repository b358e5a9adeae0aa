"""A model of the Hugging Face hub behind core.Policy: a tiny one with random weights, made here, saved and loaded as any other, drives in the
simulator, in the car's own loop, and in somebody else's world. Without `transformers` the example says so."""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from caravela.core.protocols import Policy
from caravela.core.types import KNOTS, PLAN_STEPS, policy_rig
from caravela.vehicle.health import plan_faults
from caravela.vehicle.planner import InlinePlanner

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "hugging_face_driver.py"
WORDS = [
    "<unk>",
    "<pad>",
    "<s>",
    "</s>",
    "<image>",
    "speed",
    "m",
    "/",
    "s",
    ".",
    "what",
    "should",
    "the",
    "car",
    "do",
    "?",
    *map(str, range(30)),
]


@pytest.fixture(scope="module")
def hub_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `save_pretrained` writes it: a LLaVA of a few thousand weights, large enough for pictures to change what it says."""
    torch = pytest.importorskip("torch", reason="needs the extra 'hub'")
    transformers = pytest.importorskip("transformers", reason="needs the extra 'hub'")
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    words = [*WORDS, *(f"<action {number}>" for number in range(256))]
    of_words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    of_words.pre_tokenizer = pre_tokenizers.Whitespace()
    of_words.add_special_tokens(["<image>"])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=of_words, unk_token="<unk>", pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )
    pictures = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    processor = transformers.LlavaProcessor(
        pictures, tokenizer, patch_size=16, vision_feature_select_strategy="default", num_additional_image_tokens=1
    )
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "initializer_range": 0.5}
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(image_size=32, patch_size=16, **sizes),
        text_config=transformers.LlamaConfig(vocab_size=len(words), max_position_embeddings=128, pad_token_id=1, bos_token_id=2, eos_token_id=3, **sizes),
        image_token_index=4,
        vision_feature_layer=-1,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("hub")
    transformers.LlavaForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def policy(hub_model: Path) -> Any:
    return runpy.run_path(str(EXAMPLE))["HubPolicy"](str(hub_model))


def test_it_is_a_policy_whose_plans_a_car_can_follow(policy: Any, observe: Any) -> None:
    assert isinstance(policy, Policy)
    plan = policy.plan(observe(2, words="turn left"))
    assert plan.trajectories.shape == (2, 1, PLAN_STEPS, 3) and plan.knots.shape == (2, 1, KNOTS, 2)
    assert not plan_faults(plan)
    assert not np.array_equal(plan.knots[0], policy.plan(observe(1, seed=3)).knots[0]), "it does not look"


def test_the_cars_own_loop_drives_with_it(policy: Any) -> None:
    from caravela.core.modes import Mode
    from caravela.core.responsibility import Entity, Person, Role
    from caravela.vehicle.attention import SimulatedDriver
    from caravela.vehicle.conduct import Engage, Manual, Rules, TakeOver, parked
    from caravela.vehicle.loop import Loop
    from caravela.vehicle.profiles import assisted_profile, r157
    from caravela.vehicle.run import Drive, Script
    from caravela.vehicle.sources import WorldSource
    from caravela.world.maps.catalogue import load_town
    from caravela.world.simulator import Simulator

    rules = Rules(assisted_profile("unece-r171"), r157(), Entity("Caravela Motors Ltd", Role.SELF_DRIVING_ENTITY))
    source = WorldSource(Simulator([load_town("alderton")], rig=policy_rig()), seed=0)
    ANA = Person("Ana Sousa")
    car, planner = parked(Manual(ANA)), InlinePlanner(policy)
    loop = Loop(car, rules=rules, planner=planner, monitor=SimulatedDriver(), rig=policy_rig(), deadline_s=60.0)
    drive = Drive(loop, source, script=Script(Mode.L2))
    ticks = list(drive.ticks(2.0))
    assert sum(tick.plan is not None for tick in ticks) == 20
    assert ticks[-1].car.mode is Mode.L2, [tick.notes for tick in ticks]
    happenings = (TakeOver(ticks[-1].steady_us, ANA), Engage(ticks[-1].steady_us, Mode.L4, ANA))
    last = loop.tick(ticks[-1].observation, now_us=ticks[-1].now_us, steady_us=ticks[-1].steady_us, happenings=happenings)
    assert last.car.mode is Mode.MANUAL and "not known" in last.notes[-1].detail, "L4 is refused to a model that states no risk"


def test_other_peoples_worlds_are_driven_with_it(policy: Any) -> None:
    pytest.importorskip("carla_driver_interface.protocol", reason="serving needs the extra 'serve'")
    from carla_driver_interface.testing import FakeCamera, FakeLoop

    from caravela.vehicle.serve.server import Server
    from caravela.vehicle.serve.service import Egodriver

    with Server(Egodriver(lambda: policy, policy_rig(), version="test")) as server:
        with FakeLoop(server.address, [FakeCamera()], initial_speed_mps=5.0) as loop:
            assert loop.run(3).steps == 3


def typed(*words: str, without: str = "nothing") -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the example where a package cannot be imported."""
    code = f"import runpy, sys; sys.modules[{without!r}] = None; sys.argv = {['example', *words]!r}; runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_the_example_drives(hub_model: Path) -> None:
    code, out, err = typed(str(hub_model), "0.5")
    assert code == 0 and out.startswith(f"{hub_model} drove for 0.5 s and goes "), err


@pytest.mark.parametrize("package", ["transformers", "torch"])
def test_without_its_packages_the_example_says_so_in_a_sentence(package: str, tmp_path: Path) -> None:
    code, out, err = typed(str(tmp_path), without=package)
    assert (code, out) == (1, "") and ".venv/bin/pip install --editable '.[hub]'" in err and len(err.splitlines()) == 1
