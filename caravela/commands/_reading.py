"""How tyro reads options and shows them in `--help`, where its own way puzzles people: what may be left out is asked for by what one
gives (PATH, not {None}|PATH), a place by its name (RECORDING, not PATH), and no default is shown where none says anything. Both rules
are tyro's public way to say so, for one call of `tyro.cli`."""

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import tyro
from tyro.constructors import (
    MISSING_NONPROP,
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
    StructConstructorSpec,
    StructFieldSpec,
    StructTypeInfo,
)

NONE = "None"  # what one types to leave out what has a default


def rules(options_type: type) -> ConstructorRegistry:
    """The rules for `options_type`, a frozen dataclass."""
    registry = ConstructorRegistry()
    registry.primitive_rule(_may_be_left_out)
    registry.primitive_rule(_several)
    registry.struct_rule(_shown(options_type))
    return registry


def description(options_type: type) -> str:
    """What the options are for: their docstring, a line for each paragraph."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (inspect.getdoc(options_type) or "").split("\n\n"))


def is_switch(hint: Any) -> bool:
    """Whether a field's type is `bool | None`: `--x`, `--no-x`, or left open."""
    return isinstance(hint, types.UnionType) and set(typing.get_args(hint)) == {bool, type(None)}


def _may_be_left_out(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """`T | None` is read as T is, and complains as T does."""
    union: Any = info.type
    kinds = [kind for kind in typing.get_args(union) if kind is not type(None)]
    if not isinstance(union, types.UnionType) or len(kinds) != 1:
        return None
    inner = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(kinds[0], info.markers))
    if not isinstance(inner, PrimitiveConstructorSpec):
        return None
    return replace(
        inner,
        choices=None if inner.choices is None else (*inner.choices, NONE),
        instance_from_str=lambda words: None if words == [NONE] else inner.instance_from_str(words),
        is_instance=lambda value: value is None or inner.is_instance(value),
        str_from_instance=lambda value: [] if value is None else inner.str_from_instance(value),
    )


def _several(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """`tuple[T, ...]` reads as `[T ...]`."""
    if info.type_origin is not tuple or typing.get_args(info.type)[1:] != (...,):
        return None
    kind = typing.get_args(info.type)[0]
    inner = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(kind, info.markers))
    if not isinstance(inner, PrimitiveConstructorSpec) or inner.nargs != 1:
        return None
    return PrimitiveConstructorSpec(
        nargs="*",
        metavar=f"[{inner.metavar} ...]",
        instance_from_str=lambda words: tuple(inner.instance_from_str([word]) for word in words),
        is_instance=lambda value: isinstance(value, tuple) and all(inner.is_instance(each) for each in value),
        str_from_instance=lambda value: [word for each in value for word in inner.str_from_instance(each)],
    )


def _shown(options_type: type) -> Callable[[StructTypeInfo], StructConstructorSpec | None]:
    """The fields as tyro finds them, shown our way."""
    asking = False

    def rule(info: StructTypeInfo) -> StructConstructorSpec | None:
        nonlocal asking
        if asking or info.type is not options_type:
            return None
        asking = True
        found = ConstructorRegistry.get_struct_spec(info)  # by tyro's own rules: this one stands back meanwhile
        asking = False
        assert isinstance(found, StructConstructorSpec)
        return replace(found, fields=tuple(replace(field, type=_annotated(field), helptext=_flowing(field)) for field in found.fields))

    return rule


def _annotated(field: StructFieldSpec) -> Any:
    """The field's type with what `--help` shows of it."""
    kind, *marks = typing.get_args(field.type) if typing.get_origin(field.type) is Annotated else (field.type,)
    metavar = None
    if tyro.conf.Positional in marks:
        needed = field.default is MISSING_NONPROP
        metavar = field.name.upper() if needed else f"[{field.name.upper()}]"
    elif is_switch(kind):
        metavar = f"| --no-{field.name.replace('_', '-')}"
    return Annotated[field.type, tyro.conf.arg(metavar=metavar, help_behavior_hint=_default)]


def _flowing(field: StructFieldSpec) -> Callable[[], str | None]:
    """The field's help, without the line breaks that it has in the source; read when it is asked for."""

    def text() -> str | None:
        told = field.helptext() if callable(field.helptext) else field.helptext
        return None if told is None else " ".join(told.split())

    return text


def _default(label: str) -> str:
    """`label` is the default as one would type it; of what is left out by default, the help itself says what that means."""
    return f"(default: {label})" if label not in ("", "''", NONE, "[]") else ""
