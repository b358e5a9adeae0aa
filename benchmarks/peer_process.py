"""MetaDrive beside us: starts `metadrive_peer.py` in the environment of its own and asks it for samples. Where the environment is
absent or MetaDrive does not run, `PeerMissing` says so in one sentence, and the comparison is n/a, never a win."""

import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from timing import Sample

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
SCRIPT = Path(__file__).with_name("metadrive_peer.py")
GET_IT = "run `make peers` (it needs Python 3.11 or older) to compare with MetaDrive 0.3.0.1"
BUILT_FOR_A_GPU = (
    "MetaDrive's renderer is built for a GPU; here it draws in software (Mesa llvmpipe), as this benchmark's own kernels do. "
    "On a graphics card it is many times faster, and this ratio says nothing about that."
)


class PeerMissing(Exception):
    """Why there is nothing to compare with."""


class MetaDrive:
    """One or more MetaDrive processes of one case, waiting to be asked."""

    def __init__(self, case: dict[str, Any], *, processes: int = 1, threads: int = 1, patience_s: float = 900.0) -> None:
        """`threads`: of the software rasteriser in each process; 1: it rasterises in the thread that simulates."""
        if not PYTHON.exists():
            raise PeerMissing(f"there is no {PYTHON.parent.parent.name} here; {GET_IT}.")
        self._patience_s = patience_s
        environment = {**os.environ, "LP_NUM_THREADS": str(0 if threads == 1 else threads), "PYTHONWARNINGS": "ignore"}
        environment.pop("PYTHONPATH", None)
        self._log = tempfile.TemporaryFile(mode="w+")
        command = [str(PYTHON), str(SCRIPT), json.dumps(case)]
        self._running = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, bufsize=1, env=environment
            )
            for _ in range(processes)
        ]
        try:
            built = [self._answer(process) for process in self._running]  # wait for all
            self.built = built[0]
        except PeerMissing:
            self.close()
            raise

    def _answer(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], self._patience_s)
        line = process.stdout.readline() if ready else ""
        if line:
            return dict(json.loads(line))
        self._log.seek(0)
        last = ([text.strip() for text in self._log if text.strip()] or ["it said nothing"])[-1]
        why = f"did not answer within {self._patience_s:.0f} s" if not ready else f"stopped: {last}"
        raise PeerMissing(f"MetaDrive {why}; {GET_IT}, and on Debian or Ubuntu apt install libegl1 libgl1-mesa-dri.")

    def samples(self, seconds: float) -> dict[str, Sample]:
        """Work of all processes together in `seconds` each: 'steps', 'frames', 'agent_steps' and, with cameras, 'drawn'."""
        for process in self._running:
            assert process.stdin is not None
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        done = [self._answer(process) for process in self._running]
        wall, cpu = max(d["wall_s"] for d in done), sum(d["cpu_s"] for d in done)
        found = {name: Sample(sum(d[name] for d in done), wall, cpu) for name in ("steps", "frames", "agent_steps")}
        if "drawn" in done[0]:
            found["drawn"] = Sample(sum(d["drawn"] for d in done), max(d["draw_wall_s"] for d in done), sum(d["draw_cpu_s"] for d in done))
        return found

    def close(self) -> None:
        """End the processes that this one started."""
        for process in self._running:
            try:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(timeout=10.0)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()
                process.wait()
        self._log.close()

    def __enter__(self) -> "MetaDrive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)
