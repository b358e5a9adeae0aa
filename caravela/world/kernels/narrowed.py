"""The world's kernels with 32-bit floats, for a GPU: the same source, in which every float that is written out or named in a module, and every `float(…)`,
is a float32, and so are all kernels that it calls. On the CPU they compute with 64 bits, for the same bits as ever; a GPU is fast with 32."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher

WIDE = (float, np.float64)  # what is narrowed where it is called


class _Narrowing(ast.NodeTransformer):
    """Rewrites a function whose globals are `scope`; `bound` gathers the narrowed kernels that it calls, by name."""

    def __init__(self, scope: dict[str, Any], local: tuple[str, ...]) -> None:
        self.scope, self.local = scope, local
        self.bound: dict[str, Any] = {"float32": np.float32}

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return self._float32(node) if isinstance(node.value, float) else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.local or not isinstance(node.ctx, ast.Load):
            return node
        return self._replaced(node, float if node.id == "float" else self.scope.get(node.id), node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id not in self.local:
            module = self.scope.get(node.value.id)
            if isinstance(module, ModuleType):
                return self._replaced(node, getattr(module, node.attr), f"{node.value.id}_{node.attr}")
        self.generic_visit(node)
        return node

    def _replaced(self, node: ast.expr, value: Any, name: str) -> ast.AST:
        if isinstance(value, float):
            return self._float32(node)
        if isinstance(value, Dispatcher):
            self.bound[name] = narrow_kernel(value)
            return ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node)
        if any(value is wide for wide in WIDE):
            return ast.copy_location(ast.Name(id="float32", ctx=ast.Load()), node)
        return node

    def _float32(self, node: ast.expr) -> ast.AST:
        return ast.copy_location(ast.Call(func=ast.Name(id="float32", ctx=ast.Load()), args=[node], keywords=[]), node)


def narrowed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with 32-bit floats, whose globals are its own."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    narrowing = _Narrowing(function.__globals__, function.__code__.co_varnames)
    tree = ast.fix_missing_locations(narrowing.visit(tree))
    scope = function.__globals__ | narrowing.bound
    exec(compile(tree, inspect.getsourcefile(function) or "<narrowed>", "exec"), scope)
    result = scope[function.__name__]
    result.__module__, result.__qualname__, result.__doc__ = function.__module__, function.__qualname__, function.__doc__
    return result


@cache
def narrow_kernel(dispatcher: Dispatcher) -> Dispatcher:
    """The same kernel with 32-bit floats, compiled for whichever target calls it."""
    options = {name: value for name, value in dispatcher.targetoptions.items() if name != "nopython"}
    return njit(**options)(narrowed(dispatcher.py_func))
