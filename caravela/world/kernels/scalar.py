"""One source for CPU and GPU: `@scalar` marks a plain function of numbers (and arrays) that Numba compiles for whichever
target calls it. Float literals become float32, since on both targets one stray float64 literal would widen everything it
touches; a CUDA kernel that calls a `@scalar` function compiles the same body as a device function."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit


class _Float32Literals(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:  # noqa: N802 (ast's naming)
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
    tree = ast.fix_missing_locations(_Float32Literals().visit(tree))
    function.__globals__.setdefault("float32", np.float32)
    scope: dict[str, Any] = {}
    exec(compile(tree, inspect.getsourcefile(function) or "<scalar>", "exec"), function.__globals__, scope)  # noqa: S102
    narrowed = scope[function.__name__]
    narrowed.__module__ = function.__module__
    narrowed.__qualname__ = function.__qualname__
    narrowed.__doc__ = function.__doc__
    return narrowed


def scalar(function: Callable[..., Any]) -> Any:
    """Compile for the target that calls it. Without Numba's reference counts: they cost an atomic instruction for every array
    argument of every call, half the time of a frame; so the function must not allocate."""
    return njit(cache=True, fastmath=True, error_model="numpy", _nrt=False)(narrow(function))


def allocating(function: Callable[..., Any]) -> Any:
    """Compile a function that makes its own scratch arrays, for the CPU."""
    return njit(cache=True, fastmath=True, error_model="numpy")(narrow(function))


def loop(function: Callable[..., Any]) -> Any:
    """Compile an outer loop for the CPU; `prange` in it runs over threads."""
    return njit(cache=True, fastmath=True, error_model="numpy", parallel=True)(narrow(function))
