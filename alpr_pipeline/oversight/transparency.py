"""The transparency report: what the public is told of the use of the system, without anything of anybody.

It is made from the tables that the machine works with. Three things keep small numbers from being computed back: they
are hidden, with others where a total would give them away (`policy/suppression.py`); a report is kept as it was
published, so that no later one of the same days can be subtracted from it; and a longer period is added up from
published numbers.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError, NotStored
from alpr_pipeline.oversight.audits import began_at
from alpr_pipeline.policy.periods import Period, parse_period, period_of
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.suppression import disclose
from alpr_pipeline.storage import statistics, tallies
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.claims import claims_received
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force, version_in_force
from alpr_pipeline.storage.tallies import ListTally

Count = int | None  # None: hidden, for it is small or would give a small one away


_SUMS = (
    *("searches", "searches_refused", "shares"),
    *("claims", "claims_granted", "claims_refused", "claims_open"),
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListFigures(_Part):
    """The hits of one list, and what a person found of each."""

    name: str
    hits: Count
    verified: Count
    refuted: Count
    closed: Count  # without either
    waiting: Count
    arrests: Count = None  # where recorded


class AuditFigures(_Part):
    """An audit of use. Its findings are about the agency's own people, and are printed however few."""

    plan: str
    approved_on: date
    judged: Count
    findings: int


class RetentionFigures(_Part):
    """How long each class of data is kept, and how that was kept to."""

    periods: Mapping[str, str]  # ISO 8601
    verified: int
    kept: int  # of these: nothing was overdue
    destructions: int


class Report(_Part):
    """One period's figures, as they are published."""

    agency: str
    state: str
    period: str
    first: date
    last: date
    published_at: datetime | None  # None: not published, and not for the public
    small_below: int
    plates_read: Count
    hits: Count
    hit_rate: float | None  # hits a read
    lists: Sequence[ListFigures]
    searches: Count
    searches_refused: Count
    searches_by_purpose: Mapping[str, Count]
    shares: Count
    shares_by_entity: Mapping[str, Count]
    claims: Count = None  # of errors
    claims_granted: Count = None
    claims_refused: Count = None
    claims_open: Count = None
    retention: RetentionFigures
    audits: Sequence[AuditFigures]
    policy_version: str
    policy_text: str


def preview(connection: Connection, period: Period, now: datetime) -> Report:
    """Return the figures of a period as they are now: to look at, not to publish."""
    last = min(now, period.until - timedelta(microseconds=1))
    policy = policy_in_force(connection, last)
    _refuse_wrong_length(policy, period)
    below = policy.transparency.small_below
    since, until = period.since, period.until
    lists = _lists(tallies.hits_by_list(connection, period.first, period.end), below)
    reads = disclose([tallies.count_reads_of(connection, period.first, period.end)], below).total
    searches, by_purpose = _named(
        statistics.searches_by_purpose(connection, since, until), below, [one.key for one in policy.purposes]
    )
    shares, by_entity = _named(
        statistics.releases_by_entity(connection, since, until), below, [one.name for one in policy.sharing.partners]
    )
    version = version_in_force(connection, last)
    claims = disclose(claims_received(connection, since, until), below)
    granted, refused, undecided = claims.cells
    return Report(
        agency=policy.agency.name,
        state=policy.agency.state,
        period=str(period),
        first=period.first,
        last=period.end - timedelta(days=1),
        published_at=None,
        small_below=below,
        plates_read=reads,
        hits=lists[0],
        hit_rate=_rate(lists[0], reads),
        lists=lists[1],
        searches=searches,
        searches_refused=disclose([statistics.count_refused_searches(connection, since, until)], below).total,
        searches_by_purpose=by_purpose,
        shares=shares,
        shares_by_entity=by_entity,
        claims=claims.total,
        claims_granted=granted,
        claims_refused=refused,
        claims_open=undecided,
        retention=_retention(connection, policy, since, until),
        audits=_audits(connection, since, until, below),
        policy_version=policy.version,
        policy_text=version.text if version else "",
    )


def publish_due(connection: Connection, now: datetime) -> list[str]:
    """Publish the report of every period that is over, and settled, and was not published; return their names.

    A period that shares a day with a published one, after a change of the policy's `every`, is passed over.
    """
    rules = policy_in_force(connection, now).transparency
    covered = statistics.published_until(connection)
    period = period_of(covered or began_at(connection, now).astimezone(UTC).date(), rules.every)
    if covered and period.first < covered:
        period = period_of(period.end, rules.every)
    names = []
    while period.until + rules.publish_after <= now:
        report = preview(connection, period, now).model_copy(update={"published_at": now})
        if statistics.publish(connection, period.first, period.end, report.model_dump(mode="json"), now):
            record(connection, username=None, action=AuditAction.REPORT_PUBLISHED, object=str(period))
            names.append(str(period))
        period = period_of(period.end, rules.every)
    return names


def next_report(connection: Connection, now: datetime) -> tuple[Period, date]:
    """Return the period that is published next, and the day."""
    rules = policy_in_force(connection, now).transparency
    covered = statistics.published_until(connection)
    period = period_of(covered or began_at(connection, now).astimezone(UTC).date(), rules.every)
    return period, (period.until + rules.publish_after).date()


