"""The house rules: which folder may import which, where torch may be imported, which file of a command may import which, and how a file
opens. Imports inside functions count as imports. There are no exemptions."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "caravela"
MAX_LINES, WARN_LINES = 450, 400

# What a folder may import besides itself and `core`.
MAY_IMPORT = {
    "core": set(),
    "words": set(),
    "world": set(),
    "data": set(),
    "model": {"words"},
    "dream": {"model"},
    "vehicle": {"words"},
    "cockpit": {"words"},
    "evaluate": {"world", "vehicle"},
    "train": {"words", "world", "data", "model", "dream", "vehicle", "evaluate"},
    "release": {"data", "model", "vehicle", "evaluate", "train"},
    "studio": {"words", "world", "data", "model", "dream", "vehicle", "cockpit", "evaluate", "train", "release"},
    "commands": {"words", "world", "data", "model", "dream", "vehicle", "cockpit", "evaluate", "train", "release", "studio"},
    "cli": {"commands"},
    "__main__": {"cli"},
    "__init__": set(),
}
MAY_IMPORT_TORCH = {"model", "dream", "train"}
TORCH = {"torch", "onnx", "onnxscript", "safetensors"}  # the extra `train`
CORE_MAY_IMPORT = {"numpy", *sys.stdlib_module_names}

FILES = sorted(PACKAGE.rglob("*.py"))
COMMANDS = {path.stem for path in (PACKAGE / "commands").glob("[!_]*.py")}  # what is typed; the other files there are their parts


def folder_of(path: Path) -> str:
    """The row of the table that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of everything that a file imports, wherever the import stands."""
    package = ("caravela", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                yield node.lineno, node.args[0].value


def breaches(path: Path) -> list[str]:
    """What a file imports against the table, each with its line."""
    folder = folder_of(path)
    allowed = {folder, "core", *MAY_IMPORT[folder]}
    found = []
    for line, name in imports_of(path):
        top, *rest = name.split(".")
        if top == "caravela":
            target = rest[0] if rest else ""
            # `from caravela import __version__` names no folder
            if target not in ("", "__version__") and target not in allowed:
                found.append(f"{path.relative_to(ROOT)}:{line}: {folder} imports {target}; it may import {sorted(allowed)}")
            if folder == target == "commands" and path.name.startswith("_") and COMMANDS & {*rest[1:2]}:
                found.append(f"{path.relative_to(ROOT)}:{line}: a part imports the command {rest[1]}; put what both need into a part")
        elif top in TORCH and folder not in MAY_IMPORT_TORCH:
            found.append(
                f"{path.relative_to(ROOT)}:{line}: {folder} imports {top}; the base install has none, only {sorted(MAY_IMPORT_TORCH)} may"
            )
        elif folder == "core" and top not in CORE_MAY_IMPORT:
            found.append(f"{path.relative_to(ROOT)}:{line}: core imports {top}; it may import numpy")
    return found


def test_every_folder_is_in_the_table():
    assert {folder_of(path) for path in FILES} <= MAY_IMPORT.keys()


def test_the_table_has_no_cycle():
    done: set[str] = set()
    while rest := [folder for folder in MAY_IMPORT if folder not in done]:
        free = [folder for folder in rest if MAY_IMPORT[folder] <= done]
        assert free, f"these import each other: {rest}"
        done.update(free)


def test_imports_run_downhill():
    assert not (found := [line for path in FILES for line in breaches(path)]), "\n".join(found)


def test_no_relative_import_climbs():
    climbing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 1
    ]
    assert not climbing, f"write the full name instead of `from ..`: {climbing}"


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("vehicle/loop.py", "def f():\n    import torch"),
        ("vehicle/loop.py", "from caravela import world"),
        ("vehicle/loop.py", "from ..world import maps"),
        ("cockpit/agent.py", "import importlib\nimportlib.import_module('caravela.vehicle.loop')"),
        ("core/types.py", "import numba"),
        ("world/maps/x.py", "if True:\n    import caravela.evaluate.suites"),
        ("cli.py", "from caravela.world.maps import lane_graph"),
        ("commands/_bar.py", "def f():\n    from caravela.commands.evaluate import run"),
        ("commands/_bar.py", "from . import drive"),
    ],
)
def test_the_rule_catches_a_breach(where, code, tmp_path, monkeypatch):
    path = tmp_path / "caravela" / where
    path.parent.mkdir(parents=True)
    path.write_text(code)
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "caravela")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert len(breaches(path)) == 1


def test_what_is_imported_is_declared():
    declared = set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]:
        declared.add(re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0].lower().replace("_", "-"))
    found = {}
    distributions = importlib.metadata.packages_distributions()
    for path in FILES:
        for line, name in imports_of(path):
            top = name.split(".")[0]
            owners = {owner.lower().replace("_", "-") for owner in distributions.get(top, [top])}
            if top != "caravela" and top not in sys.stdlib_module_names and not owners & declared:
                found[top] = f"{path.relative_to(ROOT)}:{line}"
    assert not found, f"pyproject.toml does not declare {found}"


def test_every_file_opens_with_a_paragraph():
    silent = [str(path.relative_to(ROOT)) for path in FILES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not silent, f"these open without a docstring: {silent}"


def test_no_file_outgrows_a_reader(capsys):
    sources = [*FILES, *PACKAGE.rglob("*.js")]
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    if long := {name: count for name, count in lines.items() if WARN_LINES < count <= MAX_LINES}:
        with capsys.disabled():
            print(f"\n  over {WARN_LINES} lines, split them soon: {long}")
    too_long = {name: count for name, count in lines.items() if count > MAX_LINES}
    assert not too_long, f"over {MAX_LINES} lines, split by noun: {too_long}"


def test_no_file_is_a_drawer():
    drawers = [
        str(path.relative_to(ROOT)) for path in FILES if path.stem in {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
    ]
    assert not drawers, f"name these after what is in them: {drawers}"
