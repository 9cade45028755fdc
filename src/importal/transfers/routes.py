"""The transfer over HTTP: announce, send packs, ask what is there, finish."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from importal import submissions
from importal.http_api import SiteDep
from importal.invitations import Sending
from importal.transfers import announcement, finishing, listing, schemas
from importal.transfers.coding import ENCODINGS
from importal.transfers.frames import FrameAnswer, require_open, take_frames
from importal.transfers.intake import Intake, groups, intake_of, require_size
from importal.transfers.packs import MEDIA_TYPE

router = APIRouter(prefix="/api/submissions", tags=["sender"])

_PACK_BODY = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/open")
def open_submission(sender: Sending, site: SiteDep) -> schemas.OpenSubmissionAnswer:
    """Return the unfinished submission of the invitation, so that it can be gone on with."""
    with site.database.reading() as session:
        draft = submissions.open_draft(session, sender.invitation_id)
        handed_over = submissions.count_handed_over(session, sender.invitation_id)
        if draft is None:
            return schemas.OpenSubmissionAnswer(open_submission=None, handed_over=handed_over)
        announced = announcement.announced(session, draft.id)
        confirmed = announcement.confirmed(session, draft.id)
    return schemas.OpenSubmissionAnswer(
        handed_over=handed_over,
        open_submission=schemas.OpenSubmission(
            id=draft.id,
            created_at=draft.created_at,
            announced_files=announced.files,
            confirmed_files=confirmed.files,
            announced_bytes=announced.bytes,
            confirmed_bytes=confirmed.bytes,
        ),
    )


@router.get("/{submission_id}")
def show(submission_id: str, sender: Sending, site: SiteDep) -> schemas.SubmissionWithReceipt:
    """Return a submission, with its receipt from its end until its files are purged."""
    with site.database.reading() as session:
        submission = submissions.for_sender(session, sender, submission_id)
        # Once the files are purged they can no longer be counted: better no receipt than one of nothing.
        is_countable = submission.state == submissions.State.SUBMITTED
        receipt = finishing.receipt(session, submission) if is_countable else None
    return schemas.SubmissionWithReceipt(
        id=submission.id,
        state=submissions.State(submission.state).value,
        receipt=schemas.ReceiptShown.model_validate(receipt) if receipt else None,
    )


@router.put("/{submission_id}/files")
def announce(
    submission_id: str, body: schemas.AnnounceRequest, sender: Sending, site: SiteDep
) -> schemas.Announced:
    """Announce files; a repetition changes nothing."""
    files = [announcement.Announcement(**file.model_dump()) for file in body.files]
    with site.database.transaction() as session:
        submission = submissions.for_sender(session, sender, submission_id, lock=True)
        totals = announcement.announce(session, site, sender, submission, files)
    return schemas.Announced(announced=totals.files, bytes=totals.bytes, encodings=list(ENCODINGS))


@router.get("/{submission_id}/files", response_model_exclude_none=True)
def list_files(
    submission_id: str,
    sender: Sending,
    site: SiteDep,
    after: Annotated[int, Query(ge=-1)] = -1,
    limit: Annotated[int, Query(ge=1, le=5000)] = 5000,
) -> schemas.FileList:
    """Say what is there of every announced file, page by page."""
    with site.database.reading() as session:
        submissions.for_sender(session, sender, submission_id)
        files = listing.list_files(session, submission_id, after, limit)
    shown = [schemas.FileShown.model_validate(file, from_attributes=True) for file in files]
    return schemas.FileList(files=shown, next=files[-1].number if len(files) == limit else None)


@router.post("/{submission_id}/packs", openapi_extra=_PACK_BODY)
async def receive_pack(
    submission_id: str,
    request: Request,
    sender: Sending,
    site: SiteDep,
    intake: Annotated[Intake, Depends(intake_of)],
) -> schemas.PackAnswer:
    """Take a pack of frames; what is confirmed in the answer is on the disk."""
    # Asked before the body is read: a stranger's bytes are not worth a place.
    await intake.work(partial(require_open, site, sender, submission_id))
    answers: list[FrameAnswer] = []
    require_size(request)
    async with intake.place(sender.invitation_id) as place:
        async for group in groups(request, place):
            answers += await intake.work(partial(take_frames, site, sender, submission_id, group))
    return schemas.PackAnswer(frames=[schemas.FrameShown.model_validate(answer) for answer in answers])


@router.post("/{submission_id}/finish")
def finish(
    submission_id: str, body: schemas.FinishRequest, sender: Sending, site: SiteDep
) -> schemas.ReceiptShown:
    """Hand the submission over; a repetition returns the same receipt."""
    receipt = finishing.finish(site, sender, submission_id, body.file_count, body.unreadable)
    return schemas.ReceiptShown.model_validate(receipt)
