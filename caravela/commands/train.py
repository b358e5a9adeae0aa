"""`caravela train`: the teacher by self-play, the world's learned traffic of it, then the driver by on-policy distillation. Every run
lives in a folder, says how far it is, and goes on where it was when it is started again."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands import Verb
from caravela.commands._map_sides import training_maps, validation_towns
from caravela.commands._numbers import at_least, within
from caravela.commands._teacher import teacher_at
from caravela.commands._train_scaling import ScalingOptions, run_scaling, show_scaling
from caravela.commands._train_soup import SoupOptions, run_soup
from caravela.commands._train_teacher import TeacherOptions, run_teacher
from caravela.commands._train_text import TextOptions, run_text, show_text
from caravela.commands._train_tune import TuneOptions, run_tune
from caravela.commands._writing import announced, folder_for, unwritable, writable
from caravela.core.errors import CaravelaError

HELP = "train the teacher by self-play and the driver by distillation"


@dataclass(frozen=True)
class VLAOptions:
    """Train the driver from pixels, taught by the teacher on the driver's own roads. Collecting and learning take turns; or run
    one process with --only collect and one with --only learn."""

    preset: tyro.conf.Positional[str] = "nano"
    """Size of the model: nano, se, ultra, base."""
    folder: Path | None = None
    """Where the run lives; runs/vla/PRESET by default. A run that is there goes on."""
    teacher: Path | None = None
    """The teacher's checkpoint; by default runs/teacher/nano/last.pt, or the one that ships where there is none."""
    steps: int = 20_000
    """Learning steps to train until."""
    minutes: float | None = None
    """Minutes to learn for instead, at whose end the learning rate is at its lowest; with --only learn or pretrain."""
    batch: int = 64
    """Samples of a step: 64 suits one CPU core, 512 a GPU."""
    keep: int = 180
    """Shards of 512 samples kept on disk, 130 MB each; the oldest go."""
    begin_with: Path | None = None
    """An exported driver that a new run begins with, such as the one that ships. By default with the eyes that were pretrained in its
    folder, or from nothing."""
    only: str | None = None
    """collect or learn: one half only; by default both take turns in one process. pretrain: the eyes of a run that has not begun, for
    --minutes, on driving video without actions."""
    collectors: int = 1
    """Processes that collect, with --only collect; more than one need the extra `scale` (Ray)."""
    address: str | None = None
    """Ray cluster to collect on, such as auto; by default RAY_ADDRESS, or else this machine alone."""
    rounds: int | None = None
    """Rounds to collect, with --only collect; without end by default. What fills no shard by then is dropped."""
    learners: int = 1
    """Processes that learn, with --only learn: each takes its share of every batch. With torchrun, leave it out."""
    sharded: bool = False
    """Whether each of several learners keeps only its part of the weights (FSDP2), for sizes that one device does not hold."""
    turn_seconds: float = 240.0
    """Length of a learning turn."""
    threads: int = 1
    """Threads of this process; one is best unless the machine is idle."""
    maps: Path = Path(".cache/maps")
    """Folder with the training maps (made there if it is not)."""
    towns: int = 340
    """Generated towns to train on, at least."""
    seed: int = 0
    """Of the run; collectors that are started by hand beside each other need one each."""


@dataclass(frozen=True)
class ProbeOptions:
    """Ask a driver's checkpoint what it sees on towns it never trained on: lights, distances, plans, the critic's choice. They are the
    validation side's, so that one may choose by what it says and still report drives on the test side."""

    checkpoint: tyro.conf.Positional[Path] = Path("runs/vla/nano/average.safetensors")
    """A checkpoint, or the folder of an exported driver, as it drives in the car; what only trains the eyes (the view from above) is left out there."""
    teacher: Path | None = None
    """The teacher's checkpoint; by default runs/teacher/nano/last.pt, or the one that ships where there is none."""
    looks: int = 60
    """Looks of 0.2 s in each weather, in each of 12 worlds."""
    maps: Path = Path(".cache/maps")
    """Folder with the maps; its validation side is used (made there if it is not)."""
    out: Path = Path("results/eyes.json")
    """The figures."""
    seed: int = 0
    """Of the drives."""


