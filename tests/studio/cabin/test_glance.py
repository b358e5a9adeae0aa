"""What the cabin is shown of whom the model sees: the vehicle ahead once, and nothing that nobody told of."""

from types import SimpleNamespace

from caravela.cockpit.outside.sight import AHEAD, LEFT, RIGHT
from caravela.studio.cabin.glance import _seen
from caravela.vehicle.sight import Thing


def test_whom_the_model_sees_is_seen_and_the_one_ahead_once():
    things = [
        Thing("vehicle", 15.0, 0.0, 0.9),
        Thing("vehicle", 25.0, 1.0, 0.9),
        Thing("person", 4.0, -5.0, 0.99),
        Thing("two_wheeler", 3.0, 4.0, 0.97),
    ]
    tick = SimpleNamespace(insight={"things": [thing.told() for thing in things]})
    alone = _seen(tick, lead=None)
    assert [(each.kind, each.side) for each in alone] == [("vehicle", AHEAD), ("vehicle", AHEAD), ("person", RIGHT), ("two-wheeler", LEFT)]
    assert alone[0].distance is not None and 11.0 < alone[0].distance < 12.0
    assert _seen(tick, lead=11.0) == alone[1:]
    assert _seen(tick, lead=22.0) == (alone[0], *alone[2:])  # the one that is as far, though another is nearer
    assert _seen(tick, lead=50.0) == alone
    assert _seen(SimpleNamespace(insight={}), lead=None) == ()
