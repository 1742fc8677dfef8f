"""One IMAP connection: commands in, answers out (RFC 3501)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from kt_flows.sandbox import imap_fetch
from kt_flows.sandbox.imap_search import Candidate, question
from kt_flows.sandbox.imap_words import OPEN_LITERAL, BadCommand, Token, numbers, quoted, tokens, word
from kt_flows.sandbox.mailbox import FLAGS, Folder, Mail

log = logging.getLogger(__name__)

USER = "complaints"
PASSWORD = "sandbox"  # noqa: S105 - of a mailbox that only this machine can reach
LIMIT = 1024 * 1024
"""Bytes of one command: no mail is uploaded here."""


class Session:
    """Who is signed in, which folder is open, and the mails in the order that the client knows."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, folders: Mapping[str, Folder]
    ) -> None:
        self._reader, self._writer, self._folders = reader, writer, folders
        self._signed_in = self._over = self._read_only = False
        self._folder: Folder | None = None
        self._validity = 0
        self._view: list[int] = []

    async def run(self) -> None:
        self._say("* OK [CAPABILITY IMAP4rev1] kt-flows sandbox")
        while not self._over:
            await self._writer.drain()
            command = await self._command()
            tag = command.split(b" ", 1)[0].decode("ascii", "replace").strip() or "*"
            if self._folder is not None and self._folder.uidvalidity != self._validity:
                self._say("* BYE The mailbox was restored")
                break
            try:
                self._say(f"{tag} {self._obey(tokens(command))}")
            except BadCommand as fault:
                self._say(f"{tag} BAD {fault}")
            except (KeyError, IndexError, ValueError):
                log.info("IMAP command not understood", exc_info=True)
                self._say(f"{tag} BAD Not understood")
        await self._writer.drain()

    async def _command(self) -> bytes:
        """One command with its literals, read whole."""
        data = await self._reader.readuntil(b"\r\n")
        while (literal := OPEN_LITERAL.search(data)) is not None:
            size = int(literal[1])
            if len(data) + size > LIMIT:
                raise asyncio.LimitOverrunError("command too long", size)
            if not literal[2]:
                self._say("+ Go ahead")
                await self._writer.drain()
            data += await self._reader.readexactly(size)
            data += await self._reader.readuntil(b"\r\n")
        return data

    def _say(self, line: str | bytes) -> None:
        self._writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def _obey(self, said: list[Token]) -> str:
        if len(said) < 2:
            raise BadCommand("No command")
        name, given = word(said[1]).upper(), said[2:]
        uid = name == "UID"
        if uid:
            name, given = word(given[0]).upper(), given[1:]
        rooms: list[tuple[bool, Mapping[str, Any]]] = [
            (not uid, self._anywhere),
            (self._signed_in and not uid, self._inside),
            (self._folder is not None, self._in_folder),
        ]
        for allowed, verbs in rooms:
            if name in verbs:
                return str(verbs[name](given, uid)) if allowed else "NO Not now"
        raise BadCommand(f"{name} is not offered here")

    # anywhere

    @property
    def _anywhere(self) -> Mapping[str, Any]:
        return {"CAPABILITY": self._capability, "NOOP": self._noop, "LOGOUT": self._logout, "LOGIN": self._login}

    def _capability(self, given: list[Token], uid: bool) -> str:
        self._say("* CAPABILITY IMAP4rev1")
        return "OK Done"

    def _noop(self, given: list[Token], uid: bool) -> str:
        self._tell_changes()
        return "OK Done"

    def _logout(self, given: list[Token], uid: bool) -> str:
        self._over = True
        self._say("* BYE Goodbye")
        return "OK Done"

    def _login(self, given: list[Token], uid: bool) -> str:
        self._signed_in = [word(part) for part in given] == [USER, PASSWORD]
        return "OK Welcome" if self._signed_in else "NO [AUTHENTICATIONFAILED] Wrong user or password"

    # signed in

    @property
    def _inside(self) -> Mapping[str, Any]:
        return {
            "SELECT": lambda given, uid: self._select(given, read_only=False),
            "EXAMINE": lambda given, uid: self._select(given, read_only=True),
            "LIST": lambda given, uid: self._list(given, "LIST"),
            "LSUB": lambda given, uid: self._list(given, "LSUB"),
            "STATUS": self._status,
        }

    def _named(self, token: Token) -> Folder | None:
        name = word(token)
        return self._folders.get("INBOX" if name.upper() == "INBOX" else name)

    def _select(self, given: list[Token], *, read_only: bool) -> str:
        self._folder = self._named(given[0])
        if self._folder is None:
            return "NO There is no such folder"
        self._read_only = read_only
        self._validity = self._folder.uidvalidity
        mails = self._folder.mails()
        self._view = [mail.uid for mail in mails]
        flags = " ".join(FLAGS)
        self._say(f"* FLAGS ({flags})")
        self._say(f"* OK [PERMANENTFLAGS ({'' if read_only else flags})] Flags kept")
        self._say(f"* {len(mails)} EXISTS")
        self._say("* 0 RECENT")
        unseen = next((n for n, mail in enumerate(mails, start=1) if "\\Seen" not in mail.flags), None)
        if unseen is not None:
            self._say(f"* OK [UNSEEN {unseen}] First unseen")
        self._say(f"* OK [UIDVALIDITY {self._validity}] UIDs valid")
        self._say(f"* OK [UIDNEXT {self._folder.uidnext}] Next UID")
        return "OK [READ-ONLY] Open" if read_only else "OK [READ-WRITE] Open"

    def _list(self, given: list[Token], name: str) -> str:
        pattern = word(given[1])
        if not pattern:
            self._say(f'* {name} (\\Noselect) "/" ""')
        for folder in self._folders:
            if pattern in ("*", "%") or pattern.upper() == folder.upper():
                self._say(f'* {name} (\\HasNoChildren) "/" {quoted(folder)}')
        return "OK Done"

    def _status(self, given: list[Token], uid: bool) -> str:
        folder = self._named(given[0])
        if folder is None:
            return "NO There is no such folder"
        mails = folder.mails()
        known = {
            "MESSAGES": len(mails),
            "RECENT": 0,
            "UIDNEXT": folder.uidnext,
            "UIDVALIDITY": folder.uidvalidity,
            "UNSEEN": sum("\\Seen" not in mail.flags for mail in mails),
        }
        items = [word(item).upper() for item in given[1]]
        shown = " ".join(f"{item} {known[item]}" for item in items)
        self._say(f"* STATUS {quoted(word(given[0]))} ({shown})")
        return "OK Done"

    # in a folder

    @property
    def _in_folder(self) -> Mapping[str, Any]:
        return {
            "CHECK": self._noop,
            "SEARCH": self._search,
            "FETCH": self._fetch,
            "STORE": self._store,
            "EXPUNGE": lambda given, uid: self._expunge(aloud=True),
            "CLOSE": lambda given, uid: self._leave(expunge=True),
            "UNSELECT": lambda given, uid: self._leave(expunge=False),
        }

    @property
    def _open(self) -> Folder:
        assert self._folder is not None
        return self._folder

    def _chosen(self, token: Token, uid: bool) -> list[tuple[int, Mail]]:
        """The mails that a sequence set names and that are still there, with their numbers."""
        text = word(token)
        places = range(1, len(self._view) + 1)
        wanted = numbers(text, self._view if uid else places)
        found = []
        for number, mail_uid in zip(places, self._view, strict=True):
            if (mail_uid if uid else number) in wanted and (mail := self._open.get(mail_uid)) is not None:
                found.append((number, mail))
        return found

    def _search(self, given: list[Token], uid: bool) -> str:
        if uid:
            self._tell_changes()
        fits = question(given, self._view)
        hits = [
            mail.uid if uid else number
            for number, mail in self._chosen("1:*", uid=False)
            if fits(Candidate(number, mail, self._open))
        ]
        self._say("* SEARCH" + "".join(f" {hit}" for hit in hits))
        return "OK Done"

    def _fetch(self, given: list[Token], uid: bool) -> str:
        wanted = imap_fetch.attributes(given[1], uid=uid)
        reads = any(attribute.reads for attribute in wanted) and not self._read_only
        for number, mail in self._chosen(given[0], uid):
            shown = wanted
            if reads and "\\Seen" not in mail.flags:
                mail = self._open.mark(mail.uid, mail.flags | {"\\Seen"}) or mail
                if not any(attribute.name == "FLAGS" for attribute in wanted):
                    shown = [*wanted, imap_fetch.Attribute("FLAGS")]
            self._say(b"* %d FETCH (%s)" % (number, imap_fetch.answer(mail, self._open, shown)))
        return "OK Done"

    def _store(self, given: list[Token], uid: bool) -> str:
        if self._read_only:
            return "NO The folder is open for reading only"
        verb, dot, silent = word(given[1]).upper().partition(".")
        given_flags = given[2] if isinstance(given[2], list) else given[2:]
        known = {flag.lower(): flag for flag in FLAGS}
        flags = {known[name] for name in (word(flag).lower() for flag in given_flags) if name in known}
        for number, mail in self._chosen(given[0], uid):
            change = {"FLAGS": flags, "+FLAGS": mail.flags | flags, "-FLAGS": mail.flags - flags}[verb]
            now = self._open.mark(mail.uid, frozenset(change)) or mail
            if not dot or silent != "SILENT":
                shown = imap_fetch.attributes(["FLAGS"], uid=uid)
                self._say(b"* %d FETCH (%s)" % (number, imap_fetch.answer(now, self._open, shown)))
        return "OK Done"

    def _expunge(self, *, aloud: bool) -> str:
        if self._read_only:
            return "NO The folder is open for reading only"
        for mail in self._open.mails():
            if "\\Deleted" in mail.flags and mail.uid in self._view:
                self._open.remove(mail.uid)
        if aloud:
            self._tell_changes()
        return "OK Done"

    def _leave(self, *, expunge: bool) -> str:
        if expunge and not self._read_only:
            self._expunge(aloud=False)
        self._folder, self._view = None, []
        return "OK Done"

    def _tell_changes(self) -> None:
        """EXPUNGE for each mail that has gone, EXISTS when there are new ones."""
        if self._folder is None:
            return
        there = {mail.uid: mail for mail in self._folder.mails()}
        for number in range(len(self._view), 0, -1):
            if self._view[number - 1] not in there:
                del self._view[number - 1]
                self._say(f"* {number} EXPUNGE")
        if len(there) != len(self._view):
            self._say(f"* {len(there)} EXISTS")
        self._view = list(there)
