"""Opening an exported model in the car: one ONNX file, or a folder that holds it as model.onnx. Whatever is wrong with it is
told in one sentence before anything drives."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from caravela.core.bundle import INPUTS, MODEL_FILE, OUTPUTS, BundleCard, check_fingerprint
from caravela.core.errors import BundleError

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

    def sha256(self) -> str:
        """Fingerprint of the file, for recordings and release notes."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def open_bundle(path: Path | str, *, threads: int = 1) -> Bundle:
    """Open a bundle folder or an .onnx file for `threads` CPU threads.

    Raises:
        BundleError where there is none, it is damaged or not the one whose fingerprint lies beside it, it is no driving model, or it is
        of another version.
    """
    file = Path(path)
    if file.is_dir():
        file = file / MODEL_FILE
    if not file.is_file():
        raise BundleError(f"no model at {file}; expected an .onnx file or a folder with {MODEL_FILE}: `caravela train vla` makes one.")
    check_fingerprint(file)  # onnxruntime runs what has other weights as gladly
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # a failure is raised below; it need not be printed too
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no public base class
        reason = str(error).splitlines()[0][:160]
        raise BundleError(f"{file} is no readable ONNX model ({reason}); restore the file or export it again.") from error
    card = BundleCard.from_metadata(session.get_modelmeta().custom_metadata_map, source=str(file))
    inputs, outputs = {node.name for node in session.get_inputs()}, {node.name for node in session.get_outputs()}
    if inputs != set(INPUTS) or not outputs.issuperset(OUTPUTS):
        raise BundleError(f"{file} takes {sorted(inputs)} and gives {sorted(outputs)}; expected {INPUTS} and {OUTPUTS}: export it again.")
    return Bundle(path=file, card=card, session=session)
