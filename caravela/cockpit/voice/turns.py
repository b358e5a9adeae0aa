"""Whose turn is it? A pure state machine over frames: asleep until the wake word, awake until somebody speaks, hearing until they have finished,
deaf while the car thinks and answers. Time and sound are arguments; it owns no microphone, no model and no clock.

The end of a sentence is silence, or what stands for it among other voices: a level nearer to that of the surroundings than to the speaker's.
Left out: who speaks. A voice from the radio that says the wake word is a voice."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from caravela.cockpit.voice.stages import FRAME_S, Noticed, Samples

SILENT = 1.0  # mean square of int16 samples that counts as no sound at all


class Phase(StrEnum):
    ASLEEP = "asleep"
    AWAKE = "awake"
    HEARING = "hearing"
    DEAF = "deaf"


@dataclass(frozen=True)
class TurnConfig:
    """Durations in seconds. Chosen on sentences that no figure is told on."""

    wake: bool = True  # needs the wake word; without, every sentence is meant for the car, as with a button held
    speech: float = 0.5  # probability from which a frame counts as speech
    onset_s: float = 0.16  # of speech in all, until somebody speaks
    end_s: float = 0.7  # of silence, until they have finished
    patience_s: float = 6.0  # for somebody who woke the car, or was asked, to begin
    longest_s: float = 12.0  # of a sentence, its wake word included
    before_s: float = 0.3  # kept from before somebody began
    before_wake_s: float = 1.4  # kept from before the wake word was noticed: it lies in there, and what follows may, too
    loudness_s: float = 0.2  # over which the level is taken
    floor_rises_s: float = 8.0  # in which the level of the surroundings follows a rise; a fall it follows as the level does
    between: float = 0.5  # of the way, in dB, from the surroundings to the speaker: less loud is no longer the speaker


@dataclass(frozen=True)
class Moment:
    """One frame: `frame` (512,) at 16 kHz, ending at `t_s`, and what was noticed in it."""

    t_s: float
    frame: Samples
    noticed: Noticed


@dataclass(frozen=True)
class Woken:
    """The wake word was said."""

    t_s: float


@dataclass(frozen=True)
class Said:
    """Somebody has finished. `samples` (n,) at 16 kHz; with `named`, it begins with the wake word."""

    samples: Samples
    began_s: float
    ended_s: float  # of the last speech in it
    t_s: float  # when that was clear
    named: bool


@dataclass(frozen=True)
class NothingSaid:
    """The car was woken, or asked something, and nobody spoke."""

    t_s: float


@dataclass(frozen=True)
class TooLong:
    """Somebody, or something, did not stop: nothing of it is recognised."""

    t_s: float


Event = Woken | Said | NothingSaid | TooLong


@dataclass(frozen=True)
class State:
    """Where the conversation stands. Levels in dB of int16 samples."""

    phase: Phase = Phase.ASLEEP
    since_s: float = 0.0
    kept: tuple[Moment, ...] = ()  # the sentence so far, or the last moments before one
    named: bool = False
    voiced_s: float = 0.0  # speech since the phase began
    last_speech_s: float = 0.0
    level: float | None = None
    floor: float = 0.0
    peak: float = -math.inf


def begin(config: TurnConfig) -> State:
    """The state before the first frame."""
    return State(phase=Phase.ASLEEP if config.wake else Phase.AWAKE)


def step(state: State, moment: Moment, config: TurnConfig) -> tuple[State, Event | None]:
    """The state after one more frame, and what has come of it."""
    if state.phase is Phase.DEAF or (state.phase is not Phase.HEARING and moment.t_s <= state.since_s):
        return replace(state, kept=()), None  # the car's own voice is no part of the surroundings either
    state = _louder(state, moment, config)
    keep_s = math.inf if state.phase is Phase.HEARING or state.named else max(config.before_wake_s, config.before_s + config.onset_s)
    state = replace(state, kept=(*_last(state.kept, keep_s), moment))
    if state.phase is Phase.HEARING:
        return _hearing(state, moment, config)
    if config.wake and moment.noticed.woken and not state.named:
        fresh = State(Phase.AWAKE, moment.t_s, _last(state.kept, config.before_wake_s), True, 0.0, moment.t_s, state.level, state.floor)
        return fresh, Woken(moment.t_s)
    return _awake(state, moment, config) if state.phase is Phase.AWAKE else (state, None)


def finish(state: State) -> Said | None:
    """The recording is over, or the button let go: what was being said, if anything."""
    return _said(state, state.kept[-1].t_s) if state.phase is Phase.HEARING else None


def speaking(state: State, t_s: float) -> bool:
    """Does somebody speak at `t_s`, or begin to, or does the car itself?"""
    begins = state.phase is Phase.AWAKE and (state.named or state.voiced_s > 0.0)
    return state.phase in (Phase.HEARING, Phase.DEAF) or begins or t_s < state.since_s


def answered(state: State, t_s: float, config: TurnConfig, *, listen_on: bool) -> State:
    """The car will have answered at `t_s`, deaf until then, and with `listen_on` waits for a word without being woken again."""
    phase = Phase.AWAKE if listen_on or not config.wake else Phase.ASLEEP
    return State(phase=phase, since_s=t_s, last_speech_s=t_s, level=state.level, floor=state.floor)


def _awake(state: State, moment: Moment, config: TurnConfig) -> tuple[State, Event | None]:
    if moment.noticed.speech >= config.speech:
        voiced = state.voiced_s + FRAME_S
        kept = state.kept if state.named else _last(state.kept, config.before_s + config.onset_s)
        state = replace(state, voiced_s=voiced, last_speech_s=moment.t_s, peak=max(state.peak, state.level or 0.0))
        if voiced >= config.onset_s - 1e-9:
            return replace(state, phase=Phase.HEARING, since_s=kept[0].t_s - FRAME_S, kept=kept), None
    elif not state.named:
        state = replace(state, voiced_s=0.0)  # a click is no beginning
    if config.wake and moment.t_s - state.since_s >= config.patience_s:
        return answered(state, moment.t_s, config, listen_on=False), NothingSaid(moment.t_s)
    return state, None


def _hearing(state: State, moment: Moment, config: TurnConfig) -> tuple[State, Event | None]:
    level = state.level or 0.0
    state = replace(state, peak=max(state.peak, level))
    speaker = level >= state.floor + config.between * (state.peak - state.floor)
    if moment.noticed.speech >= config.speech and speaker:
        state = replace(state, last_speech_s=moment.t_s)
    if moment.t_s - state.last_speech_s >= config.end_s - 1e-9:
        return replace(state, phase=Phase.DEAF, kept=()), _said(state, moment.t_s)
    if moment.t_s - state.since_s >= config.longest_s:
        return replace(state, phase=Phase.DEAF, kept=()), TooLong(moment.t_s)
    return state, None


def _said(state: State, t_s: float) -> Said:
    samples = np.concatenate([moment.frame for moment in state.kept])
    return Said(samples, state.kept[0].t_s - FRAME_S, state.last_speech_s, t_s, state.named)


def _louder(state: State, moment: Moment, config: TurnConfig) -> State:
    """With the level of this frame and of the surroundings taken into account. The surroundings are not measured while somebody is heard."""
    power = float(np.mean(np.square(moment.frame, dtype=np.float64)))
    if state.level is None:
        level = 10.0 * math.log10(max(power, SILENT))
        return replace(state, level=level, floor=level)
    share = 1.0 - math.exp(-FRAME_S / config.loudness_s)
    level = 10.0 * math.log10(max((1.0 - share) * 10.0 ** (state.level / 10.0) + share * power, SILENT))
    if state.phase is Phase.HEARING:
        return replace(state, level=level)
    rise = 1.0 - math.exp(-FRAME_S / config.floor_rises_s)
    return replace(state, level=level, floor=level if level < state.floor else state.floor + rise * (level - state.floor))


def _last(kept: tuple[Moment, ...], seconds: float) -> tuple[Moment, ...]:
    return kept if math.isinf(seconds) else kept[-max(1, round(seconds / FRAME_S)) :]
