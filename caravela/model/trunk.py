"""The trunk: a pre-norm transformer in which every token sees every other. Vision, ego, route, words and thought tokens meet
here; the thought tokens come out carrying what matters."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def split_heads(x: Tensor, *, heads: int) -> Tensor:
    """(B, S, E) to (B, heads, S, E / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(-2, -3)


def merge_heads(x: Tensor) -> Tensor:
    """(B, heads, S, E / heads) to (B, S, E)."""
    return x.transpose(-2, -3).flatten(-2)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of q (..., Q, e) over k and v (..., S, e). On a CPU, with tens of tokens, two plain products are a third
    faster than the fused kernel, forward and back."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v)
    return (q * (1.0 / math.sqrt(q.shape[-1])) @ k.transpose(-1, -2)).softmax(-1) @ v


class MLP(nn.Module):
    def __init__(self, size: int, *, ratio: int) -> None:
        super().__init__()
        self.up = nn.Linear(size, ratio * size)
        self.down = nn.Linear(ratio * size, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(x)))


class TrunkBlock(nn.Module):
    def __init__(self, size: int, *, heads: int, ratio: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(size)
        self.qkv = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.norm_mlp = nn.LayerNorm(size)
        self.mlp = MLP(size, ratio=ratio)

    def forward(self, x: Tensor) -> Tensor:  # (B, S, E)
        q, k, v = (split_heads(part, heads=self.heads) for part in self.qkv(self.norm_attention(x)).chunk(3, -1))
        x = x + self.out(merge_heads(attend(q, k, v)))
        return x + self.mlp(self.norm_mlp(x))


class Trunk(nn.Module):
    """Tokens (B, S, E) to context (B, S, E)."""

    def __init__(self, size: int, *, depth: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(TrunkBlock(size, heads=heads, ratio=ratio) for _ in range(depth))
        self.norm = nn.LayerNorm(size)

    def forward(self, x: Tensor, *, shift: Tensor | None = None) -> Tensor:
        """`shift` (depth, B, P, E): what is added to the last P tokens before each block."""
        for index, block in enumerate(self.blocks):
            if shift is not None:
                last = shift.shape[2]
                x = torch.cat([x[:, :-last], x[:, -last:] + shift[index]], 1)
            x = block(x)
        return self.norm(x)


class CrossAttention(nn.Module):
    """Queries of one size read a context of another. Keys and values are computed once per context and shared by all."""

    def __init__(self, size: int, *, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(size, size)
        self.key_value = nn.Linear(context, 2 * size)
        self.out = nn.Linear(size, size)

    def cache(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (B, heads, S, E / heads) of a context (B, S, E')."""
        key, value = self.key_value(context).chunk(2, -1)
        return split_heads(key, heads=self.heads), split_heads(value, heads=self.heads)

    def forward(self, x: Tensor, cached: tuple[Tensor, Tensor]) -> Tensor:  # x (B, Q, E)
        query = split_heads(self.query(x), heads=self.heads)
        return self.out(merge_heads(attend(query, *cached)))
