"""`caravela train scaling`: loss and short drives against data, parameters and compute, learned, fitted, drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from caravela.commands._map_sides import validation_towns
from caravela.commands._numbers import at_least
from caravela.commands._progress import Bar
from caravela.commands._result_file import git_revision
from caravela.commands._writing import unwritable, writable


@dataclass(frozen=True)
class ScalingOptions:
    """Learn small drivers of growing data, size and steps from looks that are there, and fit how their loss falls. Points are kept as they
    are done: a study that was stopped goes on where it was."""

    preset: tyro.conf.Positional[str] = "nano"
    """Size of the largest model: nano, se, ultra, base."""
    shards: Path = Path("runs/vla/nano/shards")
    """Labelled looks that `caravela train vla` collected; they are only read."""
    folder: Path = Path("runs/scaling")
    """Where the study lives: its points, models and drawings. One that is there goes on."""
    newest: int | None = None
    """Shards to take, the newest ones; all by default."""
    data: tuple[float, ...] = (1 / 64, 1 / 16, 1 / 4, 1.0)
    """Shares of the looks to learn from; at least four."""
    depths: tuple[int, ...] | None = None
    """Depths of the models, which say all their sizes; by default four up to the preset's."""
    steps: tuple[int, ...] = (50, 100, 200, 400)
    """Learning steps; at least four."""
    batch: int = 64
    """Looks of a step."""
    held_out: int = 2048
    """Looks of which the loss is told, at least: the newest. None of them is learned from."""
    apart: int = 4096
    """Looks before those that serve neither, at least: they may be of the same drives."""
    episodes: int = 16
    """Short drives of each point on maps of the validation side; 0 leaves them out."""
    maps: Path = Path(".cache/maps")
    """Folder with the maps; its validation side is used (made there if it is not)."""
    out: Path = Path("results/scaling.json")
    """The figures."""
    threads: int = 1
    """Threads of this process."""
    seed: int = 0
    """Of the models, the order of the looks, and the starts of the drives."""


def run_scaling(options: ScalingOptions) -> dict[str, Any]:
    """Learn, drive, fit, write, draw."""
    import json
    from dataclasses import fields

    from caravela.evaluate.places import read_folder
    from caravela.model.presets import preset
    from caravela.train import scaling_drawing
    from caravela.train.scaling import ScalingConfig, Study
    from caravela.train.threads import use_threads

    preset(options.preset)
    at_least(0, seed=options.seed, apart=options.apart, episodes=options.episodes)
    at_least(1, newest=options.newest, held_out=options.held_out, threads=options.threads)
    at_least(2, batch=options.batch)
    use_threads(options.threads)
    config = ScalingConfig(**{field.name: getattr(options, field.name) for field in fields(ScalingConfig)})
    study = Study(options.shards, options.folder, config)
    writable(options.out)
    with Bar() as bar:
        study.learn(bar)
        if options.episodes:
            validation_towns(options.maps)
            study.drive(read_folder(options.maps / "validation"), bar, episodes=options.episodes)
    result = {**study.report(episodes=options.episodes), "git_revision": git_revision()}
    files = {kind: options.folder / f"scaling.{kind}" for kind in ("html", "png")}
    try:
        options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(options.out, error) from error
    try:
        files["html"].write_text(scaling_drawing.html(result))
        scaling_drawing.png(files["png"], result)
    except OSError as error:
        raise unwritable(files["html"], error) from error
    return {**result, "out": str(options.out), **{kind: str(path) for kind, path in files.items()}}


def show_scaling(result: dict[str, Any]) -> None:
    """The points and laws for people."""
    from caravela.evaluate.pages.scaling import AXES, LOSSES, law, short

    print(f"{'varied':<26}{'looks':>9}{'parameters':>12}{'steps':>7}{'operations':>12}{'loss':>9}{'path':>9}  short drives")
    for point in result["points"]:
        drives = point.get("drives")
        said = f"{drives['successes']} of {drives['episodes']}, progress {drives['progress']:.1%}" if drives is not None else "–"
        print(
            f"{', '.join(point['axes']):<26}{point['looks']:>9,}{short(point['parameters']):>12}{point['steps']:>7}{short(point['flops']):>12}"
            f"{point['loss']:>9.4f}{point['path']:>7.3f} m  {said}"
        )
    for name, axis in AXES.items():
        for loss, what in LOSSES.items():
            print(f"  {what} over {axis.title}: {law(result['fits'][name][loss], axis.symbol)}")
    print(f"drawn in {result['html']} and {result['png']}; written to {result['out']}; `caravela results` puts it into docs/results.md")
