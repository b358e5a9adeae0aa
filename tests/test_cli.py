"""What the command line promises: instant help, one sentence and exit 2 for bad input, one JSON object as the last line."""

import io
import json
import re
import subprocess
import sys
import tomllib
import types
from dataclasses import dataclass
from importlib import metadata

import numpy as np
import pytest
import tyro

from caravela import cli
from caravela.commands import Verb
from caravela.core.errors import CaravelaError
from caravela.world.simulator import TRAFFIC
from caravela.world.weather import PRESETS


@dataclass(frozen=True)
class Options:
    """Greets."""

    name: tyro.conf.Positional[str]
    """Whom."""
    times: int = 1
    """How often."""
    lefthand: bool | None = None
    """The hand."""
    weight: float = 1.0
    height: float | None = None
    depths: tuple[int, ...] | None = None


def _run(options):
    if options.name == "nobody":
        raise CaravelaError("got nobody;\nexpected a name: give one.")
    if options.name == "ctrl-c":
        raise KeyboardInterrupt
    if options.name == "bug":
        raise AssertionError("ours")
    if options.name.startswith("without "):
        raise ModuleNotFoundError("not there", name=options.name.removeprefix("without "))
    print("progress", file=sys.stderr)
    return {"name": options.name, "values": np.arange(2), "nan": float("nan"), "one": np.float32(0.5), "lefthand": options.lefthand}


