"""`caravela train text`: a driver's text head, from looks to figures to the file beside the driver."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._map_sides import validation_towns
from caravela.commands._numbers import at_least
from caravela.commands._teacher import teacher_at
from caravela.commands._writing import folder_for, unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.train.text_looks import Facts
    from caravela.words.grammar import Fact


@dataclass(frozen=True)
class TextOptions:
    """Train the head by which a driver answers questions in words. The driver stays as it is; the head goes beside it as text.onnx and
    answers for no other. Looks are looked at once and kept, so a run that was cut off goes on."""

    driver: Path = Path("caravela/weights/nano")
    """The driver: its folder or .onnx file; or a checkpoint, which is then exported to --out first."""
    shards: Path = Path("runs/vla/nano/shards")
    """Labelled looks that `caravela train vla` collected; they are only read."""
    folder: Path = Path("runs/text")
    """Where what the driver makes of the looks is kept, by driver."""
    out: Path | None = None
    """The folder for text.onnx; by default the driver's own."""
    looks: int = 14_000
    """Looks to learn from, at most; the newest are taken."""
    steps: int = 2000
    """Learning steps."""
    rounds: int = 2
    """Rounds of drives in validation towns: by the first one it is chosen when the head is believed, and of the others the figures are."""
    context: bool = False
    """Also train one on all tokens of the driver's context, for comparison only: it tells what the thoughts lack. Twice the time."""
    teacher: Path | None = None
    """The teacher's checkpoint, for the labels of the drives elsewhere; found as `caravela train vla` finds it."""
    maps: Path = Path(".cache/maps")
    """Folder with the maps; its validation side is used (made there if it is not)."""
    results: Path = Path("results/answers.json")
    """The figures."""
    seed: int = 0
    """Of the drives elsewhere and of learning."""


def run_text(options: TextOptions) -> dict[str, Any]:
    """Look, learn, compare, write."""
    import hashlib
    import json

    from caravela.core.bundle import MODEL_FILE
    from caravela.core.text_card import TEXT_FILE, TextCard
    from caravela.evaluate.places import DRIVERS, digest, program_digest
    from caravela.model.checkpoint import git_revision
    from caravela.model.reopen import reopen
    from caravela.model.text import export_text
    from caravela.train import text, text_judging, text_looks
    from caravela.train.teacher_driver import load_teacher
    from caravela.train.threads import use_threads
    from caravela.world.maps.catalogue import load

    at_least(0, seed=options.seed)
    at_least(1, looks=options.looks, steps=options.steps)
    at_least(2, rounds=options.rounds)
    use_threads(1)
    bundle = _bundle(options.driver, options.out)
    out = bundle if options.out is None else options.out
    if not list(options.shards.glob("shard-*")):
        raise CaravelaError(f"'{options.shards}' holds no looks; expected the shards that `caravela train vla` writes: give --shards.")
    teacher_path = teacher_at(options.teacher)
    writable(options.results, option="results")
    fingerprint = hashlib.sha256((bundle / MODEL_FILE).read_bytes()).hexdigest()
    kept = folder_for(options.folder / fingerprint[:12] / program_digest(DRIVERS)[:12])  # other code would make something else of a look
    config = text_looks.TextTrainConfig(looks=options.looks, steps=options.steps, rounds=options.rounds, seed=options.seed)
    model = reopen(bundle)
    shards = text_looks.look_at_shards(model, options.shards, kept, config=config, context=options.context, tell=_tell)
    graphs = [load(path) for path in validation_towns(options.maps)]
    there = hashlib.sha256(teacher_path.read_bytes() + "".join(map(digest, graphs)).encode()).hexdigest()[:12]
    development, *others = text_looks.look_elsewhere(
        model, graphs, load_teacher(teacher_path), folder_for(kept / there), config=config, context=options.context, tell=_tell
    )
    learned, elsewhere = text_looks.joined(shards), text_looks.joined(others)
    head = text.learn(learned, development, kept, config=config, tell=_tell)
    answers = text_judging.ask(head, development, questions=text_judging.QUESTIONS, seed=2)
    trust = text_judging.trust_of(
        answers, text_judging.templates(today, development), text_judging.most_frequent(learned, development), development
    )
    table = text_judging.compare(head, learned, elsewhere, today=today, trust=trust)
    if options.context:
        whole = text.learn(learned, development, kept, config=config, tell=_tell, context=True)
        shares = text_judging.tally(text_judging.ask(whole, elsewhere, questions=text_judging.HELD_OUT, seed=1, context=True), elsewhere)
        for name, share in shares.items():
            table[name]["whole_context"] = {"right": round(share.right, 4), "balanced": round(share.balanced, 4)}
    data = {"looks": len(learned), "development": len(development), "steps": config.steps}
    revision = git_revision()
    card = TextCard(fingerprint, text_judging.VOCABULARY, head.config.longest, trust, data, revision)
    export_text(head, folder_for(out, option="out") / TEXT_FILE, card)
    result = {
        "driver": model.config.name,
        "driver_sha256": fingerprint,
        "parameters": sum(weight.numel() for weight in head.parameters()),
        "megabytes": round((out / TEXT_FILE).stat().st_size / 1e6, 2),
        **data,
        "asked_about": len(elsewhere),
        "maps": f"{len(graphs)} validation towns",
        "trust": trust,
        "answers": table,
        "seed": options.seed,
        "git_revision": revision,
    }
    try:
        options.results.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(options.results, error, option="results") from error
    return {**result, "out": str(out / TEXT_FILE)}


