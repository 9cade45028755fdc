"""What can go wrong on the way here, and what may be wrong with a single file that was set aside."""

from importal.errors import TABLE

MALFORMED = TABLE.declare("pack.malformed", 400, "The data arrived damaged. Sending it again usually helps.")
PACK_TOO_LARGE = TABLE.declare("pack.too_large", 413, "The data came in too large a piece.")
PACK_SLOW = TABLE.declare("pack.slow", 408, "The connection was too slow or broke off. Please try again.")
BUSY = TABLE.declare("transfer.busy", 503, "We are receiving a lot at the moment. It goes on by itself soon.")
TRANSFER_INCOMPLETE = TABLE.declare("transfer.incomplete", 409, "Some files have not arrived completely yet.")
NO_INSTANCES = TABLE.declare(
    "submission.no_instances", 422, "There was no medical image among the files, so nothing was handed over."
)
LIMIT_BYTES = TABLE.declare("limit.bytes", 413, "This is more data than the hospital accepts at once.")
LIMIT_FILES = TABLE.declare("limit.files", 413, "These are more files than the hospital accepts at once.")
LIMIT_STUDIES = TABLE.declare(
    "limit.studies", 422, "These are more examinations than the hospital accepts at once."
)
FILES_CONFLICT = TABLE.declare(
    "files.conflict", 409, "Another file was announced under this number before. Please start a new upload."
)

FRAME_DIGEST = TABLE.declare("frame.digest", 422, "This file was damaged on its way.")
FRAME_CONFLICT = TABLE.declare(
    "frame.conflict", 409, "This file changed while it was being sent. Please start a new upload for it."
)
FRAME_BOUNDS = TABLE.declare("frame.bounds", 422, "This file became larger after it was chosen.")
FRAME_UNKNOWN_FILE = TABLE.declare("frame.unknown_file", 404, "This file was not announced before it came.")
FRAME_ENCODING = TABLE.declare("frame.encoding", 422, "This file was packed in a way that we cannot open.")
FRAME_CODING = TABLE.declare(
    "frame.coding", 422, "This file could not be unpacked after its way; it is sent again as it is."
)

# Of the tus endpoint; the statuses are those of the tus protocol, version 1.0.
UPLOAD_VERSION = TABLE.declare(
    "upload.version", 412, "This program speaks another version of the tus protocol than 1.0.0."
)
UPLOAD_HEADER = TABLE.declare("upload.header", 400, "A header of this request is missing or malformed.")
UPLOAD_MEDIA_TYPE = TABLE.declare(
    "upload.media_type", 415, "The bytes of an upload come as application/offset+octet-stream."
)
UPLOAD_OFFSET = TABLE.declare(
    "upload.offset", 409, "These bytes do not follow on what has arrived. Please ask for the offset again."
)
UPLOAD_CHECKSUM = TABLE.declare(
    "upload.checksum", 460, "The data arrived damaged and was not kept. Please send it again."
)
UPLOAD_LOCKED = TABLE.declare("upload.locked", 423, "This file is being sent over another connection.")
UPLOAD_GONE = TABLE.declare("upload.gone", 410, "This upload was taken back, or too much time has passed.")
UPLOAD_NEEDED = TABLE.declare(
    "upload.needed", 409, "Another file of this upload repeats this one, so it cannot be taken back alone."
)

ARCHIVE_DAMAGED = TABLE.declare("archive.damaged", 422, "This archive, or this file inside it, is damaged.")
ARCHIVE_ENCRYPTED = TABLE.declare(
    "archive.encrypted", 422, "This file inside an archive is protected by a password."
)
ARCHIVE_BOMB = TABLE.declare(
    "archive.bomb", 422, "This archive would become suspiciously large when unpacked."
)
ARCHIVE_TOO_DEEP = TABLE.declare("archive.too_deep", 422, "This archive lies inside too many others.")
ARCHIVE_TOO_MANY_FILES = TABLE.declare("archive.too_many_files", 422, "This archive holds too many files.")
ARCHIVE_TOO_LARGE = TABLE.declare(
    "archive.too_large", 422, "This archive holds more than can be unpacked here."
)
ARCHIVE_UNKNOWN_METHOD = TABLE.declare(
    "archive.unknown_method", 422, "This file is packed in a way that we cannot open."
)
FILE_LINK = TABLE.declare("file.link", 422, "This is a link to another file and holds nothing itself.")
FILE_COPY = TABLE.declare(
    "file.copy", 422, "This is a copy of an image of the disc, for people without a viewer."
)
FILE_VIEWER = TABLE.declare("file.viewer", 422, "This belongs to the disc's viewer.")
FILE_DUPLICATE = TABLE.declare("file.duplicate", 409, "This file was there twice; it is kept once.")