def published_periods(connection: Connection) -> list[str]:
    """Return the names of the published reports, the newest first."""
    return [str(document["period"]) for document in reversed(statistics.published(connection))]


def published_report(connection: Connection, name: str = "") -> Report:
    """Return a published report, the newest when none is named, or a longer period that published ones make up.

    Raises NotStored when it is not published, or not all of it.
    """
    reports = {one.period: one for one in map(Report.model_validate, statistics.published(connection))}
    if not name:
        if not reports:
            raise NotStored("no report is published yet: the first comes when the first period is over")
        return list(reports.values())[-1]
    if name in reports:
        return reports[name]
    period = parse_period(name)
    inside = [one for one in reports.values() if period.first <= one.first and one.last < period.end]
    if not inside or sum((one.last - one.first).days + 1 for one in inside) != (period.end - period.first).days:
        raise NotStored(f"no report covers {period}: published are {', '.join(reports) or 'none'}")
    return _added_up(period, inside)


def _refuse_wrong_length(policy: Policy, period: Period) -> None:
    every = policy.transparency.every
    if period.months != every.months:
        raise ConfigError(
            f"{period}: the policy's reports cover a {every} each (transparency.every): "
            "a longer period is made up of published ones, and there is none shorter"
        )


def _lists(found: Sequence[ListTally], below: int) -> tuple[Count, list[ListFigures]]:
    """Return all hits, and those of each list; what was found of them only where the list's own number is printed."""
    told = disclose([one.hits for one in found], below)
    figures = []
    for one, hits in zip(found, told.cells, strict=True):
        parts: tuple[Count, ...] = (None,) * 4
        arrests: Count = None
        if hits is not None:
            arrests = disclose([one.arrests, hits - one.arrests], below, total_known=True).cells[0]
            parts = disclose([one.verified, one.refuted, one.closed, one.waiting], below, total_known=True).cells
        verified, refuted, closed, waiting = parts
        figures.append(
            ListFigures(
                name=one.list_name,
                hits=hits,
                verified=verified,
                refuted=refuted,
                closed=closed,
                waiting=waiting,
                arrests=arrests,
            )
        )
    return told.total, figures


def _named(counts: Mapping[str, int], below: int, names: Sequence[str]) -> tuple[Count, dict[str, Count]]:
    """Return the sum and the parts, with a nought for what the policy names and nobody did."""
    whole = dict.fromkeys(names, 0) | dict(counts)
    told = disclose(list(whole.values()), below)
    return told.total, dict(zip(whole, told.cells, strict=True))


def _retention(connection: Connection, policy: Policy, since: datetime, until: datetime) -> RetentionFigures:
    done = statistics.retention_tally(connection, since, until)
    periods: dict[str, Any] = policy.retention.model_dump(mode="json", exclude={"process", "grounds", "review"})
    return RetentionFigures(periods=periods, verified=done.verified, kept=done.kept, destructions=done.destructions)


def _audits(connection: Connection, since: datetime, until: datetime, below: int) -> list[AuditFigures]:
    return [
        AuditFigures(
            plan=one.plan,
            approved_on=one.approved_on,
            judged=disclose([one.judged], below).total,
            findings=one.findings,
        )
        for one in statistics.audits_approved(connection, since, until)
    ]


def _rate(hits: Count, reads: Count) -> float | None:
    return round(hits / reads, 6) if hits is not None and reads else None


def _added_up(period: Period, reports: Sequence[Report]) -> Report:
    """Return a longer period's report: sums of what was published, hidden where a part is."""
    latest = reports[-1]
    names = sorted({figures.name for report in reports for figures in report.lists})
    reads, hits = (_sum(getattr(one, part) for one in reports) for part in ("plates_read", "hits"))
    return latest.model_copy(
        update={
            "period": str(period),
            "first": period.first,
            "last": period.end - timedelta(days=1),
            "small_below": max(one.small_below for one in reports),
            "plates_read": reads,
            "hits": hits,
            "hit_rate": _rate(hits, reads),
            "lists": [_list_added_up(name, reports) for name in names],
            "audits": [audit for one in reports for audit in one.audits],
            "retention": RetentionFigures(
                periods=latest.retention.periods,
                verified=sum(one.retention.verified for one in reports),
                kept=sum(one.retention.kept for one in reports),
                destructions=sum(one.retention.destructions for one in reports),
            ),
        }
        | {part: _sum(getattr(one, part) for one in reports) for part in _SUMS}
        | {
            part: _names_added_up([getattr(one, part) for one in reports])
            for part in ("searches_by_purpose", "shares_by_entity")
        }
    )


def _list_added_up(name: str, reports: Sequence[Report]) -> ListFigures:
    found = [figures for report in reports for figures in report.lists if figures.name == name]
    parts = [part for part in ListFigures.model_fields if part != "name"]
    return ListFigures(name=name, **{part: _sum(getattr(one, part) for one in found) for part in parts})


def _names_added_up(parts: Sequence[Mapping[str, Count]]) -> dict[str, Count]:
    names = sorted({name for part in parts for name in part})
    return {name: _sum(part.get(name, 0) for part in parts) for name in names}


def _sum(counts: "Any") -> Count:
    """Return the sum; hidden when a part is."""
    whole = list(counts)
    return None if None in whole else sum(whole)
