"""What `make drive` passes on."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="this system has no make")
@pytest.mark.parametrize(
    ("given", "typed"),
    [([], ""), (["PORT=8123"], "--port 8123"), (["PORT=0", "ARGS=--town dunmore"], "--port 0 --town dunmore")],
)
def test_make_drive_takes_a_port_and_options(given: list[str], typed: str) -> None:
    done = subprocess.run(["make", "--dry-run", "drive", *given], capture_output=True, text=True, cwd=ROOT, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == [".venv/bin/caravela", "drive", *typed.split()]
