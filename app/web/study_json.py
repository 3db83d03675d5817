"""A study, its sessions and its clips, as the experimenter's pages and their scripts are told."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from app.definition.study_toml import definition_of
from app.media import sources_of
from app.models import Clip, Study
from app.studies.monitoring import SessionStatus
from app.studies.origin import origin_sentences
from app.web.context import settings
from app.web.json_values import iso_time
from app.web.login import account_id
from app.web.signing import experimenter_audience, media_url


def study_view(study: Study) -> dict[str, Any]:
    """A study's head: names, state, links."""
    definition = definition_of(study)
    return {
        "name": study.name,
        "title": definition.title,
        "state": study.state.value,
        "archived": study.archived_at is not None,
        "origin": origin_sentences(study),
        "link": public_address(url_for("participant.consent", name=study.name)),
        "min_evidence": definition.stop.min_evidence,
        "places": definition.recruitment.places,
        "checks": definition.design.checks,
        "id_parameter": next(iter(definition.recruitment.parameters), None),
        "without_id": definition.recruitment.without_id,
        "signed": definition.recruitment.signed,
    }


def public_address(path: str) -> str:
    """The operator's own address where there is one: behind a proxy the request may not know it."""
    base = settings().base_url.rstrip("/")
    return base + path if base else request.host_url.rstrip("/") + path


def session_row(session: SessionStatus, *, with_ids: bool) -> dict[str, Any]:
    """A session's row; the recruiter's ids of the person are only for those who may change the study."""
    return {
        "rater": session.rater,
        "session": session.session_id,
        "state": session.state,
        "simulated": session.is_simulated,
        "pilot": session.is_pilot,
        "progress": session.progress,
        "trials": session.trials,
        "to_rate": session.to_rate,
        "minutes": session.minutes,
        "checks": {"done": session.checks.done, "passed": session.checks.passed},
        "consented_at": iso_time(session.consented_at),
        "last_seen_at": iso_time(session.last_seen_at),
        "ended_by": session.ended_by,
        "recruiter": session.recruiter if with_ids else {},
        "person": session.person,
        "visit": session.visit,
        "id_note": session.id_note,
        "unproven_trials": session.unproven_trials,
        "asked_to_leave": session.asked_to_leave,
        "note": session.note,
        "exclusion_reason": session.exclusion_reason,
    }


def clip_view(clip: Clip) -> dict[str, Any]:
    """A clip's row: its state, and the addresses of its poster and its renditions once there are any."""
    audience = experimenter_audience(account_id())
    address = {r.kind: media_url(clip.study_id, audience, clip.public_id, r) for r in clip.renditions}
    return {
        "id": clip.public_id,
        "file": clip.file_name,
        "label": clip.label,
        "kind": clip.kind.value,
        "state": clip.state.value,
        "progress": clip.progress,
        "reason": clip.reason,
        "width": clip.width,
        "height": clip.height,
        "source_width": clip.source_width,
        "source_height": clip.source_height,
        "frames": clip.frames,
        "remarks": clip.remarks or [],
        "duration": clip.duration_s,
        "fps": clip.fps,
        "codec": clip.codec,
        "has_audio": clip.has_audio,
        "attributes": clip.attributes,
        "poster": address.get("poster"),
        "sources": sources_of(address),
    }
