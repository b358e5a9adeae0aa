"""What a sentence, and a missing route, add to the trunk's last tokens before every block, so that neither has to reach the plan through a token
alone: the shift of FiLM (Perez et al. 2018), of low rank. A silent drive with a route gets nothing added, to the last bit."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from caravela.model.config import VLAConfig

RANK = 24  # numbers that a sentence is put into first; the small tier's file has no room for many more


class Shift(nn.Module):
    """Words (B, words_size) and has_route (B,) to what is added to the last tokens (B, 1 + thoughts, E) before each block: one vector to the
    sentence's own, one to all that carry the thought."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        self.config = config
        self.down = nn.Linear(config.words_size, config.shift_rank, bias=False)
        self.up = nn.Linear(config.shift_rank, config.depth * 2 * config.embedding, bias=False)
        self.no_route = nn.Parameter(torch.zeros(config.depth, 2, config.embedding))
        nn.init.zeros_(self.up.weight)

    def forward(self, words: Tensor, *, has_route: Tensor) -> Tensor:
        """(depth, B, 1 + thoughts, E)"""
        said = self.up(F.gelu(self.down(words * self.config.words_size**0.5))).unflatten(-1, self.no_route.shape)  # (B, depth, 2, E)
        lost = self.no_route.to(said.dtype)
        added = said + torch.where(has_route.bool()[:, None, None, None], torch.zeros_like(lost), lost)
        sentence, thought = added.permute(2, 1, 0, 3).unbind(0)  # (depth, B, E) each
        return torch.cat([sentence[:, :, None], thought[:, :, None].expand(-1, -1, self.config.thoughts, -1)], 2)
