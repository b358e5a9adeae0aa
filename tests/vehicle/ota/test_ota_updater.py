"""An update's way into a car: staged on the road, swapped in when parked, tried, kept; and back out where it fails."""

import threading
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ota_bench import NOW, Bench, bundle

from caravela.core.errors import CaravelaError
from caravela.vehicle.ota.car_folder import FACTORY, SLOTS, CarFolder
from caravela.vehicle.ota.refusal import Reason, UpdateRefused
from caravela.vehicle.ota.standing import PARKED, Standing
from caravela.vehicle.ota.state import ATTEMPTS


def test_an_update_is_checked_staged_swapped_tried_and_kept(bench: Bench):
    updater = bench.updater()
    bench.publish(bundle("one"))
    version, news = updater.check(bench.address)
    assert news and version.release == 1
    assert updater.stage(bench.address) == (version, True)
    assert bench.active() == bundle("factory"), "what is staged drives nothing"
    updater.swap(PARKED, now=NOW)
    booted = updater.boot(PARKED)
    assert booted.version == version and booted.path.read_bytes() == bundle("one")
    assert booted.notes == ("release 1 passed its self-test",)
    assert updater.check(bench.address) == (version, False)
    assert updater.stage(bench.address) == (version, False), "what is active is not staged again"


def test_the_version_before_is_kept_and_older_ones_are_swept(bench: Bench):
    for name in ("one", "two", "three", "four"):
        bench.publish(bundle(name))
        assert bench.update().path.read_bytes() == bundle(name)
    bench.updater().folder.sweep()
    kept = {path.read_bytes() for path in (bench.car / "versions").iterdir()}
    assert {bundle("factory"), bundle("three"), bundle("four")} <= kept and bundle("one") not in kept
    state = bench.updater().status()
    assert state["previous"].release == 3 and state["whole"]


def test_a_failed_self_test_rolls_back_and_is_not_tried_again(bench: Bench):
    bench.publish(bundle("one"))
    bench.update()
    bench.publish(bundle("bad", fault="it plans NaN"))
    booted = bench.update()
    assert booted.path.read_bytes() == bundle("one") and booted.notes == ("release 2 failed its self-test: it plans NaN",)
    with pytest.raises(UpdateRefused, match="it plans NaN") as refusal:
        bench.updater().stage(bench.address)
    assert refusal.value.reason is Reason.FAILED_BEFORE
    bench.publish(bundle("three"))
    assert bench.update().path.read_bytes() == bundle("three")


def test_a_self_test_that_never_ends_is_given_up(bench: Bench):
    class Crash(BaseException):
        pass

    def crash(path, *, drive):
        raise Crash

    bench.publish(bundle("one"))
    updater = bench.updater()
    updater.stage(bench.address)
    updater.swap(PARKED, now=NOW)
    updater._examine = crash
    for _ in range(ATTEMPTS):
        with pytest.raises(Crash):
            updater.boot(PARKED)
    booted = updater.boot(PARKED)
    assert booted.path.read_bytes() == bundle("factory") and "never ended" in booted.notes[0]
    assert bench.updater().status()["trial"] is None


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (Standing(), "speed is not known"),
        (Standing(speed=2.0, parking_brake=True), "moves at 2.0"),
        (Standing(speed=-2.0, parking_brake=True), "moves at -2.0"),
        (Standing(speed=0.0), "parking brake is off"),
        (Standing(speed=0.0, parking_brake=True, engaged=True), "L2 or L4 is engaged"),
    ],
)
def test_nothing_is_swapped_tried_or_rolled_back_unless_parked(bench: Bench, standing: Standing, told: str):
    updater = bench.updater()
    bench.publish(bundle("one"))
    bench.update()
    bench.publish(bundle("two"))
    updater.stage(bench.address)
    for act in (partial(updater.swap, standing, now=NOW), partial(updater.rollback, standing)):
        with pytest.raises(UpdateRefused, match=told) as refusal:
            act()
        assert refusal.value.reason is Reason.NOT_PARKED
    updater.swap(PARKED, now=NOW)
    booted = updater.boot(standing)  # a restart under way
    assert booted.path.read_bytes() == bundle("one") and told in booted.notes[0]
    assert updater.boot(PARKED).path.read_bytes() == bundle("two")


def test_one_can_go_back_by_hand_and_stays_there_until_something_newer(bench: Bench):
    for name in ("one", "two"):
        bench.publish(bundle(name))
        bench.update()
    assert bench.updater().rollback(PARKED).release == 1
    assert bench.active() == bundle("one")
    with pytest.raises(UpdateRefused, match="rolled back by hand"):
        bench.updater().stage(bench.address)
    with pytest.raises(UpdateRefused, match="no whole version before"):
        bench.updater().rollback(PARKED)
    bench.publish(bundle("three"))
    assert bench.update().version.release == 3


