"""The tus protocol, version 1.0, as a second door to the same store, for Uppy, tus-js-client and scripts.

Creation, creation-with-upload, checksum, expiration and termination. The address of an upload is its number,
and answers name it relative to the request, so that they hold behind any proxy and below any path.
"""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from importal.errors import TABLE, ImportalError
from importal.http_api import SiteDep, problem_response
from importal.invitations import Sending
from importal.transfers import schemas, tus_headers, uploads
from importal.transfers.errors import UPLOAD_GONE, UPLOAD_HEADER, UPLOAD_OFFSET
from importal.transfers.frames import take_frames
from importal.transfers.intake import Intake, intake_of
from importal.transfers.packs import IDENTITY, MAX_NUMBER, Frame, digest_of
from importal.transfers.settling import settle
from importal.transfers.tus_bytes import Leases, blocks, cost_of
from importal.transfers.tus_headers import Checksum
from importal.transfers.uploads import NewUpload, Upload

CODE_HEADER = "Importal-Code"
_BYTES = {
    "requestBody": {
        "content": {tus_headers.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class _TusRoute(APIRoute):
    """Asks for the version first, and names ours in every answer, refusals included."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle: Callable[[Request], Coroutine[Any, Any, Response]] = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                if request.method not in {"OPTIONS", "GET"}:
                    tus_headers.require_version(request.headers)
                response = await handle(request)
            except ImportalError as refused:
                response = problem_response(refused.row, refused.params)
            response.headers["Tus-Resumable"] = tus_headers.VERSION
            if response.status_code == 412:
                response.headers["Tus-Version"] = tus_headers.VERSION
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer


router = APIRouter(prefix="/api/submissions", tags=["sender"], route_class=_TusRoute)


async def _leases(request: Request) -> Leases:
    """Return the leases of this process, made in its event loop."""
    state = request.app.state
    if not hasattr(state, "leases"):
        state.leases = Leases()
    found: Leases = state.leases
    return found


async def _number(number: str) -> int:
    # Its length first: a number of thousands of digits is a defect of its own to Python.
    is_number = len(number) <= len(str(MAX_NUMBER)) and number.isascii() and number.isdigit()
    if not is_number or int(number) > MAX_NUMBER:
        raise ImportalError(UPLOAD_GONE)
    return int(number)


class _Road:
    """The way into one submission for one request."""

    def __init__(
        self,
        submission_id: str,
        sender: Sending,
        site: SiteDep,
        places: Annotated[Intake, Depends(intake_of)],
        leases: Annotated[Leases, Depends(_leases)],
    ) -> None:
        self.submission_id = submission_id
        self._mine = (site, sender, submission_id)
        self._invitation_id = sender.invitation_id
        self._places = places
        self._leases = leases

    async def create(self, wanted: NewUpload) -> Upload:
        return await self._places.work(partial(uploads.create, *self._mine, wanted))

    async def find(self, number: int) -> Upload:
        return await self._places.work(partial(uploads.find, *self._mine, number))

    async def outcomes(self, number: int) -> tuple[uploads.Outcome, Sequence[uploads.Outcome]]:
        return await self._places.work(partial(uploads.outcomes, *self._mine, number))

    async def terminate(self, number: int) -> None:
        await self._places.work(partial(uploads.terminate, *self._mine, number))

    async def bring(self, request: Request, number: int, offset: int, checksum: Checksum | None) -> Upload:
        """Bring in a body that goes on at this offset; return how the upload stands then."""
        async with self._leases.hold(self.submission_id, number) as lease:
            upload = await self.find(number)
            if offset != upload.offset:
                raise ImportalError(UPLOAD_OFFSET, {"offset": upload.offset})
            room = upload.size - offset
            cost = cost_of(request, room, checksum)
            async with self._places.place(self._invitation_id, cost) as place:
                async for block in blocks(request, lease, place, room, checksum):
                    await self._places.work(partial(self._take, number, offset, block))
                    offset += len(block)
            upload = await self.find(number)
            if upload.is_to_be_settled:
                await self._places.settle(partial(settle, *self._mine, number))
                upload = await self.find(number)
        return upload

    def _take(self, number: int, offset: int, block: bytes) -> None:
        frame = Frame(number, offset, len(block), digest_of(block), IDENTITY, block)
        (answer,) = take_frames(*self._mine, [frame])
        if answer.result == "refused":
            raise ImportalError(TABLE[answer.code or "frame.conflict"])


Number = Annotated[int, Depends(_number)]
Road = Annotated[_Road, Depends()]


@router.options("/{submission_id}/uploads", status_code=204)
@router.options("/{submission_id}/uploads/", status_code=204, include_in_schema=False)
@router.options("/{submission_id}/uploads/{number}", status_code=204)
async def tell(submission_id: str) -> Response:
    """Tell what of tus 1.0 is spoken here, whichever the submission."""
    del submission_id
    told = {
        "Tus-Version": tus_headers.VERSION,
        "Tus-Extension": tus_headers.EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(tus_headers.ALGORITHMS),
    }
    return Response(status_code=204, headers=told)


@router.post("/{submission_id}/uploads", status_code=201, openapi_extra=_BYTES)
@router.post("/{submission_id}/uploads/", status_code=201, include_in_schema=False)
async def begin(request: Request, road: Road) -> Response:
    """Begin an upload, with its first bytes or without any."""
    size = tus_headers.read_number(request.headers, "Upload-Length")
    described = tus_headers.read_metadata(request.headers)
    checksum = tus_headers.read_checksum(request.headers)
    wanted = NewUpload(described.path, size, described.raw, described.promised_sha256)
    upload = await road.create(wanted)
    if tus_headers.carries_bytes(request.headers) and size > 0:
        upload = await road.bring(request, upload.number, 0, checksum)
    place = f"{upload.number}" if request.url.path.endswith("/") else f"uploads/{upload.number}"
    return Response(status_code=201, headers=_told(upload) | {"Location": place})


@router.head("/{submission_id}/uploads/{number}")
async def ask(number: Number, road: Road) -> Response:
    """Tell how far an upload has come; what is before the offset is on the disk."""
    upload = await road.find(number)
    told = _told(upload) | {"Upload-Length": str(upload.size)}
    if upload.metadata:
        told["Upload-Metadata"] = upload.metadata
    return Response(status_code=200, headers=told)


@router.patch("/{submission_id}/uploads/{number}", status_code=204, openapi_extra=_BYTES)
async def go_on(number: Number, request: Request, road: Road) -> Response:
    """Take the next bytes of an upload."""
    tus_headers.require_bytes(request.headers)
    offset = tus_headers.read_number(request.headers, "Upload-Offset")
    checksum = tus_headers.read_checksum(request.headers)
    upload = await road.bring(request, number, offset, checksum)
    return Response(status_code=204, headers=_told(upload))


@router.delete("/{submission_id}/uploads/{number}", status_code=204)
async def take_back(number: Number, road: Road) -> Response:
    """Take an upload back, whole or not, until the submission is finished."""
    await road.terminate(number)
    return Response(status_code=204)


@router.post("/{submission_id}/uploads/{number}", status_code=204, include_in_schema=False)
async def in_other_words(number: Number, request: Request, road: Road) -> Response:
    """Do what X-HTTP-Method-Override says, for what cannot send PATCH or DELETE (tus 1.0, core)."""
    meant = request.headers.get("x-http-method-override", "").upper()
    if meant == "PATCH":
        return await go_on(number, request, road)
    if meant == "DELETE":
        return await take_back(number, road)
    raise ImportalError(UPLOAD_HEADER, {"where": "X-HTTP-Method-Override"})


@router.get("/{submission_id}/uploads/{number}")
async def show(number: Number, road: Road) -> schemas.UploadShown:
    """Tell what became of an upload, and of each file inside an archive."""
    upload = await road.find(number)
    own, inside = await road.outcomes(number)
    return schemas.UploadShown.model_validate(
        {
            "number": number,
            "size": upload.size,
            "offset": upload.offset,
            "state": own.state,
            "code": own.code,
            "sentence": own.sentence,
            "files": [schemas.EntryShown.model_validate(entry) for entry in inside],
        }
    )


def _told(upload: Upload) -> dict[str, str]:
    told = {
        "Upload-Offset": str(upload.offset),
        "Upload-Expires": tus_headers.moment(upload.expires_at),
    }
    return told if upload.code is None else told | {CODE_HEADER: upload.code}
