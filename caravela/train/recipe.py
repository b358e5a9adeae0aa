"""How a run of the driver learns, and what of that a run that is there keeps to."""

from dataclasses import dataclass, replace
from pathlib import Path

from caravela.model.checkpoint import load_checkpoint

USUAL_BATCH = 64  # samples, that learning rates are given for


@dataclass(frozen=True)
class VLATrainConfig:
    """One run of `preset` size."""

    preset: str = "nano"
    batch: int = USUAL_BATCH
    learning_rate: float = 8e-4
    final_learning_rate: float = 3e-5
    warmup: int = 300  # steps
    steps: int = 20_000
    weight_decay: float = 0.02
    average: float = 0.998  # of the weights' moving average, which is what drives
    shard: int = 512  # samples
    keep: int = 180  # shards kept on disk
    teacher_rounds: int = 3  # rounds driven by the teacher alone
    relight: bool = True  # whether pictures are shown in other light each time, see `relight`
    rephrase: bool = True  # whether what was said is put another way each time, see `rephrase`
    lessons: bool = False  # whether looks that the student would do otherwise are drawn more often, see `lessons`
    student_share: float = 0.65  # of drives afterwards
    critic_from: int = 6000  # steps after which the critic chooses what the student drives
    critic_margin: float = 0.05  # of value, see model.config
    critic_caution: float = 0.0  # of value, see model.config
    paces: tuple[float, ...] = (-2.0, -5.0, 1.0)  # m/s^2, see model.config
    data_version: str = "towns-3"
    half: bool | None = None  # most products in bfloat16; None: where that is faster, measured when the run begins
    seed: int = 0


RECIPE = (
    "teacher_rounds",
    "critic_from",
    "learning_rate",
    "lessons",
    "relight",
    "rephrase",
)  # what a run keeps to, whatever it is taken up with


def taken_up(folder: Path, config: VLATrainConfig) -> VLATrainConfig:
    """The config of a run in `folder`: a run that is there keeps its recipe. Raises CaravelaError where its checkpoint cannot be read."""
    path = folder / "last.safetensors"
    if not path.exists():
        return config
    kept = {"relight": False, "rephrase": False} | load_checkpoint(path).progress.get("config", {})  # runs of before knew of neither
    return replace(config, **{name: kept[name] for name in RECIPE if name in kept})