def test_a_staged_version_is_looked_at_again_before_the_swap(bench: Bench):
    updater = bench.updater()
    with pytest.raises(UpdateRefused, match="nothing is staged"):
        updater.swap(PARKED, now=NOW)
    bench.publish(bundle("one"))
    version, _ = updater.stage(bench.address)
    with pytest.raises(UpdateRefused) as refusal:
        updater.swap(PARKED, now=NOW + timedelta(days=1000))
    assert refusal.value.reason is Reason.EXPIRED
    updater.folder.file(version).write_bytes(bundle("other"))
    with pytest.raises(UpdateRefused) as refusal:
        updater.swap(PARKED, now=NOW)
    assert refusal.value.reason is Reason.DAMAGED
    updater.stage(bench.address)  # brings it again
    updater.swap(PARKED, now=NOW)
    updater.folder.file(version).write_bytes(b"")
    assert "may be staged again" in updater.boot(PARKED).notes[0]
    assert bench.update().version == version


def test_what_was_staged_before_a_newer_trial_passed_is_not_swapped_in(bench: Bench):
    updater = bench.updater()
    bench.publish(bundle("six"), release=6)
    updater.stage(bench.address)
    updater.swap(PARKED, now=NOW)
    bench.repository.publish_as_is(bundle("five"), tier="se", custom={"tier": "se", "release": 5}, now=NOW)
    updater.stage(bench.address)  # newer than what the car has driven with so far
    assert updater.boot(PARKED).version.release == 6
    with pytest.raises(UpdateRefused) as refusal:
        updater.swap(PARKED, now=NOW)
    assert refusal.value.reason is Reason.OLDER and bench.active() == bundle("six")


def test_a_damaged_active_version_gives_way_to_one_before(bench: Bench):
    for name in ("one", "two"):
        bench.publish(bundle(name))
        booted = bench.update()
    booted.path.write_bytes(b"rot")
    again = bench.updater().boot(PARKED)
    assert again.path.read_bytes() == bundle("one") and again.notes == (
        "release 2 is damaged on the disk",
        "release 1 is active instead",
    )
    again.path.unlink()
    assert bench.active() == bundle("factory")
    assert bench.update().path.read_bytes() == bundle("two"), "the damaged one may be fetched again"
    for path in (bench.car / "versions").iterdir():
        path.write_bytes(b"rot")
    with pytest.raises(CaravelaError, match=r"no version in .* is whole; .* in a new folder"):
        bench.active()


def test_a_damaged_state_counts_as_the_one_before(bench: Bench):
    for name in ("one", "two"):
        bench.publish(bundle(name))
        bench.update()
    for slot in SLOTS:
        (bench.car / slot).write_bytes(b"{}")
        booted = bench.updater().boot(PARKED)
        assert slot in "".join(booted.notes)
    assert booted.path.read_bytes() == bundle("factory")
    assert bench.update().path.read_bytes() == bundle("two")


def test_a_full_disk_boots_the_last_good_one(bench: Bench):
    def full(name: str) -> None:
        if name.startswith("write"):
            raise OSError(28, "No space left on device")

    bench.publish(bundle("one"))
    updater = bench.updater()
    updater.stage(bench.address)
    updater.swap(PARKED, now=NOW)
    booted = bench.updater(step=full).boot(PARKED)
    assert booted.path.read_bytes() == bundle("factory") and "No space left" in booted.notes[0]
    assert bench.active() == bundle("one"), "it is tried once there is room"


def test_two_updates_at_once_do_not_mix(bench: Bench):
    bench.publish(bundle("one"))
    updater = bench.updater()
    with updater.folder.fetching(), pytest.raises(UpdateRefused) as refusal:
        updater.stage(bench.address)
    assert refusal.value.reason is Reason.BUSY
    assert updater.stage(bench.address)[1]


def test_a_car_is_set_up_once(bench: Bench):
    with pytest.raises(CaravelaError, match=r"a car at .* already"):
        CarFolder.set_up(bench.car, root=b"", bundle=bench.folder / "bundle", tier="se")
    with pytest.raises(CaravelaError, match="the tier 'S E'"):
        CarFolder.set_up(bench.folder / "other", root=b"", bundle=bench.folder / "bundle", tier="S E")
    with pytest.raises(CaravelaError, match="cannot set up"):
        CarFolder.set_up(bench.folder / "other", root=b"", bundle=bench.folder / "missing", tier="se")
    with pytest.raises(CaravelaError, match="no car at"):
        CarFolder(bench.folder / "nowhere").read()


def test_a_car_that_is_set_up_anew_knows_nothing_of_the_one_before(bench: Bench):
    for name in ("one", "two"):
        bench.publish(bundle(name))
        bench.update()
    root = (bench.car / "root.json").read_bytes()
    (bench.car / FACTORY).unlink()
    bench.publish(bundle("anew"))
    CarFolder.set_up(bench.car, root=root, bundle=bench.folder / "bundle", tier="se")
    assert bench.active() == bundle("anew") and bench.updater().status()["previous"] is None


def test_a_repository_is_read_over_http(bench: Bench):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=bench.address))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    try:
        bench.publish(bundle("one"))
        version, waits = bench.updater().stage(address)
        assert waits and bench.updater().folder.is_whole(version)
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(UpdateRefused) as refusal:
        bench.updater().check(address)
    assert refusal.value.reason is Reason.UNREACHABLE
