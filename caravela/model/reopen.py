"""The torch model behind an exported file, so that training can go on from what ships. The file names few of its weights, so a twin
with weights that tell each other apart is exported beside it: what stands where the twin has a parameter is that parameter."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from caravela.core.bundle import INPUTS, MODEL_FILE, OUTPUTS, BundleCard, check_fingerprint
from caravela.core.errors import BundleError
from caravela.model.config import VLAConfig
from caravela.model.export import Graph, example_inputs, trace
from caravela.model.quantise import in_eight_bits
from caravela.model.vla import VLA

TOLERANCE = 2e-3  # of the outputs, reopened against exported, where numbers go to tens of metres


def reopen(path: Path) -> VLA:
    """The model of an exported file or of its folder, in evaluation mode. Heads that were for training only begin anew, and batch
    norms, which the export folds away, carry no statistics: see `measure_norms`. Raises BundleError for anything else."""
    path = path / MODEL_FILE if path.is_dir() else path
    graph, card = _read(path)
    config = VLAConfig.from_json(card.config)
    outputs = [value.name for value in graph.graph.output]
    found = _match(_twin(config), _weights(graph), proposals=card.proposals, steps=card.steps, outputs=outputs)
    model = VLA(config)
    _make_transparent(model)
    model.load_state_dict(model.state_dict() | found)
    model.begun_anew = frozenset(name for name, _ in model.eyes.named_parameters(prefix="eyes") if name not in found)
    model.eval()
    _verify(model, path, proposals=card.proposals, steps=card.steps)
    return model


def weights_digest(path: Path) -> str:
    """SHA-256 of the weights of an exported file or of its folder, in hexadecimal: the same whatever its card says of them. Raises
    BundleError for anything else."""
    graph, _ = _read(path / MODEL_FILE if path.is_dir() else path)
    digest = hashlib.sha256()
    for name, weight in _weights(graph):
        digest.update(f"{name} {weight.shape}\n".encode())
        digest.update(weight.astype("<f4").tobytes())
    return digest.hexdigest()


@torch.no_grad()
def measure_norms(model: VLA, images: Tensor) -> None:
    """Give every batch norm the statistics of these images (B, C, 5, H, W), and scale and shift to match: what the model computes stays
    as it is, and training mode computes the same."""
    for norm in [module for module in model.vision.modules() if isinstance(module, nn.BatchNorm2d)]:
        seen: list[Tensor] = []
        handle = norm.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
        model.vision(images)
        handle.remove()
        assert norm.running_mean is not None and norm.running_var is not None
        mean, variance = seen[0].mean((0, 2, 3)), seen[0].var((0, 2, 3))
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        shift = norm.bias - norm.running_mean * scale
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(scale * (variance + norm.eps).sqrt())
        norm.bias.copy_(shift + scale * mean)


def _read(path: Path) -> tuple[onnx.ModelProto, BundleCard]:
    """The graph and the card of an exported file. Raises BundleError for anything else."""
    check_fingerprint(path)
    try:
        graph = onnx.load(path)
        card = BundleCard.from_metadata({entry.key: entry.value for entry in graph.metadata_props}, source=f"'{path}'")
        VLAConfig.from_json(card.config)
    except Exception as error:  # whatever a file that is no graph makes the reader raise
        raise BundleError(f"'{path}' is not an exported driver ({error}); expected a file that `caravela train export` wrote.") from error
    if in_eight_bits(graph.graph):
        raise BundleError(f"'{path}' is kept in eight bits, from which no training goes on; expected the driver that it was made from.")
    return graph, card


def _twin(config: VLAConfig) -> VLA:
    """A model no two of whose parameters are alike, in evaluation mode."""
    twin = VLA(config)
    _make_transparent(twin)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.normal_(generator=generator)
        for norm in (module for module in twin.modules() if isinstance(module, nn.BatchNorm2d)):
            norm.weight.fill_(1.0)  # folded into the convolution before it, which must stay as it is
        stem = twin.vision.stem[2]  # the only one that is not folded
        assert isinstance(stem, nn.BatchNorm2d) and stem.running_mean is not None and stem.running_var is not None
        stem.weight.normal_(generator=generator)
        stem.running_mean.normal_(generator=generator)
        stem.running_var.uniform_(1.0, 2.0, generator=generator)
    return twin.eval()


def _make_transparent(model: VLA) -> None:
    """Batch norms that change nothing but by their bias."""
    for norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
        assert norm.running_mean is not None and norm.running_var is not None
        norm.weight.data.fill_(1.0)
        norm.running_mean.zero_()
        norm.running_var.fill_(1.0 - norm.eps)


def _weights(graph: onnx.ModelProto) -> list[tuple[str, NDArray]]:
    """Name and value of every weight, in the file's order."""
    arrays = [(entry.name.removesuffix(".half"), numpy_helper.to_array(entry)) for entry in graph.graph.initializer]
    return [(name, array.astype(np.float32)) for name, array in arrays if array.dtype in (np.float16, np.float32)]


def _match(twin: VLA, weights: list[tuple[str, NDArray]], *, proposals: int, steps: int, outputs: Sequence[str]) -> dict[str, Tensor]:
    """The weights by parameter name. Raises BundleError where the file was exported from another architecture."""
    names = {name for name, _ in weights}
    marks = _weights(trace(twin, proposals=proposals, steps=steps, outputs=outputs))
    marks = [(name, mark) for name, mark in marks if not name.startswith("model.") or name in names]  # equal weights are kept once
    if [mark.shape for _, mark in marks] != [weight.shape for _, weight in weights]:
        raise BundleError("the exported file has other weights than this program's model: it is of another version; train again.")
    left = {name: value.numpy() for name, value in twin.state_dict().items()}
    found: dict[str, Tensor] = {}
    for (_, mark), (_, weight) in zip(marks, weights, strict=True):
        for name, value in left.items():
            turned = _as(value, mark, weight)
            if turned is not None:
                found[name] = torch.from_numpy(np.ascontiguousarray(turned))
                del left[name]
                break
    return found


def _as(value: NDArray, mark: NDArray, weight: NDArray) -> NDArray | None:
    """`weight` in the shape of `value` where `value` is what `mark` shows, else None."""
    if value.size != mark.size:
        return None
    if value.ndim == 2 and value.T.shape == mark.shape and np.allclose(value.T, mark, atol=1e-5):
        return weight.T
    return weight.reshape(value.shape) if np.allclose(value.ravel(), mark.ravel(), atol=1e-5) else None


@torch.no_grad()
def _verify(model: VLA, path: Path, *, proposals: int, steps: int) -> None:
    inputs = example_inputs(model, proposals=proposals)
    exported = onnxruntime.InferenceSession(str(path)).run(list(OUTPUTS), {name: inputs[name].numpy() for name in INPUTS})
    reopened = Graph(model, steps=steps, outputs=OUTPUTS)(*(inputs[name] for name in INPUTS))
    for name, one, other in zip(OUTPUTS, exported, reopened, strict=True):
        if np.abs(one - other.numpy()).max() > TOLERANCE:
            raise BundleError(f"'{path}' cannot be reopened: {name} differs by {np.abs(one - other.numpy()).max():.3g}; train again.")
