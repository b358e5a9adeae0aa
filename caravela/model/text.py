"""The text head: from the driver's thought tokens and a question to an answer in words, one word at a time. It is trained on a driver
that stays as it is and runs off the driving path. The first word given chooses a form of the sentence, so that what is left uncertain is
the fact and never the phrasing."""

import copy
import math
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import helper
from torch import Tensor, nn

from caravela.core.bundle import put_model
from caravela.core.text_card import INPUTS, OUTPUTS, TextCard
from caravela.model.export import OPSET, halve
from caravela.model.trunk import MLP, CrossAttention, merge_heads, split_heads
from caravela.words import EMBEDDING
from caravela.words.grammar import LONGEST, VOCABULARY

Cached = tuple[Tensor, Tensor]  # keys and values of what a block reads


@dataclass(frozen=True)
class TextConfig:
    """Sizes of the head and of the driver that it reads."""

    thoughts: int = 4  # tokens at the end of what it is given that are the driver's thought
    embedding: int = 256  # of a token
    words: int = len(VOCABULARY)
    longest: int = LONGEST
    width: int = 128
    depth: int = 2
    heads: int = 4
    mlp_ratio: int = 2
    dropout: float = 0.1  # of what is read, in training


class Block(nn.Module):
    """Words attend to those before them, then to what is remembered of look and question."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm_self, self.norm_cross, self.norm_mlp = (nn.LayerNorm(config.width) for _ in range(3))
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.cross = CrossAttention(config.width, context=config.width, heads=config.heads)
        self.mlp = MLP(config.width, ratio=config.mlp_ratio)

    def forward(self, x: Tensor, memory: Cached, hidden: Tensor) -> Tensor:  # x (B, T, W); hidden (T, T)
        q, k, v = (split_heads(part, heads=self.heads) for part in self.qkv(self.norm_self(x)).chunk(3, -1))
        scores = q @ k.transpose(-1, -2) * (1.0 / math.sqrt(q.shape[-1])) + hidden
        x = x + self.out(merge_heads(scores.softmax(-1) @ v))
        x = x + self.cross(self.norm_cross(x), memory)
        return x + self.mlp(self.norm_mlp(x))


class TextHead(nn.Module):
    hidden: Tensor  # (longest, longest), what a word may not see

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.see = nn.Linear(config.embedding, config.width)
        self.gist = nn.Linear(config.thoughts * config.embedding, config.width)  # what only all thoughts together tell
        self.places = nn.Parameter(0.02 * torch.randn(config.thoughts, config.width))
        self.question = nn.Linear(EMBEDDING, config.width)
        self.drop = nn.Dropout(config.dropout)
        self.embed = nn.Embedding(config.words, config.width)
        self.positions = nn.Parameter(0.02 * torch.randn(config.longest, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, config.words)
        self.register_buffer("hidden", torch.full((config.longest, config.longest), -1e4).triu(1), persistent=False)

    def forward(self, words: Tensor, thought: Tensor, question: Tensor) -> Tensor:
        """Logits (B, T, words) of the word that follows each.

        Args:
            words: (B, T) numbers of VOCABULARY, the first one of its starts; T up to `longest`.
            thought: (B, S, E), of which the last `thoughts` are the driver's thought; the car gives no others.
            question: (B, 384) sentence vectors.
        """
        return self.follow(words, self.remember(thought, question))

    def remember(self, thought: Tensor, question: Tensor) -> list[Cached]:
        """What each block reads of look and question: the same for every word."""
        asked = self.question(question * EMBEDDING**0.5)[:, None]
        thought = self.drop(thought)
        seen, last = self.see(thought), thought[:, -self.config.thoughts :]
        seen = torch.cat([seen[:, : -self.config.thoughts], seen[:, -self.config.thoughts :] + self.places], 1)
        gist = self.gist(last.flatten(1))[:, None]
        memory = nn.functional.gelu(torch.cat([seen + asked, gist + asked, asked], 1))  # (B, S + 2, W)
        return [block.cross.cache(memory) for block in self.blocks if isinstance(block, Block)]

    def follow(self, words: Tensor, memory: list[Cached]) -> Tensor:
        """As `forward`, of what is remembered."""
        length = words.shape[1]
        x = self.embed(words) + self.positions[:length]
        for block, cached in zip(self.blocks, memory, strict=True):
            x = block(x, cached, self.hidden[:length, :length])
        logits: Tensor = self.out(self.norm(x))
        return logits


@torch.no_grad()
def answer(head: TextHead, thought: Tensor, question: Tensor, *, start: int) -> tuple[Tensor, Tensor]:
    """The likeliest words (B, longest), numbers of VOCABULARY after the start, 0 from the stop on; and the chance (B,) of each answer, the
    product of its words' chances."""
    words = torch.full((len(thought), 1), start, dtype=torch.long)
    chance = torch.ones(len(thought))
    ended = torch.zeros(len(thought), dtype=torch.bool)
    memory = head.remember(thought, question)
    while words.shape[1] <= head.config.longest:
        best, word = head.follow(words, memory)[:, -1].softmax(-1).max(-1)
        word = torch.where(ended, torch.zeros_like(word), word)
        chance = torch.where(ended, chance, chance * best)
        ended = ended | (word == 0)
        words = torch.cat([words, word[:, None]], 1)
    return words[:, 1:], chance


class _Graph(nn.Module):
    def __init__(self, head: TextHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, words: Tensor, thought: Tensor, question: Tensor) -> Tensor:
        chances: Tensor = self.head(words, thought, question).softmax(-1)
        return chances


def export_text(head: TextHead, path: Path, card: TextCard) -> None:
    """Write the head as one ONNX file with its card, atomically, and its fingerprint beside it. Raises BundleError where it cannot."""
    config = head.config
    inputs = (torch.ones(2, config.longest, dtype=torch.long), torch.randn(2, config.thoughts, config.embedding), torch.randn(2, EMBEDDING))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        file = str(Path(folder) / "text.onnx")
        torch.onnx.export(
            _Graph(copy.deepcopy(head).eval()).eval(), inputs, file, dynamo=False, opset_version=OPSET,
            input_names=list(INPUTS), output_names=list(OUTPUTS), dynamic_axes={name: {0: "batch"} for name in (*INPUTS, *OUTPUTS)},
        )  # fmt: skip
        graph = onnx.load(file)
    halve(graph.graph)
    helper.set_model_props(graph, card.to_metadata())
    onnx.checker.check_model(graph)
    put_model(path, graph.SerializeToString())
