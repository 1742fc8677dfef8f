"""kill -9 in the middle of traffic: what was acknowledged is there in the next run, and once where it must be."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from kt_flows.clock import ShiftedClock
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
from support.outside import imap, letter

PROGRAM = """
import json, sys, threading
from pathlib import Path
from kt_flows.clock import ShiftedClock
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
box = Sandbox(Path(sys.argv[1]), ShiftedClock()).start()
box.provider.behave("answers")
print(json.dumps({"smtp": box.smtp_url, "billing": box.billing_url}), flush=True)
threading.Event().wait()
"""


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    accepted: set[str] = set()
    granted: dict[str, str] = {}
    for turn in range(3):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout:
            urls = json.loads(process.stdout.readline())
            threads = [
                threading.Thread(target=send, args=(urls["smtp"], turn, accepted)),
                threading.Thread(target=grant, args=(urls["billing"], turn, granted)),
            ]
            for thread in threads:
                thread.start()
            goal, end = (turn + 1) * 15, time.monotonic() + 20
            while (len(accepted) < goal or len(granted) < goal) and time.monotonic() < end:
                time.sleep(0.005)
            process.kill()
            process.wait(10)
            for thread in threads:
                thread.join(20)
    assert len(accepted) >= 45
    with Sandbox(tmp_path, ShiftedClock()) as again:
        sent = [item["headers"]["Message-ID"] for item in again.sent_mail()]
        assert accepted <= set(sent)
        again.provider.drain()
        answered = [mail["state"] for mail in again.provider.seen()]
        assert set(answered) <= {"answered", "read"}
        entitlements = {record["entitlement_key"]: record for record in again.emulators["billing"].records}
        assert granted == {key: entitlements[key]["entitlement_id"] for key in granted}
        assert len(entitlements) == len(again.emulators["billing"].records)
        with imap(again) as client:
            kind, found = client.uid("SEARCH", "ALL")
            assert kind == "OK"
            uids = [int(uid) for uid in found[0].split()]
            assert len(uids) == len(set(uids)) >= len(accepted)


def send(url: str, turn: int, accepted: set[str]) -> None:
    """Sends until the server is gone, and notes what it said 250 to."""
    host, port = url.removeprefix("smtp://").split(":")
    try:
        with smtplib.SMTP(host, int(port), timeout=10) as client:
            for number in range(100_000):
                mail = letter(turn * 100_000 + number)
                client.send_message(mail)
                accepted.add(mail["Message-ID"])
    except (smtplib.SMTPException, OSError):
        pass


def grant(url: str, turn: int, granted: dict[str, str]) -> None:
    """Grants until the server is gone, and notes what it answered to."""
    try:
        with httpx.Client(base_url=url, timeout=10) as client:
            for number in range(100_000):
                key = f"{turn}-{number}"
                body = {"entitlement_key": key, "subscriber_id": "S", "service": "ott", "months": 1}
                answer = client.post("/v1/entitlements", json=body, headers={"Idempotency-Key": key})
                granted[key] = answer.json()["entitlement_id"]
    except httpx.HTTPError:
        pass


def test_behaviours_are_kept(tmp_path: Path) -> None:
    first = Sandbox(tmp_path, ShiftedClock())
    first.tell("siebel", Switch("fail", times=3))
    first.tell("smtp", Switch("down"))
    first.tell("platform", Switch(missing=("server_cpu",)))
    first.switches.take("siebel")
    with Sandbox(tmp_path, ShiftedClock()) as again:
        assert again.switches.get("siebel") == Switch("fail", times=2)
        assert again.switches.get("platform").missing == ("server_cpu",)
        again.tell("smtp", Switch())
        host, port = again.smtp_url.removeprefix("smtp://").split(":")
        smtplib.SMTP(host, int(port), timeout=10).close()
