"""The edge agent as a stage: cameras, networks, spool and the car's own copy of the hot lists, from the settings."""

import os
import sys
from datetime import timedelta
from functools import partial

from alpr_pipeline.capture.definition import load_cameras
from alpr_pipeline.capture.opening import open_source
from alpr_pipeline.cli.car_keys import car_key, open_copy, trusted
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.cli.recognition import open_recogniser
from alpr_pipeline.config.settings import BusKind, Settings
from alpr_pipeline.edge.agent import WORKER, EdgeAgent, EdgeSettings
from alpr_pipeline.edge.hotlist_copy import HotlistCopy
from alpr_pipeline.edge.incar import InCar, console_announcer
from alpr_pipeline.edge.spool import Spool, SpoolLimits
from alpr_pipeline.matching.index import Cautions
from alpr_pipeline.recognition.jpeg import Overview
from alpr_pipeline.recognition.tracker import TrackerSettings


def edge_stages(parts: Parts) -> list[Stage]:
    """Cameras in, reads out. Everything that is wrong with cameras, networks or disk is said here, at the start."""
    settings = parts.settings
    folder = settings.edge.cameras
    cameras = [(camera, partial(open_source, camera, folder, os.environ)) for camera in load_cameras(folder)]
    copy = parts.closing(_hotlist_copy(settings))
    agent = EdgeAgent(
        cameras,
        open_recogniser(settings.recognition),
        parts.closing(_spool(parts)),
        parts.bus,
        incar=InCar(
            copy,
            console_announcer(sys.stdout),
            now,
            Cautions(**settings.matching.model_dump(), by_list=settings.hotlists.risks),
            trust=trusted(settings),
            cameras=frozenset(camera.camera_id for camera, _ in cameras),
            fresh_for=parts.policy.retention.car_copy,
        ),
        settings=agent_settings(settings, parts.policy.retention.read),
        clock=now,
    )
    for name, check in agent.checks().items():
        parts.health.watch(name, check)
    return [Stage(WORKER, agent.run)]


def _hotlist_copy(settings: Settings) -> HotlistCopy:
    copy = open_copy(settings)
    if settings.bus.kind is BusKind.MEMORY:
        copy.go_back()  # memory began anew
    return copy


def _spool(parts: Parts) -> Spool:
    edge = parts.settings.edge
    limits = SpoolLimits(rows_max=edge.spool_reads_max * 3, bytes_max=edge.spool_bytes_max)  # a read has two pictures
    return Spool(parts.settings.data / "edge/spool.db", parts.policy.retention.spool, limits, car_key(parts.settings))


def agent_settings(settings: Settings, keep: timedelta) -> EdgeSettings:
    """Return how an agent looks and sends; it remembers a plate no longer than the policy keeps a read."""
    edge, memory_s = settings.edge, keep.total_seconds() / 2  # from the last look: memory is no back door
    tracker = TrackerSettings(
        deadline_s=edge.decide_after_ms / 1000,
        repeat_gap_s=min(edge.repeat_gap_s, memory_s),
        standing_s=min(edge.standing_s, memory_s),
        least_confidence=settings.recognition.read_confidence_min,
    )
    return EdgeSettings(tracker=tracker, overview=Overview(edge.overview_side_max, edge.overview_quality))
