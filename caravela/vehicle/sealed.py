"""An MCAP file that survives being killed and shows being changed. Every record goes to the system as it is written, without chunks,
so that a kill at any byte costs at most the record it hit, and a power cut at most the time since the last seal, when the disk is
asked to have it all. A seal is a message on `/seal`: the SHA-256 of the seal before it and of every byte since. A byte changed,
taken out or put in breaks the seal behind it; a file cut short lacks its closing seal. Whoever could rewrite the whole file could
seal it anew: against that, keep the last digest elsewhere, or seal with a key (HMAC-SHA-256), and verify with it.

Format: MCAP specification version 0."""

import errno
import hashlib
import hmac
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.writer import IndexType, Writer

from caravela.core.errors import RecordingError

MAGIC = b"\x89MCAP0\r\n"
CHANNEL, MESSAGE, DATA_END = 0x04, 0x05, 0x0F
RECORD_HEAD = 9  # opcode, and the length of what follows
LONGEST = 1 << 28  # bytes of a record that is still believed
SEAL_TOPIC = "/seal"
CLOSING = b"closing"  # ends what the last seal covers, so that no other seal can pass for it
NO_DISK = (errno.EINVAL, errno.ENOTSUP, errno.EROFS)  # what is none (a pipe, a terminal) cannot be asked to keep anything
START = "0" * 64  # the digest before the first seal


class _Stream:
    """What the MCAP writer writes to: straight to the file, hashed on the way."""

    def __init__(self, file: io.FileIO, start: "hashlib._Hash") -> None:
        self._file, self.hash = file, start
        self.position = 0
        self.kept = 0  # bytes that the system took
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        """All of `data`; after a failure nothing more."""
        rest = memoryview(data)
        self.hash.update(data)
        self.position += len(data)
        try:
            while self.failure is None and len(rest):
                taken = self._file.write(rest) or 0
                self.kept += taken
                rest = rest[taken:]
        except OSError as error:
            self.failure = error
        return len(data)

    def tell(self) -> int:
        return self.position

    def flush(self) -> None:
        """Nothing is held back."""


def open_file(path: Path) -> io.FileIO:
    """The recording's file, emptied if it was there."""
    return io.FileIO(path, "w")


class SealedFile:
    """Writes messages until closed; `failure` is a sentence once it cannot any more."""

    def __init__(self, path: Path, *, key: bytes | None = None, opener: Callable[[Path], io.FileIO] = open_file) -> None:
        """Raises RecordingError where `path` cannot be written."""
        self.path, self.failure = path, ""
        try:
            self._file = opener(path)
        except OSError as error:
            raise RecordingError(f"cannot record to '{path}' ({error.strerror}); give a file in a folder that you can write.") from error
        self._key, self.head, self._from = key, START, 0
        self._stream = _Stream(self._file, _hash(START))
        self._writer = Writer(self._stream, index_types=IndexType.NONE, use_chunking=False)  # type: ignore[arg-type]
        self._writer.start(profile="caravela", library="caravela")
        self._channels: dict[str, int] = {}
        self._sequence = 0
        self.open_channel(SEAL_TOPIC)

    def open_channel(self, topic: str, *, encoding: str = "json", schema: tuple[str, str, bytes] | None = None) -> None:
        """A topic; `schema` is its name, encoding and content."""
        schema_id = 0 if schema is None else self._writer.register_schema(schema[0], schema[1], schema[2])
        self._channels[topic] = self._writer.register_channel(topic, encoding, schema_id)

    def write(self, topic: str, data: bytes | dict[str, Any], *, log_time: int) -> None:
        """A message at `log_time`, ns. After a failure it does nothing."""
        if self.failure:
            return
        content = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
        self._writer.add_message(self._channels[topic], log_time, content, log_time, self._sequence)
        self._sequence += 1
        self._check()

    def seal(self, *, log_time: int, closing: bool = False) -> None:
        """Seal all that was written, and ask the disk to have it."""
        if self.failure:
            return
        self._stream.hash.update(CLOSING if closing else b"")
        digest = self._stream.hash.hexdigest()
        fields = {"from": self._from, "until": self._stream.position, "digest": digest, "closing": closing}
        if self._key is not None:
            fields["mac"] = _mac(self._key, digest)
        self._from = self._stream.position
        self._stream.hash = _hash(digest)
        self.head = digest
        self.write(SEAL_TOPIC, fields, log_time=log_time)
        if not self.failure:
            try:
                os.fdatasync(self._file.fileno())
            except OSError as error:
                if error.errno not in NO_DISK:
                    self._stream.failure = error
                    self._check()

    def close(self, *, log_time: int) -> None:
        """Seal for the last time and finish the file."""
        self.seal(log_time=log_time, closing=True)
        if not self.failure:
            self._writer.finish()
            self._check()
        self._file.close()

    def _check(self) -> None:
        if self._stream.failure is not None and not self.failure:
            why = self._stream.failure.strerror
            holds = "what it holds is readable" if self._stream.kept else "it holds nothing"
            self.failure = f"the recording '{self.path}' ended early ({why}); {holds}: free some space and record again."