FILE_EMPTY = TABLE.declare("file.empty", 422, "This file is empty.")
FILE_NOT_ACCEPTED = TABLE.declare(
    "file.not_accepted", 422, "This kind of file cannot be used here. It was kept, but is not an image."
)
FILE_ARCHIVE = TABLE.declare(
    "file.archive", 422, "This is a packed archive. Please unpack it and send the files inside."
)
FILE_PROGRAM = TABLE.declare("file.program", 422, "This is a program. It is never opened here.")
FILE_CHANGED = TABLE.declare(
    "file.changed", 422, "This file was exchanged or changed after it was chosen, so it was set aside."
)
FILE_UNREADABLE = TABLE.declare(
    "file.unreadable", 422, "This file could not be read on the sender's computer, so it did not arrive."
)

DICOM_DUPLICATE = TABLE.declare("dicom.duplicate", 409, "This image was there twice; it is kept once.")
DICOM_CONFLICT = TABLE.declare(
    "dicom.conflict",
    409,
    "Another image has the same number but other contents. This one was set aside for the hospital to check.",
)
NOT_DICOM = TABLE.declare("dicom.not_dicom", 422, "This file looks like an image, but is none.")
TRUNCATED = TABLE.declare("dicom.truncated", 422, "This image is incomplete: its end is missing.")
MEDIA_DIRECTORY = TABLE.declare(
    "dicom.media_directory", 422, "This is the table of contents of a disc. It holds no image itself."
)
UNKNOWN_TRANSFER_SYNTAX = TABLE.declare(
    "dicom.unknown_transfer_syntax", 422, "This image is stored in a way that is not known here."
)
TOO_DEEP = TABLE.declare(
    "dicom.too_deep", 422, "This image is built in a way that we do not open, for safety."
)
TOO_MANY_ELEMENTS = TABLE.declare(
    "dicom.too_many_elements", 422, "This image holds more details than we open, for safety."
)
TOO_LARGE = TABLE.declare("dicom.too_large", 422, "This image is larger than we can handle.")
NO_SOP_CLASS_UID = TABLE.declare("dicom.no_sop_class_uid", 422, "This image does not say of what kind it is.")
NO_SOP_INSTANCE_UID = TABLE.declare(
    "dicom.no_sop_instance_uid", 422, "This image has no number of its own, so it cannot be filed."
)
NO_STUDY_INSTANCE_UID = TABLE.declare(
    "dicom.no_study_instance_uid", 422, "This image does not say to which examination it belongs."
)
NO_SERIES_INSTANCE_UID = TABLE.declare(
    "dicom.no_series_instance_uid", 422, "This image does not say to which series it belongs."
)
INVALID_UID = TABLE.declare("dicom.invalid_uid", 422, "A number inside this image is not valid.")
AMBIGUOUS_IDENTITY = TABLE.declare(
    "dicom.ambiguous_identity", 422, "This image names two different patients or numbers."
)
UNREADABLE = TABLE.declare("dicom.unreadable", 422, "This image is damaged and cannot be read.")
IDENTIFIER_LEFT = TABLE.declare(
    "dicom.identifier_left", 422, "A number of the other hospital in this image could not be replaced surely."
)
NEEDS_WHOLE_OBJECT = TABLE.declare(
    "dicom.needs_whole_object", 422, "This image is damaged and too large to be mended here."
)
