"""Advisory locks of the database: a number for each kind of work that one process of a site does at a time."""

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """The numbers stand in one place, since two kinds of work with the same one would shut each other out."""

    MIGRATION = 4_107_001  # processes that start together do not migrate together
    OUTBOX = 4_107_002  # one publisher at a time, so that changes of hot lists keep their order
    PURGE = 4_107_003
    POLICY = 4_107_004  # the stages of a site start together, and adopt its policy once
    AUDITS = 4_107_005  # the processes of a site must not open the same audit twice
    CARS = 4_107_006  # one process tells cars at a time, so that changes keep their order
    ALERTS = 4_107_007  # one dispatcher at a time
    PLACING = 4_107_008  # shared by holds on reads that are being placed: alone, one knows that none is
    LOADING = 4_107_100  # with the list's name: one load of a list at a time
    SOURCE = 4_107_200  # with the source's name: one process looks at a source at a time
