"""Where the time of a compiled kernel goes, pass by pass. The kernel's own source is compiled once more with a look at the processor's
clock after every statement that calls another kernel, so what is timed is what runs, whatever it becomes."""

import ast
import ctypes
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

SET_UP = "scratch arrays"
_clock = ctypes.CDLL(None).clock  # microseconds of processor time of this process (POSIX: CLOCKS_PER_SEC is 10^6)
_clock.restype, _clock.argtypes = ctypes.c_long, []


@dataclass(frozen=True)
class Timed:
    """A kernel that takes one argument more: where to add up the time of each pass, microseconds."""

    kernel: Callable[..., Any]
    labels: tuple[str, ...]

    def spent(self) -> NDArray[np.int64]:
        return np.zeros(len(self.labels), np.int64)


def timed(outer: Dispatcher, inner: str) -> Timed:
    """`outer` as one thread, its calls of the kernel named `inner` timed by statement."""
    scope = dict(outer.py_func.__globals__)
    kernel: Dispatcher = scope[inner]
    tree, labels = _instrumented(kernel)
    scope = {**kernel.py_func.__globals__, "_clock": _clock}
    options = {name: kernel.targetoptions[name] for name in ("fastmath", "error_model") if name in kernel.targetoptions}
    compiled = njit(**options)(_run(tree, scope, kernel))
    caller = _definition(outer)
    for node in ast.walk(caller):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == inner:
            node.args.append(ast.Name(id="_spent", ctx=ast.Load()))
    caller.args.args.append(ast.arg(arg="_spent"))
    return Timed(njit(**options)(_run(caller, {**outer.py_func.__globals__, inner: compiled}, outer)), labels)


def clock_cost() -> float:
    """Microseconds that one look at the clock takes."""
    looks = 20000

    @njit
    def look() -> int:
        began, last = _clock(), 0
        for _ in range(looks):
            last = _clock()
        return last - began

    look()
    return min(look() for _ in range(3)) / looks


def _definition(kernel: Dispatcher) -> ast.FunctionDef:
    definition = ast.parse(textwrap.dedent(inspect.getsource(kernel.py_func))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    return definition


def _run(definition: ast.FunctionDef, scope: dict[str, Any], kernel: Dispatcher) -> Callable[..., Any]:
    module = ast.fix_missing_locations(ast.Module(body=[definition], type_ignores=[]))
    exec(compile(module, f"<timed {kernel.py_func.__name__}>", "exec"), scope)
    function: Callable[..., Any] = scope[definition.name]
    return function


def _instrumented(kernel: Dispatcher) -> tuple[ast.FunctionDef, tuple[str, ...]]:
    """The kernel's definition with marks, and the name of each pass: the kernels that its statements call."""
    definition, labels = _definition(kernel), []
    body: list[ast.stmt] = ast.parse("_last = _clock()").body
    label = ""
    for statement in definition.body:
        called = "+".join(_kernels(statement, kernel.py_func.__globals__)) or SET_UP
        if called != label and label:
            body += _mark(len(labels) - 1)
        if called != label:
            labels.append(called)
            label = called
        body.append(statement)
    body += _mark(len(labels) - 1)
    definition.body = body
    definition.args.args.append(ast.arg(arg="_spent"))
    return definition, tuple(labels)


def _mark(k: int) -> list[ast.stmt]:
    return ast.parse(f"_now = _clock()\n_spent[{k}] += _now - _last\n_last = _now").body


def _kernels(statement: ast.stmt, scope: dict[str, Any]) -> list[str]:
    """Names of the kernels a statement calls, in order, each once."""
    found: list[str] = []
    for node in ast.walk(statement):
        if not isinstance(node, ast.Call):
            continue
        target = scope.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            target = getattr(scope.get(node.func.value.id), node.func.attr, None)
        if isinstance(target, Dispatcher) and target.py_func.__name__ not in found:
            found.append(target.py_func.__name__)
    return found
