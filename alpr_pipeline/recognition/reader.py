"""Crops of plates -> looks: what each place of the plate may read, with probabilities."""

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from fast_plate_ocr import LicensePlateRecognizer
from fast_plate_ocr.core.process import resize_image
from fast_plate_ocr.inference.config import PlateConfig
from numpy.typing import NDArray

from alpr_pipeline.domain.look import ALPHABET, PAD, SLOTS, VOCABULARY, Look
from alpr_pipeline.errors import RecognitionError
from alpr_pipeline.recognition.shipped import WEIGHTS, digest_of, one_thread, verified

NETWORK, CONFIG, DIGESTS = "reader.onnx", "reader.yaml", "reader.sha256"
BATCH_MAX = 16  # crops that the network sees at once
REGION_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166; other labels of hub models name no issuer of ours

F32 = NDArray[np.float32]
Image = NDArray[np.uint8]


class Reader:
    """Reads crops of plates on the caller's thread, without spinning; usable from several at once.

    Args:
        weights: the folder of the shipped network.
        hub: the name of a model of fast-plate-ocr's hub, read instead of the shipped one; it is downloaded when it is
            not in the hub's cache, and no digest of it is known.

    Raises:
        RecognitionError: the shipped weights are missing or damaged, or the hub's model cannot be had.
    """

    def __init__(self, weights: Path = WEIGHTS, *, hub: str | None = None) -> None:
        self._recognizer = _shipped(weights) if hub is None else _from_hub(hub)
        self.version = hub or f"shipped-{digest_of(weights / DIGESTS, NETWORK)[:12]}"
        config: PlateConfig = self._recognizer.config
        self._config = config
        self._columns = _columns(config.alphabet, config.pad_char)
        self._regions = [code if REGION_CODE.fullmatch(code) else None for code in config.plate_regions or ()]
        self._outputs = [self._recognizer.plate_output_name]
        if self._recognizer.has_region_head:
            self._outputs.append(self._recognizer.region_output_name)

    def read(self, crops: Sequence[Image]) -> list[Look]:
        """Return a look for every crop (BGR or grey, of any size), in order; an empty crop gives a look at nothing."""
        looks: list[Look] = []
        for start in range(0, len(crops), BATCH_MAX):
            looks.extend(self._read_batch(crops[start : start + BATCH_MAX]))
        return looks

    def _read_batch(self, crops: Sequence[Image]) -> list[Look]:
        """Ask the network itself rather than `run`, which keeps no more than the best character of each slot."""
        batch = np.stack([self._prepare(crop) for crop in crops])
        answers = self._recognizer.model.run(self._outputs, {"input": batch})
        slots = to_slots(answers[0].reshape(len(crops), self._config.max_plate_slots, -1), self._columns)
        regions = answers[1] if len(answers) > 1 else None
        looks = []
        for k, crop in enumerate(crops):
            if crop.size == 0:
                looks.append(nothing())
                continue
            region, confidence = self._issuer(regions[k]) if regions is not None else (None, 0.0)
            looks.append(Look(slots[k], region, confidence))
        return looks

    def _prepare(self, crop: Image) -> Image:
        """Return a crop in the colours and the size that the network wants."""
        if crop.size == 0:
            crop = np.zeros((1, 1, 3), np.uint8)
        grey = self._config.image_color_mode == "grayscale"
        if crop.ndim == 2:  # noqa: PLR2004 - height and width alone
            coloured = crop if grey else cv2.cvtColor(crop, cv2.COLOR_GRAY2RGB)
        else:
            coloured = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY if grey else cv2.COLOR_BGR2RGB)
        config = self._config
        resized = resize_image(
            coloured,
            config.img_height,
            config.img_width,
            image_color_mode=config.image_color_mode,
            keep_aspect_ratio=config.keep_aspect_ratio,
            interpolation_method=config.interpolation,
            padding_color=config.padding_color,
        )
        return np.asarray(resized, np.uint8)

    def _issuer(self, probabilities: F32) -> tuple[str | None, float]:
        best = int(probabilities.argmax())
        code = self._regions[best]
        return code, float(probabilities[best]) if code is not None else 0.0


def nothing() -> Look:
    """Return a look that is sure to have seen no plate."""
    slots = np.zeros((SLOTS, len(VOCABULARY)), np.float32)
    slots[:, VOCABULARY.index(PAD)] = 1.0
    return Look(slots, None, 0.0)


def _columns(alphabet: str, pad: str) -> NDArray[np.intp]:
    """Return, for each entry of a model's alphabet, its column in ours; -1 where we have none."""
    ours = [VOCABULARY.index(PAD) if char == pad else ALPHABET.find(char.upper()) for char in alphabet]
    return np.array(ours, np.intp)


def to_slots(probabilities: F32, columns: NDArray[np.intp]) -> F32:
    """Return a model's probabilities (n, its slots, its alphabet) as (n, SLOTS, len(VOCABULARY)).

    Slots that the model lacks hold PAD; characters that we lack share their probability out over the others.
    """
    count, slots, _ = probabilities.shape
    out = np.zeros((count, SLOTS, len(VOCABULARY)), np.float32)
    kept = min(slots, SLOTS)
    for k, column in enumerate(columns):
        if column >= 0:
            out[:, :kept, column] += probabilities[:, :kept, k]
    out[:, kept:, VOCABULARY.index(PAD)] = 1.0
    out = np.maximum(out, 1e-7)
    return np.asarray(out / out.sum(axis=2, keepdims=True), np.float32)


def _shipped(folder: Path) -> LicensePlateRecognizer:
    for name in (NETWORK, CONFIG):
        verified(folder, name, DIGESTS)
    return LicensePlateRecognizer(
        onnx_model_path=folder / NETWORK,
        plate_config_path=folder / CONFIG,
        device="cpu",
        sess_options=one_thread(),
    )


def _from_hub(name: str) -> LicensePlateRecognizer:
    try:
        return LicensePlateRecognizer(name, device="cpu", sess_options=one_thread())
    except (OSError, ValueError) as error:
        raise RecognitionError(
            f"hub model {name} cannot be had: {error}; is there a network, is the name right?"
        ) from error
