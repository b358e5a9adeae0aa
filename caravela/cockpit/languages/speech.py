"""What replies in other languages share: nouns and choices by their tools, the reasons of the gate, and sentences with nothing to fill in.
They follow the English ones of replies.py and sentences.py, one for one."""

import re
from collections.abc import Callable, Mapping, Sequence

from caravela.cockpit.tool import Form, Tool
from caravela.core.signals import Value

Reason = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def reason_in(reason: str, table: Sequence[Reason]) -> str:
    """The gate's reason in a language; "" for one that the table lacks."""
    return next((say(match) for pattern, say in table if (match := pattern.fullmatch(reason)) is not None), "")


def choice_in(value: Value, choices: Mapping[str, str]) -> str:
    """A choice of a tool in a language."""
    return choices.get(str(value), str(value))


def share_open(tool: Tool, value: float) -> float:
    """Percent by which something is open that the signal may count the other way."""
    return 100.0 - value if tool.on == 0.0 else value


def is_on(tool: Tool, value: Value) -> bool:
    """Is a switch in its first state?"""
    return value if isinstance(value, bool) else tool.form is Form.SWITCH and value == tool.on
