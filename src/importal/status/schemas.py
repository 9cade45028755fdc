"""Shapes of the status routes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

StandingName = Literal["received", "being_checked", "assigned", "archived", "not_taken", "withdrawn"]


class Shape(BaseModel):
    """Read from objects."""

    model_config = ConfigDict(from_attributes=True)


class StudyStatus(Shape):
    """One study of an upload: what it is, and where it stands; ``reason``: why it was not taken."""

    study_date: str
    modalities: list[str]
    instances: int
    documents: int
    standing: StandingName
    reason: str | None


class Deletion(Shape):
    """The record of what the sender took back; ``is_done``: nothing of it is kept any more."""

    at: datetime
    studies: int
    instances: int
    documents: int
    is_done: bool


class UploadStatus(Shape):
    """One upload of this invitation; ``studies`` is empty until they were looked at."""

    id: str
    reference: str
    submitted_at: datetime
    studies: list[StudyStatus]
    refused: int
    can_be_withdrawn: bool
    deletion: Deletion | None


class StatusAnswer(BaseModel):
    """All uploads of this invitation, newest first."""

    uploads: list[UploadStatus]
