"""Who may do what, and with what purpose: roles and rights as one table."""

from enum import StrEnum


class Right(StrEnum):
    """Something that one may be allowed to do."""

    SEE_HITS = "see-hits"
    ACT_ON_HITS = "act-on-hits"
    SEE_ACCURACY = "see-accuracy"  # how often hits are wrong: figures without plates
    SEE_HOTLISTS = "see-hotlists"
    LOAD_HOTLISTS = "load-hotlists"
    APPROVE_ENTRIES = "approve-entries"  # as the second person, of entries that somebody else made by hand
    SEND_READS = "send-reads"  # a camera that reads by itself; a device token alone can use it
    SEE_METRICS = "see-metrics"
    SEARCH_READS = "search-reads"
    SEARCH_MOVEMENTS = "search-movements"  # one plate over days says where somebody lives and prays
    APPROVE_SEARCHES = "approve-searches"
    EXPORT_READS = "export-reads"
    FETCH_EXPORTS = "fetch-exports"  # one's own; each says its own purpose
    MANAGE_ACCOUNTS = "manage-accounts"
    APPROVE_ACCOUNTS = "approve-accounts"
    SEE_AUDIT_TRAIL = "see-audit-trail"
    JUDGE_AUDITS = "judge-audits"
    APPROVE_AUDITS = "approve-audits"
    PLACE_HOLDS = "place-holds"
    APPROVE_HOLDS = "approve-holds"
    SEE_CLAIMS = "see-claims"
    DECIDE_CLAIMS = "decide-claims"
    SEE_SHARING = "see-sharing"
    MANAGE_SHARING = "manage-sharing"
    APPROVE_SHARING = "approve-sharing"
    PROPOSE_POLICY = "propose-policy"
    APPROVE_POLICY = "approve-policy"


class PurposeRule(StrEnum):
    """Where the purpose of a look comes from, which Civil Code 1798.90.52(a)(4) wants on record."""

    NONE = "none"  # shows no ALPR information
    STANDING = "standing"  # the right is given for one purpose alone, and that is recorded
    STATED = "stated"  # who asks names a purpose of the policy, and the case that it is for


class Role(StrEnum):
    """What somebody is here for."""

    DISPATCHER = "dispatcher"
    OPERATOR = "operator"
    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    CUSTODIAN = "custodian"
    ADMINISTRATOR = "administrator"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.DISPATCHER: frozenset({Right.SEE_HITS, Right.ACT_ON_HITS, Right.SEE_HOTLISTS, Right.SEE_ACCURACY}),
    Role.OPERATOR: frozenset(
        {Right.SEE_HOTLISTS, Right.LOAD_HOTLISTS, Right.SEE_METRICS, Right.SEE_ACCURACY, Right.SEND_READS}
    ),
    Role.INVESTIGATOR: frozenset(
        {
            Right.SEE_HITS,
            Right.SEE_HOTLISTS,
            Right.SEARCH_READS,
            Right.EXPORT_READS,
            Right.FETCH_EXPORTS,
            Right.PLACE_HOLDS,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            Right.SEE_HITS,
            Right.SEE_ACCURACY,
            Right.APPROVE_ENTRIES,
            Right.SEE_HOTLISTS,
            Right.SEARCH_READS,
            Right.SEARCH_MOVEMENTS,
            Right.APPROVE_SEARCHES,
            Right.EXPORT_READS,
            Right.FETCH_EXPORTS,
            Right.APPROVE_ACCOUNTS,
            Right.PLACE_HOLDS,
            Right.APPROVE_HOLDS,
            Right.SEE_SHARING,
            Right.APPROVE_SHARING,
            Right.SEE_CLAIMS,
            Right.DECIDE_CLAIMS,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Right.SEE_ACCURACY,
            Right.SEE_HOTLISTS,
            Right.SEE_METRICS,
            Right.SEE_AUDIT_TRAIL,
            Right.JUDGE_AUDITS,
            Right.SEE_SHARING,
            Right.SEE_CLAIMS,
        }
    ),
    Role.CUSTODIAN: frozenset(
        {
            Right.SEE_ACCURACY,
            Right.SEE_HOTLISTS,
            Right.SEE_METRICS,
            Right.SEE_AUDIT_TRAIL,
            Right.APPROVE_ACCOUNTS,
            Right.APPROVE_HOLDS,
            Right.SEE_CLAIMS,
            Right.DECIDE_CLAIMS,
            Right.SEE_SHARING,
            Right.MANAGE_SHARING,
            Right.APPROVE_SHARING,
            Right.PROPOSE_POLICY,
            Right.APPROVE_POLICY,
            Right.APPROVE_AUDITS,
        }
    ),
    # Keeps the machine running, and looks at nobody's car; cannot approve what it sets up.
    Role.ADMINISTRATOR: frozenset({Right.SEE_METRICS, Right.MANAGE_ACCOUNTS, Right.PROPOSE_POLICY}),
}

PURPOSES: dict[Right, PurposeRule] = dict.fromkeys(Right, PurposeRule.NONE) | {
    Right.SEE_HITS: PurposeRule.STANDING,
    Right.ACT_ON_HITS: PurposeRule.STANDING,
    Right.SEE_AUDIT_TRAIL: PurposeRule.STANDING,
    Right.JUDGE_AUDITS: PurposeRule.STANDING,
    Right.SEE_CLAIMS: PurposeRule.STANDING,
    Right.DECIDE_CLAIMS: PurposeRule.STANDING,
    Right.SEARCH_READS: PurposeRule.STATED,
    Right.SEARCH_MOVEMENTS: PurposeRule.STATED,
    Right.EXPORT_READS: PurposeRule.STATED,
    Right.FETCH_EXPORTS: PurposeRule.STANDING,
}


def allows(role: Role, right: Right) -> bool:
    """Return whether a role has a right."""
    return right in RIGHTS[role]
