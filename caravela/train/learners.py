"""Learning in several processes: each draws its share of every batch, and DistributedDataParallel (Li et al. 2020) gives all of them the mean
of their gradients: the whole batch's where every label is known, since a loss is a mean over what is known in a share. Where they are
sharded (`sharding.py`), FSDP2 does so instead. The first one writes checkpoints and curve. A run with one learner uses none of this."""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TypeVar, cast

import torch
from torch import distributed, nn

from caravela.core.errors import CaravelaError

T = TypeVar("T")


def device_for(index: int) -> torch.device:
    """The GPU of this machine's learner `index`, or the CPU where there is none."""
    return torch.device("cuda", index) if torch.cuda.is_available() else torch.device("cpu")


@dataclass(frozen=True)
class Learner:
    """Which of the learners this process is."""

    index: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: device_for(0))
    sharded: bool = False  # whether each keeps only its part of the weights, see `sharding`

    @property
    def writes(self) -> bool:
        """Whether this one writes what the run keeps."""
        return self.index == 0

    def share_of(self, batch: int) -> int:
        """How many of a batch's samples this one draws. Raises CaravelaError where they cannot be shared out evenly."""
        if batch % self.count:
            raise CaravelaError(
                f"{self.count} learners cannot share a batch of {batch} samples evenly; give a number that divides {batch}."
            )
        return batch // self.count

    def join(self, module: nn.Module) -> nn.Module:
        """`module`, whose backward pass from now on ends with the mean gradient of all learners."""
        if self.count == 1:
            return module
        warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")  # of 1x1 kernels, which lie either way
        # which losses there are, and so which heads, depends on the shards that each one drew
        return nn.parallel.DistributedDataParallel(module, find_unused_parameters=True)

    def writer_says(self, word: bool) -> bool:
        """The first learner's yes or no, in all of them."""
        return not self.all_agree(not (word and self.writes))

    def all_agree(self, holds: bool) -> bool:
        """Whether something holds for every learner."""
        if self.count == 1:
            return holds
        votes = torch.tensor(float(holds), device=self.device)
        distributed.all_reduce(votes, op=distributed.ReduceOp.MIN)
        return bool(votes)

    def make_alike(self, module: nn.Module) -> None:
        """Give every learner the first one's weights and statistics."""
        if self.count > 1:
            for value in module.state_dict().values():
                distributed.broadcast(value, src=0)

    def in_turn(self, make: Callable[[], T]) -> T:
        """What `make` makes, in the first learner before the others: it writes what they read."""
        if self.count == 1:
            return make()
        made = make() if self.writes else None
        self.all_agree(True)
        return make() if made is None else made


Job = Callable[[Learner], None]


def learn_together(job: Job, *, count: int, kept: Path, sharded: bool = False) -> None:
    """Run `job` (picklable) in `count` processes of this machine until all are done. `kept` is the checkpoint that the run goes on from.

    Raises CaravelaError where one of them raises it, or is killed; RuntimeError with the traceback of any other exception. Whatever
    ends one of them ends all: they are of no use alone.
    """
    if torch.cuda.is_available() and count > torch.cuda.device_count():
        raise CaravelaError(f"--learners is {count}, and this machine has {torch.cuda.device_count()} GPUs; expected one for each learner.")
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="caravela-") as folder:
        processes: list[SpawnProcess] = []
        words: list[connection.Connection] = []
        try:
            for index in range(count):
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(
                    target=_process,
                    args=(job, Learner(index, count, device_for(index), sharded), Path(folder) / "met", theirs),
                    daemon=True,
                )
                process.start()
                theirs.close()
                processes.append(process)
                words.append(ours)
            _watch(processes, words, kept=kept)
        finally:
            for process in processes:
                process.kill()
                process.join()


def is_launched() -> bool:
    """Whether torchrun started this process as one of several, perhaps on several machines."""
    return distributed.is_torchelastic_launched()


def learn_launched(job: Job, *, sharded: bool = False) -> Learner:
    """Run `job` as the learner that torchrun says this process is; returns which."""
    learner = Learner(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), device_for(int(os.environ["LOCAL_RANK"])), sharded)
    _meet(learner, method="env://")
    job(learner)
    _part(learner)
    return learner


def _meet(learner: Learner, *, method: str) -> None:
    """Join the other learners."""
    if learner.device.type == "cuda":
        torch.cuda.set_device(learner.device)
    backend = "nccl" if learner.device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, init_method=method, rank=learner.index, world_size=learner.count)


def _part(learner: Learner) -> None:
    """Leave the others, when all are done: not before the first one has saved."""
    learner.all_agree(True)
    distributed.destroy_process_group()


def _process(job: Job, learner: Learner, met: Path, word: connection.Connection) -> None:
    """A learner's process: does the job, or says why not and exits with 2 (the user can mend it) or 1."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _meet(learner, method=met.as_uri())
        job(learner)
        _part(learner)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # there is nothing left to do, and libraries' threads may abort a process that tidies up
    except CaravelaError as error:
        word.send(str(error))
        os._exit(2)
    except BaseException:
        word.send(traceback.format_exc())
        os._exit(1)


def _end_with_parent() -> None:
    """End this process when the one that started it does, however that came."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _watch(processes: list[SpawnProcess], words: list[connection.Connection], *, kept: Path) -> None:
    """Wait until all are done. Raises where one ended otherwise."""
    while running := [process for process in processes if process.exitcode is None]:
        connection.wait([process.sentinel for process in running])
        # one that ends takes the others' connections with it: who was killed, or knows what to say, tells why
        failed = sorted((rank for rank in range(len(processes)) if processes[rank].exitcode), key=lambda rank: _blame(processes[rank]))
        if failed:
            first, code = failed[0], cast(int, processes[failed[0]].exitcode)
            if code < 0:
                raise CaravelaError(
                    f"learner {first + 1} of {len(processes)} was ended by {signal.Signals(-code).name}, and the others with it; the last good "
                    f"checkpoint is '{kept}': start the same command again to go on from it."
                )
            said = words[first].recv() if words[first].poll() else f"learner {first + 1} of {len(processes)} ended with code {code}"
            raise CaravelaError(said) if code == 2 else RuntimeError(said)


def _blame(process: SpawnProcess) -> int:
    code = process.exitcode or 0
    return 0 if code < 0 else 1 if code == 2 else 2
