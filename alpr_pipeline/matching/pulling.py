"""Looks at the sources of lists when their time has come. A pull is a load like any other, with its report.

Whatever fails leaves the list in force, is kept for the console, and is tried again: soon after a source was away, at
its usual time after a file was refused, since the same file would be refused again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from alpr_pipeline.errors import AlprError, ConfigError, NothingNew, SourceUnavailable, StateConflict, WrongRevision
from alpr_pipeline.matching.fetching import Fetched, fetch, fetch_changes
from alpr_pipeline.matching.formats import load_format
from alpr_pipeline.matching.loading import LoadOrder, Report, load_list
from alpr_pipeline.matching.opening import Limits
from alpr_pipeline.matching.sources import REVISION, Source, read_secret
from alpr_pipeline.matching.thresholds import Thresholds
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hotlists import revision_of
from alpr_pipeline.storage.pulls import Pull, list_pulls, lock_source, note_pull
from alpr_pipeline.telemetry.metrics import FAILED

WORKER = "hotlist-pull"
RETRY_FIRST = timedelta(minutes=1)
RETRY_MAX = timedelta(hours=1)
CHANGES_MAX = 100  # files of changes, one after the other, at one look

log = structlog.get_logger()


class Puller:
    """The sources of a site."""

    def __init__(
        self,
        database: Database,
        sources: Sequence[Source],
        environment: Mapping[str, str],
        formats: Path,
        thresholds: Thresholds,
    ) -> None:
        """Check every source; raise ConfigError that names what is wrong with one: a format, a secret, a name twice."""
        self._database = database
        self._environment = environment
        self._formats = formats
        self._thresholds = thresholds
        self._sources = {source.name: source for source in sources}
        if len(self._sources) < len(sources):
            raise ConfigError("hotlists.sources: two have the same name")
        for source in sources:
            read_secret(source, environment)
            if (load_format(source.format, formats).delta is not None) != source.names_revision:
                raise ConfigError(
                    f"source {source.name}: changes need {REVISION} in their url, or of a folder in pattern, and whole "
                    f"lists have none; format {source.format} does not fit"
                )

    def pull_due(self, now: datetime) -> int:
        """Look at every source whose time has come, and return how many there were."""
        with self._database.connection() as connection:
            known = {pull.source: pull.due_at for pull in list_pulls(connection)}
        due = [name for name in self._sources if known.get(name, now) <= now]
        for name in due:
            try:
                self.pull(name, now)
            except AlprError as error:
                FAILED.labels(WORKER).inc()
                log.warning("hotlist_not_pulled", source=name, kind=type(error).__name__, error=str(error))
        return len(due)

    def pull(self, name: str, now: datetime) -> Report | None:
        """Look at one source now; return the report of what it gave, None when that has not changed.

        Raises SourceUnavailable, or what a load raises; the list in force stays.
        """
        source = self._sources.get(name)
        if source is None:
            known = ", ".join(sorted(self._sources)) or "none"
            raise ConfigError(f"no source {name}: hotlists.sources names {known}")
        with self._database.connection() as lock:
            if not lock_source(lock, name):
                raise StateConflict(f"source {name} is being looked at by another process")
            never = Pull(name, source.list_name, now, now, None, "", 0, "")
            before = next((pull for pull in list_pulls(lock) if pull.source == name), never)
            try:
                report, mark = self._load(source, before.mark, now)
            except AlprError as error:
                self._note(_failed(before, source, error, now))
                raise
            self._note(Pull(name, source.list_name, now, now + source.every, now, mark, 0, ""))
        log.info("hotlist_pulled", source=name, list=source.list_name, changed=report is not None)
        return report

    def _load(self, source: Source, mark: str, now: datetime) -> tuple[Report | None, str]:
        if source.names_revision:
            return self._load_changes(source, now), ""
        fetched = fetch(source, read_secret(source, self._environment), mark, now)
        if fetched is None:
            return None, mark
        return self._load_file(source, fetched, now), fetched.mark

    def _load_changes(self, source: Source, now: datetime) -> Report | None:
        """Load the changes that lead on from the revision in force, one after the other.

        A web server gives all that there is at once.
        """
        report: Report | None = None
        for _ in range(1 if source.scheme == "https" else CHANGES_MAX):
            try:
                fetched = self._fetch_changes(source, now)
            except NothingNew:
                if report is None:
                    raise
                break
            report = self._load_file(source, fetched, now)
        return report

    def _fetch_changes(self, source: Source, now: datetime) -> Fetched:
        with self._database.connection() as connection:
            revision = revision_of(connection, source.list_name)
        if not revision:
            raise NothingNew(f"source {source.name}: list {source.list_name} must be loaded as a whole first")
        return fetch_changes(source, read_secret(source, self._environment), revision, now)

    def _load_file(self, source: Source, fetched: Fetched, now: datetime) -> Report:
        order = LoadOrder(
            list_name=source.list_name,
            form=load_format(source.format, self._formats),
            by=f"source:{source.name}",
            at=now,
            thresholds=self._thresholds,
            limits=Limits(),
            base_revision=fetched.base if source.names_revision else None,
            produced_at=min(fetched.produced_at, now) if fetched.produced_at else None,
        )
        with fetched.file as file:
            return load_list(self._database, file, order)

    def _note(self, pull: Pull) -> None:
        with self._database.connection() as connection:
            note_pull(connection, pull)


def _failed(before: Pull, source: Source, error: AlprError, now: datetime) -> Pull:
    """Return what is kept of a failure. The mark goes: a file that was refused is not taken for unchanged."""
    failures = before.failures + 1
    away = isinstance(error, (SourceUnavailable, StateConflict)) and not isinstance(error, WrongRevision)
    soon = min(RETRY_FIRST * 2 ** min(failures - 1, 10), RETRY_MAX)
    pause = min(soon, source.every) if away else source.every
    mark = before.mark if away else ""
    return Pull(before.source, source.list_name, now, now + pause, before.current_at, mark, failures, str(error))
