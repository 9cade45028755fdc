"""Shapes of the invitation routes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SenderKindName = Literal["patient", "referring_physician"]


class OpenRequest(BaseModel):
    """A code as it was typed or followed."""

    code: str = Field(max_length=100, repr=False)
    birth_date: str = Field(
        default="",
        pattern=r"^([0-9]{8})?$",
        repr=False,
        description="YYYYMMDD; needed where the invitation asks for it.",
    )


class PrivacyPolicy(BaseModel):
    """The text that is consented to, and its version."""

    version: str
    text: str


class InstitutionShown(BaseModel):
    """The hospital as the sender sees it."""

    name: str
    phone: str
    email: str
    hours: str
    manual_url: str
    privacy_policy: PrivacyPolicy
    sharing_consent_text: str
    texts_language: str = Field(description="In which both texts are written (BCP 47).")


class ExpectationShown(BaseModel):
    """Whom the hospital expects, as PN, DA and CS, and what for; each may be empty."""

    model_config = ConfigDict(from_attributes=True)

    patient_name: str = Field(default="", max_length=200, repr=False)
    birth_date: str = Field(default="", pattern=r"^([0-9]{8})?$", repr=False)
    sex: Literal["M", "F", "O", ""] = ""
    asked_for: str = Field(default="", max_length=200, repr=False)


class Limits(BaseModel):
    """What an upload may hold."""

    max_bytes: int
    max_studies: int


class OpenedInvitation(BaseModel):
    """The answer to a valid code."""

    token: str = Field(repr=False)
    institution: InstitutionShown
    sender_kind: SenderKindName
    limits: Limits
    expires_at: datetime
    # Whether what is sent is made anonymous on arrival.
    deidentified: bool
    expected: ExpectationShown


class InviteRequest(BaseModel):
    """What the desk asks for."""

    label: str = Field(default="", max_length=200)
    sender_kind: SenderKindName = "patient"
    valid_days: int = Field(default=30, ge=1, le=365)
    deidentified: bool | None = Field(
        default=None, description="Whether what comes is made anonymous; the institution decides if absent."
    )

    expected: ExpectationShown = ExpectationShown()
    asks_birth_date: bool = Field(
        default=False, description="Whether the sender has to know the birth date beside the code."
    )


class InvitationShown(BaseModel):
    """One invitation in the desk's list."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    label: str
    code: str
    link: str
    sender_kind: SenderKindName
    created_at: datetime
    expires_at: datetime
    is_open: bool
    deidentified: bool
    expected: ExpectationShown
    asks_birth_date: bool
    shut_until: datetime | None = Field(description="Wrong birth dates have shut the code until then.")


class InvitationList(BaseModel):
    """The desk's list."""

    invitations: list[InvitationShown]
    # Whether a new invitation is anonymous where nobody says otherwise.
    deidentified_by_default: bool