def show_text(result: dict[str, Any]) -> None:
    """The table for people."""
    columns = ("head", "today", "together", "most_frequent", "whole_context")
    print(f"{'asked':<7}{'looks':>6}" + "".join(f"{name.replace('_', ' '):>15}" for name in columns) + "   (right / mean over truths)")
    for name, row in result["answers"].items():
        cells = [f"{row[c]['right']:.1%} /{row[c]['balanced']:.0%}" if c in row else "–" for c in columns]
        print(f"{name:<7}{row['looks']:>6}" + "".join(f"{cell:>15}" for cell in cells))
    trusted = ", ".join(f"{kind} from {chance:g}" for kind, chance in result["trust"].items()) or "nothing"
    print(f"believed: {trusted}; {result['megabytes']} MB, {result['out']}")


def today(kind: str, facts: "Facts") -> "Fact | None":
    """What the cockpit's templates state without a head, as a fact; None of the sides: there they say that they cannot tell."""
    import re

    from caravela.cockpit import replies
    from caravela.cockpit.situation import Situation
    from caravela.core.units import to_kph
    from caravela.words.grammar import UNKNOWN, Fact

    lead = facts.lead if facts.lead < 79.0 else None  # as studio/cabin/glance.py reads it
    situation = Situation(speed=facts.speed, light=facts.light, lead=lead, asked_to_stop=facts.asked)
    if kind == "speed":
        return Fact(kind, "standing") if facts.speed < 0.5 else Fact(kind, "driving", round(to_kph(facts.speed)))
    if kind == "why":
        said = replies.why(situation)
        if (metres := re.search(r"of a vehicle (\d+) metres", said)) is not None:
            return Fact(kind, "vehicle", int(metres[1]))
        known = {"asked me": "asked", "light is red": "red", "turns red": "yellow", "until the way": UNKNOWN, "as the road": "going"}
        return Fact(kind, next(what for part, what in known.items() if part in said))
    said = replies.what(situation)
    metres, light = re.search(r"a vehicle (\d+) metres", said), re.search(r"a (red|yellow|green) light", said)
    match kind:
        case "light":
            return Fact(kind, light[1] if light is not None else "none")
        case "clear":
            if metres is not None and int(metres[1]) < 20:
                return Fact(kind, "vehicle")
            return Fact(kind, "red" if light is not None and light[1] != "green" else "clear")
        case "lead" | "ahead":
            return Fact(kind, "vehicle", int(metres[1])) if metres is not None else Fact(kind, "nothing")
    return None


def _bundle(driver: Path, out: Path | None) -> Path:
    """The folder of an exported driver. A checkpoint is exported to `out`, unless a driver lies there already."""
    from caravela.core.bundle import MODEL_FILE
    from caravela.model.checkpoint import load_checkpoint
    from caravela.model.export import export_onnx

    if driver.suffix == ".safetensors":
        if out is None:
            raise CaravelaError(
                f"'{driver}' is a checkpoint; expected --out with it: the folder to export it to, for the head to lie beside."
            )
        if not (out / MODEL_FILE).is_file():
            checkpoint = load_checkpoint(driver)
            export_onnx(checkpoint.model, out / MODEL_FILE, data_version=checkpoint.data_version)
        return out
    folder = driver if driver.is_dir() else driver.parent
    if not (folder / MODEL_FILE).is_file():
        raise CaravelaError(f"no driver at '{driver}'; expected a folder with {MODEL_FILE}: `caravela train export` makes one.")
    return folder


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