@dataclass(frozen=True)
class ExportOptions:
    """Export a driver's checkpoint to the ONNX file that the car runs."""

    checkpoint: tyro.conf.Positional[Path] = Path("runs/vla/nano/average.safetensors")
    """A checkpoint that `caravela train vla`, `train soup` or `train tune` wrote."""
    out: Path = Path("runs/vla/nano/export")
    """The bundle's folder."""
    critic: bool = True
    """Let the critic choose among the proposals; without, the regression's plan is driven. Worth it where `probe` says that it gains."""
    critic_margin: float | None = None
    """What another proposal must be worth over the regression's plan to be chosen, 0 to 1; `probe` tells the gain by margin. By default
    what the run drove its own roads with."""
    critic_caution: float = 0.0
    """What a certain failure costs a proposal, 0 to 1, beside what its value says."""
    paces: tuple[float, ...] | None = None
    """Other paces at which the regression's plan is proposed, too, as changes of its acceleration in m/s2, such as -2 -5 1. By default
    those that the run drove its own roads with."""
    abroad: Path | None = None
    """The same driver with other eyes, as `train tune abroad` wrote it: it drives where the streets are like none the driver was taught."""


@dataclass(frozen=True)
class TrafficOptions:
    """Make the world's learned traffic of a teacher: its network in half precision, for the simulator to read without torch."""

    teacher: Path | None = None
    """The teacher's checkpoint; by default runs/teacher/nano/last.pt, or the one that ships where there is none."""
    out: Path | None = None
    """The file; by default the one that the simulator reads (weights/traffic.npz in the package)."""


def run_vla(options: VLAOptions) -> dict[str, Any]:
    """Collect and learn until the steps are done."""
    from dataclasses import replace

    from caravela.model.presets import preset

    preset(options.preset)  # an unknown one is refused before torch is asked for, or anything made
    from caravela.train.learners import Learner
    from caravela.train.recipe import VLATrainConfig, taken_up
    from caravela.train.threads import use_threads

    _check_halves(options)
    at_least(0, seed=options.seed)
    at_least(1, steps=options.steps, threads=options.threads, towns=options.towns, turn_seconds=options.turn_seconds)
    at_least(1, collectors=options.collectors, learners=options.learners, rounds=options.rounds, batch=options.batch, keep=options.keep)
    at_least(0.01, minutes=options.minutes)
    teacher = teacher_at(options.teacher)
    config = VLATrainConfig(preset=options.preset, steps=options.steps, batch=options.batch, keep=options.keep, seed=options.seed)
    Learner(count=options.learners).share_of(config.batch)
    use_threads(options.threads, kernels=True)
    folder = folder_for(options.folder or Path("runs/vla") / options.preset)
    if options.begin_with is not None:
        # it drives its own roads from the first round on, and unlearns less
        config = replace(config, teacher_rounds=0, critic_from=0, learning_rate=4e-4)
    config = taken_up(folder, config)
    if options.only == "pretrain":
        return _pretrain(options, folder, config, teacher)
    if options.only == "learn":
        done = _learn(options, folder, config)
    elif options.only == "collect":
        done = {"step": 0, "rounds": _collect(options, folder, config, teacher)}
    else:
        done = _take_turns(options, folder, config, teacher)
    return done | {"folder": str(folder), "checkpoint": str(folder / "average.safetensors")}


def _check_halves(options: VLAOptions) -> None:
    """Raises CaravelaError for options of a half that does not run."""
    if options.only not in (None, "collect", "learn", "pretrain"):
        raise CaravelaError(f"--only is '{options.only}'; expected collect, learn or pretrain.")
    if options.only == "pretrain" and options.minutes is None:
        raise CaravelaError("--only pretrain has no --minutes; expected how long the eyes learn, such as --minutes 30.")
    if options.only == "pretrain" and options.begin_with is not None:
        raise CaravelaError("--begin-with is for a run that drives; --only pretrain begins its eyes from nothing: leave one of them out.")
    if options.minutes is not None and options.learners != 1:
        raise CaravelaError("--minutes is for one learner: several would each stop by a clock of its own; give --steps.")
    for name, given, half in (
        ("--collectors", options.collectors != 1, ("collect",)),
        ("--address", options.address is not None, ("collect",)),
        ("--rounds", options.rounds is not None, ("collect",)),
        ("--learners", options.learners != 1, ("learn",)),
        ("--sharded", options.sharded, ("learn",)),
        ("--minutes", options.minutes is not None, ("learn", "pretrain")),
    ):
        if given and options.only not in half:
            raise CaravelaError(
                f"{name} is for one half only; run `caravela train vla` with --only {' or '.join(half)}, and the other half beside it."
            )


