"""Damage by chance to what a car reads: to bytes, or to the meaning of JSON. The same dice, the same damage."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

JUNK: tuple[Any, ...] = (None, True, -1, 0, 1, 2, 1 << 70, 1.5, "", "x", "\x00", "../../x", "9999-99-99T99:99:99Z", [], {}, [[]], {"x": []})


def damaged(content: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    """`content` with one damage: to its bytes, some of them from `others`, or to its meaning where it is JSON."""
    place, other = dice.randrange(len(content) + 1), dice.choice(others)
    kinds: list[Callable[[], bytes]] = [
        lambda: content[:place],
        lambda: content[place:],
        lambda: b"",
        lambda: other,
        lambda: content[:place] + dice.randbytes(dice.randrange(1, 9)) + content[place:],
        lambda: content[:place] + other[dice.randrange(len(other) + 1) :],
        lambda: content[:place] + bytes([dice.randrange(256)]) + content[place + 1 :],
        lambda: content[:place] + content[place : place + 40] * 2 + content[place + 40 :],
        lambda: bytes(len(content)),
        lambda: b"[" * 100_000,
    ]
    try:
        tree = json.loads(content)
    except ValueError:
        return dice.choice(kinds)()
    return _rewritten(tree, dice) if isinstance(tree, dict | list) and tree and dice.random() < 0.6 else dice.choice(kinds)()


def _rewritten(tree: Any, dice: random.Random) -> bytes:
    """The tree with a value replaced, taken out or written twice."""
    nodes = [tree]
    for node in nodes:
        nodes += [child for child in (node.values() if isinstance(node, dict) else node) if isinstance(child, dict | list) and child]
    node = dice.choice(nodes)
    key = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
    act = dice.randrange(4)
    if act == 0:
        del node[key]
    elif act == 1 and isinstance(node, dict):
        node[f"{key}2"] = node[key]
    elif act == 2 and isinstance(node[key], int):
        node[key] += dice.choice((-1, 1))
    else:
        node[key] = dice.choice(JUNK)
    return json.dumps(tree).encode()
