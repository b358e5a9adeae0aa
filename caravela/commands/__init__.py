"""The composition root: one file per `caravela` sub-command. A file here is a command: its name is what is typed, its
`HELP` is its line in `caravela --help` (read without importing it), and it offers either

    Options, run                     a command without verbs: a frozen dataclass and `run(options) -> dict`
    VERBS = {"import": Verb(...)}    a command with verbs, each a `Verb`

What `run` returns is the object that `--json` prints; progress goes to stderr; what the user can fix is a `CaravelaError`.
Files import what is heavy inside `run`, so that help stays instant. A file whose name begins with an underscore is a part of commands:
they import it, and it imports none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Verb:
    """One verb of a command. `options` is a frozen dataclass whose docstring and field docstrings are the help."""

    options: type
    run: Callable[[Any], dict[str, Any]]
    help: str
    show: Callable[[dict[str, Any]], None] | None = None  # prints the result for people; by default `key: value` lines
    exit_code: Callable[[dict[str, Any]], int] = lambda result: 0  # of the result: 1 where what was looked at is wrong
