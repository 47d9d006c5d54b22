"""Whether a policy holds what the law asks for: element by element, and against a profile.

The elements are those of Civil Code 1798.90.51 (operators), whose list 1798.90.53 (end-users) repeats with "a process
for periodic system audits" added; one policy that holds the longer list serves both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.profile import Profile
from alpr_pipeline.policy.sharing import allowed_partners, why_not_partner
from alpr_pipeline.policy.words import period_in_words

_MONTH = timedelta(days=30)  # by which half a year is no longer than 183 days
REVIEW_MAX = timedelta(days=731)  # "at least every two years": State Auditor 2019-118, recommendations 7, 19, 33, 47


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule, and whether the policy keeps it. `text` says what stands there, or what is missing and where."""

    rule: str
    source: str
    kept: bool
    text: str


def check(policy: Policy, profile: Profile, today: date) -> list[Finding]:
    """Return one finding for every rule, kept or not."""
    return [*_elements(policy), *_sharing(policy, profile, today), *_periods(policy, profile), *_plans(policy, profile)]


def faults(findings: list[Finding]) -> list[Finding]:
    """Return the rules that a policy does not keep."""
    return [finding for finding in findings if not finding.kept]


def _elements(policy: Policy) -> Iterator[Finding]:
    yield _present(
        "published",
        "Civ. Code 1798.90.51(b)(1), .53(b)(1)",
        {"agency.name": policy.agency.name, "agency.website": policy.agency.website, "version": policy.version},
    )
    yield _present("A purposes", "Civ. Code 1798.90.51(b)(2)(A), .53(b)(2)(A)", {"[[purposes]]": policy.purposes})
    yield _people(policy)
    yield _present(
        "C monitoring and audits",
        "Civ. Code 1798.90.51(b)(2)(C), .53(b)(2)(C)",
        {"monitoring.text": policy.monitoring.text, "[[monitoring.audits]]": policy.monitoring.audits},
    )
    yield _present(
        "D sale, sharing, transfer",
        "Civ. Code 1798.90.51(b)(2)(D), .53(b)(2)(D)",
        {
            'sharing.sale = "prohibited"': policy.sharing.sale,
            "sharing.purposes": policy.sharing.purposes,
            "sharing.process": policy.sharing.process,
            "sharing.restrictions": policy.sharing.restrictions,
        },
    )
    yield _present(
        "E custodian", "Civ. Code 1798.90.51(b)(2)(E), .53(b)(2)(E)", {"custodian.title": policy.custodian.title}
    )
    yield _present(
        "F accuracy and correction",
        "Civ. Code 1798.90.51(b)(2)(F), .53(b)(2)(F)",
        {
            "accuracy.verification": policy.accuracy.verification,
            "accuracy.correction": policy.accuracy.correction,
            "accuracy.contact": policy.accuracy.contact,
            "accuracy.answer_within": policy.accuracy.answer_within,
        },
    )
    yield _present(
        "G retention and destruction",
        "Civ. Code 1798.90.51(b)(2)(G), .53(b)(2)(G)",
        {"retention.process": policy.retention.process, "retention.grounds": policy.retention.grounds},
    )
    yield _present(
        "safeguards",
        "Civ. Code 1798.90.51(a), .53(a)",
        {f"safeguards.{kind}": text for kind, text in policy.safeguards.model_dump().items()},
    )


def _people(policy: Policy) -> Finding:
    missing: dict[str, object] = {"[[designations]]": policy.designations, "[[trainings]]": policy.trainings}
    for designation in policy.designations:
        missing[f"trainings of {designation.title}"] = designation.trainings
    return _present("B people and their training", "Civ. Code 1798.90.51(b)(2)(B), .53(b)(2)(B)", missing)


def _sharing(policy: Policy, profile: Profile, today: date) -> Iterator[Finding]:
    yield _present(
        "no onward sharing", "Civ. Code 1798.90.55(b)", {'sharing.onward = "prohibited"': policy.sharing.onward}
    )
    if profile.partner_kinds is not None:
        wrong = [
            f"{partner.name} ({partner.kind}, {partner.state})"
            for partner in policy.sharing.partners
            if why_not_partner(profile, partner.kind, partner.state)
        ]
        yield Finding(
            "who may receive data",
            profile.source,
            not wrong,
            f"only {allowed_partners(profile)}" + (f": take out {'; '.join(wrong)}" if wrong else ""),
        )
    ended = [partner.name for partner in policy.sharing.partners if partner.until < today]
    yield Finding(
        "agreements in force",
        "State Auditor 2019-118, recommendations on sharing",
        not ended,
        f"ended: {', '.join(ended)}" if ended else f"{len(policy.sharing.partners)} partners",
    )


def _periods(policy: Policy, profile: Profile) -> Iterator[Finding]:
    keep = policy.retention
    if profile.read_max is not None:
        kept = keep.read <= profile.read_max
        yield _compared("reads without a hit", profile, kept, keep.read, "at most", profile.read_max)
        on_the_way = keep.spool + keep.topic
        kept = on_the_way <= profile.read_max
        yield _compared("reads in spool and topic together", profile, kept, on_the_way, "at most", profile.read_max)
    if profile.audit_min is not None:
        kept = keep.audit >= profile.audit_min
        yield _compared("records of access", profile, kept, keep.audit, "at least", profile.audit_min)
    reviewed = keep.review is not None and keep.review <= REVIEW_MAX
    yield Finding(
        "review of the periods",
        "State Auditor 2019-118, recommendations 7, 19, 33, 47",
        reviewed,
        f"every {period_in_words(keep.review)}"
        if reviewed and keep.review
        else "set retention.review, to two years or less",
    )


def _compared(rule: str, profile: Profile, kept: bool, found: timedelta, bound: str, limit: timedelta) -> Finding:
    text = f"{period_in_words(found)}, {bound} {period_in_words(limit)} allowed"
    return Finding(rule, profile.source, kept, text)


def _plans(policy: Policy, profile: Profile) -> Iterator[Finding]:
    if profile.audit_every_max is not None:
        often = min((plan.every for plan in policy.monitoring.audits), default=timedelta.max)
        kept = often <= profile.audit_every_max
        found = f"every {period_in_words(often)}" if policy.monitoring.audits else "no audit is planned"
        yield Finding(
            "audits of use", profile.source, kept, f"{found}; at least every {period_in_words(profile.audit_every_max)}"
        )
    if profile.report_every is not None:
        kept = policy.transparency.every.months * _MONTH <= profile.report_every
        found = f"every {policy.transparency.every}; at least every {period_in_words(profile.report_every)}"
        yield Finding("public statistics", profile.source, kept, found)


def _present(rule: str, source: str, parts: dict[str, object]) -> Finding:
    missing = [name for name, value in parts.items() if not value]
    return Finding(rule, source, not missing, f"missing: {', '.join(missing)}" if missing else "present")
