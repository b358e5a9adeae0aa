"""What is said of compiling: only where something was compiled, and for how long, kernels within kernels counted once."""

import time
from types import SimpleNamespace

import pytest
from numba.core import event

from caravela.world.compilation import compiling_told


def compiles(module: str, *, seconds: float = 0.0, within: bool = False) -> None:
    """As Numba does when it compiles a kernel of `module`, which calls another where `within`."""
    data = {"dispatcher": SimpleNamespace(py_func=SimpleNamespace(__module__=module))}
    with event.trigger_event("numba:compile", data=data):
        time.sleep(seconds)
        if within:
            compiles(module)


def test_a_warm_start_says_nothing(capsys: pytest.CaptureFixture) -> None:
    begun: list[str] = []
    with compiling_told(lambda: begun.append("told")):
        compiles("numba.np.linalg", seconds=1.1)
    assert begun == [] and capsys.readouterr().err == ""


def test_compiling_is_told_as_it_begins_and_with_its_time(capsys: pytest.CaptureFixture) -> None:
    begun: list[str] = []
    with compiling_told(lambda: begun.append("told")):
        for _ in range(2):
            compiles("caravela.world.kernels.step", seconds=0.6, within=True)
    said = [
        line for line in capsys.readouterr().err.splitlines() if "compiling kernels" not in line
    ]  # that is said once a process, by another
    assert begun == ["told"] and said == ["caravela: compiled in 1 s; they are kept for the next time."]
    compiles("caravela.world.kernels.step", seconds=1.1)
    assert capsys.readouterr().err == "", "nobody waits any more"
