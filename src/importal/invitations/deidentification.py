"""Anonymous sending: which options an invitation carries, and what stands for an announced UID.

The choice is copied onto the invitation when it is made, so that what a sender was told stays true whatever
the hospital changes later. The key is another than that of the pseudonyms of arrival (PS3.15 E.1.1).
"""

from collections.abc import Iterable

from importal import dicom
from importal.dicom import USUAL_OPTIONS, DeidentificationOption
from importal.invitations.tables import SenderSession
from importal.site import Site

KEY_PURPOSE = "deidentification"
OFF, BASIC, USUAL = "off", "basic", "usual"
Options = frozenset[DeidentificationOption]


def parse_options(text: str) -> Options | None:
    """Return the options that a word or a comma separated list names, None for "off"; raises ValueError."""
    words = {word.strip() for word in text.split(",")}
    if words == {OFF}:
        return None
    if words == {BASIC}:
        return frozenset()
    if words == {USUAL}:
        return USUAL_OPTIONS
    return frozenset(DeidentificationOption(word) for word in words)


def options_as_column(options: Options | None) -> list[str] | None:
    """Return the options as rows hold them: None where nothing is made anonymous."""
    return None if options is None else sorted(option.value for option in options)


def options_from_column(column: Iterable[str] | None) -> Options | None:
    """Return the options that a row holds."""
    return None if column is None else frozenset(DeidentificationOption(word) for word in column)


def deidentification_profile(site: Site, options: Options) -> dicom.DeidentificationProfile:
    """Return what the engine needs to know of this site."""
    pseudonyms = dicom.Pseudonyms(site.keys.derive(KEY_PURPOSE), prefix=site.settings.pseudonym_prefix)
    return dicom.DeidentificationProfile(pseudonyms, site.settings.issuer_of_patient_id, options)


def stored_uid(site: Site, sender: SenderSession, uid: str) -> str:
    """Return the UID under which this sender's study is kept: of an anonymous one the announced never is."""
    if sender.deidentification is None:
        return uid
    return dicom.replaced_uid(
        deidentification_profile(site, sender.deidentification).pseudonyms, sender.deidentification, uid
    )
