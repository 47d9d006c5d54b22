"""Stages side by side in one process."""

import os
import signal
from threading import Event

import pytest

from alpr_pipeline.cli.process import Stage, StageFailed, run_until_stopped
from alpr_pipeline.errors import ConfigError


def test_a_signal_stops_every_stage_in_order() -> None:
    """SIGTERM is a request: each stage ends its loop and the process returns."""
    ended = []

    def wait(stop: Event) -> None:
        stop.wait(10)
        ended.append(stop.is_set())

    def terminate(stop: Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        wait(stop)

    run_until_stopped([Stage("waits", wait), Stage("terminates", terminate)], Event())
    assert ended == [True, True]


def test_a_stage_that_cannot_go_on_stops_the_others() -> None:
    """Half a pipeline is worse than none: whoever runs the process decides about the next start."""

    def fail(_stop: Event) -> None:
        raise ConfigError("no such camera")

    with pytest.raises(StageFailed, match="fails"):
        run_until_stopped([Stage("waits", lambda stop: stop.wait(10)), Stage("fails", fail)], Event())


def test_a_process_ends_when_its_stages_have() -> None:
    """Recordings end, and so does the process that played them."""
    run_until_stopped([Stage("ends", lambda stop: None)], Event())
