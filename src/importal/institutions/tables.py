"""Institutions and how they are found."""

import hashlib

from sqlalchemy import JSON, BigInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from importal.database import Base
from importal.ids import new_id

PRIVACY_POLICY = (
    "We use the images, documents and details that you send only for your examination and treatment at our "
    "hospital. They travel encrypted, are seen only by staff who need them, and are stored in our image "
    "archive for as long as the law asks for. You may ask us at any time what we hold about you, have it "
    "corrected, or withdraw your consent. To do so, call or write to us."
)
SHARING_CONSENT = (
    "I agree that the selected images, documents and the personal data in them are shared with the hospital "
    "through this portal. If I send them for somebody else, I am allowed to do so."
)

TEXTS_LANGUAGE = "en"


class Institution(Base):
    """One receiving hospital."""

    __tablename__ = "institutions"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    hours: Mapped[str] = mapped_column(default="")
    manual_url: Mapped[str] = mapped_column(default="")
    privacy_policy_text: Mapped[str] = mapped_column(default=PRIVACY_POLICY)
    sharing_consent_text: Mapped[str] = mapped_column(default=SHARING_CONSENT)
    # In which language both texts are written (BCP 47), whatever the language of the page around them.
    texts_language: Mapped[str] = mapped_column(default=TEXTS_LANGUAGE)
    max_bytes: Mapped[int | None] = mapped_column(BigInteger)
    max_studies: Mapped[int | None]
    # Options of the profile (PS3.15 E.3) for new invitations; NULL: they are not anonymous.
    deidentification: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))

    @property
    def privacy_policy_version(self) -> str:
        """Names exactly the two texts that are consented to: a changed letter makes a new version."""
        texts = f"{self.privacy_policy_text}\0{self.sharing_consent_text}"
        return hashlib.sha256(texts.encode()).hexdigest()[:16]


def create(session: Session, name: str, *, phone: str = "", email: str = "", hours: str = "") -> Institution:
    """Add an institution with the standard texts."""
    institution = Institution(id=new_id(), name=name, phone=phone, email=email, hours=hours)
    institution.privacy_policy_text = PRIVACY_POLICY
    institution.sharing_consent_text = SHARING_CONSENT
    institution.texts_language = TEXTS_LANGUAGE
    session.add(institution)
    session.flush()
    return institution


def get(session: Session, institution_id: str) -> Institution:
    """Return an institution that is known to exist."""
    return session.get_one(Institution, institution_id)


def only(session: Session) -> Institution | None:
    """Return the institution if there is exactly one."""
    found = session.scalars(select(Institution).limit(2)).all()
    return found[0] if len(found) == 1 else None
