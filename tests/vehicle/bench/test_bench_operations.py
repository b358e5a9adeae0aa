"""Operations are those that one counts by hand; a graph that is cut and run piece by piece gives what it gives in one."""

import numpy as np
import onnxruntime
import pytest

from caravela.core.errors import BundleError
from caravela.vehicle.bench import graph as graphs
from caravela.vehicle.bench import wire
from caravela.vehicle.bench.operations import LAYERS, STAGES, count, inputs_of, matrix_operations, parts


def works_of(graph, values):
    return count(graph.nodes, values, alive=graphs.live(graph))


def test_a_small_graph_is_counted_as_by_hand(small):
    graph, inputs = small
    by_name = {work.name: work for work in works_of(graph, graphs.observe(graph, inputs))}
    assert by_name["/vision/conv"].matrix == 2 * (3 * 4 * 4) * (2 * 3 * 3)
    assert by_name["/trunk/product"].matrix == 2 * (3 * 4 * 7) * 4
    assert by_name["y"].matrix == 2 * (3 * 4 * 7) * 7
    assert by_name["/vision/relu"].vector == 3 * 4 * 4 and by_name["/trunk/sum"].vector == 3 * 4 * 7
    assert by_name["/vision/conv"].weights == 4 * 3 * 2 * 3 * 3 and by_name["/vision/conv"].read == 4 * 2 * 6 * 6
    assert by_name["/trunk/product"].size == (12, 7, 4)


def test_what_needs_no_input_is_no_work(small):
    graph, inputs = small
    names = {work.name for work in works_of(graph, graphs.observe(graph, inputs))}
    assert "/trunk/folded" not in names, "a product of two constants is done once, at load"
    assert "/trunk/folded" not in graphs.live(graph) and "y" in graphs.live(graph)


def test_batched_products_and_turned_operands_count_once_each():
    draw = np.random.default_rng(0)
    x = draw.standard_normal((5, 3, 4), dtype=np.float32)
    nodes = [graphs.node("Transpose", ["x"], "t", order=(0, 2, 1)), graphs.node("MatMul", ["x", "t"], "y")]
    graph = graphs.parse(graphs.build(nodes, inputs={"x": x}, outputs=["y"], constants={}))
    product = next(work for work in works_of(graph, graphs.observe(graph, {"x": x})) if work.kind == "MatMul")
    assert product.matrix == 2 * 5 * 3 * 3 * 4 and product.products == 5 and product.size == (3, 3, 4)


@pytest.mark.parametrize("marks", [STAGES, LAYERS])
def test_parts_share_the_work_and_leave_none(marks, ships, look):
    graph = graphs.read(ships)
    values, alive = graphs.observe(graph, look), graphs.live(graph)
    pieces = parts(graph, marks)
    whole = matrix_operations(count(graph.nodes, values, alive=alive))
    each = [matrix_operations(count(piece.nodes, values, alive=alive)) for piece in pieces]
    assert sum(each) == pytest.approx(whole) and all(value > 0.0 for value in each)
    assert pieces[0].name == marks[0][0] and pieces[-1].name == "critic"


def test_the_shipped_models_vision_is_what_its_sizes_say(ships, look):
    graph = graphs.read(ships)
    values, alive = graphs.observe(graph, look), graphs.live(graph)
    stem = next(piece for piece in parts(graph, LAYERS) if piece.name == "stem")
    pixels = 4 * (96 // 4) * (128 // 4)  # four cameras at stride 4, seven by seven, five channels into 48
    assert matrix_operations(count(stem.nodes, values, alive=alive)) == 2 * pixels * 48 * 5 * 7 * 7


def test_a_graph_run_piece_by_piece_gives_the_same(ships, look):
    graph = graphs.read(ships)
    values = graphs.observe(graph, look)
    for piece in parts(graph):
        inputs = inputs_of(piece, values)
        session = onnxruntime.InferenceSession(graphs.cut(graph, inputs=inputs, outputs=piece.outputs), providers=["CPUExecutionProvider"])
        given = {each.name: inputs[each.name] for each in session.get_inputs()}
        for name, got in zip(piece.outputs, session.run(list(piece.outputs), given), strict=True):
            np.testing.assert_allclose(got, values[name], rtol=2e-3, atol=2e-4, err_msg=f"{piece.name}: {name}")


def test_numbers_survive_the_wire():
    message = wire.integer(1, 300) + wire.integer(3, -2) + wire.block(2, "name") + wire.block(5, wire.integer(1, 7))
    read = [(number, value if isinstance(value, int) else bytes(value)) for number, value in wire.fields(message)]
    assert read == [(1, 300), (3, 2**64 - 2), (2, b"name"), (5, b"\x08\x07")]
    assert wire.integers(message, 3) == (-2,) and wire.integers(wire.block(1, bytes([1, 172, 2])), 1) == (1, 300)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x3a\x7f"])
def test_what_is_no_model_gets_one_sentence(content, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(BundleError, match="no readable ONNX model"):
        graphs.read(path)
    with pytest.raises(BundleError, match="cannot read"):
        graphs.read(tmp_path / "missing.onnx")
