"""The networks that the settings name: the shipped ones, or those of a hub."""

from alpr_pipeline.config.settings import SHIPPED, RecognitionSettings
from alpr_pipeline.recognition.detector import Detector
from alpr_pipeline.recognition.hub_detector import HubDetector
from alpr_pipeline.recognition.reader import Reader
from alpr_pipeline.recognition.recogniser import PlateFinder, Recogniser
from alpr_pipeline.recognition.rectify import rectify


def open_recogniser(settings: RecognitionSettings) -> Recogniser:
    """Return what finds and reads plates; raise RecognitionError where a network is missing, damaged or not to be had.

    A hub's model is downloaded when it is first used.
    """
    least = settings.detection_confidence_min
    shipped = settings.detector == SHIPPED
    detector: PlateFinder = (
        Detector(confidence_min=least) if shipped else HubDetector(settings.detector, confidence_min=least)
    )
    reader = Reader(hub=None if settings.reader == SHIPPED else settings.reader)
    return Recogniser(detector, reader, rectify)
