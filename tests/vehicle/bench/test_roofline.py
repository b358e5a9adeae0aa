"""The cost model at its limits, where the answer is known without it; and what describes no chip is refused in a sentence."""

import json
from dataclasses import replace

import pytest

from caravela.core.errors import CaravelaError
from caravela.vehicle.bench.operations import Work
from caravela.vehicle.bench.roofline import OPERATION_J, Chip, chip_of, kernels, predict, read_chip, rounded, told

CHIP = Chip(
    "test",
    {"fp32": 1e12, "int8": 4e12},
    vector_per_s=1e11,
    memory_bytes_per_s=1e10,
    on_chip_bytes=1 << 20,
    on_chip_bytes_per_s=1e12,
    launch_s=0.0,
)
PRODUCT = Work("p", "MatMul", 2e9, 0.0, read=1000, weights=4000, written=1000, size=(1000, 1000, 1000))


def test_a_large_product_takes_its_operations_at_the_peak():
    cost = predict([PRODUCT], CHIP, precision="fp32")
    assert cost.seconds == pytest.approx(2e9 / 1e12) and cost.matrix_s == cost.seconds and cost.memory_bytes == 0.0


def test_four_times_the_peak_is_four_times_as_fast_and_costs_the_energy_of_its_operations():
    fast, slow = predict([PRODUCT], CHIP, precision="int8"), predict([PRODUCT], CHIP, precision="fp32")
    assert fast.seconds == pytest.approx(slow.seconds / 4.0)
    assert fast.joules < slow.joules and slow.joules == pytest.approx(2e9 * OPERATION_J["fp32"], rel=1e-3)


def test_what_an_int8_graph_leaves_in_floating_point_runs_and_costs_as_that():
    left = replace(PRODUCT, wide=True)
    for each in ("seconds", "joules"):
        assert getattr(predict([left], CHIP, precision="int8"), each) == getattr(predict([PRODUCT], CHIP, precision="fp32"), each)
    both = predict([PRODUCT, left], CHIP, precision="int8").seconds
    assert both == pytest.approx(2e9 / 4e12 + 2e9 / 1e12)


def test_weights_that_do_not_fit_wait_for_the_memory():
    heavy = replace(PRODUCT, matrix=2e6, size=(1, 1000, 1000), weights=8 << 20)
    assert predict([heavy], CHIP, precision="fp32").seconds == pytest.approx((8 << 20) / 1e10)
    assert predict([heavy], replace(CHIP, on_chip_bytes=64 << 20), precision="fp32").memory_bytes == 0.0
    assert predict([heavy], CHIP, precision="int8").memory_bytes == (8 << 20) / 4, "a quarter of the bytes"


def test_many_small_kernels_are_all_launch():
    tiny = [replace(PRODUCT, name=f"p{k}", matrix=1.0, size=(1, 1, 1), read=0, weights=0, written=0) for k in range(50)]
    cost = predict(tiny, replace(CHIP, launch_s=1e-5), precision="fp32")
    assert cost.seconds == pytest.approx(50e-5, rel=1e-3) and cost.launch_s == pytest.approx(50e-5)


def test_sides_are_rounded_up_to_whole_tiles():
    work = replace(PRODUCT, size=(17, 16, 1), matrix=2.0 * 17 * 16, products=3)
    assert rounded(work, (16, 16, 16)) == 2 * 3 * 32 * 16 * 16 and rounded(work, (1, 1, 1)) == 2 * 3 * 17 * 16


def test_elementwise_work_rides_with_the_kernel_before_it():
    added, soft = replace(PRODUCT, kind="Add", matrix=0.0, vector=10.0), replace(PRODUCT, kind="Softmax", matrix=0.0)
    shape = replace(PRODUCT, kind="Reshape", matrix=0.0)
    assert [len(kernel) for kernel in kernels([PRODUCT, added, shape, added, soft, PRODUCT])] == [3, 1, 1]


def test_no_chip_beats_its_own_peak():
    for tile in ((1, 1, 1), (16, 16, 16)):
        chip = replace(CHIP, tile=tile)
        assert predict([PRODUCT] * 3, chip, precision="fp32").seconds >= 3 * PRODUCT.matrix / 1e12


def test_a_described_chip_comes_back_from_json(tmp_path):
    path = tmp_path / "chip.json"
    path.write_text(json.dumps(told(CHIP)))
    assert read_chip(path) == CHIP


def test_the_example_is_a_chip():
    assert read_chip(__import__("pathlib").Path("examples/chip.json")).tile == (16, 16, 16)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"vector_per_s": 0}, "not above 0"),
        ({"launch_s": -1.0}, "not above 0"),
        ({"operations_per_s": {"fp8": 1.0}}, "expected some of fp32, bf16, int8"),
        ({"tile": [16, 16]}, "expected rows, columns and depth"),
        ({"on_chip_byte": 1}, "did you mean on_chip_bytes"),
        ({"memory_bytes_per_s": "fast"}, "not above 0"),
    ],
)
def test_what_is_no_chip_gets_one_sentence(change, says):
    with pytest.raises(CaravelaError, match=says):
        chip_of({**told(CHIP), **change}, source="x.json")


def test_a_chip_that_lacks_a_field_or_a_precision_is_told(tmp_path):
    with pytest.raises(CaravelaError, match="lacks launch_s"):
        chip_of({name: value for name, value in told(CHIP).items() if name != "launch_s"}, source="x.json")
    with pytest.raises(CaravelaError, match="has no bf16"):
        predict([PRODUCT], CHIP, precision="bf16")
    with pytest.raises(CaravelaError, match="cannot read the chip"):
        read_chip(tmp_path / "missing.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(CaravelaError, match="is no JSON"):
        read_chip(tmp_path / "bad.json")
