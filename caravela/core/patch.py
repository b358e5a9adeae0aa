"""Two models in one file: the bytes in which a second one differs from the first, where both have the same graph, kept as text that the first
one's metadata can hold. So one file, with one fingerprint, drives at home and abroad, and weighs what the difference does."""

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass

import numpy as np

from caravela.core.errors import BundleError

NEAR = 64  # bytes between two differences below which they are kept as one
LARGEST = 64 << 20  # bytes of a patch, unpacked


@dataclass(frozen=True)
class Patch:
    """What stands where in the second model."""

    ranges: tuple[tuple[int, bytes], ...]  # the first byte's place, and what stands from there
    before: str  # sha256 of what the first model has at all these places

    def to_text(self) -> str:
        """ASCII, compressed."""
        head = json.dumps({"before": self.before, "ranges": [[start, len(data)] for start, data in self.ranges]}).encode()
        return base64.b85encode(zlib.compress(head + b"\n" + b"".join(data for _, data in self.ranges), 9)).decode()

    @staticmethod
    def from_text(text: str, *, source: str) -> "Patch":
        """Inverse of `to_text`. Raises BundleError, naming `source`, for anything else."""
        try:
            unpacking = zlib.decompressobj()
            head, _, data = unpacking.decompress(base64.b85decode(text), LARGEST).partition(b"\n")
            fields = json.loads(head)
            places = [(int(start), int(size)) for start, size in fields["ranges"]]
            if not unpacking.eof or any(start < 0 or size < 0 for start, size in places) or sum(size for _, size in places) != len(data):
                raise ValueError("its parts do not fit together")
            ends = np.cumsum([size for _, size in places])
            ranges = tuple((start, data[end - size : end]) for (start, size), end in zip(places, ends, strict=True))
            return Patch(ranges, str(fields["before"]))
        except (ValueError, KeyError, TypeError, OverflowError, zlib.error, RecursionError) as error:
            raise BundleError(f"{source} holds damaged eyes for abroad ({error}); export it again.") from error

    def applied(self, content: bytes, *, source: str) -> bytes:
        """The second model, made of the first one's `content`. Raises BundleError, naming `source`, where that is not the one it was made for."""
        if _digest([content[start : start + len(data)] for start, data in self.ranges]) != self.before:
            raise BundleError(f"{source} holds eyes for abroad that belong to another model; export it again.")
        made = bytearray(content)
        for start, data in self.ranges:
            made[start : start + len(data)] = data
        return bytes(made)


def patch_between(first: bytes, second: bytes) -> Patch:
    """The patch that makes `second` of `first`. Raises BundleError where their lengths differ: they have not the same graph then."""
    if len(first) != len(second):
        raise BundleError(f"two models of {len(first):,} and {len(second):,} bytes; expected two of the same graph.")
    differs = np.flatnonzero(np.frombuffer(first, np.uint8) != np.frombuffer(second, np.uint8))
    if not len(differs):
        return Patch((), _digest([]))
    cuts = np.flatnonzero(np.diff(differs) > NEAR)
    starts, ends = differs[np.r_[0, cuts + 1]], differs[np.r_[cuts, len(differs) - 1]] + 1
    ranges = tuple((int(start), second[start:end]) for start, end in zip(starts, ends, strict=True))
    return Patch(ranges, _digest([first[start:end] for start, end in zip(starts, ends, strict=True)]))


def _digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()
