"""How OpenCV is set up before its first use here."""

import os
from functools import cache

import cv2

_FFMPEG_QUIET = "-8"  # AV_LOG_QUIET: FFmpeg's own lines on stderr may quote an address with its password


@cache
def prepare_opencv() -> None:
    """Keep OpenCV to one thread and off stderr; RTSP goes over TCP unless the environment says otherwise.

    FFmpeg's options reach OpenCV only through its environment variables, which it reads at each opening. What is set
    there already is left alone.
    """
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _FFMPEG_QUIET)
    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # what went wrong is said by us, once, with the camera's name
    cv2.setNumThreads(1)  # threads that wait spinning cost more of a small machine than they give
