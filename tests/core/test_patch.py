"""A second model as what is other in it: the same bytes come back, and nothing that does not belong together is put together."""

import numpy as np
import pytest

from caravela.core.errors import BundleError
from caravela.core.patch import Patch, patch_between

RANDOM = np.random.default_rng(0)
FIRST = RANDOM.bytes(10_000)


def other(*places):
    second = bytearray(FIRST)
    for start, size in places:
        second[start : start + size] = RANDOM.bytes(size)
    return bytes(second)


@pytest.mark.parametrize("places", [(), ((0, 10),), ((9_990, 10),), ((100, 300), (150, 900), (5_000, 1)), ((0, 10_000),)])
def test_the_second_comes_back_through_text(places):
    second = other(*places)
    patch = Patch.from_text(patch_between(FIRST, second).to_text(), source="here")
    assert patch.applied(FIRST, source="here") == second


def test_what_stands_behind_the_model_stays():
    second = other((100, 50))
    assert patch_between(FIRST, second).applied(FIRST + b"more", source="here") == second + b"more"


def test_it_is_about_as_small_as_what_differs():
    assert len(patch_between(FIRST, other((100, 1_000))).to_text()) < 1.25 * 1_000 + 300


def test_models_of_other_lengths_have_no_patch():
    with pytest.raises(BundleError, match="same graph"):
        patch_between(FIRST, FIRST[:-1])


def test_another_model_is_refused():
    patch = patch_between(FIRST, other((100, 1_000)))
    with pytest.raises(BundleError, match="another model"):
        patch.applied(other((500, 3)), source="here")
    with pytest.raises(BundleError, match="another model"):
        patch.applied(FIRST[:200], source="here")


@pytest.mark.parametrize("text", ["", "no patch", "0" * 40, "ä", patch_between(FIRST, FIRST[::-1]).to_text()[:-30]])
def test_damaged_text_is_refused(text):
    with pytest.raises(BundleError, match="damaged"):
        Patch.from_text(text, source="here")
