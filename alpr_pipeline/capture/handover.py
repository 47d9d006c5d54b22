"""One place for one frame, between the thread that captures and the one that looks."""

from collections.abc import Callable
from threading import Condition

from alpr_pipeline.domain.frame import Frame


class Handover:
    """Holds at most one frame. `arrived` is called, from the capturing thread, when there is something to take."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._changed = Condition()
        self._frame: Frame | None = None
        self._arrived = arrived
        self._closed = False

    def put_newest(self, frame: Frame) -> bool:
        """Put a frame, in place of one that nobody took; return whether there was such a one."""
        with self._changed:
            replaced = self._frame is not None
            self._frame = frame
        self._arrived()
        return replaced

    def put_waiting(self, frame: Frame, abandoned: Callable[[], bool]) -> bool:
        """Put a frame once the place is empty; return False when closed or abandoned before that."""
        with self._changed:
            while self._frame is not None:
                if self._closed or abandoned():
                    return False
                self._changed.wait(0.1)
            self._frame = frame
        self._arrived()
        return True

    def take(self) -> Frame | None:
        """Take the frame, if there is one."""
        with self._changed:
            frame, self._frame = self._frame, None
            if frame is not None:
                self._changed.notify_all()
            return frame

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take."""
        return self._frame is None

    def close(self) -> None:
        """Let go of whoever waits to put."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
