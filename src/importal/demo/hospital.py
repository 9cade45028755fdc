"""The demo hospital as senders see it; its local patients come with the sample discs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hospital:
    """Name and contact of the receiving hospital."""

    name: str
    phone: str
    email: str
    hours: str


HOSPITAL = Hospital(
    name="Demo Hospital",
    phone="+49 30 555 0100",
    email="images@hospital.example",
    hours="Monday to Friday, 8 to 16",
)