@dataclass(frozen=True)
class Message:
    """A message of a recording."""

    topic: str
    log_time: int  # ns
    data: bytes

    def fields(self) -> dict[str, Any]:
        """What a JSON message says. Raises RecordingError for anything else."""
        try:
            fields = json.loads(self.data)
        except ValueError as error:
            raise RecordingError(f"a message on {self.topic} is no JSON ({error}); the recording is damaged: verify it.") from error
        if not isinstance(fields, dict):
            raise RecordingError(f"a message on {self.topic} holds a {type(fields).__name__}; the recording is damaged: verify it.")
        return fields


def read_bytes(path: Path) -> bytes:
    """A recording's bytes. Raises RecordingError where it is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"cannot read '{path}' ({error.strerror}); expected a recording that `caravela vehicle run` made.") from error
    if not data.startswith(MAGIC):
        raise RecordingError(f"'{path}' is no MCAP file; expected a recording that `caravela vehicle run` made.")
    return data


def messages(data: bytes) -> Iterator[tuple[int, int, Message]]:
    """All whole messages, each with the bytes where its record begins and ends; a torn end is left out. Unchunked files only."""
    position, topics = len(MAGIC), {}
    while position + RECORD_HEAD <= len(data):
        opcode, length = data[position], int.from_bytes(data[position + 1 : position + RECORD_HEAD], "little")
        begin, end = position + RECORD_HEAD, position + RECORD_HEAD + length
        if length > LONGEST or end > len(data) or opcode == DATA_END or opcode == 0:
            return
        content = data[begin:end]
        if opcode == CHANNEL and length >= 8:
            size = int.from_bytes(content[4:8], "little")
            topics[int.from_bytes(content[:2], "little")] = content[8 : 8 + size].decode(errors="replace")
        elif opcode == MESSAGE and length >= 22:
            topic = topics.get(int.from_bytes(content[:2], "little"), "")
            yield position, end, Message(topic, int.from_bytes(content[6:14], "little"), content[22:])
        position = end


@dataclass(frozen=True)
class Verdict:
    """What the seals of a recording say."""

    seals: int  # that hold
    broken: tuple[str, ...]  # a sentence for each that does not
    closed: bool  # ended by its closing seal: nothing was cut off
    head: str  # digest of the last seal
    sealed_bytes: int  # up to the last seal that holds
    loose_messages: int  # behind the last seal: the last second of a recording that was killed
    seconds: float  # from the first whole message to the last

    @property
    def unchanged(self) -> bool:
        """Whether nothing sealed was changed. A recording that was killed or cut is unchanged, and not closed."""
        return not self.broken and self.seals > 0

    @property
    def intact(self) -> bool:
        """Whether nothing was changed and nothing is missing."""
        return self.unchanged and self.closed

    def sentence(self) -> str:
        """What is to be said of the recording."""
        if not self.unchanged:
            return "the recording is NOT intact: " + "; ".join(self.broken)
        if not self.closed:
            loose = f" (nor are its last {self.loose_messages} messages)" if self.loose_messages else ""
            return f"the recording is NOT whole: it breaks off after {self.seconds:.1f} s and its end is not sealed{loose}; what is sealed is unchanged"
        return f"the recording is intact: {self.seconds:.1f} s, {self.seals} seals, its end sealed"


def verify(path: Path, *, key: bytes | None = None, head: str | None = None) -> Verdict:
    """Check every seal. `key` is the one that it was sealed with, if any; `head` the last digest, where it was kept elsewhere. Raises
    RecordingError where there is no recording."""
    data = read_bytes(path)
    broken: list[str] = []
    seals, begun, digest, sealed, loose, closed = 0, 0, START, 0, 0, False
    first = last = 0  # ns, of messages
    for position, end, message in messages(data):
        first, last = first or message.log_time, message.log_time
        if message.topic != SEAL_TOPIC:
            loose += 1
            continue
        fields, at = _seal_fields(message), f"the seal at byte {position:,}"
        expected = hashlib.sha256(bytes.fromhex(digest) + data[begun:position] + (CLOSING if fields.get("closing") else b"")).hexdigest()
        said = str(fields.get("digest", ""))
        if fields.get("until") != position or fields.get("from") != begun:
            broken.append(f"{at} is in another place than it says: bytes were taken out or put in")
        elif said != expected:
            broken.append(f"{at} does not fit: something was changed between bytes {begun:,} and {position:,}")
        elif key is not None and not hmac.compare_digest(str(fields.get("mac", "")), _mac(key, said)):
            broken.append(f"{at} was not made with this key")
        else:
            seals, sealed = seals + 1, end
        digest = said if len(said) == 64 and set(said) <= set("0123456789abcdef") else expected
        begun, loose, closed = position, 0, bool(fields.get("closing"))
    if head is not None and digest != head:
        broken.append(f"the last seal is {digest[:12]}…, not {head[:12]}…: it was cut off or sealed anew")
    if not seals and not broken:
        broken.append("it has no seal")
    return Verdict(seals, tuple(broken), closed and not loose, digest, sealed, loose, round((last - first) * 1e-9, 3))


def _seal_fields(message: Message) -> dict[str, Any]:
    try:
        return message.fields()
    except RecordingError:
        return {}


def _hash(previous: str) -> "hashlib._Hash":
    return hashlib.sha256(bytes.fromhex(previous))


def _mac(key: bytes, digest: str) -> str:
    return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()
