"""Two drivers' weights mixed into one. A driver that was trained on from another one lies in the same basin; between the two may drive
one that is better than either, as it forgot less (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models")."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from caravela.core.errors import BundleError
from caravela.model.reopen import measure_norms
from caravela.model.vla import VLA


@torch.no_grad()
def mix(newer: VLA, older: VLA, *, share: float, images: Sequence[Tensor]) -> VLA:
    """(1 - share) of `older` and `share` of `newer`, in evaluation mode; both stay as they were.

    Args:
        newer: a checkpoint's model. older: a driver that was exported and reopened, whose batch norms are measured here, or another checkpoint's.
        share: 0 to 1.
        images: some batches (B, C, 5, H, W) uint8 of looks that were trained on. What the mixed layers make of them is measured anew, since
            a mixture's activations are smaller than either's (Jordan et al. 2023).

    Raises:
        BundleError where the two are not of one architecture.
    """
    older = copy.deepcopy(older)
    measure_norms(older.eval(), images[0])
    mine, theirs = newer.state_dict(), older.state_dict()
    if newer.config.shift_rank != older.config.shift_rank:
        ranks = f"{newer.config.shift_rank} and {older.config.shift_rank}"
        raise BundleError(f"sentences shift the two drivers' tokens through {ranks} numbers; expected two alike: tune both, or neither.")
    if mine.keys() != theirs.keys() or any(mine[name].shape != theirs[name].shape for name in mine):
        raise BundleError(
            f"a driver '{older.config.name}' and a checkpoint '{newer.config.name}' are of different sizes; expected two of one."
        )
    theirs |= {name: mine[name] for name in older.begun_anew}  # the file that it was reopened from did not hold them
    mixed = copy.deepcopy(newer)
    mixed.load_state_dict(
        {name: torch.lerp(theirs[name], mine[name], share) if mine[name].is_floating_point() else mine[name] for name in mine}
    )
    norms = [module for module in mixed.vision.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    mixed.train()
    for batch in images:
        mixed.vision(batch)
    for norm in norms:
        norm.momentum = 0.1
    return mixed.eval()
