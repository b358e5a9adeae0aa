"""A run that is sharded over its learners: each keeps only its part of weights, moving average and moments (FSDP2, torch's `fully_shard`; Zhao et
al. 2023, "PyTorch FSDP"), for models that one device does not hold. What is saved is whole, so that any number of learners goes on from it."""

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

MOMENTS = ("exp_avg", "exp_avg_sq")  # of AdamW, of a parameter's shape


def shard(module: nn.Module, *, device: torch.device) -> nn.Module:
    """`module` with its parameters spread over all learners, in place; its forward pass gathers them. Buffers stay whole."""
    for value in module.parameters():
        value.data = value.data.contiguous()  # no weight may lie channels last
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    fully_shard(module, mesh=mesh)
    return module


def whole(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same by name with every sharded one gathered. All learners have to ask for it."""
    return {name: value.full_tensor() if isinstance(value, DTensor) else value for name, value in values.items()}


def local(value: Tensor) -> Tensor:
    """This learner's part of a sharded value, sharing its memory."""
    return value.to_local() if isinstance(value, DTensor) else value


def whole_moments(optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """An optimiser's state as it would be unsharded. All learners have to ask for it."""
    saved = optimiser.state_dict()
    return saved | {"state": {number: whole(state) for number, state in saved["state"].items()}}


def spread_moments(saved: dict[str, Any], parameters: list[nn.Parameter]) -> dict[str, Any]:
    """An unsharded optimiser's state for `parameters` (in its order) that are sharded."""

    def spread(value: Tensor, like: nn.Parameter) -> Tensor:
        return distribute_tensor(value.contiguous(), like.device_mesh, like.placements) if isinstance(like, DTensor) else value

    state = {
        number: {name: spread(value, parameters[number]) if name in MOMENTS else value for name, value in each.items()}
        for number, each in saved["state"].items()
    }
    return saved | {"state": state}


def reach_all(loss: Tensor, module: nn.Module) -> Tensor:
    """`loss` with a gradient of 0 for what it does not use: all learners have to exchange the same gradients, whatever each one's looks teach."""
    return loss + 0.0 * torch.stack([value.sum() for value in module.parameters()]).sum()
