"""What a sentence adds to the trunk's last tokens before every block, so that it need not reach the plan through one token alone: the shift of
FiLM (Perez et al. 2018), of low rank. Nothing in here has a bias: silence adds nothing, to the last bit."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from caravela.model.config import VLAConfig

RANK = 24  # numbers that a sentence is put into first; the small tier's file has no room for many more


class WordsShift(nn.Module):
    """Words (B, words_size) to what is added to the last tokens (B, 1 + thoughts, E) before each block: one vector to the sentence's own, one
    to all that carry the thought."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        self.config = config
        self.down = nn.Linear(config.words_size, config.words_rank, bias=False)
        self.up = nn.Linear(config.words_rank, config.depth * 2 * config.embedding, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, words: Tensor) -> Tensor:
        """(depth, B, 1 + thoughts, E)"""
        config = self.config
        added = self.up(F.gelu(self.down(words * config.words_size**0.5)))
        said, thought = added.unflatten(-1, (config.depth, 2, config.embedding)).permute(1, 2, 0, 3).unbind(1)  # (depth, B, E) each
        return torch.cat([said[:, :, None], thought[:, :, None].expand(-1, -1, config.thoughts, -1)], 2)
