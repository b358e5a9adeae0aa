"""From pictures to tokens: a small ResNet, the same for all cameras, one token per 32x32 pixels. Batch norms fold into the
convolutions on export. Max pooling on every short cut keeps a lamp of two pixels alive on its way down."""

import torch
from torch import Tensor, nn

from caravela.model.config import VLAConfig


def conv_norm(inputs: int, outputs: int, *, size: int, stride: int = 1) -> nn.Sequential:
    """Convolution and batch norm, no activation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride=stride, padding=(size - 1) // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Block(nn.Module):
    """Residual block (He et al. 2016) whose short cut, when it halves the picture, takes the maximum."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.first = conv_norm(inputs, outputs, size=3, stride=stride)
        self.second = conv_norm(outputs, outputs, size=3)
        for parameter in self.second[1].parameters():
            nn.init.zeros_(parameter)  # the block begins as its short cut
        short: list[nn.Module] = [nn.MaxPool2d(stride)] if stride > 1 else []
        if inputs != outputs:
            short.append(conv_norm(inputs, outputs, size=1))
        self.short = nn.Sequential(*short)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.short(x))


class Vision(nn.Module):
    """Images (B, C, 5, H, W) uint8 to tokens (B, C * cells, embedding), cameras in order, cells row by row."""

    def __init__(self, config: VLAConfig) -> None:
        super().__init__()
        stem, eighth, sixteenth, last = config.stages
        layers: list[nn.Module] = []
        before = stem
        for channels, count, stride in zip((eighth, sixteenth, last), config.blocks, (1, 2, 2), strict=True):
            for index in range(count):
                layers.append(Block(before, channels, stride=stride if index == 0 else 1))
                before = channels
        # Pooling before norm and ReLU keeps the largest response either way and makes both four times cheaper.
        self.stem = nn.Sequential(
            nn.Conv2d(config.channels, stem, 7, stride=4, padding=3, bias=False),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.BatchNorm2d(stem),
            nn.ReLU(),
        )
        self.stages = nn.Sequential(*layers)
        self.project = nn.Linear(last, config.embedding)
        self.position = nn.Parameter(0.02 * torch.randn(1, config.vision_tokens, config.embedding))  # camera and cell

    def to_channels_last(self) -> None:
        """Lay the kernels out as the pictures are: about a third faster on a CPU."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        batch, cameras, channels, height, width = images.shape
        x = images.reshape(batch * cameras, channels, height, width)
        x = x.float().mul_(1.0 / 64.0).sub_(2.0)  # -2..2 in steps that bfloat16 holds exactly
        x = self.stages(self.stem(x.contiguous(memory_format=torch.channels_last)))  # (B * C, last, rows, columns)
        x = x.flatten(2).transpose(1, 2)  # (B * C, cells, last)
        return self.project(x).reshape(batch, -1, self.position.shape[-1]) + self.position