def _pretrain(options: VLAOptions, folder: Path, config: Any, teacher: Path) -> dict[str, Any]:
    """The eyes first, for some minutes. Raises CaravelaError where the run has begun."""
    from caravela.train.pretrain import Pretrainer
    from caravela.train.teacher_driver import load_teacher
    from caravela.train.vla import ENDLESS

    assert options.minutes is not None
    if (folder / "last.safetensors").exists():
        raise CaravelaError(f"the run in '{folder}' has begun; its eyes learn with it. Pretrain in another --folder.")
    graphs = training_maps(options.maps, towns=options.towns)
    trainer = Pretrainer(graphs, folder, config, teacher=load_teacher(teacher))
    trainer.train(seconds=60.0 * options.minutes, until=ENDLESS, anneal=True)
    return {"step": trainer.step, "folder": str(folder), "checkpoint": str(trainer.average_path)}


def _take_turns(options: VLAOptions, folder: Path, config: Any, teacher: Path) -> dict[str, Any]:
    """Both halves in one process."""
    from caravela.train.collect import CollectConfig
    from caravela.train.rounds import VLACollector
    from caravela.train.teacher_driver import load_teacher
    from caravela.train.vla import VLATrainer

    graphs = training_maps(options.maps, towns=options.towns)  # these and the teacher are looked at before the run is there
    load_teacher(teacher)
    trainer = VLATrainer(folder, config, begin_with=options.begin_with)
    collector = VLACollector(graphs, folder, teacher=teacher, config=config, collect=CollectConfig())
    rounds = 0
    while trainer.step < config.steps:
        collector.run_round()
        rounds += 1
        trainer.train(seconds=options.turn_seconds)
    return {"step": trainer.step, "rounds": rounds}


def _collect(options: VLAOptions, folder: Path, config: Any, teacher: Path) -> int:
    """The collecting half, in one process or in several. Returns the number of rounds."""
    from contextlib import closing
    from functools import partial
    from itertools import count

    from caravela.train.collect import CollectConfig
    from caravela.train.rounds import VLACollector, hire_collector, record_round

    several = options.collectors > 1 or options.address is not None
    if several:
        from caravela.train.collectors import load_ray, rounds_of

        load_ray()  # its absence is told before maps are made
    given = {"teacher": teacher.resolve(), "config": config, "collect": CollectConfig()}
    graphs = training_maps(options.maps, towns=options.towns)
    if not several:
        collector = VLACollector(graphs, folder, **given)
        for number in count(1):
            collector.run_round()
            if number == options.rounds:
                return number
    hire = partial(hire_collector, graphs, folder.resolve(), **given)
    rounds = rounds_of(
        hire,
        collectors=options.collectors,
        address=options.address,
        threads=options.threads,
        told=lambda what: print(what, file=sys.stderr),
    )
    with closing(rounds):
        for number, done in enumerate(rounds, start=1):
            record_round(folder, done.counts | {"collector": done.collector})
            if number == options.rounds:
                return number
    raise AssertionError("rounds have no end")


def _learn(options: VLAOptions, folder: Path, config: Any) -> dict[str, Any]:
    """The learning half, in one process or in several."""
    from functools import partial

    from caravela.train.learners import Learner, is_launched, learn_launched, learn_together
    from caravela.train.vla import learn_until_done, step_of

    job = partial(learn_until_done, folder, config, begin_with=options.begin_with, threads=options.threads, minutes=options.minutes)
    if is_launched():
        if options.learners != 1:
            raise CaravelaError(f"--learners is {options.learners}, but torchrun already says how many there are; leave it out.")
        learn_launched(job, sharded=options.sharded)
    elif options.learners > 1:
        learn_together(job, count=options.learners, kept=folder / "last.safetensors", sharded=options.sharded)
    elif options.sharded:
        raise CaravelaError(
            "--sharded spreads the weights over several learners, and there is one; give --learners 2 or more, or torchrun."
        )
    else:
        job(Learner())
    return {"step": step_of(folder), "rounds": 0}


