"""The shipped weights, found whole and undamaged or not used; and how every network is run."""

import hashlib
from pathlib import Path

import onnxruntime

from alpr_pipeline.errors import RecognitionError

WEIGHTS = Path(__file__).parent / "weights"


def one_thread() -> onnxruntime.SessionOptions:
    """Return the options of a session on one thread; threads that spin between frames would waste the machine."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def verified(folder: Path, name: str, digests: str) -> bytes:
    """Return the content of a file of weights; `digests` names the file beside it with a digest and a name a line.

    Raises RecognitionError where either is missing, or the content is not what was shipped.
    """
    path, expected = folder / name, digest_of(folder / digests, name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecognitionError(f"weights {path} cannot be read: is the package installed whole?") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise RecognitionError(f"weights {path} are damaged: sha256 {found[:12]}, not {expected[:12]}; install again")
    return content


def digest_of(path: Path, name: str) -> str:
    """Return the digest that a file of digests gives for a name; raise RecognitionError where it gives none."""
    try:
        words = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise RecognitionError(f"digests {path} cannot be read: is the package installed whole?") from error
    digests = dict(zip(words[1::2], words[0::2], strict=False))
    if name not in digests:
        raise RecognitionError(f"digests {path} know no {name}: weights and program are of different versions")
    return digests[name]
