"""What can go wrong when an upload is taken back."""

from importal.errors import TABLE

IN_ARCHIVE = TABLE.declare(
    "submission.in_archive",
    409,
    "These images are in the hospital's archive already, or on their way into it. Please call the hospital.",
)
