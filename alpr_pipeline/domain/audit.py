"""What people and the machine do that leaves an audit record."""

from enum import StrEnum


class AuditAction(StrEnum):
    """An act on record. Closed, so that an auditor can count on every value."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    ACCESS_REFUSED = "access-refused"
    REQUEST_FAILED = "request-failed"  # of somebody who may, and nothing came of it
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_CHANGED = "account-changed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  # an action, not a password
    ACCOUNTS_VIEWED = "accounts-viewed"
    SESSIONS_VIEWED = "sessions-viewed"
    SESSION_ENDED = "session-ended"
    TOKEN_ISSUED = "token-issued"  # noqa: S105  # likewise
    TOKEN_REVOKED = "token-revoked"  # noqa: S105
    TOKENS_VIEWED = "tokens-viewed"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REVOKED = "passkey-revoked"
    PASSKEYS_VIEWED = "passkeys-viewed"
    HOTLIST_LOADED = "hotlist-loaded"
    HOTLIST_RESTORED = "hotlist-restored"
    HOTLIST_EXPORTED = "hotlist-exported"
    ENTRY_PROPOSED = "entry-proposed"
    ENTRY_DECLINED = "entry-declined"
    ENTRY_ADDED = "entry-added"
    ENTRY_REMOVED = "entry-removed"
    HOTLIST_VIEWED = "hotlist-viewed"
    HITS_VIEWED = "hits-viewed"
    HITS_EXPORTED = "hits-exported"
    HIT_VIEWED = "hit-viewed"
    PICTURE_VIEWED = "picture-viewed"
    HIT_ACKNOWLEDGED = "hit-acknowledged"
    HIT_VERIFIED = "hit-verified"
    HIT_REFUTED = "hit-refuted"
    HIT_CONFIRMED = "hit-confirmed"
    HIT_DISPOSED = "hit-disposed"
    HIT_SET_ASIDE = "hit-set-aside"
    ACCURACY_VIEWED = "accuracy-viewed"
    CORRECTIONS_VIEWED = "corrections-viewed"
    DELIVERY_RETRIED = "delivery-retried"
    MUTE_PLACED = "mute-placed"
    MUTE_ENDED = "mute-ended"
    MUTES_VIEWED = "mutes-viewed"
    READS_SEARCHED = "reads-searched"
    EXPORT_MADE = "export-made"
    EXPORTS_VIEWED = "exports-viewed"
    EXPORT_LINKED = "export-linked"
    EXPORT_FETCHED = "export-fetched"
    SEARCH_REQUESTED = "search-requested"
    SEARCH_DECIDED = "search-decided"
    SEARCH_REQUESTS_VIEWED = "search-requests-viewed"
    HOLD_CHANGED = "hold-changed"
    HOLDS_VIEWED = "holds-viewed"
    HELD_READ_VIEWED = "held-read-viewed"
    AUDIT_TRAIL_VIEWED = "audit-trail-viewed"
    AUDIT_TRAIL_DESTROYED = "audit-trail-destroyed"
    AUDITS_VIEWED = "audits-viewed"
    AUDIT_SAMPLED = "audit-sampled"
    AUDIT_JUDGED = "audit-judged"
    FINDING_RESOLVED = "finding-resolved"
    SIGNALS_VIEWED = "signals-viewed"
    RETENTION_REVIEWED = "retention-reviewed"
    STAFF_LOADED = "staff-loaded"
    POLICY_CHANGED = "policy-changed"
    POLICIES_VIEWED = "policies-viewed"
    PURGED = "purged"
    RETENTION_VERIFIED = "retention-verified"
    REPORT_PUBLISHED = "report-published"
    CLAIM_CHANGED = "claim-changed"  # that something is wrong
    CLAIMS_VIEWED = "claims-viewed"
    SHARING_CHANGED = "sharing-changed"
    SHARING_VIEWED = "sharing-viewed"
    DATA_RELEASED = "data-released"  # to another agency


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"


# What an act is for, where the act itself says it: Civil Code 1798.90.52(a)(4) wants a purpose with every access.
STANDING_PURPOSES: dict[AuditAction, str] = {
    AuditAction.HITS_VIEWED: "alert-response",
    AuditAction.HIT_VIEWED: "alert-response",
    AuditAction.PICTURE_VIEWED: "alert-response",
    AuditAction.HIT_ACKNOWLEDGED: "alert-response",
    AuditAction.HIT_VERIFIED: "alert-response",
    AuditAction.HIT_REFUTED: "alert-response",
    AuditAction.HIT_CONFIRMED: "alert-response",
    AuditAction.HIT_DISPOSED: "alert-response",
    AuditAction.HIT_SET_ASIDE: "alert-response",
    AuditAction.ACCURACY_VIEWED: "audit",
    AuditAction.CORRECTIONS_VIEWED: "accuracy",
    AuditAction.DELIVERY_RETRIED: "alert-response",
    AuditAction.MUTE_PLACED: "alert-response",
    AuditAction.MUTE_ENDED: "alert-response",
    AuditAction.MUTES_VIEWED: "alert-response",
    AuditAction.AUDIT_TRAIL_VIEWED: "audit",
    AuditAction.AUDITS_VIEWED: "audit",
    AuditAction.AUDIT_SAMPLED: "audit",
    AuditAction.AUDIT_JUDGED: "audit",
    AuditAction.FINDING_RESOLVED: "audit",
    AuditAction.SIGNALS_VIEWED: "audit",
    AuditAction.RETENTION_REVIEWED: "audit",
    AuditAction.CLAIM_CHANGED: "correction",
    AuditAction.CLAIMS_VIEWED: "correction",
    AuditAction.PURGED: "retention",
    AuditAction.RETENTION_VERIFIED: "retention",
    AuditAction.AUDIT_TRAIL_DESTROYED: "retention",
}
