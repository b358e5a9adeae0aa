"""The record of what other agents asked: one JSON object a line, only ever appended. What moves something is written down before it is done
and again when it is: without a record nothing is done. A flood leaves a count, not a full disk."""

import json
import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError

LONGEST_VALUE = 200  # characters of an argument that are kept


class AuditError(CaravelaError):
    """A record that cannot be written."""


class Audit:
    """An open record. `clock` gives seconds since 1970."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Raises AuditError where `path` cannot be written."""
        self.path, self._clock = path, clock
        self._number, self._session = 0, secrets.token_hex(4)  # several servers may share a record
        self._unwritten = 0  # lines of a flood
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise AuditError(f"cannot write '{path}' ({error.strerror}); give a folder that you can write.") from error

    def number(self) -> int:
        """A new request's number in this record."""
        self._number += 1
        return self._number

    def write(self, number: int, outcome: str, **facts: Any) -> None:
        """Append a line: `outcome` is asked, granted or refused. Raises AuditError where that fails."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds"),
            "session": self._session,
        }
        line |= {"request": number, "outcome": outcome}
        line |= {name: clipped(value) for name, value in facts.items()}
        if self._unwritten:
            line["flood_before"] = self._unwritten
        data = (json.dumps(line, ensure_ascii=True, allow_nan=False) + "\n").encode()
        try:
            if os.write(self._file, data) != len(data):
                raise OSError(None, "the disk is full")
        except OSError as error:
            raise AuditError(f"cannot write '{self.path}' ({error.strerror}); make room there.") from error
        self._unwritten = 0

    def count(self) -> None:
        """One more request of a flood, which gets no line of its own."""
        self._unwritten += 1

    def close(self) -> None:
        os.close(self._file)


def clipped(value: Any, depth: int = 0) -> Any:
    """A value as the record keeps it: long texts and lists are cut, what is not JSON is told as text."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}… ({len(value)} characters)"
    if isinstance(value, bool | int | None):
        return value if not isinstance(value, int) or abs(value) < 2**63 else "a huge number"
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if depth < 3 and isinstance(value, dict):
        return {str(key)[:60]: clipped(item, depth + 1) for key, item in list(value.items())[:20]}
    if depth < 3 and isinstance(value, list | tuple):
        return [clipped(item, depth + 1) for item in value[:20]]
    return f"{type(value).__name__}"
