"""Left and right change places in a mirror, and twice in a mirror nothing has changed."""

import pytest

from caravela.words import in_mirror


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("change to the left lane", "change to the right lane"),
        ("Turn LEFT, then Right", "Turn RIGHT, then Left"),
        ("leftovers and brightness stay", "leftovers and brightness stay"),
        ("", ""),
    ],
)
def test_left_and_right_change_places(said, meant):
    assert in_mirror(said) == meant
    assert in_mirror(meant) == said
