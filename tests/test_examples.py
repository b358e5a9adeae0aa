"""Every example runs and says something; every Python block of the documentation runs, block after block of a page."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCREEN = 50  # lines
NEED_TORCH = {"model"}  # pages whose blocks import the extra `train`


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_runs_and_fits_a_screen(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= SCREEN
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=500, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def blocks(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("page", sorted(path.stem for path in (ROOT / "docs").glob("*.md") if blocks(path)))
def test_the_python_on_a_page_runs(page: str) -> None:
    if page in NEED_TORCH and find_spec("torch") is None:
        pytest.skip("needs the extra `train`")
    code = "\n".join(blocks(ROOT / "docs" / f"{page}.md"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=500, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_every_folder_has_a_page() -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} | {"evaluate"}  # whose page is evaluation.md
    folders = {path.parent.name for path in (ROOT / "caravela").glob("*/__init__.py")} - {"commands"}
    assert folders <= pages, f"no page for {sorted(folders - pages)}"
