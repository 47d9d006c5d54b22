"""What people and the machine do that leaves an audit record."""

from enum import StrEnum


class AuditAction(StrEnum):
    """An act on record. Closed, so that an auditor can count on every value."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_CHANGED = "account-changed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  # an action, not a password
    HOTLIST_LOADED = "hotlist-loaded"
    HOTLIST_VIEWED = "hotlist-viewed"
    HITS_VIEWED = "hits-viewed"
    HIT_VIEWED = "hit-viewed"
    PICTURE_VIEWED = "picture-viewed"
    HIT_ACKNOWLEDGED = "hit-acknowledged"
    HIT_DISPOSED = "hit-disposed"
    PURGED = "purged"


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"