@pytest.fixture
def caravela(monkeypatch, capsys):
    """Runs `caravela …` in this process with one extra command, `greet`; returns (exit code, stdout, stderr)."""
    single = types.SimpleNamespace(Options=Options, run=_run)
    many = types.SimpleNamespace(
        VERBS={
            "hello": Verb(Options, _run, "says hello"),
            "bye": Verb(Options, _run, "says goodbye"),
            "check": Verb(Options, _run, "finds Ana wrong", exit_code=lambda result: int(result["name"] == "Ana")),
        }
    )
    monkeypatch.setattr(cli, "commands", lambda: {"greet": "greets someone", "greetings": "greets in many ways"})
    monkeypatch.setattr(cli, "load", {"greet": single, "greetings": many}.__getitem__)

    def run(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        out, err = capsys.readouterr()
        return stop.value.code or 0, out, err

    return run


def test_help_lists_every_command_and_loads_neither_torch_nor_numba():
    code = (
        "import sys\nfrom caravela.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit as stop: assert stop.code == 0\n"
        "heavy = {'torch', 'numba', 'numpy', 'onnxruntime', 'tyro'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, line in cli.commands().items():
        assert name in done.stdout and line in done.stdout


@pytest.mark.parametrize("name", sorted(cli.commands()))
def test_help_of_every_command_loads_neither_torch_nor_numba(name):
    code = (
        "import sys\nfrom caravela.cli import main\n"
        f"try: main([{name!r}, '--help'])\nexcept SystemExit as stop: assert stop.code == 0, stop.code\n"
        "heavy = {'torch', 'numba', 'onnxruntime'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_file_in_commands_is_a_command_with_one_line_of_help():
    files = {path.stem for path in cli.COMMANDS.glob("[!_]*.py")}
    assert files == cli.commands().keys()
    for line in cli.commands().values():
        assert line and "\n" not in line and len(line) < 100


def test_every_verb_has_options_that_a_person_can_read(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "1000")
    for name in cli.commands():
        module = cli.load(name)
        verbs = getattr(module, "VERBS", None) or {"": Verb(module.Options, module.run, module.HELP)}
        for verb in verbs.values():
            with pytest.raises(SystemExit) as stop:
                cli.parse_options(verb.options, ["--help"], program=f"caravela {name}")
            assert not stop.value.code
            page = " ".join(capsys.readouterr().out.replace("│", " ").split())
            assert not re.search(r"\{|None\)|\(default: \)|''", page), page
            assert not re.search(r"--[\w-]+ [A-Z]+ (\(default|--[a-z]|$)", page), page  # an option of which nothing is said


def test_help_reads_as_what_one_types(caravela, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    page = caravela("greet", "--help")[1]
    for line in ("NAME  ", "--times INT", "--lefthand | --no-lefthand", "--height FLOAT", "--depths [INT ...]"):
        assert line in page
    assert "How often. (default: 1)" in page and "The hand. " in page and "None" not in page


@pytest.mark.parametrize("left_out", [(), ("--height", "None"), ("--depths", "None")])
def test_what_may_be_left_out_is_none(left_out):
    options = cli.parse_options(Options, ["Ana", *left_out], program="caravela greet")
    assert options == Options("Ana")
    assert cli.parse_options(Options, ["Ana", "--depths", "4", "8", "--height", "1.5"], program="") == Options(
        "Ana", height=1.5, depths=(4, 8)
    )


@pytest.mark.parametrize("words", [("drive",), ("vehicle", "run"), ("world", "play")])
def test_help_lists_every_weather_and_traffic(words, capsys):
    with pytest.raises(SystemExit):
        cli.main([*words, "--help"])
    listed = set(re.findall(r"[\w-]+", capsys.readouterr().out))
    assert not PRESETS.keys() - listed and not TRAFFIC.keys() - listed


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["great"], "did you mean greet"),
        (["greetings", "helo"], "did you mean hello"),
        (["greet"], "caravela greet needs NAME: whom."),
        (["greet", "a", "--tims", "3"], "--times"),
        (["greet", "a", "--times", "often"], "--times is 'often'; expected a whole number."),
        (["greet", "a", "--times", "1.5"], "--times is '1.5'; expected a whole number."),
        (["greet", "a", "--times", ""], "--times is ''; expected a whole number."),
        (["greet", "a", "--weight", "heavy"], "--weight is 'heavy'; expected a number."),
        (["greet", "a", "--height", "tall"], "--height is 'tall'; expected a number."),
        (["greet", "a", "--depths", "4", "deep"], "--depths is 'deep'; expected a whole number."),
        (["greet", "a", "b"], "unrecognized options: b"),
        (["greet", "nobody"], "got nobody; expected a name: give one."),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_bad_input_is_one_sentence_and_exit_2(caravela, monkeypatch, words, expected, encoding):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))  # tyro draws its boxes to suit
    code, out, err = caravela(*words)
    assert code == 2 and out == "" and sys.stdout.tell() == 0
    assert err.startswith("caravela: ") and err.count("\n") == 1 and not {"│", "--help.", "----"} & set(err.split())
    assert expected.lower() in err.lower()


def test_no_command_prints_the_help_and_exits_2(caravela):
    code, out, _ = caravela()
    assert code == 2 and "greets someone" in out
    assert caravela("--help")[0] == 0


def test_verbs_are_listed(caravela):
    code, out, _ = caravela("greetings", "--help")
    assert code == 0 and "says hello" in out and "says goodbye" in out


@pytest.mark.parametrize(
    "words", [("greet", "Ana", "--json"), ("greet", "--json", "Ana"), ("--json", "greet", "Ana"), ("greetings", "--json", "hello", "Ana")]
)
def test_json_is_the_last_line_and_valid_wherever_it_is_asked_for(caravela, words):
    code, out, err = caravela(*words)
    assert code == 0 and "progress" in err
    assert json.loads(out.splitlines()[-1]) == {"name": "Ana", "values": [0, 1], "nan": None, "one": 0.5, "lefthand": None}


@pytest.mark.parametrize(("flag", "value"), [("--lefthand", True), ("--no-lefthand", False)])
def test_a_switch_that_may_be_left_open(caravela, flag, value):
    assert json.loads(caravela("greet", flag, "Ana", "--json")[1])["lefthand"] is value


@pytest.mark.parametrize(
    "words",
    [
        ["great", "--json"],
        ["greet", "a", "--times", "often", "--json"],
        ["greet", "nobody", "--json"],
        ["--json", "greet", "nobody"],
        ["--json"],
        ["greetings", "--json"],
    ],
)
def test_with_json_bad_input_is_an_object_too(caravela, words):
    code, out, err = caravela(*words)
    assert code == 2 and err == f"caravela: {json.loads(out)['error']}\n" and out.count("\n") == 1


def test_a_verb_may_find_its_object_wrong_after_printing_what_it_found(caravela):
    assert caravela("greetings", "check", "Bea")[0] == 0
    code, out, err = caravela("greetings", "check", "Ana")
    assert code == 1 and "name: Ana" in out and "caravela:" not in err


@pytest.mark.parametrize(("module", "extra"), [("torch", "train"), ("torch.nn", "train"), ("osmium", "maps"), ("grpc", "serve")])
def test_a_package_of_an_extra_that_is_missing_is_one_sentence(caravela, module, extra):
    code, out, err = caravela("greet", f"without {module}")
    assert code == 2 and out == "" and err.count("\n") == 1
    assert f"needs the package {module}" in err and f".venv/bin/pip install --editable '.[{extra}]'" in err


def test_any_other_module_that_is_missing_keeps_its_traceback(caravela):
    with pytest.raises(ModuleNotFoundError):
        cli.main(["greet", "without caravela.modle"])


def test_every_package_of_an_extra_is_known_by_what_one_imports_of_it():
    """No table of ours says which modules a package brings, but the packages that are installed do."""
    declared = tomllib.loads((cli.COMMANDS.parents[1] / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    brings = metadata.packages_distributions()
    for extra in declared.keys() - {"dev", "fast"}:
        assert cli.EXTRAS[extra]
        names = {re.split(r"[^\w-]", requirement)[0].lower() for requirement in declared[extra]}
        assert len(cli.EXTRAS[extra]) == len(names), extra
        for module in cli.EXTRAS[extra]:
            assert not (found := {name.lower() for name in brings.get(module, ())}) or found & names, (extra, module)


BASE_ONLY = """
import sys
class Gone:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "onnx", "safetensors", "grpc", "carla_driver_interface"}:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Gone)
from caravela.cli import main
for words in (["train", "teacher"], ["train", "vla"], ["train", "export"], ["train", "probe"], ["vehicle", "serve"],
              ["evaluate", "run", "--policy", "teacher"]):
    try: main(words)
    except SystemExit as stop: assert stop.code == 2, words
"""


def test_the_base_says_which_extra_a_command_needs(tmp_path):
    done = subprocess.run([sys.executable, "-c", BASE_ONLY], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    extras = ["train,maps"] * 4 + ["serve", "train"]
    assert [f"'.[{extra}]'" in line for extra, line in zip(extras, done.stderr.splitlines(), strict=True)] == [True] * 6
    assert list(tmp_path.iterdir()) == []


def test_without_json_a_person_reads_lines(caravela):
    assert "name: Ana" in caravela("greetings", "hello", "Ana")[1]


def test_interrupted_is_130(caravela):
    assert caravela("greet", "ctrl-c")[0] == 130


def test_our_own_bugs_keep_their_traceback(monkeypatch):
    monkeypatch.setattr(cli, "_dispatch", lambda words: _run(Options("bug")))
    with pytest.raises(AssertionError):
        cli.main([])


def test_version(caravela):
    from caravela import __version__

    assert caravela("--version")[1] == f"caravela {__version__}\n"
