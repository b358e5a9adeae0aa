"""Protocol buffers on the wire, as far as ONNX files need them: a message is a sequence of numbered fields, each an integer or bytes. With
this the car's install reads, cuts and writes graphs without the `onnx` package.
Encoding: protobuf.dev/programming-guides/encoding; field numbers: onnx.proto, ONNX 1.x."""

import struct
from collections.abc import Iterator, Sequence

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
Value = int | bytes | memoryview


def fields(message: bytes | memoryview) -> Iterator[tuple[int, Value]]:
    """(number, value) of every field in order: integers for varints, bytes for all else. Raises ValueError where the message is damaged."""
    view, at = memoryview(message), 0
    while at < len(view):
        tag, at = _varint(view, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _varint(view, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(view, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise ValueError(f"wire type {kind} is none of ONNX")
        if at + size > len(view):
            raise ValueError("a field reaches beyond the end of its message")
        yield number, view[at : at + size]
        at += size


def integers(message: bytes | memoryview, number: int) -> tuple[int, ...]:
    """All values of a repeated int64 field, packed or not."""
    found: list[int] = []
    for field, value in fields(message):
        if field == number and isinstance(value, int):
            found.append(_signed(value))
        elif field == number and not isinstance(value, int):
            at = 0
            while at < len(value):
                each, at = _varint(memoryview(value), at)
                found.append(_signed(each))
    return tuple(found)


def text(value: Value) -> str:
    """A string field. Raises ValueError where it is none."""
    if isinstance(value, int):
        raise ValueError("an integer stands where a name should")
    return bytes(value).decode()


def integer(number: int, value: int) -> bytes:
    """One varint field."""
    return _write(number << 3 | VARINT) + _write(value & 0xFFFF_FFFF_FFFF_FFFF)


def float32(number: int, value: float) -> bytes:
    """One 32-bit float field."""
    return _write(number << 3 | FIXED32) + struct.pack("<f", value)


def block(number: int, value: bytes | memoryview | str) -> bytes:
    """One field of bytes: a string, a message or raw data."""
    content = value.encode() if isinstance(value, str) else bytes(value)
    return _write(number << 3 | BYTES) + _write(len(content)) + content


def blocks(number: int, values: Sequence[bytes | memoryview | str]) -> bytes:
    """A repeated field of bytes."""
    return b"".join(block(number, value) for value in values)


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        if at >= len(view) or shift > 63:
            raise ValueError("a number reaches beyond the end of its message")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _write(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
