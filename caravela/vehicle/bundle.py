"""Opening an exported model in the car: one ONNX file, or a folder that holds it as model.onnx. Whatever is wrong with it is
told in one sentence before anything drives."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import onnxruntime

from caravela.core.bundle import ABROAD, INPUTS, MODEL_FILE, OUTPUTS, BundleCard, check_fingerprint
from caravela.core.errors import BundleError
from caravela.core.patch import Patch

SHIPPED = Path(__file__).parents[1] / "weights"  # a folder a model


def shipped(name: str = "nano") -> Path:
    """The bundle of that name that comes with the package. Raises BundleError where there is none."""
    if not (SHIPPED / name / MODEL_FILE).is_file():
        raise BundleError(
            f"no model '{name}' came with this package; expected {SHIPPED / name / MODEL_FILE}: train one with `caravela train vla {name}`."
        )
    return SHIPPED / name


@dataclass(frozen=True)
class Bundle:
    """An opened model, ready to run."""

    path: Path  # of the ONNX file
    card: BundleCard
    session: onnxruntime.InferenceSession
    threads: int = 1
    other_eyes: bytes | None = None  # the same model with the eyes for countries whose streets it was taught none of, as a file's content

    @cached_property
    def abroad(self) -> onnxruntime.InferenceSession | None:
        """The same with its other eyes; None where it has none. Opened when it is asked for first, which takes some tenths of a second."""
        return None if self.other_eyes is None else _session(self.other_eyes, self.path, self.threads)

    def sha256(self) -> str:
        """Fingerprint of the file, for recordings and release notes."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def open_bundle(path: Path | str, *, threads: int = 1) -> Bundle:
    """Open a bundle folder or an .onnx file for `threads` CPU threads.

    Raises:
        BundleError where there is none, it is damaged or not the one whose fingerprint lies beside it, it is no driving model, it is of another
        version, or its eyes for abroad are damaged or another model's.
    """
    file = Path(path)
    if file.is_dir():
        file = file / MODEL_FILE
    if not file.is_file():
        raise BundleError(f"no model at {file}; expected an .onnx file or a folder with {MODEL_FILE}: `caravela train export` makes one.")
    check_fingerprint(file)  # onnxruntime runs what has other weights as gladly
    session = _session(str(file), file, threads)
    card = BundleCard.from_metadata(session.get_modelmeta().custom_metadata_map, source=str(file))
    inputs, outputs = {node.name for node in session.get_inputs()}, {node.name for node in session.get_outputs()}
    if inputs != set(INPUTS) or not outputs.issuperset(OUTPUTS):
        raise BundleError(f"{file} takes {sorted(inputs)} and gives {sorted(outputs)}; expected {INPUTS} and {OUTPUTS}: export it again.")
    patch = session.get_modelmeta().custom_metadata_map.get(ABROAD)
    eyes = None if patch is None else Patch.from_text(patch, source=str(file)).applied(file.read_bytes(), source=str(file))
    return Bundle(path=file, card=card, session=session, threads=threads, other_eyes=eyes)


def _session(model: str | bytes, file: Path, threads: int) -> onnxruntime.InferenceSession:
    """A model, by its path or its content, ready to run. Raises BundleError, naming `file`, where it cannot be."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # a failure is raised below; it need not be printed too
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no public base class
        reason = str(error).splitlines()[0][:160]
        raise BundleError(f"{file} is no readable ONNX model ({reason}); restore the file or export it again.") from error
