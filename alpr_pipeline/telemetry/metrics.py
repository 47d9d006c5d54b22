"""Every metric of the pipeline, in one place, so that names agree. Labels name stages, topics and cameras only."""

from prometheus_client import Counter, Gauge, Histogram

RECEIVED = Counter("alpr_received_total", "Messages or frames that a worker took in.", ["worker"])
SENT = Counter("alpr_sent_total", "Messages or records that a worker passed on.", ["worker"])
DROPPED = Counter("alpr_dropped_total", "What a worker left out by rule, and the rule.", ["worker", "rule"])
FAILED = Counter("alpr_failed_total", "Batches that a worker had to try again.", ["worker"])
DEAD = Counter("alpr_dead_total", "Messages sent to the dead-letter topic.", ["worker"])
LAG = Gauge("alpr_lag_messages", "Messages waiting behind a worker.", ["worker"])
BATCH_SECONDS = Histogram(
    "alpr_batch_seconds",
    "Time that a worker took for one batch.",
    ["worker"],
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30),
)
DELAY_SECONDS = Histogram(
    "alpr_delay_seconds",
    "Time from the capture of a frame until a stage had its read.",
    ["stage"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 30, 300, 3600),
)
FRAMES_DROPPED = Counter(
    "alpr_frames_dropped_total", "Frames replaced by a newer one before they were looked at.", ["camera"]
)
CAMERA_UP = Gauge("alpr_camera_up", "1 while a camera gives frames.", ["camera"])
SPOOL_ROWS = Gauge("alpr_spool_rows", "What waits in the spool.", ["kind"])
SPOOL_SHED = Counter("alpr_spool_shed_total", "What the spool had to give up at its limit, oldest first.", ["kind"])
HOTLIST_AGE = Gauge("alpr_hotlist_age_seconds", "Since a copy of the lists was known to be current", ["worker"])
HOTLIST_ENTRIES = Gauge("alpr_hotlist_entries", "Entries in force in a worker's memory.", ["worker"])
HOTLIST_OVERDUE = Gauge("alpr_hotlist_overdue", "1 while a list is older than it may be.", ["list"])
HOTLIST_REFRESH_AGE = Gauge("alpr_hotlist_refresh_age_seconds", "Since a list was loaded or confirmed.", ["list"])
STAFF_UNCHECKED = Gauge(
    "alpr_staff_unchecked", "1 while tonight's staff file was not believed, so that nobody who left was closed."
)
NEIGHBOUR_UP = Gauge("alpr_neighbour_up", "1 while a neighbour answers.", ["neighbour"])
