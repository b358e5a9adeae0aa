"""From a trained model to the one file that drives: an ONNX graph from pixels to K plans, values and risk, with its card in
the metadata. Batch norms are folded, weights are kept in half precision and cast back once at load. Who shows where in the pictures
comes out beside; the bird's-eye and lamp heads stay behind: they were for training."""

import copy
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from caravela.core.bundle import ABROAD, INPUTS, OUTPUTS, SIGHT, BundleCard, put_model
from caravela.core.errors import BundleError
from caravela.core.patch import patch_between
from caravela.core.types import KNOTS, PROPOSALS, ROUTE_POINTS, Rig, policy_rig
from caravela.model.checkpoint import git_revision
from caravela.model.vla import VLA

OPSET = 18
_HALVED = 512  # numbers; smaller tensors (norms, biases) stay in single precision


class Graph(nn.Module):
    """`VLA.sample_actions` with positional tensors in and out, in the order of core.bundle."""

    def __init__(self, model: VLA, *, steps: int, outputs: Sequence[str] = (*OUTPUTS, *SIGHT)) -> None:
        super().__init__()
        self.model, self.steps, self.outputs = model, steps, outputs

    def forward(self, images: Tensor, ego: Tensor, route: Tensor, has_route: Tensor, words: Tensor, noise: Tensor) -> tuple[Tensor, ...]:
        inputs = {"ego": ego, "route": route, "has_route": has_route > 0.5, "words": words, "noise": noise}
        actions = self.model.sample_actions(images, **inputs, steps=self.steps)
        return tuple(getattr(actions, name) for name in self.outputs)


def example_inputs(model: VLA, *, proposals: int, batch: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """Inputs of the right shapes, drawn at random, keyed as core.bundle.INPUTS."""
    config, generator = model.config, torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (batch, config.cameras, config.channels, config.height, config.width), generator=generator)
    words = torch.randn(batch, config.words_size, generator=generator)
    return {
        "images": images.to(torch.uint8),
        "ego": torch.rand(batch, 2 + config.mirrors_left, generator=generator) * torch.tensor([15.0, 0.2, 1.0])[: 2 + config.mirrors_left],
        "route": torch.rand(batch, ROUTE_POINTS, 2, generator=generator) * 40.0,
        "has_route": (torch.arange(batch) % 2 == 0).float(),
        "words": words / words.norm(dim=-1, keepdim=True),
        "noise": torch.randn(proposals, KNOTS, 2, generator=generator),
    }


def export_onnx(
    model: VLA,
    path: Path,
    *,
    proposals: int = PROPOSALS,
    steps: int = 5,
    rig: Rig | None = None,
    data_version: str = "unknown",
    revision: str | None = None,
    half: bool = True,
    abroad: VLA | None = None,
) -> BundleCard:
    """Write `model` as one ONNX file, atomically, and its fingerprint beside it.

    Args:
        model: any VLA; it is left as it was.
        path: the file to write; its folder is made.
        proposals: K, of which the first is the regression's. steps: Euler steps.
        rig: the cameras it was trained with; None: core.types.policy_rig().
        half: keep weights as float16 in the file.
        abroad: the same driver with other eyes, see `train.tune`, which drives where the streets are like none it was taught; it travels in the
            same file, as what is other in it.

    Raises:
        BundleError where the file cannot be written, the rig does not fit, the paces leave no proposal to the model, or `abroad` is another
        architecture.
    """
    path = Path(path)
    rig = rig or policy_rig()
    if len(rig.cameras) != model.config.cameras or (rig.height, rig.width) != (model.config.height, model.config.width):
        got = f"{len(rig.cameras)} cameras of {rig.width}x{rig.height}"
        raise BundleError(f"the rig has {got}; the model takes {model.config.cameras} of {model.config.width}x{model.config.height}.")
    card = BundleCard(
        name=model.config.name,
        config=model.config.to_json(),
        rig=rig,
        proposals=proposals,
        steps=steps,
        data_version=data_version,
        git_revision=revision if revision is not None else git_revision(),
    )
    if len(model.config.paces) >= proposals or not np.isfinite(model.config.paces).all():
        raise BundleError(f"got paces {list(model.config.paces)}; expected fewer than the {proposals} proposals, each a number of m/s2.")
    graph = _graph(model, card, half=half)
    if abroad is not None:
        abroad = copy.deepcopy(abroad)
        abroad.config = model.config
        patch = patch_between(graph.SerializeToString(), _with_weights(graph, _graph(abroad, card, half=half)).SerializeToString())
        helper.set_model_props(graph, card.to_metadata() | {ABROAD: patch.to_text()})  # behind the weights, which stay where they are
    put_model(path, graph.SerializeToString())
    return card


def _graph(model: VLA, card: BundleCard, *, half: bool) -> onnx.ModelProto:
    """The model as an ONNX graph with its card."""
    graph = trace(model, proposals=card.proposals, steps=card.steps)
    if half:
        halve(graph.graph)
    helper.set_model_props(graph, card.to_metadata())
    onnx.checker.check_model(graph)
    return graph


def _with_weights(graph: onnx.ModelProto, other: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the graph with the weights of another, under its own names. Raises BundleError where the other has not the same."""
    made = copy.deepcopy(graph)
    mine, theirs = made.graph.initializer, other.graph.initializer
    if [(each.dims, each.data_type) for each in mine] != [(each.dims, each.data_type) for each in theirs]:
        raise BundleError(
            "the driver with other eyes has other weights than the one at home; expected what `train tune abroad` made of it."
        )
    for weight, new in zip(mine, theirs, strict=True):
        weight.raw_data = new.raw_data
    return made


def trace(model: VLA, *, proposals: int, steps: int, outputs: Sequence[str] = (*OUTPUTS, *SIGHT)) -> onnx.ModelProto:
    """The model as an ONNX graph in single precision, without its card."""
    graph = Graph(copy.deepcopy(model).cpu().float().eval(), steps=steps, outputs=outputs).eval()
    inputs = example_inputs(model, proposals=proposals)
    axes = {name: {0: "batch"} for name in (*INPUTS, *outputs) if name != "noise"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer warns of shapes that are constant here
        file = str(Path(folder) / "model.onnx")
        torch.onnx.export(
            graph, tuple(inputs[name] for name in INPUTS), file, dynamo=False, opset_version=OPSET,
            input_names=list(INPUTS), output_names=list(outputs), dynamic_axes=axes,
        )  # fmt: skip
        return onnx.load(file)


def halve(graph: onnx.GraphProto, *, but: str | None = None) -> None:
    """Keep large float32 weights as float16 and cast them back; ONNX Runtime folds the casts when it loads the file. `but`: those whose name
    holds this stay."""
    casts = []
    for index, weight in enumerate(graph.initializer):
        if weight.data_type != onnx.TensorProto.FLOAT or (but is not None and but in weight.name):
            continue
        values = numpy_helper.to_array(weight)
        if values.size < _HALVED:
            continue
        assert np.abs(values).max() < 65_000, f"{weight.name} does not fit half precision"
        name = weight.name
        graph.initializer[index].CopyFrom(numpy_helper.from_array(values.astype(np.float16), name=f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT, name=f"{name}.cast"))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def widen(graph: onnx.GraphProto) -> None:
    """Undo `halve`: float16 weights to float32, without their casts."""
    halves = {weight.name: weight for weight in graph.initializer if weight.data_type == onnx.TensorProto.FLOAT16}
    kept = []
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in halves:
            weight = halves[node.input[0]]
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float32), name=node.output[0]))
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
