"""The lanes change places in a mirror, nothing else does, and twice in a mirror nothing has changed."""

import pytest

from caravela.words import in_mirror


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("change to the left lane", "change to the right lane"),
        ("Take the Left-hand lane", "Take the Right-hand lane"),
        ("stop right here, on the left", "stop right here, on the left"),
        ("", ""),
    ],
)
def test_left_and_right_change_places(said, meant):
    assert in_mirror(said) == meant
    assert in_mirror(meant) == said
