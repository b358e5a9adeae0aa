"""What a car does not take, each with its reason: unsigned, expired, older, for another tier, damaged, unreachable. Nothing of it becomes active."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from ota_bench import NOW, Bench, bundle, make_bench

from caravela.core.errors import CaravelaError
from caravela.vehicle.ota.refusal import Reason, UpdateRefused
from caravela.vehicle.ota.repository import LIFE, Keys, Repository


def refused(bench: Bench, reason: Reason, told: str | None = None) -> None:
    """The car refuses what the repository has, and drives on with what it had."""
    before = bench.active()
    for act in (bench.updater().check, bench.updater().stage):
        with pytest.raises(UpdateRefused, match=told) as refusal:
            act(bench.address)
        assert refusal.value.reason is reason
    assert bench.active() == before and bench.updater().status()["staged"] is None


def test_unsigned(bench: Bench):
    bench.publish(bundle("one"))
    path = bench.repository.folder / "metadata" / "timestamp.json"
    signed = json.loads(path.read_text())
    path.write_text(json.dumps(signed | {"signatures": []}))
    refused(bench, Reason.UNSIGNED, "not signed by the keys")


def test_signed_by_someone_else(bench: Bench, tmp_path: Path):
    other = make_bench(tmp_path / "other")
    other.publish(bundle("evil"))
    shutil.rmtree(bench.repository.folder)
    shutil.copytree(other.repository.folder, bench.repository.folder)
    refused(bench, Reason.UNSIGNED)


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_one_role_signed_by_another_key(bench: Bench, role: str):
    bench.publish(bundle("one"))
    bench.repository.keys.make(role)  # a key that the root does not name
    bench.publish(bundle("two"))
    refused(bench, Reason.UNSIGNED)


def test_a_changed_bundle(bench: Bench):
    bench.publish(bundle("one"))
    (file,) = (bench.repository.folder / "targets" / "se").iterdir()
    file.write_bytes(file.read_bytes().replace(b"one", b"two"))
    with pytest.raises(UpdateRefused) as refusal:
        bench.updater().stage(bench.address)
    assert refusal.value.reason is Reason.DAMAGED and bench.active() == bundle("factory")


@pytest.mark.parametrize("size", [0, 1 << 20])
def test_a_bundle_cut_short_or_without_end(bench: Bench, size: int):
    bench.publish(bundle("one"))
    (file,) = (bench.repository.folder / "targets" / "se").iterdir()
    file.write_bytes(b"x" * size)
    with pytest.raises(UpdateRefused) as refusal:
        bench.updater().stage(bench.address)
    assert refusal.value.reason is Reason.DAMAGED and bench.active() == bundle("factory")


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_expired(bench: Bench, role: str):
    life = LIFE | {role: timedelta(days=1)}
    if role == "root":
        bench.repository.rotate("timestamp", now=NOW - timedelta(days=2), life=life)
        bench.repository.renew(now=NOW)
    else:
        bench.repository.renew(now=NOW - timedelta(days=2), life=life | {"timestamp": timedelta(days=1 if role == "timestamp" else 9)})
    refused(bench, Reason.EXPIRED, "past its time")
    bench.repository.rotate("timestamp", now=NOW)
    bench.publish(bundle("one"))
    assert bench.update().path.read_bytes() == bundle("one"), "signed anew, it is taken"


def test_older_metadata(bench: Bench, tmp_path: Path):
    bench.publish(bundle("one"))
    shutil.copytree(bench.repository.folder, tmp_path / "then")
    bench.publish(bundle("two"))
    bench.update()
    shutil.rmtree(bench.repository.folder)
    shutil.copytree(tmp_path / "then", bench.repository.folder)
    refused(bench, Reason.OLDER, "metadata older than this car has seen")
    shutil.rmtree(bench.car / "metadata")  # even where the car has forgotten which metadata it has seen
    (bench.car / "metadata").mkdir()
    refused(bench, Reason.OLDER, "release 1 is offered; this car has driven with 2")


def test_an_older_release_signed_anew(bench: Bench):
    bench.publish(bundle("five"), release=5)
    bench.update()
    bench.repository.publish_as_is(bundle("four"), tier="se", custom={"tier": "se", "release": 4}, now=NOW)
    refused(bench, Reason.OLDER, "release 4 is offered")
    bench.repository.publish_as_is(bundle("other five"), tier="se", custom={"tier": "se", "release": 5}, now=NOW)
    refused(bench, Reason.OLDER, "another file is offered as release 5")


def test_another_tier(bench: Bench):
    refused(bench, Reason.OTHER_TIER, "nothing at all")
    bench.publish(bundle("one", tier="ultra"), tier="ultra")
    refused(bench, Reason.OTHER_TIER, "it has ultra")
    bench.repository.publish_as_is(bundle("one", tier="ultra"), tier="se", custom={"tier": "ultra", "release": 1}, now=NOW)
    refused(bench, Reason.OTHER_TIER, "signed for 'ultra'")


def test_another_tier_inside_the_bundle(bench: Bench):
    bench.publish(bundle("one", tier="ultra"))
    with pytest.raises(UpdateRefused, match="holds a model of the tier 'ultra'; this car is 'se'") as refusal:
        bench.updater().stage(bench.address)
    assert refusal.value.reason is Reason.OTHER_TIER and bench.active() == bundle("factory")
    assert bench.updater().status()["staged"] is None


@pytest.mark.parametrize("release", [None, "2", -1, True, 1 << 60, [], {}])
def test_a_release_that_is_no_number(bench: Bench, release: object):
    bench.repository.publish_as_is(bundle("one"), tier="se", custom={"tier": "se", "release": release}, now=NOW)
    refused(bench, Reason.DAMAGED, "names no release")


def test_nobody_there(bench: Bench, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UpdateRefused) as refusal:
        bench.updater().check(str(tmp_path / "empty"))
    assert refusal.value.reason is Reason.UNREACHABLE
    with pytest.raises(CaravelaError, match="no repository at"):
        bench.updater().check(str(tmp_path / "missing"))


def test_keys_may_change_if_the_keys_before_say_so(bench: Bench):
    bench.publish(bundle("one"))
    for role in ("timestamp", "targets", "root", "snapshot", "root"):
        bench.repository.rotate(role, now=NOW)
    assert bench.update().path.read_bytes() == bundle("one")
    keys = Keys(bench.folder / "keys")
    (keys.folder / "root.pem").unlink()
    keys.make("root")  # a root key that nobody vouches for
    bench.repository.rotate("timestamp", now=NOW)
    refused(bench, Reason.UNSIGNED)


def test_a_repository_says_what_it_cannot_do(bench: Bench, tmp_path: Path):
    bench.publish(bundle("one"), release=3)
    assert bench.repository.releases() == {"se": 3}
    with pytest.raises(CaravelaError, match="release 3 of 'se' is not newer than 3"):
        bench.publish(bundle("two"), release=3)
    with pytest.raises(CaravelaError, match="the tier 'a/b'"):
        bench.publish(bundle("two"), tier="a/b")
    with pytest.raises(CaravelaError, match="cannot read the bundle"):
        bench.repository.publish(tmp_path / "missing", tier="se", now=NOW)
    with pytest.raises(CaravelaError, match="is not empty"):
        Repository.make(bench.repository.folder, Keys(tmp_path / "new"), now=NOW)
    with pytest.raises(CaravelaError, match="there are keys"):
        Repository.make(tmp_path / "new", bench.repository.keys, now=NOW)
    with pytest.raises(CaravelaError, match="no repository at"):
        Repository(tmp_path / "new", bench.repository.keys)
    with pytest.raises(CaravelaError, match="no key for the role 'root'"):
        Keys(tmp_path).read("root")