def run_probe(options: ProbeOptions) -> dict[str, Any]:
    """Look, compare, and write the figures."""
    import hashlib
    import json

    from caravela.commands._result_file import git_revision
    from caravela.core.bundle import MODEL_FILE
    from caravela.model.checkpoint import load_checkpoint
    from caravela.model.reopen import reopen
    from caravela.train.probe import probe
    from caravela.train.teacher_driver import load_teacher
    from caravela.train.threads import use_threads
    from caravela.world.maps.catalogue import load

    at_least(0, seed=options.seed)
    at_least(1, looks=options.looks)
    use_threads(1)
    exported = options.checkpoint.is_dir()
    model = reopen(options.checkpoint) if exported else load_checkpoint(options.checkpoint).model
    writable(options.out)
    graphs = [load(path) for path in validation_towns(options.maps)]
    teacher = load_teacher(teacher_at(options.teacher))
    told = probe(model, graphs, teacher, looks=options.looks, seed=options.seed, told=lambda what: print(what, file=sys.stderr))
    for table in told["weathers"].values() if exported else ():
        del table["birds_eye_right"]  # of a head that was not exported
    result = {
        "model": model.config.name,
        "sha256": hashlib.sha256((options.checkpoint / MODEL_FILE if exported else options.checkpoint).read_bytes()).hexdigest(),
        "git_revision": git_revision(),
        "maps": len(graphs),
        "seed": options.seed,
    } | told
    try:
        options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(options.out, error) from error
    return result


def run_export(options: ExportOptions) -> dict[str, Any]:
    """Write the bundle and say how large it is."""
    from dataclasses import replace

    from caravela.core.bundle import MODEL_FILE
    from caravela.model.checkpoint import load_checkpoint
    from caravela.model.export import export_onnx
    from caravela.train.recipe import VLATrainConfig

    within(0.0, 1.0, critic_margin=options.critic_margin)
    at_least(0, critic_caution=options.critic_caution)
    checkpoint = load_checkpoint(options.checkpoint)
    path = folder_for(options.out, option="out") / MODEL_FILE
    run = {"critic_margin": VLATrainConfig.critic_margin, "paces": VLATrainConfig.paces} | checkpoint.progress.get("config", {})
    margin = run["critic_margin"] if options.critic_margin is None else options.critic_margin
    paces = tuple(run["paces"]) if options.paces is None else options.paces
    chosen: dict[str, Any] = {
        "critic_trained": options.critic,
        "critic_margin": margin,
        "critic_caution": options.critic_caution,
        "paces": paces,
    }
    checkpoint.model.config = replace(checkpoint.model.config, **chosen)
    abroad = None if options.abroad is None else load_checkpoint(options.abroad).model
    export_onnx(checkpoint.model, path, data_version=checkpoint.data_version, abroad=abroad)
    said = {"out": str(options.out), "megabytes": round(path.stat().st_size / 1e6, 2), "step": checkpoint.progress.get("step")}
    return said | {"critic": options.critic, "critic_margin": margin, "paces": list(paces)}


def run_traffic(options: TrafficOptions) -> dict[str, Any]:
    """Write the file, read it as the simulator does, and say how large it is."""
    from caravela.train.teacher_driver import load_teacher
    from caravela.train.traffic import write_traffic
    from caravela.world import learned

    teacher = teacher_at(options.teacher)
    out = announced(options.out or learned.SHIPPED)
    size = write_traffic(load_teacher(teacher), out)
    return {"out": str(out), "teacher": str(teacher), "kilobytes": round(size / 1e3, 1), "numbers": len(learned.weights(out))}


VERBS = {
    "teacher": Verb(TeacherOptions, run_teacher, "the teacher, by self-play on vectors"),
    "vla": Verb(VLAOptions, run_vla, "the driver, by distillation on pixels"),
    "probe": Verb(ProbeOptions, run_probe, "what a driver sees on maps it never trained on"),
    "soup": Verb(SoupOptions, run_soup, "two checkpoints of one run, or one and the driver that it began with, mixed"),
    "tune": Verb(TuneOptions, run_tune, "one part of a driver anew, all the rest held still"),
    "traffic": Verb(TrafficOptions, run_traffic, "the world's learned traffic, of a teacher"),
    "export": Verb(ExportOptions, run_export, "a driver's checkpoint to the file that the car runs"),
    "text": Verb(TextOptions, run_text, "a driver's answers in words, off the driving path", show_text),
    "scaling": Verb(ScalingOptions, run_scaling, "how loss falls with data, parameters and compute", show_scaling),
}
