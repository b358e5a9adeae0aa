"""Named sizes, all from one dial: the trunk's depth. Sizes on disk are those of the exported file."""

from caravela.core.errors import unknown_name
from caravela.model.config import VLAConfig


def from_dial(name: str, *, depth: int) -> VLAConfig:
    """Derive every size from the trunk's depth; four layers are 256 wide. Small models keep a lean MLP: on a CPU, samples
    per second pay more than parameters."""
    embedding = 128 + 32 * depth
    blocks = max(1, depth // 4)
    return VLAConfig(
        name=name,
        depth=depth,
        embedding=embedding,
        heads=max(4, embedding // 64),
        mlp_ratio=2 if depth < 8 else 4,
        stages=(12 * depth, 12 * depth, 24 * depth, 48 * depth),
        blocks=(blocks, blocks, blocks),
        action_embedding=32 * depth,
        action_heads=depth,
        action_depth=max(2, depth // 4),
        mirrors_left=True,
    )


def nano() -> VLAConfig:
    """About 5 M parameters: trains on one CPU core."""
    return from_dial("nano", depth=4)


def se() -> VLAConfig:
    """A size for the small tier, at most 5 MB in eight bits (`model.shrink`). What ships as that tier is nano in eight bits."""
    return from_dial("se", depth=3)


def ultra() -> VLAConfig:
    """A size for the large tier, at most 14 MB in half precision. What ships as that tier is nano."""
    return from_dial("ultra", depth=5)


def base() -> VLAConfig:
    """The foundation model, for machines with accelerators."""
    return from_dial("base", depth=16)


PRESETS = {"nano": nano, "se": se, "ultra": ultra, "base": base}


def preset(name: str) -> VLAConfig:
    """The preset of that name. Raises CaravelaError with a suggestion when there is none."""
    if name not in PRESETS:
        raise unknown_name("model preset", name, PRESETS)
    return PRESETS[name]()
