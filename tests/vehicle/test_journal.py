"""The recorder: what matters is in it with its party, a kill costs nothing that was written, tampering shows, and a replay finds the
first difference."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import NonSeekingReader

from caravela.core.errors import RecordingError
from caravela.core.modes import Fault, Mode
from caravela.core.responsibility import Entity, Person
from caravela.core.types import Observation, Plan, Rig
from caravela.core.units import STEP_US
from caravela.vehicle.attention import SimulatedDriver
from caravela.vehicle.cameras import SourceEnd
from caravela.vehicle.conduct import Engage, Manual, Rules, parked
from caravela.vehicle.journal import Journal, PictureRing, Place, Software
from caravela.vehicle.loop import Loop
from caravela.vehicle.planner import InlinePlanner
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.rehearsal import CruisePolicy, Plain, small_rig
from caravela.vehicle.replay import observations, read_recording, replay
from caravela.vehicle.sealed import messages, read_bytes, verify
from caravela.vehicle.sources import LogSource

ANA, MAKER = Person("Ana Sousa"), Entity("Caravela Motors Ltd")
SOFTWARE = Software("0.0", "cruise", "ab" * 32)
EPOCH = 1_700_000_000_000_000_000
ONE_SECOND = 10


class SeeingPolicy(CruisePolicy):
    """Its plan depends on every picture."""

    def __init__(self, *, offset: float = 0.0, from_look: int = 0) -> None:
        super().__init__()
        self._offset, self._from_look = offset, from_look

    def plan(self, observation: Observation) -> Plan:
        plan = super().plan(observation)
        shift = observation.images.astype(np.float64).mean() / 1000 + (self._offset if self._looks > self._from_look else 0.0)
        return replace(plan, knots=(plan.knots + np.float32(shift)).astype(np.float32))


class Source(Plain):
    """A plain whose observations keep their history, as a world's do."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self._frames: list[np.ndarray] = []

    def look(self, t_us: int) -> Observation:
        seen = super().look(t_us)
        self._frames.insert(0, seen.images[0, 0])
        images = np.stack([self._frames[min(age, len(self._frames) - 1)] for age in (0, 2, 6)])
        return replace(seen, images=images[None])


def record(path: Path, *, ticks: int, fault_at: int | None = None, key: bytes | None = None, close: bool = True, **options) -> Journal:
    """A drive at L4 from tick 3 on."""
    rig = small_rig()
    rules = Rules(assisted_profile("unece-r171"), r157(), MAKER)
    loop = Loop(parked(Manual(ANA)), rules=rules, planner=InlinePlanner(SeeingPolicy()), monitor=SimulatedDriver(), rig=rig, deadline_s=9.0)
    first = loop.ledger.tenures[0]
    journal = Journal(path, rig=rig, software=SOFTWARE, first=first, epoch_ns=EPOCH, key=key, **options)
    source = Source(rig)
    for number in range(ticks):
        t_us = number * STEP_US
        seen = source.look(t_us)
        lost = fault_at is not None and number >= fault_at
        happenings = (Engage(t_us, Mode.L4, ANA),) if number == 3 else ()
        tick = loop.tick(None if lost else seen, now_us=t_us, steady_us=t_us, happenings=happenings)
        journal.write(tick, place=Place("plain", x=1.5 * number), tenures=loop.ledger.tenures)
    if close:
        journal.close()
    return journal


def entries(path: Path) -> list[dict]:
    return list(read_recording(path).entries)


def test_what_matters_is_entered_with_time_place_and_party(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=30, fault_at=12)
    found = entries(tmp_path / "run.mcap")
    assert found[0]["kind"] == "start" and found[0]["software"]["model_sha256"] == "ab" * 32
    by_kind = {entry["kind"]: entry for entry in found}
    assert by_kind["mode"]["detail"] == "manual to L4" and by_kind["mode"]["t_s"] == pytest.approx(0.3)
    assert by_kind["tenure"]["responsible"] == {"name": "Caravela Motors Ltd", "role": "authorised self-driving entity"}
    stop = by_kind["minimal-risk manoeuvre"]
    assert stop["detail"] == Fault.FRAME_MISSING and stop["place"] == {"map": "plain", "x": 1.5 * 15, "y": 0.0, "heading": 0.0}
    assert found[-1]["kind"] == "end"
    assert {"fault"} <= by_kind.keys()


def test_a_stock_reader_reads_it(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=12)
    with (tmp_path / "run.mcap").open("rb") as file:
        topics = [channel.topic for _, channel, _ in NonSeekingReader(file, validate_crcs=True).iter_messages()]
    assert topics.count("/tick") == 12 and topics.count("/camera/front/image") == 12 and topics.count("/seal") == 3


