"""Submissions: everything that a sender sends at once, with consent, contact and a comment per study.

For senders, who create one, change its details and withdraw it; and for the steps behind, which close it.
"""

from importal.submissions.actions import (
    change_details,
    close,
    comments_of,
    contact_of,
    count_handed_over,
    create,
    discard,
    expire_drafts,
    for_sender,
    forget_contact,
    get,
    lock,
    note_activity,
    open_draft,
    require_draft,
    submit,
    withdraw,
    words_of,
)
from importal.submissions.consents import ConsentRecord, consent_of, consents
from importal.submissions.errors import CLOSED
from importal.submissions.routes import router
from importal.submissions.states import State, move_to
from importal.submissions.tables import (
    Consent,
    ConsentGiven,
    ConsentText,
    Contact,
    StudyWords,
    Submission,
    SubmissionStudy,
    Wanted,
)

__all__ = [
    "CLOSED",
    "Consent",
    "ConsentGiven",
    "ConsentRecord",
    "ConsentText",
    "Contact",
    "State",
    "StudyWords",
    "Submission",
    "SubmissionStudy",
    "Wanted",
    "change_details",
    "close",
    "comments_of",
    "consent_of",
    "consents",
    "contact_of",
    "count_handed_over",
    "create",
    "discard",
    "expire_drafts",
    "for_sender",
    "forget_contact",
    "get",
    "lock",
    "move_to",
    "note_activity",
    "open_draft",
    "require_draft",
    "router",
    "submit",
    "withdraw",
    "words_of",
]
