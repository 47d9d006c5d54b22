"""Telling channels of hits, as a stage."""

from functools import partial
from threading import Event

from alpr_pipeline.alerting.channels import senders
from alpr_pipeline.alerting.dispatcher import WORKER, Dispatcher
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.cli.stages import repeat, wait_for_schema

PERIOD_S = 0.5


def alert_stages(parts: Parts) -> list[Stage]:
    """Decides about new hits and tells the channels. Raises ConfigError when a secret cannot be read."""
    settings = parts.settings.alerting
    dispatcher = Dispatcher(
        parts.database,
        senders(settings.webhooks, settings.mqtt, settings.email),
        suppression=settings.suppression,
        mutes=settings.mutes,
        clock=now,
    )
    return [Stage(WORKER, partial(_run, parts, dispatcher))]


def _run(parts: Parts, dispatcher: Dispatcher, stop: Event) -> None:
    wait_for_schema(parts, WORKER, stop)
    repeat(dispatcher.once, WORKER, PERIOD_S, stop)