def test_a_cut_at_any_byte_keeps_all_that_was_whole(tmp_path: Path) -> None:
    path, cut = tmp_path / "run.mcap", tmp_path / "cut.mcap"
    record(path, ticks=35)
    data = read_bytes(path)
    whole = [(end, message) for _, end, message in messages(data)]
    random = np.random.default_rng(0)
    for size in sorted({8, 9, 40, len(data) - 1, *random.integers(8, len(data), 150).tolist()}):
        cut.write_bytes(data[:size])
        kept = [message for _, _, message in messages(read_bytes(cut))]
        assert kept == [message for end, message in whole if end <= size], "not one whole message is lost"
        verdict = verify(cut)
        assert verdict.closed == (kept[-1:] == [whole[-1][1]])
        ticks = [message for message in kept if message.topic == "/tick"]
        if verdict.seals:
            assert verdict.unchanged and verdict.loose_messages <= 7 * ONE_SECOND
            if ticks:
                assert len(read_recording(cut).ticks) == len(ticks)
        else:
            assert size < whole[1][0]


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from caravela.vehicle.journal import Journal
import test_journal
write = Journal.write
def loud(self, tick, **rest):
    write(self, tick, **rest)
    print(tick.number, flush=True)
Journal.write = loud
test_journal.record(Path({path!r}), ticks=100_000)
"""


def test_a_killed_recorder_loses_less_than_a_second(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    code = KILLED.format(tests=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = -1
        while last < 23:
            last = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        last = max([last, *(int(line) for line in process.stdout.read().split())])
    verdict = verify(path)
    assert verdict.unchanged and not verdict.closed
    assert len(read_recording(path).ticks) > last - ONE_SECOND
    assert len(read_recording(path).ticks) >= last, "what was written is there"


def test_any_changed_byte_shows(tmp_path: Path) -> None:
    path, changed = tmp_path / "run.mcap", tmp_path / "changed.mcap"
    record(path, ticks=25)
    data, verdict = read_bytes(path), verify(path)
    assert verdict.intact and verdict.closed and verdict.loose_messages == 0
    random = np.random.default_rng(1)
    for place in random.integers(8, verdict.sealed_bytes - 300, 120).tolist():
        edited = bytearray(data)
        edited[place] ^= 1 << int(random.integers(8))
        changed.write_bytes(edited)
        found = verify(changed)
        assert not found.intact, f"byte {place:,}"


def test_an_entry_that_was_taken_out_shows_and_says_where(tmp_path: Path) -> None:
    path, changed = tmp_path / "run.mcap", tmp_path / "changed.mcap"
    record(path, ticks=25)
    data = read_bytes(path)
    position, end, entry = next(row for row in messages(data) if b'"mode"' in row[2].data and row[2].topic == "/journal")
    changed.write_bytes(data[:position] + data[end:])
    assert not verify(changed).intact and "taken out" in verify(changed).broken[0]
    other = entry.data.replace(b"Caravela Motors Ltd", b"Someone Elses Ltd..")
    changed.write_bytes(data.replace(entry.data, other))
    assert not verify(changed).intact and "something was changed between" in verify(changed).broken[0]
    assert len(verify(changed).broken) == 1, "one second is named, not the whole rest"


def test_a_file_sealed_anew_is_caught_by_a_key_or_by_the_head(tmp_path: Path) -> None:
    genuine, forged = tmp_path / "run.mcap", tmp_path / "forged.mcap"
    journal = record(genuine, ticks=15, key=b"the car's")
    record(forged, ticks=15, fault_at=5, key=b"a thief's")
    assert verify(genuine, key=b"the car's", head=journal.head).intact
    assert verify(forged).intact, "without key or head a forgery looks well"
    assert "not made with this key" in verify(forged, key=b"the car's").broken[0]
    assert "sealed anew" in verify(forged, head=journal.head).broken[0]


def test_a_file_cut_at_a_seal_cannot_pass_for_a_finished_one(tmp_path: Path) -> None:
    record(tmp_path / "whole.mcap", ticks=25)
    data = read_bytes(tmp_path / "whole.mcap")
    ends = [end for _, end, message in messages(data) if message.topic == "/seal"]
    cut = tmp_path / "cut.mcap"
    assert verify(tmp_path / "whole.mcap").sentence() == "the recording is intact: 2.4 s, 4 seals, its end sealed"
    cut.write_bytes(data[: ends[1]])
    assert verify(cut).unchanged and not verify(cut).intact
    assert "breaks off after 1.0 s and its end is not sealed; what" in verify(cut).sentence()
    cut.write_bytes(data[: ends[1] + 10_000])
    assert f"(nor are its last {verify(cut).loose_messages} messages)" in verify(cut).sentence() and verify(cut).loose_messages > 0
    at = data.rindex(b'"closing":false', 0, ends[1])
    cut.write_bytes(data[:at] + b'"closing":true ' + data[at + 15 : ends[1]])
    assert not verify(cut).intact


def test_the_ring_keeps_the_seconds_around_a_trigger(tmp_path: Path) -> None:
    ring = PictureRing(before=0.5, after=1.0)
    record(tmp_path / "run.mcap", ticks=60, fault_at=40, ring=ring)
    pictures = sorted({round((t - EPOCH) / 1e8) for t, _ in read_recording(tmp_path / "run.mcap").pictures})
    around_mode, around_fault = list(range(14)), list(range(35, 40))
    assert pictures == around_mode + around_fault
    assert len(read_recording(tmp_path / "run.mcap").ticks) == 60, "ticks are kept throughout"


def test_a_replay_agrees_with_its_recording_and_finds_the_first_difference(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=20)
    recorded = read_recording(tmp_path / "run.mcap")
    same = replay(recorded, SeeingPolicy(), rig=small_rig())
    assert (same.compared, same.unseen, same.first, same.largest) == (20, 0, None, 0.0)
    other = replay(recorded, SeeingPolicy(offset=0.5, from_look=12), rig=small_rig())
    assert other.first is not None and (other.first.tick, other.first.field) == (12, "knots")
    assert other.first.replayed - other.first.recorded == pytest.approx(0.5, abs=1e-5) and other.largest == pytest.approx(0.5, abs=1e-5)
    assert replay(recorded, SeeingPolicy(offset=0.5), rig=small_rig(), tolerance=0.6).first is None


def test_a_replay_counts_what_it_cannot_see(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=60, fault_at=40, ring=PictureRing(before=0.5, after=1.0))
    found = replay(read_recording(tmp_path / "run.mcap"), SeeingPolicy(), rig=small_rig())
    assert found.planned == 40 and found.unseen > 0 and found.compared + found.unseen == found.planned and found.first is None


class FullDisk(io.FileIO):
    """A file on a disk with little room."""

    def write(self, data: object) -> int:
        if self.tell() > 20_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)  # type: ignore[arg-type]


def test_a_full_disk_ends_the_recording_and_not_the_drive(tmp_path: Path) -> None:
    journal = record(tmp_path / "run.mcap", ticks=60, opener=lambda path: FullDisk(path, "w"))
    assert "No space left" in journal.failure and "\n" not in journal.failure
    assert verify(tmp_path / "run.mcap").unchanged and not verify(tmp_path / "run.mcap").intact


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_that_takes_nothing_is_not_called_readable() -> None:
    assert "it holds nothing" in record(Path("/dev/full"), ticks=3).failure


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89MCAP0\r\n", b"\x89MCAP0\r\n" + bytes(100)])
def test_what_is_no_recording_is_told_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mcap"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match="expected a recording"):
        read_recording(path)
    with pytest.raises(RecordingError, match="cannot read"):
        read_recording(tmp_path / "missing.mcap")


def test_random_bytes_never_break_the_reader(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=12)
    data, random = read_bytes(tmp_path / "run.mcap"), np.random.default_rng(2)
    for _ in range(200):
        edited = np.frombuffer(data, np.uint8).copy()
        edited[random.integers(8, len(edited), 20)] = random.integers(0, 256, 20)
        (tmp_path / "bad.mcap").write_bytes(edited.tobytes())
        verify(tmp_path / "bad.mcap")
        assert "\n" not in replayed(tmp_path / "bad.mcap")


def replayed(path: Path) -> str:
    """What is said of a recording that cannot be driven again; empty for one that can."""
    try:
        recorded = read_recording(path)
        assert isinstance(recorded.model_sha256, str)
        replay(recorded, SeeingPolicy(), rig=small_rig())
        source = LogSource(recorded, small_rig())
        with suppress(SourceEnd):
            while True:
                source.look(0)
    except RecordingError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("junk", [None, "x", -1, 10**400, 1e300, [], {}, [[1.0]], True])
def test_a_tick_with_another_key_or_value_gets_a_sentence(tmp_path: Path, junk: object) -> None:
    record(tmp_path / "run.mcap", ticks=9)
    recorded = read_recording(tmp_path / "run.mcap")
    log_time, fields = recorded.ticks[8]
    inner = {key: list(fields[key]) for key in ("observation", "plan", "place")} | {"": list(fields)}
    for outer, keys in inner.items():
        for key in keys:
            for change in (lambda tree, key=key: tree.pop(key), lambda tree, key=key: tree.update({key: junk})):
                tick = json.loads(json.dumps(fields))
                change(tick[outer] if outer else tick)
                spoilt = replace(recorded, ticks=(*recorded.ticks[:8], (log_time, tick)))
                try:
                    replay(spoilt, SeeingPolicy(), rig=small_rig())
                    list(observations(spoilt, small_rig()))
                except RecordingError as error:
                    assert "it is damaged: verify it" in str(error)


def test_entries_are_plain_json(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=12)
    for _, _, message in messages(read_bytes(tmp_path / "run.mcap")):
        if message.topic in ("/journal", "/tick", "/seal"):
            json.loads(message.data, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
