"""The README's walk through scheme 1, one move at a time, so that a test may break something between two moves."""

from __future__ import annotations

from typing import Any

from support.service import Service, until

SUBSCRIBER = {
    "id": "S-1",
    "name": "Айгуль Сериковна",
    "phone": "+77011234567",
    "email": "aigul@subscriber.example",
    "lang": "ru",
}
ANSWER = "Лицензия продлена, перезапустите программу"


class Walk:
    """One complaint from the call to the subscriber's mail.  Each move may be repeated after a crash."""

    def __init__(self, service: Service, business_key: str) -> None:
        self.service = service
        self.business_key = business_key
        self.id = ""
        self.moves = (self.start, self.check, self.register, self.provider_is_asked, self.answer, self.qualify)

    def start(self) -> None:
        body = {
            "definitionKey": "scheme1_call_160",
            "source": "walk",
            "businessKey": self.business_key,
            "variables": {"subscriber": SUBSCRIBER, "service": "software_rental", "problem": "Не запускается"},
        }
        answer = self.service.as_("crm").post("/v1/instances", json=body)
        assert answer.status_code in (200, 201), answer.text
        self.id = answer.json()["id"]

    def check(self) -> None:
        self._complete("check_broadband", broadband_ok=True, broadband_source="subscriber_statement")

    def register(self) -> None:
        self._complete(
            "register_appeal",
            symptom="no_start",
            problem="Не запускается",
            preferred_channel="email",
            contact_email=SUBSCRIBER["email"],
        )

    def provider_is_asked(self) -> None:
        until("the mail to the provider", self.request_mails)

    def answer(self) -> None:
        self.service.provider("answers")
        self.service.task(self.id, "qualify_answer", "operator_160")

    def qualify(self) -> None:
        self._complete("qualify_answer", final=True, error_class="provider", answer_text=ANSWER)

    def finish(self) -> dict[str, Any]:
        """The case as it ended; the subscriber has exactly one mail with the answer.

        A kill between the mail server's 250 and our commit leaves us not knowing, and the mail goes again: as the
        same mail, under the same Message-ID, so that mailboxes and readers tell it for what it is.
        """
        closed = until(
            "the case closed",
            lambda: ((seen := self.service.instance(self.id))["state"] == "completed" and seen) or None,
        )
        mails = self.answer_mails()
        assert len(mails) == 1, mails
        return closed

    def request_mails(self) -> list[dict[str, Any]]:
        return [mail for mail in self._mails() if SUBSCRIBER["email"] not in str(mail["to"])]

    def answer_mails(self) -> list[dict[str, Any]]:
        return [mail for mail in self._mails() if SUBSCRIBER["email"] in str(mail["to"])]

    def _mails(self) -> list[dict[str, Any]]:
        appeal = self.service.instance(self.id)["variables"]["appeal_id"]
        mine = [mail for mail in self.service.mail() if appeal in mail["subject"] + mail["text"]]
        return list({mail["headers"]["Message-ID"]: mail for mail in mine}.values())

    def _complete(self, element: str, **values: Any) -> None:
        """Completes the task unless a try before the crash already did."""
        open_ = until(
            f"{element} open or done",
            lambda: self.service.tasks(self.id, "operator_160") or self._visited(element) or None,
        )
        if self._visited(element):
            return
        assert open_
        task = self.service.task(self.id, element, "operator_160")
        answer = self.service.as_("operator_160").post(f"/v1/tasks/{task['id']}/complete", json={"values": values})
        assert answer.status_code in (200, 409), answer.text

    def _visited(self, element: str) -> bool:
        return any(
            line.get("elementId") == element and line.get("kind") == "completed"
            for line in self.service.history(self.id)
        )
