"""What may be under way when the power goes: how the car was before, what it does, and with what it may drive afterwards."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ota_bench import NOW, Bench, bundle

from caravela.vehicle.ota.refusal import UpdateRefused
from caravela.vehicle.ota.standing import PARKED
from caravela.vehicle.ota.updater import CarUpdater


@dataclass(frozen=True)
class Story:
    name: str
    prepare: Callable[[Bench], None]
    act: Callable[[CarUpdater, str], None]
    before: bytes  # what the car drives with, if nothing of it happened
    after: bytes  # if all of it happened, once it is repeated to its end


def _update(updater: CarUpdater, address: str) -> None:
    """To the end, wherever it was interrupted."""
    with suppress(UpdateRefused):  # what has failed before, or is nothing new
        if updater.stage(address)[1]:
            updater.swap(PARKED, now=NOW)
    updater.boot(PARKED)


def _roll_back(updater: CarUpdater, address: str) -> None:
    with suppress(UpdateRefused):  # it has happened already
        updater.rollback(PARKED)
    updater.boot(PARKED)


def _boot(updater: CarUpdater, address: str) -> None:
    updater.boot(PARKED)


def _offered(*names: str, fault: str = "") -> Callable[[Bench], None]:
    """All of `names` but the last are installed; the last is offered, its keys having changed."""

    def prepare(bench: Bench) -> None:
        *installed, last = names
        for name in installed:
            bench.publish(bundle(name))
            bench.update()
        bench.repository.rotate("timestamp", now=NOW)
        bench.publish(bundle(last, fault=fault))

    return prepare


def _installed(bench: Bench) -> None:
    for name in ("one", "two"):
        bench.publish(bundle(name))
        bench.update()


def _rotten(bench: Bench) -> None:
    _installed(bench)
    bench.updater().boot(PARKED).path.write_bytes(b"rot")


STORIES = (
    Story("the first update", _offered("one"), _update, bundle("factory"), bundle("one")),
    Story("the fourth update", _offered("one", "two", "three", "four"), _update, bundle("three"), bundle("four")),
    Story("an update that fails its self-test", _offered("one", "bad", fault="NaN"), _update, bundle("one"), bundle("one")),
    Story("going back by hand", _installed, _roll_back, bundle("two"), bundle("one")),
    Story("a start with a damaged version", _rotten, _boot, bundle("one"), bundle("one")),
)
