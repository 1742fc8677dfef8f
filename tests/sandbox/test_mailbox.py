"""Folders: UIDs stay, flags stay, renumbering is under a new UIDVALIDITY."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from kt_flows.sandbox.mailbox import Folder

AT = datetime(2026, 3, 2, 5, 0, 0, 123456, tzinfo=UTC)


def test_a_folder_opened_again_has_the_same_mails_uids_times_and_flags(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number in range(3):
        folder.add(b"mail %d" % number, AT + timedelta(seconds=number))
    folder.mark(2, frozenset({"\\Seen", "\\Flagged"}))
    again = Folder(tmp_path)
    assert again.mails() == folder.mails()
    assert again.raw(2) == b"mail 1"
    assert again.uidvalidity == folder.uidvalidity


def test_a_removed_mails_uid_is_not_given_again_even_after_a_restart(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.add(b"one", AT)
    folder.add(b"two", AT)
    folder.remove(2)
    assert Folder(tmp_path).add(b"three", AT).uid == 3


def test_a_draft_left_by_a_kill_is_no_mail(tmp_path: Path) -> None:
    Folder(tmp_path).add(b"one", AT)
    (tmp_path / ".0000000002.1.x.eml.77.88").write_bytes(b"ha")
    assert len(Folder(tmp_path).mails()) == 1
    assert not list(tmp_path.glob(".0*"))


def test_renumbering_gives_new_uids_under_a_new_uidvalidity(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number in range(3):
        folder.add(b"mail %d" % number, AT)
    folder.remove(1)
    before = folder.uidvalidity
    folder.renumber()
    assert folder.uidvalidity > before
    assert [mail.uid for mail in folder.mails()] == [1, 2]
    assert folder.raw(1) == b"mail 1"
    assert folder.uidnext == 3
    assert Folder(tmp_path).mails() == folder.mails()
