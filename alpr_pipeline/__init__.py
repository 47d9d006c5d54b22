"""A real-time licence-plate pipeline: from a camera's frame to a hit that a person has checked, and to deletion.

The packages, in the order in which data meets them:

    domain        what things are: camera, frame, detection, look, read, picture, hot list, hit
    policy        what is allowed: retention, purposes, roles, as data
    capture       camera -> frame
    readers       reads that other cameras made -> read
    recognition   frame -> detection -> look -> track -> read
    edge          both at the roadside: agent, spool, uplink, in-car match
    bus           reads, pictures, hits and hot lists on their way: Kafka, or memory for one process
    matching      read x hot list -> hit
    alerting      hit -> alert
    storage       everything -> Postgres; pictures -> object store
    migrations    the schema
    retention     all of it -> nothing, when its time has come
    access        accounts, roles, sessions
    oversight     the audit trail
    api           HTTP: hot lists in, hits out, sign-in
    console       the dispatcher's page
    config        every setting, read once
    cli           the command `alpr`, which wires all this together
"""

__version__ = "0.1.0"
