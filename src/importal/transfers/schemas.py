"""Shapes of the transfer routes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from importal.transfers.packs import MAX_NUMBER, MAX_OFFSET

StudyInstanceUID = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$", max_length=64)]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileNumber = Annotated[int, Field(ge=0, le=MAX_NUMBER, strict=True)]


class AnnouncedFile(BaseModel):
    """A file that will come."""

    number: FileNumber
    path: str = Field(min_length=1, max_length=4096, repr=False)
    size: Annotated[int, Field(ge=0, le=MAX_OFFSET, strict=True)]
    fingerprint: Fingerprint
    role: Literal["instance", "document"]
    study_instance_uid: StudyInstanceUID | None = None


class AnnounceRequest(BaseModel):
    """Some of the files that will come."""

    files: list[AnnouncedFile] = Field(max_length=1000)


class Announced(BaseModel):
    """What is announced in all, and in what encodings frames are taken besides ``identity``."""

    announced: int
    bytes: int
    encodings: list[str]


class FileShown(BaseModel):
    """What the server has of a file; ranges of offset and length while it is partial."""

    number: int
    fingerprint: str
    state: Literal["announced", "partial", "stored", "kept", "refused", "unpacked"]
    received: list[tuple[int, int]] | None = None
    code: str | None = None


class FileList(BaseModel):
    """A page of files; ``next`` is the number to go on behind, or null at the end."""

    files: list[FileShown]
    next: int | None


class EntryShown(BaseModel):
    """What became of one file inside an archive; the path begins with the archive's own."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    path: str = Field(repr=False)
    state: Literal["announced", "partial", "stored", "kept", "refused"]
    code: str | None
    sentence: str | None


class UploadShown(BaseModel):
    """What is there of an upload by tus, and what became of it; ``files`` of an archive only."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    size: int
    offset: int
    state: Literal["announced", "partial", "stored", "kept", "refused", "unpacked"]
    code: str | None
    sentence: str | None
    files: list[EntryShown]


class FrameShown(BaseModel):
    """What became of a frame."""

    model_config = ConfigDict(from_attributes=True)

    file: int
    offset: int
    result: Literal["confirmed", "known", "refused"]
    code: str | None = None


class PackAnswer(BaseModel):
    """The answers to the frames of a pack, in their order."""

    frames: list[FrameShown]


class FinishRequest(BaseModel):
    """How many files were sent, and which announced ones could no longer be read."""

    file_count: int = Field(ge=0, strict=True)
    unreadable: list[FileNumber] = Field(default=[], max_length=200_000)


class StudyCountShown(BaseModel):
    """What arrived of one study."""

    model_config = ConfigDict(from_attributes=True)

    study_instance_uid: str
    instances: int
    documents: int


class RefusedShown(BaseModel):
    """A file that was set aside, and why."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    code: str
    sentence: str


class ReceiptShown(BaseModel):
    """The receipt, counted by the server: announced = instances + duplicates + documents + refused.

    ``attachments``: how many of the documents stay with the staff and do not go to the archive.
    """

    model_config = ConfigDict(from_attributes=True)

    reference: str
    submitted_at: datetime
    studies: list[StudyCountShown]
    announced: int
    instances: int
    duplicates: int
    documents: int
    attachments: int
    refused: list[RefusedShown]


class SubmissionWithReceipt(BaseModel):
    """A submission as its sender sees it."""

    id: str
    state: Literal["draft", "submitted", "closed", "withdrawn", "expired"]
    receipt: ReceiptShown | None


class OpenSubmission(BaseModel):
    """An unfinished submission that can be gone on with."""

    id: str
    created_at: datetime
    announced_files: int
    confirmed_files: int
    announced_bytes: int
    confirmed_bytes: int


class OpenSubmissionAnswer(BaseModel):
    """The unfinished submission of the invitation, if there is one; and how many were handed over before."""

    open_submission: OpenSubmission | None
    handed_over: int
