"""The Python sender against the real routes: everything arrives, also when the line fails and tries again."""

from pathlib import Path

import httpx2
import pytest

from importal import client
from importal.client import coding
from importal.client.economy import Economy
from importal.client.gzip_coding import gzipped
from importal.site import Site
from tests.database.transfers.sending import Sender, make_instance


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    folder = tmp_path / "disc"
    folder.mkdir()
    for number in range(12):
        (folder / f"IM{number:03}").write_bytes(make_instance(number + 1, pixels=bytes([number]) * 10240))
    (folder / "broken.dcm").write_bytes(make_instance(99)[:200])
    (folder / "letter.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    (folder / "viewer.exe").write_bytes(b"MZ" + bytes(100))
    return folder


class Line(httpx2.BaseTransport):
    """A line that breaks: before a request arrives, or before its answer comes back."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self.inner = inner
        self.faults: list[str] = []
        self.packs = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        is_pack = request.url.path.endswith("/packs")
        self.packs += is_pack
        fault = self.faults.pop(0) if is_pack and self.faults else ""
        if fault == "lost":
            raise httpx2.ConnectError("lost")
        if fault == "too large":
            return httpx2.Response(413)
        response = self.inner.handle_request(request)
        if fault == "unanswered":
            raise httpx2.ReadError("unanswered")
        return response


def send(sender: Sender, line: Line, folder: Path, files=None) -> tuple[client.Transfer, client.Receipt]:
    with sender.http, client.Api("http://127.0.0.1:8080", sender.code, line) as api:
        selection = client.select(client.gather(folder))
        transfer = client.Transfer(api, files or selection.files, pause=lambda _seconds: None)
        return transfer, transfer.run(client.Wanted(api.open(), comment="left knee"))


def test_a_folder_arrives_and_is_counted(site: Site, disc: Path):
    sender = Sender(site)
    transfer, receipt = send(sender, Line(sender.http._transport), disc)
    assert (receipt.instances, receipt.documents, transfer.unsent) == (12, 1, {})
    assert len(receipt.refused) == 1
    assert receipt.refused[0].code.startswith("dicom.")
    assert receipt.refused[0].sentence.endswith(".")


def test_a_broken_line_changes_nothing_but_the_time(site: Site, disc: Path):
    sender = Sender(site)
    line = Line(sender.http._transport)
    line.faults = ["lost", "unanswered", "lost", "too large", "unanswered"]
    _transfer, receipt = send(sender, line, disc)
    assert (receipt.instances, receipt.documents, receipt.duplicates) == (12, 1, 0)


def test_the_same_folder_again_goes_on_where_it_stopped(site: Site, disc: Path):
    sender = Sender(site)
    line = Line(sender.http._transport)
    selection = client.select(client.gather(disc))
    with sender.http, client.Api("http://127.0.0.1:8080", sender.code, line) as api:
        stopped = client.Transfer(api, selection.files)
        submission_id, _is_draft = stopped._find_submission(client.Wanted(api.open()))
        stopped._announce(submission_id)
        stopped._send_missing(submission_id)
    sent = line.packs
    _transfer, receipt = send(sender, line, disc)
    assert line.packs == sent
    assert receipt.instances == 12
    _transfer, again = send(sender, line, disc)
    assert again == receipt


def test_a_file_that_vanishes_is_named_and_the_rest_arrives(site: Site, disc: Path):
    sender = Sender(site)
    files = client.select(client.gather(disc)).files
    (disc / "IM003").unlink()
    transfer, receipt = send(sender, Line(sender.http._transport), disc, files)
    (number,) = transfer.unsent
    assert transfer.unsent[number] == "file.unreadable"
    assert receipt.instances == 11
    assert (number, "file.unreadable") in {(file.number, file.code) for file in receipt.refused}


def test_a_refusal_of_the_portal_ends_in_its_own_words(site: Site, disc: Path):
    sender = Sender(site, limits={"max_bytes": 100})
    with pytest.raises(client.TransferFailed) as failed:
        send(sender, Line(sender.http._transport), disc)
    assert failed.value.code == "limit.bytes"
    assert failed.value.sentence


def test_on_a_slow_line_fewer_bytes_are_sent_than_the_files_have(site: Site, disc: Path, monkeypatch):
    monkeypatch.setattr(Economy, "pays", lambda _self, _now: True)
    sender = Sender(site)
    transfer, receipt = send(sender, Line(sender.http._transport), disc)
    assert (receipt.instances, receipt.documents) == (12, 1)
    assert transfer.progress.confirmed_bytes == transfer.progress.total_bytes
    assert transfer.progress.sent_bytes < transfer.progress.total_bytes / 5


@pytest.mark.parametrize("wrong", [b"no stream", gzipped(b"other bytes")])
def test_what_does_not_come_out_right_is_sent_as_it_is(site: Site, disc: Path, monkeypatch, wrong):
    monkeypatch.setattr(Economy, "pays", lambda _self, _now: True)
    monkeypatch.setattr(coding, "gzipped", lambda _data: wrong)
    monkeypatch.setattr(coding.sample_coding, "coded", lambda *_frame: wrong)
    sender = Sender(site)
    line = Line(sender.http._transport)
    transfer, receipt = send(sender, line, disc)
    assert (receipt.instances, receipt.documents, transfer.unsent) == (12, 1, {})
    assert transfer.progress.sent_bytes > transfer.progress.total_bytes
