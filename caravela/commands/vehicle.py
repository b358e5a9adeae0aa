"""`caravela vehicle`: the car's runtime. Run it in a world, on a recording or on video; run a recording again; check its seals;
measure the safety case; update it; serve it. A file for each beside this one."""

from caravela.commands import Verb
from caravela.commands._vehicle_bench import BenchOptions, QuantiseOptions, run_bench, run_quantise, show_bench
from caravela.commands._vehicle_cycles import CyclesOptions, run_cycles, show_cycles
from caravela.commands._vehicle_domains import DomainsOptions, run_domains, show_domains
from caravela.commands._vehicle_fuzz import FuzzOptions, fuzz_code, run_fuzz, show_fuzz
from caravela.commands._vehicle_ota import PublishOptions, UpdateOptions, run_publish, run_update, show_update
from caravela.commands._vehicle_recordings import (
    ReplayOptions,
    VerifyOptions,
    replay_code,
    run_replay,
    run_verify,
    show_replay,
    show_verify,
    verify_code,
)
from caravela.commands._vehicle_run import RunOptions, run_run, show_run
from caravela.commands._vehicle_safety import SafetyOptions, run_safety, safety_code
from caravela.commands._vehicle_serve import ServeOptions, run_serve, show_serve

HELP = "run the car's loop, replay and verify its recordings, measure its safety case, update it, serve it"

VERBS: dict[str, Verb] = {
    "run": Verb(RunOptions, run_run, "drive under the mode machine: in a world, on a recording, on video", show_run),
    "replay": Verb(
        ReplayOptions, run_replay, "run the model again on a recording and report the first difference", show_replay, replay_code
    ),
    "verify": Verb(VerifyOptions, run_verify, "check that a recording is whole and was not changed", show_verify, verify_code),
    "safety": Verb(SafetyOptions, run_safety, "measure every clause and rehearse every fault", exit_code=safety_code),
    "domains": Verb(DomainsOptions, run_domains, "the same routes isolated and with all four domains in one plan", show_domains),
    "update": Verb(UpdateOptions, run_update, "verify, stage, swap, try and roll back the car's versions", show_update),
    "publish": Verb(PublishOptions, run_publish, "sign a bundle into the repository that cars update from"),
    "bench": Verb(BenchOptions, run_bench, "latency, utilisation, memory and energy of the tiers here and on described chips", show_bench),
    "cycles": Verb(CyclesOptions, run_cycles, "count control cycles that take longer than 100 ms", show_cycles),
    "fuzz": Verb(FuzzOptions, run_fuzz, "messages and bundles made by chance: what crashes, what is unsafe?", show_fuzz, fuzz_code),
    "quantise": Verb(QuantiseOptions, run_quantise, "make a bundle's int8 build"),
    "serve": Verb(ServeOptions, run_serve, "offer the driver to other people's worlds over AlpaSim's egodriver contract", show_serve),
}
