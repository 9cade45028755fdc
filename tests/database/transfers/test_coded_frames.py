"""Coded frames: what is confirmed are the original bytes, and what does not become them is not taken."""

import gzip
import hashlib

from importal.client import encode_pack
from importal.client.packs import OutgoingFrame
from importal.site import Site
from importal.transfers.coding import ENCODINGS
from importal.transfers.packs import MAX_FRAME_BYTES
from tests.database.transfers.sending import Sender, make_instance

IMAGE = make_instance(1, pixels=bytes(256 * 40))


def coded(number: int, offset: int, data: bytes, stream: bytes | None = None) -> OutgoingFrame:
    return OutgoingFrame(number, offset, data, "gzip", gzip.compress(data) if stream is None else stream)


def send(sender: Sender, *frames: OutgoingFrame) -> list[tuple[str, str | None]]:
    answer = sender.post(encode_pack(frames)).json()
    return [(frame["result"], frame["code"]) for frame in answer["frames"]]


def test_the_announcement_tells_the_encodings(site: Site):
    sender = Sender(site).begin({0: IMAGE})
    assert sender.announce({0: IMAGE}).json()["encodings"] == list(ENCODINGS)


def test_a_coded_file_is_kept_as_the_file_that_it_was(site: Site):
    sender = Sender(site).begin({0: IMAGE})
    assert send(sender, coded(0, 0, IMAGE)) == [("confirmed", None)]
    (file,) = sender.arrived()
    assert file.sha256 == hashlib.sha256(IMAGE).hexdigest()
    assert sender.original(file) == IMAGE
    assert send(sender, coded(0, 0, IMAGE)) == [("known", None)]
    assert sender.send_whole() == [("known", None)]


def test_coded_and_plain_parts_make_one_file(site: Site):
    sender = Sender(site).begin({0: IMAGE})
    assert (
        send(
            sender,
            coded(0, 3000, IMAGE[3000:]),
            OutgoingFrame(0, 0, IMAGE[:2000]),
            coded(0, 1000, IMAGE[1000:4000]),
        )
        == [("confirmed", None)] * 3
    )
    assert sender.original(sender.arrived()[0]) == IMAGE


def test_a_frame_that_does_not_unpack_is_refused_and_taken_plain(site: Site):
    sender = Sender(site).begin({0: IMAGE})
    other = gzip.compress(bytes(len(IMAGE)))
    short = gzip.compress(IMAGE[:-1])
    long = gzip.compress(IMAGE + b"\0")
    for stream in (b"", b"junk", other, short, long, gzip.compress(IMAGE) + b"\0", gzip.compress(IMAGE)[:-1]):
        assert send(sender, coded(0, 0, IMAGE, stream)) == [("refused", "frame.coding")]
    assert sender.states()[0]["state"] == "announced"
    assert sender.send_whole() == [("confirmed", None)]


def test_a_frame_beyond_the_announced_size_is_not_even_unpacked(site: Site):
    sender = Sender(site).begin({0: IMAGE})
    bomb = bytes(MAX_FRAME_BYTES)
    assert send(sender, coded(0, 0, bomb)) == [("refused", "frame.bounds")]


def test_a_pack_of_bombs_is_refused_before_it_is_unpacked(site: Site):
    sender = Sender(site).begin({0: IMAGE})
    bomb = coded(0, 0, bytes(MAX_FRAME_BYTES))
    answer = sender.post(encode_pack([bomb] * 9))
    assert (answer.status_code, answer.json()["code"]) == (400, "pack.malformed")
