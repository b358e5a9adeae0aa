"""One source for CPU and GPU: `@scalar` marks a plain function of numbers (and arrays) that Numba compiles for whichever
target calls it. Float literals become float32, since on both targets one stray float64 literal would widen everything it
touches; a CUDA kernel that calls a `@scalar` function compiles the same body as a device function."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher

_ROOT = Path(__file__).resolve().parents[3]
_OPTIONS = {"cache": True, "fastmath": True, "error_model": "numpy"}


class _PlainLiterals(ast.NodeTransformer):
    """Floats become float32. Whole numbers and names of such, handed to another kernel, become int64: Numba would compile that one anew
    for each number."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and isinstance(self.scope.get(node.func.id), Dispatcher):
            node.args = [self._plain(argument) for argument in node.args]
        return node

    def _plain(self, argument: ast.expr) -> ast.expr:
        inner = argument.operand if isinstance(argument, ast.UnaryOp) else argument
        value = inner.value if isinstance(inner, ast.Constant) else self.scope.get(inner.id) if isinstance(inner, ast.Name) else None
        if type(value) not in (int, bool):
            return argument
        name = "int64" if type(value) is int else "bool"
        return ast.copy_location(ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[argument], keywords=[]), argument)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, float):
            return node
        call = ast.Call(func=ast.Name(id="float32", ctx=ast.Load()), args=[node], keywords=[])
        return ast.copy_location(call, node)


def narrow(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with every float literal a float32. It keeps its file and line, so Numba's cache still finds it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    definition.returns = None
    for argument in definition.args.args:
        argument.annotation = None
    function.__globals__.setdefault("float32", np.float32)
    function.__globals__.setdefault("int64", np.int64)
    outside = {name: value for name, value in function.__globals__.items() if name not in function.__code__.co_varnames}
    tree = ast.fix_missing_locations(_PlainLiterals(outside).visit(tree))
    scope: dict[str, Any] = {}
    exec(compile(tree, inspect.getsourcefile(function) or "<scalar>", "exec"), function.__globals__, scope)
    narrowed = scope[function.__name__]
    narrowed.__module__ = function.__module__
    narrowed.__qualname__ = function.__qualname__
    narrowed.__doc__ = function.__doc__
    return narrowed


@cache
def _fingerprint(module: str) -> str:
    """Hash of a module of ours and of all that it imports from us."""
    path = _ROOT / (module.replace(".", "/") + ".py")
    if not path.is_file():
        return ""
    source = path.read_bytes()
    digest = sha256(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("caravela."):
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                digest.update(_fingerprint(name).encode())
    return digest.hexdigest()


def watched(dispatcher: Any) -> Any:
    """Numba's cache watches a function's own file only; ours is stale too when a file that it imports has changed."""
    dispatcher._cache._cache_file._source_stamp = _fingerprint(dispatcher.py_func.__module__)
    return dispatcher


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    return watched(njit(**_OPTIONS, **options)(narrow(function)))


def scalar(function: Callable[..., Any]) -> Any:
    """Compile for the target that calls it. Without Numba's reference counts: they cost an atomic instruction for every array
    argument of every call, half the time of a frame; so the function must not allocate."""
    return _compiled(function, _nrt=False)


def inlined(function: Callable[..., Any]) -> Any:
    """Like `scalar`, but copied into its callers: for functions of many arrays that are called for every pixel, where handing over
    the arguments costs more than the work."""
    return _compiled(function, _nrt=False, forceinline=True)


def allocating(function: Callable[..., Any]) -> Any:
    """Compile a function that makes its own scratch arrays, for the CPU."""
    return _compiled(function)


def loop(function: Callable[..., Any]) -> Any:
    """Compile an outer loop for the CPU; `prange` in it runs over threads."""
    return _compiled(function, parallel=True)
