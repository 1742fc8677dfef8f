"""Texts over REST: names, scripts and forms in three languages, and nothing else of a form touched."""

from __future__ import annotations

import httpx
import orjson

from kt_flows.api import models
from support.api import LOAN, Api, answer, problem

FORM = LOAN / "forms" / "review.form"


def test_names_and_scripts_in_three_languages(api: Api) -> None:
    told = answer(api.as_("anna").get("/v1/texts"))
    models.Texts.model_validate(told)
    loan = told["processes"]["loan"]
    assert loan["name"] == {"ru": "Заявка на рассрочку", "kk": "Бөліп төлеу өтінімі", "en": "Instalment request"}
    assert loan["owner"] == "tests"
    assert loan["startForm"] is True
    review = loan["elements"]["review"]
    assert review["name"] == {"ru": "Рассмотреть заявку", "kk": "Қарау", "en": "Review"}
    assert review["clause"] == "1"
    assert review["say"]["kk"] == "Сәлеметсіз бе! Сіз бөліп төлеуді сұрадыңыз.\nОл сізге қандай мерзімге керек?"
    assert review["say"]["en"] == review["say"]["ru"]  # not translated yet
    assert "say" not in loan["elements"]["late"]


def test_the_same_texts_are_asked_for_once(api: Api) -> None:
    first = api.as_("crm").get("/v1/texts")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for given in (tag, f'"other", W/{tag}'):
        again = api.as_("analyst").get("/v1/texts", headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert api.as_("crm").get("/v1/texts", headers={"If-None-Match": '"other"'}).status_code == 200


def in_kazakh(got: httpx.Response) -> dict[str, str]:
    """What of a form differs from its file: the Russian text to the one that stands there."""
    was, now = orjson.loads(FORM.read_bytes()), answer(got)
    changed = {}
    for old, new in zip(was["components"], now["components"], strict=True):
        changed[old["label"]] = new["label"]
        for option, other in zip(old.get("values", []), new.get("values", []), strict=True):
            changed[option["label"]] = other.pop("label")
            assert other == {"value": option["value"]}
        for part in (old, new):
            part.pop("label")
            part.pop("values", None)
    assert was == now
    return changed


def test_a_task_s_form_in_a_language(api: Api) -> None:
    path = f"/v1/tasks/{api.task(api.start('L-1'))}/form"
    for query in ("", "?lang=ru"):
        assert api.as_("anna").get(path + query).content == FORM.read_bytes()
    assert in_kazakh(api.as_("anna").get(f"{path}?lang=kk")) == {
        "Решение": "Шешім",
        "Одобрить": "Мақұлдау",
        "Отказать": "Бас тарту",
        "Причина": "Причина",
    }
    assert in_kazakh(api.as_("anna").get(f"{path}?lang=en"))["Отказать"] == "Отказать"
    problem(api.as_("anna").get(f"{path}?lang=de"), 400, "bad_query")


def test_a_start_form_in_a_language(api: Api) -> None:
    id = api.start("L-2")["definitionId"]
    file = (LOAN / "forms" / "loan_request.form").read_bytes()
    assert api.as_("crm").get(f"/v1/definitions/{id}/form").content == file
    labels = [one["label"] for one in answer(api.as_("crm").get(f"/v1/definitions/{id}/form?lang=en"))["components"]]
    assert labels == ["Number", "Branch", "Сумма"]
