"""Looking at the sources of hot lists, and at how old the lists are, as a stage."""

import os
from threading import Event

from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.cli.stages import repeat, wait_for_schema
from alpr_pipeline.matching.pulling import WORKER, Puller
from alpr_pipeline.storage.pulls import list_freshness
from alpr_pipeline.telemetry.metrics import HOTLIST_OVERDUE, HOTLIST_REFRESH_AGE

PERIOD_S = 5.0


def make_puller(parts: Parts) -> Puller:
    """Return the sources of the settings; raise ConfigError when something is wrong with one."""
    settings = parts.settings.hotlists
    return Puller(parts.database, settings.sources, os.environ, settings.formats, settings.thresholds)


def pull_stage(parts: Parts) -> Stage:
    """Pulls lists when their time has come, and raises the alarm of those that are overdue."""
    puller, refresh_of = make_puller(parts), parts.settings.hotlists.refresh_of

    def once() -> None:
        moment = now()
        puller.pull_due(moment)
        with parts.database.connection() as connection:
            found = list_freshness(connection, refresh_of)
        for name, fresh in found.items():
            HOTLIST_OVERDUE.labels(name).set(fresh.overdue(now()))
            HOTLIST_REFRESH_AGE.labels(name).set((now() - fresh.current_at).total_seconds())

    def run(stop: Event) -> None:
        wait_for_schema(parts, WORKER, stop)
        repeat(once, WORKER, PERIOD_S, stop)

    return Stage(WORKER, run)
