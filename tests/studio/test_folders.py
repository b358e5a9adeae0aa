"""The studio's folders, from the car outwards: each imports those before it only."""

import ast
from pathlib import Path

import caravela.studio

STUDIO = Path(caravela.studio.__file__).parent
OUTWARDS = {
    "driving": set(),
    "view": {"driving"},
    "record": {"driving", "view"},
    "cabin": {"driving"},
    "live": {"driving", "view", "cabin"},
    "web": {"driving", "cabin", "live"},
}


def test_every_file_is_in_a_folder_of_the_table() -> None:
    assert {path.relative_to(STUDIO).parts[0] for path in STUDIO.rglob("*.py")} == {*OUTWARDS, "__init__.py"}
    assert not list((STUDIO / "page").rglob("*.py"))


def test_imports_run_inwards() -> None:
    breaches = []
    for folder, allowed in OUTWARDS.items():
        for path in (STUDIO / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for module in _modules(node):
                    top, _, rest = module.removeprefix("caravela.").partition(".")
                    if top == "studio" and rest.split(".")[0] not in {folder, *allowed}:
                        breaches.append(f"{folder}/{path.name}: {module}")
    assert breaches == []


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
