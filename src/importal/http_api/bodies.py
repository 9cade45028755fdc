"""A bound on the bodies of requests: what is parsed as a whole is held in memory as a whole."""

import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A thousand announced files with the longest of paths; everything else is far smaller.
MAX_BODY_BYTES = 8 * 1024 * 1024


class BodyLimit:
    """Refuses larger bodies with 413; `streamed` finds the paths of routes that count for themselves."""

    def __init__(self, app: ASGIApp, *, streamed: re.Pattern[str]) -> None:
        self._app = app
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._streamed.search(scope["path"]):
            await self._app(scope, receive, send)
            return
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_some, send)
