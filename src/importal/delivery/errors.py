"""What can go wrong on the way to the archive; the codes also stand on attempts, for the desk."""

from importal.errors import TABLE

NO_DESTINATION = TABLE.declare(
    "delivery.no_destination", 503, "No image archive is connected. Please tell your PACS administrator."
)
OTHER_PATIENT = TABLE.declare(
    "delivery.other_patient",
    409,
    "The image archive already holds this study under another Patient ID. Nothing was sent; please decide.",
)
INTERRUPTED = TABLE.declare("delivery.interrupted", 503, "This attempt was interrupted and is continued.")
INCOMPLETE = TABLE.declare(
    "delivery.incomplete", 502, "The image archive did not take every image. The others have arrived."
)
DAMAGED = TABLE.declare(
    "delivery.damaged",
    500,
    "An image is damaged in our store and was not sent. Please tell your PACS administrator.",
)
QUERY_DECLINED = TABLE.declare(
    "delivery.query_declined",
    502,
    "The image archive does not say what it holds, so nothing can be proved.",
)
MISSING = TABLE.declare(
    "delivery.missing", 502, "The image archive does not show every image that it was sent."
)
UNREACHABLE = TABLE.declare("delivery.unreachable", 502, "The image archive cannot be reached.")
DOCUMENT_REPEATED = TABLE.declare(
    "delivery.document_repeated", 409, "This document was sent twice; it is delivered once."
)
