"""Shapes of the submission routes."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

StudyInstanceUID = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$", max_length=64)]


class ConsentRequest(BaseModel):
    """The ticked boxes and the version of the texts beside them."""

    privacy_policy_version: str = Field(max_length=100)
    privacy_policy: bool
    sharing: bool
    language: str = Field(
        default="en", max_length=35, pattern=r"^[A-Za-z0-9-]*$", description="Language of the sender's page."
    )


class ContactRequest(BaseModel):
    """How the desk may reach the sender; both may stay empty."""

    email: str = Field(default="", max_length=320, repr=False)
    phone: str = Field(default="", max_length=50, repr=False)


class StudyRequest(BaseModel):
    """The sender's words about one study."""

    study_instance_uid: StudyInstanceUID
    comment: str = Field(default="", max_length=4000, repr=False)
    verdict: Literal["matches", "differs", "another_person", "not_stated"] | None = Field(
        default=None, description="What the sender's page said of the patient, where one is expected."
    )
    is_confirmed: bool = Field(
        default=False, description="Whether the sender was asked and said that it is the right person."
    )


class DetailsRequest(BaseModel):
    """What may be changed until the upload is finished."""

    contact: ContactRequest = ContactRequest()
    studies: list[StudyRequest] = Field(default=[], max_length=1000)


class CreateRequest(DetailsRequest):
    """A new submission; the client key makes a repetition harmless."""

    client_key: str = Field(min_length=8, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")
    consent: ConsentRequest


class SubmissionShown(BaseModel):
    """A submission as its sender sees it."""

    id: str
    state: Literal["draft", "submitted", "closed", "withdrawn", "expired"]
