"""What is typed: exit codes, what is printed, and that files are checked without a database."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kt_flows import app
from kt_flows.cli import main
from support.postgres import fresh_address

LOAN = Path(__file__).resolve().parent / "data" / "loan"


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with fresh_address(migrated=False) as address:
        monkeypatch.setenv("KT_FLOWS_DATABASE_URL", address)
        yield


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a database was asked for")

    monkeypatch.setattr(app, "EmbeddedPostgres", refuse)
    monkeypatch.setattr(app, "Database", refuse)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.usefixtures("no_database")
def test_check_needs_no_database() -> None:
    checked = run("check", str(LOAN))
    assert checked.exit_code == 0, checked.output
    assert "0 errors" in checked.output


@pytest.mark.usefixtures("no_database")
def test_a_finding_has_file_line_element_and_the_way_out(tmp_path: Path) -> None:
    broken = tmp_path / "loan"
    shutil.copytree(LOAN, broken)
    diagram = broken / "process.bpmn"
    diagram.write_text(
        diagram.read_text(encoding="utf-8").replace("amount != null", "amonut != null"), encoding="utf-8"
    )
    checked = run("check", str(broken))
    assert checked.exit_code == 1
    assert re.search(r"process\.bpmn:\d+ review error \S+: .*amonut", checked.output), checked.output
    assert "1 errors" in checked.output


@pytest.mark.usefixtures("no_database")
def test_production_says_what_to_set_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("serve", "work"):
        refused = run(command)
        assert refused.exit_code == 1
        for name in ("KT_FLOWS_SECRET", "KT_FLOWS_PROVIDERS", "KT_FLOWS_SMTP_URL", "KT_FLOWS_IMAP_URL"):
            assert name in refused.output
    monkeypatch.setenv("KT_FLOWS_PORT", "many")
    assert "KT_FLOWS_PORT" in run("serve").output


@pytest.mark.usefixtures("no_database")
def test_a_slip_of_the_pen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KT_FLOWS_PROVIDER", "x")
    assert "KT_FLOWS_PROVIDER means nothing" in run("serve").output


@pytest.mark.usefixtures("no_database")
def test_wrong_command_lines() -> None:
    assert run("check", "/no/such/path").exit_code == 2
    assert run("serve", "--port", "70000").exit_code == 2
    assert run("key", "create", "--name", "x").exit_code == 2
    assert run("nothing").exit_code == 2


@pytest.mark.usefixtures("database")
def test_an_old_schema_is_told_and_migrated() -> None:
    refused = run("deploy", str(LOAN))
    assert refused.exit_code == 1
    assert "kt-flows migrate" in refused.output
    for _ in range(2):
        assert run("migrate").exit_code == 0
    dry = run("deploy", str(LOAN), "--dry-run")
    assert "loan version 1" in dry.output
    assert "dry run" in dry.output
    deployed = run("deploy", str(LOAN))
    assert (deployed.exit_code, "Deployed." in deployed.output) == (0, True)
    assert "Nothing new." in run("deploy", str(LOAN)).output


@pytest.mark.usefixtures("database")
def test_keys_are_made_listed_and_revoked() -> None:
    run("migrate")
    made = run("key", "create", "--name", "siebel", "--role", "crm", "--days", "30")
    token = made.output.strip()
    assert re.fullmatch(r"ktf_live_\w{8}_\w{32}_[0-9a-f]{6}", token)
    id = token.split("_")[2]
    assert f"{id}  siebel  roles crm  groups -" in run("key", "list").output
    assert token not in run("key", "list").output
    assert run("key", "revoke", id).exit_code == 0
    assert "revoked" in run("key", "list").output
    assert run("key", "revoke", id).exit_code == 1
    refused = run("key", "create", "--name", "x", "--role", "boss")
    assert (refused.exit_code, "boss" in refused.output) == (1, True)


def test_call_wants_a_running_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KT_FLOWS_VAR_DIR", str(tmp_path))
    refused = run("call", "crm", "GET", "/v1/instances")
    assert refused.exit_code == 1
    assert "make run" in refused.output
