"""Everything that can go wrong, as one tree.

    AlprError
    ├── ConfigError          a setting is wrong: what, where, and what it may be
    ├── CaptureError         a camera, a video or a picture cannot be read
    ├── RecognitionError     the weights are missing, damaged or of another version
    ├── SpoolFull            the edge's spool is at its limit
    ├── BusUnavailable       the bus did not take or give messages
    ├── UndecodableMessage   a message that no retry can mend: it goes to the dead-letter topic
    │   └── ParcelRefused    a piece of a hot list that is forged, damaged or out of order; the car keeps what it has
    ├── StorageUnavailable   database, picture store or key service is away or full: what failed can be tried again
    ├── StorageRefused       the database will never take this as it is
    ├── NotStored            what was asked for is not stored, or no longer
    ├── StateConflict        somebody else was faster
    ├── SourceUnavailable    a source of hot lists is away, or gives no file; the list in force stays
    ├── HotlistRefused       a whole list was refused; the list in force stays
    ├── PurposeRefused       no purpose was named, or none that the policy has
    └── AccessDenied         no authority for what was asked

Raise where the numbers are known: what, how much, where to look first. Never a plate in the text of an error.
"""


class AlprError(Exception):
    """Whatever this program raises on purpose."""

    on_record = False  # whether the audit trail has this refusal already


class ConfigError(AlprError):
    """A setting is wrong; the text names it, its place, and what it may be."""


class CaptureError(AlprError):
    """A camera, a video or a picture cannot be read."""


class RecognitionError(AlprError):
    """The weights are missing, damaged or of another version."""


class SpoolFull(AlprError):
    """The spool of an edge agent is at its limit and may shed nothing more."""


class BusUnavailable(AlprError):
    """The bus did not take or give messages in time."""


class UndecodableMessage(AlprError):
    """A message that no retry can mend."""


class ParcelRefused(UndecodableMessage):
    """A piece of a hot list on its way to the cars is forged, damaged or out of order."""


class StorageUnavailable(AlprError):
    """The database, the picture store or the key service is away or full; the same can be tried again later."""


class StorageRefused(AlprError):
    """The database will never take this as it is: trying again is no use."""


class NotStored(AlprError):
    """What was asked for is not stored, or no longer."""


class StateConflict(AlprError):
    """The change does not fit what is stored now: somebody else was faster."""


class WrongRevision(StateConflict):
    """Changes of a hot list are of another revision than the one in force; the same file will never fit."""


class SourceUnavailable(AlprError):
    """A source of hot lists is away, does not let us in, or gives more than we take; it is tried again."""


class NothingNew(SourceUnavailable):
    """A source has no changes of the revision in force yet."""


class HotlistRefused(AlprError):
    """A whole hot list was refused; the list in force is untouched."""

    report: object = None  # what became of its rows, where it came to that


class PurposeRefused(AlprError):
    """No purpose was named for a look, none that the policy has, or no case where it needs one."""


class AccessDenied(AlprError):
    """The caller has no authority for what was asked."""
