"""Whatever is sent to a car by chance is refused in a sentence or does no harm; and the fuzz finds what it looks for."""

from pathlib import Path

import pytest

from caravela.core.bundle import BundleCard
from caravela.core.signals import Signal
from caravela.vehicle.bundle import open_bundle, shipped
from caravela.vehicle.domains.bus import Bus
from caravela.vehicle.fuzz import fuzz_bundles, fuzz_bus, fuzz_cards, fuzz_states


def sound(told: dict, *, tries: int) -> bool:
    assert told["messages"] == tries >= told["accepted"] + told["refused"]
    return told["crashes"] == told["unsafe"] == 0 and told["wrong"] == []


def test_messages_on_the_bus_never_crash_a_car_that_drives_itself_nor_make_it_unsafe() -> None:
    told = fuzz_bus(5000)
    assert sound(told, tries=5000), told["wrong"]
    assert told["accepted"] > 1000 and told["refused"] > 1000
    assert told["ticks"] == told["by_the_network"] == 125, "it drives all the time"
    assert fuzz_bus(400, seed=1) == fuzz_bus(400, seed=1)


@pytest.mark.long
def test_a_hundred_thousand_messages() -> None:
    assert sound(fuzz_bus(100_000, seed=7), tries=100_000)


def test_cards_states_and_files_of_bundles_are_usable_or_refused() -> None:
    card = open_bundle(shipped()).card
    assert BundleCard.from_metadata(card.to_metadata(), source="it") == card, "a whole one is taken"
    assert sound(fuzz_cards(card, 3000), tries=3000)
    assert sound(fuzz_states(3000), tries=3000)
    assert sound(fuzz_bundles(shipped(), 12), tries=12)


def test_a_bus_that_takes_what_a_signal_cannot_hold_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Signal, "checked", lambda self, value: value)
    told = fuzz_bus(400)
    assert told["crashes"] and told["wrong"]


def test_a_bus_that_keeps_reports_from_ahead_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bus, "_check_time", lambda self, *rest: None)
    assert fuzz_bus(2000)["crashes"]


def test_a_bundle_that_is_opened_though_it_is_damaged_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caravela.vehicle.fuzz.open_bundle", lambda path: Path(path).read_bytes())
    assert fuzz_bundles(shipped(), 3)["unsafe"] == 3
