"""What became of an upload, for its sender: where each study stands, and taking it back before delivery.

A sender is shown dates, kinds and counts of what they sent themselves; never a name, a number, or what the
desk wrote.
"""

from importal.status.actions import withdraw
from importal.status.routes import router
from importal.status.schemas import UploadStatus
from importal.status.uploads import uploads_of

__all__ = ["UploadStatus", "router", "uploads_of", "withdraw"]
