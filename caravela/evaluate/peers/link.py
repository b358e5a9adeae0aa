"""A simulator in a process and a Python of its own, behind a pipe: a JSON line goes in, a JSON line comes back and, where the scene is
drawn, the bytes of its pictures. Nothing of the other side is imported here. `benchmarks/metadrive_judge.py` is that other side."""

import json
import os
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError

GET_IT = "run `make peers` in the repository (once, about 1 GB; it needs Python 3.11 or older)"
LARGEST = 1 << 26  # bytes of pictures in one answer


@dataclass(frozen=True)
class Answer:
    """What the other side said."""

    said: dict[str, Any]
    pictures: NDArray[np.uint8] | None  # (C, H, W, 3) RGB


class Peer:
    """The other process. Use it in a `with`: it is ended there."""

    def __init__(self, python: Path, script: Path, case: dict[str, Any], *, patience_s: float = 900.0) -> None:
        """Start `script` with `python`, telling it its case. Raises CaravelaError where either is missing."""
        if not python.is_file():
            raise CaravelaError(f"MetaDrive's environment is missing: there is no '{python}'; {GET_IT}, or give --python.")
        if not script.is_file():
            raise CaravelaError(f"there is no '{script}'; expected the repository's: run this from a checkout of it.")
        self._patience_s = patience_s
        # one thread: the rasteriser draws in the thread that simulates
        environment = {**os.environ, "LP_NUM_THREADS": "0", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        environment.pop("PYTHONPATH", None)
        self._log = tempfile.TemporaryFile(mode="w+")
        try:
            self._process = subprocess.Popen(
                [str(python), str(script), json.dumps(case)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                bufsize=0,
                env=environment,
            )
        except OSError as error:
            raise CaravelaError(f"cannot start '{python}' ({error.strerror}); {GET_IT}.") from error
        self._read = bytearray()

    def ask(self, message: dict[str, Any]) -> Answer:
        """Say something, wait for the answer. Raises CaravelaError where the other side stopped, is late or speaks another protocol."""
        assert self._process.stdin is not None
        deadline = time.monotonic() + self._patience_s
        try:
            self._process.stdin.write((json.dumps(message) + "\n").encode())
        except OSError:
            raise self._stopped() from None
        while (end := self._read.find(b"\n")) < 0:
            self._more(deadline)
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        try:
            said = json.loads(line)
            shape = tuple(int(size) for size in said.get("pictures", ()))
        except (ValueError, TypeError, AttributeError):
            raise CaravelaError(
                f"the peer answered '{line[:60]!r}'; expected a JSON object: its script does not fit this version."
            ) from None
        if not shape:
            return Answer(said, None)
        size = int(np.prod(shape))
        if len(shape) != 4 or shape[3] != 3 or not 0 < size <= LARGEST:
            raise CaravelaError(f"the peer announced pictures of shape {shape}; expected (cameras, rows, columns, 3).")
        while len(self._read) < size:
            self._more(deadline)
        pictures = np.frombuffer(bytes(self._read[:size]), dtype=np.uint8).reshape(shape)
        del self._read[:size]
        return Answer(said, pictures)

    def _more(self, deadline: float) -> None:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise CaravelaError(f"MetaDrive did not answer within {self._patience_s:.0f} s; it may need an idler machine: run it again.")
        data = os.read(self._process.stdout.fileno(), 1 << 16)
        if not data:
            raise self._stopped()
        self._read += data

    def _stopped(self) -> CaravelaError:
        self._log.seek(0)
        last = ([line.strip() for line in self._log if line.strip()] or ["it said nothing"])[-1]
        return CaravelaError(
            f"MetaDrive stopped: {last[:200]}; {GET_IT} again, and on Debian or Ubuntu install libegl1 and libgl1-mesa-dri, which draw for it."
        )

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(timeout=5.0)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
