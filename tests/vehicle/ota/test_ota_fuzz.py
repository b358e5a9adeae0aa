"""Damaged by chance: whatever a repository sends and whatever is left on the car's disk, the car never crashes, says why, and drives only
with bytes that were signed. Each damage is drawn from its number, so a failing one can be drawn again."""

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from ota_bench import NOW, Bench, QuickDisk, bundle, weigh
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from caravela.core.errors import CaravelaError
from caravela.vehicle.damage import damaged
from caravela.vehicle.ota.car_folder import FACTORY, SLOTS, CarFolder
from caravela.vehicle.ota.refusal import Reason, UpdateRefused
from caravela.vehicle.ota.standing import PARKED
from caravela.vehicle.ota.state import from_json, to_json
from caravela.vehicle.ota.trust import Trust
from caravela.vehicle.ota.updater import CarUpdater

MANY = [1000, pytest.param(10_000, marks=pytest.mark.long)]  # damages
KNOWN = {bundle(name) for name in ("factory", "one", "two")}


class Sent(FetcherInterface):
    """A repository in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.asked = files, set[str]()

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.removeprefix("folder:///")
        self.asked.add(name)
        if name not in self.files:
            raise DownloadHTTPError("none", 404)
        yield self.files[name]


@pytest.mark.parametrize("many", MANY)
def test_whatever_a_repository_sends_only_signed_bytes_are_staged(bench: Bench, tmp_path: Path, many: int):
    bench.publish(bundle("one"))
    bench.update()
    bench.repository.rotate("targets", now=NOW)
    bench.publish(bundle("two"))
    folder = bench.repository.folder
    whole = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    sent = Sent(dict(whole))
    reasons: dict[str, int] = {}

    def trust(address: str, car: CarFolder) -> Trust:
        return Trust(str(folder), root=car.root.read_bytes(), metadata=car.metadata, disk=car.disk, fetcher=sent)

    CarUpdater(CarFolder(bench.copy(tmp_path / "copy").car, QuickDisk()), examine=weigh, trust=trust).stage("")
    used = sorted(sent.asked & whole.keys())
    for number in range(many):
        dice = random.Random(number)
        sent.files = dict(whole)
        if number % 20 == 0:
            copy = bench.copy(tmp_path / "copy")
        name = dice.choice(used)
        if dice.random() < 0.05:
            del sent.files[name]
        else:
            sent.files[name] = damaged(whole[name], list(whole.values()), dice)
        updater = CarUpdater(CarFolder(copy.car, QuickDisk()), examine=weigh, trust=trust)
        try:
            version, _ = updater.stage("")
            assert updater.folder.file(version).read_bytes() == bundle("two"), number
            reasons["taken"] = reasons.get("taken", 0) + 1
            copy = bench.copy(tmp_path / "copy")  # it knows too much now
        except UpdateRefused as refusal:
            reasons[refusal.reason] = reasons.get(refusal.reason, 0) + 1
        assert updater.status()["active"].release == 1, number
    assert copy.active() == bundle("one")
    sent.files = whole
    assert updater.stage("")[1], "what is whole is still taken"
    print(reasons)
    assert {Reason.UNSIGNED, Reason.DAMAGED, Reason.UNREACHABLE} <= reasons.keys() and reasons["taken"] < many // 3


@pytest.mark.parametrize("many", MANY)
def test_whatever_is_on_the_disk_only_signed_bytes_are_driven(bench: Bench, tmp_path: Path, many: int):
    bench.publish(bundle("one"))
    bench.update()
    bench.publish(bundle("two"))
    updater = bench.updater()
    updater.stage(bench.address)
    updater.swap(PARKED, now=NOW)
    whole = {path.relative_to(bench.car): path.read_bytes() for path in bench.car.rglob("*") if path.is_file() and not path.is_symlink()}
    booted = dict.fromkeys(KNOWN, 0) | {b"none": 0}
    copy, touched = bench.copy(tmp_path / "copy"), set(whole)
    for number in range(many):
        dice = random.Random(number)
        for name in touched:
            (copy.car / name).write_bytes(whole[name])
        harmed = dice.sample(sorted(whole), dice.choice((1, 1, 2, 3)))
        for name in harmed:
            (copy.car / name).write_bytes(damaged(whole[name], list(whole.values()), dice))
        touched = {*harmed, *map(Path, SLOTS)}
        try:
            content = copy.updater().boot(PARKED).path.read_bytes()
        except CaravelaError:
            content = b"none"
        booted[content] += 1  # a KeyError is a version that nobody signed
        if number % 20 == 0:
            with suppress(CaravelaError):
                copy.updater().stage(copy.address)
            touched = set(whole)
    print({name[:20]: count for name, count in booted.items()})
    assert booted[bundle("two")] > many // 3 and booted[b"none"] < many // 50


def test_whatever_a_state_says_it_is_a_state_or_told_to_be_none(bench: Bench):
    state, _ = bench.updater().folder.read()
    text = to_json(state.with_staged(state.factory).swapped().given_up("x").with_staged(state.factory)).encode()
    read = 0
    for number in range(5000):
        dice = random.Random(number)
        content = damaged(text, [text], dice).decode(errors="replace")
        try:
            assert to_json(from_json(content)) == content
            read += 1
        except ValueError:
            pass
    assert 0 < read < 2500


@pytest.mark.parametrize("gone", [[SLOTS[0]], [SLOTS[1]], list(SLOTS), [FACTORY], [FACTORY, SLOTS[0]], ["metadata"], ["root.json"]])
def test_a_car_boots_without_some_of_its_files(bench: Bench, gone: list[str]):
    bench.publish(bundle("one"))
    bench.update()
    for name in gone:
        path = bench.car / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert bench.active() in KNOWN
