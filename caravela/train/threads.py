"""How a machine learns fastest: how many threads, and which precision. One thread is best unless the machine is idle: two slow
each other down as soon as a third process runs. Half precision pays where the processor multiplies it in hardware, and costs elsewhere."""

import time

import numba
import torch

_TRIED = (1024, 256, 512)  # a product of the trunk's size
_TIMES = 5
_PAYS = 1.5  # times as fast as single precision


def use_threads(count: int, *, kernels: bool = False) -> None:
    """Let torch use `count` threads in this process; with `kernels` the world's kernels, too, as far as there are so many processors. Beside a learner
    on the other core, a collector whose kernels waited for each other there took half of it."""
    torch.set_num_threads(count)
    if kernels:
        numba.set_num_threads(min(count, numba.get_num_threads()))


def half_pays(device: torch.device | None = None) -> bool:
    """Whether products in bfloat16 are much faster than in float32 on `device`: on a GPU where it has them in hardware; on the CPU
    it is measured, which takes some milliseconds."""
    if device is not None and device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return _PAYS * _seconds(torch.bfloat16) < _seconds(torch.float32)


def _seconds(kind: torch.dtype) -> float:
    """Shortest time of a product."""
    rows, inner, columns = _TRIED
    one, other = torch.ones(rows, inner, dtype=kind), torch.ones(inner, columns, dtype=kind)
    torch.mm(one, other)
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        torch.mm(one, other)
        took.append(time.perf_counter() - began)
    return min(took)
