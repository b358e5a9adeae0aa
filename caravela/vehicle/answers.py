"""Answers in words, from the driver's own thoughts and off the driving path: the text head that lies beside a driver, run by ONNX Runtime,
and a memory of the thought with which the car came to a stop. Without torch. It decides nothing; nobody waits for it who drives."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from caravela.core.bundle import MODEL_FILE, check_fingerprint
from caravela.core.errors import BundleError
from caravela.core.text_card import INPUTS, OUTPUTS, TEXT_FILE, TextCard
from caravela.words import SentenceEncoder
from caravela.words.grammar import FORMS, Fact, parse, spoken

STANDING = 0.3  # m/s, below it the car stands
REMEMBERED = 60.0  # s, for which "why did you stop?" means the last stop
PAST = re.compile(r"\b(did|was|were|made|had)\b", re.IGNORECASE)
KINDS_OF = {"why": ("why",), "what": ("ahead", "left", "right", "light", "lead", "clear")}  # answers to what the cockpit tells apart


@dataclass(frozen=True)
class Answer:
    """What the head says. `fact` is None where its words are no sentence of ours."""

    text: str  # words in lower case
    chance: float  # of the whole answer, the product of its words'
    fact: Fact | None


class AnswerHead:
    """One opened text head."""

    def __init__(self, path: Path, *, driver: str, threads: int = 1) -> None:
        """Open the head at `path` for the driver whose file has the sha256 `driver`. Raises BundleError where it cannot be read, was changed, or
        belongs to another driver."""
        check_fingerprint(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 4
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no public base class
            raise BundleError(f"{path} is no readable ONNX model ({str(error).splitlines()[0][:160]}); train it again.") from error
        self.card = TextCard.from_metadata(self.session.get_modelmeta().custom_metadata_map, source=str(path))
        if self.card.driver != driver:
            raise BundleError(
                f"{path} answers for the driver {self.card.driver[:12]}, and the one here is {driver[:12]}: `caravela train text` makes its own."
            )
        self._encoder = SentenceEncoder()

    @staticmethod
    def beside(bundle: Path) -> "AnswerHead | None":
        """The head that lies beside a driver's file or in its folder; None where there is none. Raises BundleError as the constructor."""
        model = bundle / MODEL_FILE if bundle.is_dir() else bundle
        path = model.with_name(TEXT_FILE)
        if not path.is_file():
            return None
        return AnswerHead(path, driver=hashlib.sha256(model.read_bytes()).hexdigest())

    def answer(self, question: str, thought: NDArray[np.float32], *, form: int = 0) -> Answer:
        """The likeliest answer, word by word. `thought` (thoughts, E); `form` chooses among ways to put it."""
        inputs = {"thought": thought[None].astype(np.float32), "question": self._encoder.encode([question])}
        words = np.zeros((1, self.card.longest), dtype=np.int64)
        words[0, 0] = 1 + form % FORMS
        said: list[str] = []
        chance = 1.0
        for place in range(self.card.longest):
            chances = self.session.run(list(OUTPUTS), {INPUTS[0]: words, **inputs})[0][0, place]
            word = int(chances.argmax())
            chance *= float(chances[word])
            if word == 0:
                break
            said.append(self.card.vocabulary[word])
            if place + 1 < self.card.longest:
                words[0, place + 1] = word
        text = " ".join(said)
        return Answer(text, chance, parse(text))


SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)  # who asks about one wants to hear of it alone


class Account:
    """What the car can say for itself: sees every plan's thought, answers when it is asked. `see` only keeps a reference, so whoever drives may
    call it at every tick; `answer` takes some milliseconds and belongs into another thread."""

    def __init__(self, head: AnswerHead) -> None:
        self.head = head
        self._now: tuple[float, float, NDArray[np.float32]] | None = None  # s, m/s, thought
        self._mirrored = False
        self._stopped: tuple[float, NDArray[np.float32]] | None = None
        self._form = 0

    def forget(self) -> None:
        """Another drive begins."""
        self._now, self._stopped = None, None

    def see(self, thought: NDArray[np.float32], *, speed: float, t_s: float, mirrored: bool = False) -> None:
        """The thought (thoughts, E) of the newest plan; `mirrored`, where it is of the scene in a mirror."""
        self._mirrored = mirrored
        before = self._now
        if before is not None and t_s < before[0]:  # another drive
            before, self._stopped = None, None
        if speed < STANDING and (before is None or before[1] >= STANDING):
            self._stopped = (t_s, thought)
        self._now = (t_s, speed, thought)

    def answer(self, about: str, question: str) -> str | None:
        """An answer to a question about `about` (why or what), as a sentence; None where the head has none that it may be believed."""
        now, stopped = self._now, self._stopped
        if now is None or about not in KINDS_OF:
            return None
        t_s, speed, thought = now
        recent = stopped is not None and t_s - stopped[0] <= REMEMBERED
        if about == "why" and speed >= STANDING and recent and stopped is not None and PAST.search(question):
            thought = stopped[1]
        self._form += 1
        question = turned(question) if self._mirrored else question
        found = self.head.answer(question, thought, form=self._form)
        side = SIDE.search(question)
        if found.fact is None or found.fact.kind not in ((side[1].lower(),) if side else KINDS_OF[about]):
            return None  # another question than was asked
        if found.chance < self.head.card.trust.get(found.fact.kind, np.inf):
            return None
        return spoken(turned(found.text) if self._mirrored else found.text)


def turned(text: str) -> str:
    """A text with left and right changed over."""
    return SIDE.sub(lambda word: "right" if word[1].lower() == "left" else "left", text)
