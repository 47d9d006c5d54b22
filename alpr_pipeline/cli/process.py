"""Runs stages side by side, each in a thread, until the process is told to stop."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from types import FrameType

import structlog

from alpr_pipeline.bus.worker import report_failure
from alpr_pipeline.errors import AlprError

STOP_TIMEOUT_S = 20.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stage:
    """Something that runs until it is stopped."""

    name: str
    run: Callable[[Event], None]


class StageFailed(AlprError):
    """A stage ended before it was told to; the others were stopped."""


def run_until_stopped(stages: Sequence[Stage], stop: Event) -> None:
    """Run the stages until SIGTERM, SIGINT or `stop`; raise StageFailed when one ended with an error by itself.

    A stage's own loop stands whatever it can mend, so one that raises has met what it cannot: then all stop, and who
    runs the process decides about the next start.
    """
    failed: list[str] = []
    threads = [Thread(target=_running, args=(stage, stop, failed), name=stage.name, daemon=True) for stage in stages]
    former = {number: signal.signal(number, _stopping(stop)) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        for thread in threads:
            thread.start()
        while not stop.wait(0.5) and any(thread.is_alive() for thread in threads):
            pass
        stop.set()
        _join(threads)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if failed:
        raise StageFailed(f"{', '.join(failed)} failed; the log above says why")


def _running(stage: Stage, stop: Event, failed: list[str]) -> None:
    try:
        stage.run(stop)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other stages must be stopped in order
        failed.append(stage.name)
        stop.set()
        report_failure(stage.name, error)


def _stopping(stop: Event) -> Callable[[int, FrameType | None], None]:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return on_signal


def _join(threads: Sequence[Thread]) -> None:
    for thread in threads:
        thread.join(STOP_TIMEOUT_S)
        if thread.is_alive():
            log.error("stage_did_not_stop", stage=thread.name, after_s=STOP_TIMEOUT_S)
