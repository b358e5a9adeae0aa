"""How many threads learning takes. One is best unless the machine is idle: two slow each other down as soon as a third
process runs."""

import torch


def use_threads(count: int) -> None:
    """Let torch use `count` threads in this process."""
    torch.set_num_threads(count)
