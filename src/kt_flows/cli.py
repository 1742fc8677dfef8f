"""`kt-flows`: what an administrator, an analyst and a newcomer type.

Commands that only look at files start no database.  Exit codes: 0 done, 1 refused (findings, a failed scenario, a
setting), 2 a wrong command line.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec

import click
import httpx

from kt_flows.clock import to_text
from kt_flows.errors import DiagramError, Finding, FlowsError, InvalidValues
from kt_flows.observability import set_up_logs
from kt_flows.settings import Settings, read_settings, unknown_settings

P = ParamSpec("P")


def _told(command: Callable[P, None]) -> Callable[P, None]:
    """The third door of errors: a person reads them here."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except DiagramError as error:
            print_findings(error.findings)
            click.echo(error.message, err=True)
            sys.exit(1)
        except InvalidValues as error:
            for fault in error.errors:
                click.echo(f"{fault.field}: {fault.message}", err=True)
            sys.exit(1)
        except FlowsError as error:
            click.echo(error.message, err=True)
            sys.exit(1)

    return run


def print_findings(findings: Sequence[Finding]) -> None:
    """One line each: `file:line element rule: message` and, indented, the way out."""
    for finding in findings:
        place = finding.file + (f":{finding.line}" if finding.line else "")
        element = f" {finding.element_id}" if finding.element_id else ""
        click.echo(f"{place}{element} {finding.severity} {finding.rule}: {finding.message}")
        if finding.hint:
            click.echo(f"    {finding.hint}")


def _settings(**given: Any) -> Settings:
    settings = read_settings(**{name: value for name, value in given.items() if value is not None})
    set_up_logs(settings.log_level)
    for name in unknown_settings():
        click.echo(f"{name} means nothing to kt-flows: is it a slip of the pen?", err=True)
    return settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kt-flows")
def main() -> None:
    """Support-desk processes that run from the regulation itself."""


@main.command()
@click.option("--host", help="Address to listen on (KT_FLOWS_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (KT_FLOWS_PORT).")
@click.option("--no-jobs", is_flag=True, help="Serve requests only; `kt-flows work` runs the jobs elsewhere.")
@_told
def serve(host: str | None, port: int | None, no_jobs: bool) -> None:
    """Serve the API, and work jobs too."""
    from kt_flows import app

    app.serve(_settings(host=host, port=port), jobs=not no_jobs)


@main.command()
@_told
def work() -> None:
    """Work jobs only: as many of these, on as many machines, as needed."""
    from kt_flows import app

    app.work(_settings())


@main.command()
@_told
def run() -> None:
    """Everything in one sandbox: service, mail server, Siebel and the others, a provider to play with."""
    from kt_flows import app

    app.serve(_settings(mode="sandbox"), jobs=True, greet=_greet)


@main.command()
@_told
def migrate() -> None:
    """Bring the database's schema up to this release."""
    from kt_flows import app

    app.migrate(_settings())
    click.echo("The database is up to date.")


@main.command()
@click.option("--fix", is_flag=True, help="Mend what is safe to mend, telling each step.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@_told
def doctor(fix: bool, as_json: bool) -> None:
    """Look whether every case is sound, and what nobody will ever do."""
    from kt_flows import app

    left = mended = 0
    for one in app.examine(_settings(), fix=fix):
        mended, left = mended + one.mended, left + (not one.mended)
        about = {"instance": one.instance_id, "job": one.job_id, "element": one.element_id}
        known = {name: str(value) for name, value in about.items() if value is not None}
        if as_json:
            facts = {"kind": one.kind, **known, "said": one.said, "way": one.way, "mended": one.mended}
            click.echo(json.dumps(facts, ensure_ascii=False))
        else:
            place = " ".join(f"{name} {value}" for name, value in known.items())
            click.echo(f"{one.kind}: {one.said}" + (f" ({place})" if place else ""))
            click.echo(f"    {'mended: ' if one.mended else ''}{one.way}")
    if not as_json:
        click.echo(f"{left} complaints, {mended} mended." if left or mended else "Everything is sound.")
    sys.exit(1 if left else 0)


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@_told
def deploy(path: Path, dry_run: bool) -> None:
    """Deploy one process folder, a folder of them, or a .zip."""
    from kt_flows import app
    from kt_flows.engine.packages import read_path

    deployed = app.deploy(_settings(), read_path(path), dry_run=dry_run)
    print_findings(deployed.findings)
    for definition in deployed.definitions:
        click.echo(f"{definition.key} version {definition.version}")
    click.echo("Nothing was changed: a dry run." if dry_run else "Deployed." if deployed.created else "Nothing new.")


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@_told
def check(path: Path) -> None:
    """Check process folders without deploying them."""
    from kt_flows.scenarios import check_path

    findings = check_path(path)
    print_findings(findings)
    errors = sum(finding.severity == "error" for finding in findings)
    click.echo(f"{errors} errors, {len(findings) - errors} warnings.")
    sys.exit(1 if errors else 0)


@main.command("try")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--scenario", help="Only this one: its file name without .yaml.")
@_told
def try_(path: Path, scenario: str | None) -> None:
    """Run the scenarios beside the diagrams on a clock of their own."""
    from kt_flows.scenarios import try_path

    failed = 0
    count = 0
    for result in try_path(path, scenario):
        count += 1
        failed += not result.passed
        click.echo(f"{'ok  ' if result.passed else 'FAIL'} {result.name}")
        for line in result.lines:
            click.echo(f"     {line}")
    click.echo(f"{count} scenarios, {failed} failed.")
    sys.exit(1 if failed or not count else 0)


@main.command()
def openapi() -> None:
    """Print the API's description (OpenAPI 3.1): for those who make clients."""
    from kt_flows.api.application import description

    click.echo(json.dumps(description(), ensure_ascii=False, indent=1))


@main.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.option("--name", required=True, help="Whose key it is; the history shows it.")
@click.option("--role", "roles", multiple=True, required=True, help="crm, operator, supervisor, analyst or admin.")
@click.option("--group", "groups", multiple=True, help="A candidate group whose tasks the holder may do.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it is good; for ever without this.")
@_told
def key_create(name: str, roles: tuple[str, ...], groups: tuple[str, ...], days: int | None) -> None:
    """Make a key and print it, once: the service keeps its digest only."""
    from kt_flows import app

    click.echo(app.create_key(_settings(), name=name, roles=roles, groups=groups, days=days))


@key.command("list")
@_told
def key_list() -> None:
    """Show the keys there are, without the keys themselves."""
    from kt_flows import app

    for row in app.list_keys(_settings()):
        line = f"{row.id}  {row.name}  roles {','.join(row.roles)}  groups {','.join(row.groups) or '-'}"
        line += f"  since {to_text(row.created_at)}"
        line += f"  until {to_text(row.expires_at)}" if row.expires_at else ""
        click.echo(line + (f"  revoked {to_text(row.revoked_at)}" if row.revoked_at else ""))


@key.command("revoke")
@click.argument("id")
@_told
def key_revoke(id: str) -> None:
    """End a key at once; ID is its third part."""
    from kt_flows import app

    app.revoke_key(_settings(), id)
    click.echo("Revoked.")


@main.command()
@click.argument("actor")
@click.argument("method")
@click.argument("target")
@click.argument("body", required=False)
@_told
def call(actor: str, method: str, target: str, body: str | None) -> None:
    """Speak to the sandbox's REST API as one of its ready actors.

    METHOD TARGET is a request (`GET /v1/tasks`), or `COMPLETE <element id>` for the caller's task at that element.
    """
    site = _read_sandbox(read_settings().var_dir)
    if actor not in site["tokens"]:
        raise click.BadParameter(f"there is {', '.join(site['tokens'])}", param_hint="ACTOR")
    headers = {"Authorization": f"Bearer {site['tokens'][actor]}"}
    with httpx.Client(base_url=site["baseUrl"], headers=headers, timeout=300) as client:
        try:
            if method.upper() == "COMPLETE":
                answer = _complete(client, actor, target, json.loads(body or "{}"))
            else:
                json_type = {"Content-Type": "application/json"} if body is not None else {}
                answer = client.request(method.upper(), target, content=body, headers=json_type)
        except httpx.TransportError:
            raise FlowsError(f"Nobody answers at {site['baseUrl']}: is `make run` running?") from None
        except json.JSONDecodeError as error:
            raise click.BadParameter(f"is not JSON: {error}", param_hint="BODY") from None
    with contextlib.suppress(ValueError):
        click.echo(json.dumps(answer.json(), ensure_ascii=False, indent=2))
    sys.exit(0 if answer.is_success else 1)


def _complete(client: httpx.Client, actor: str, element: str, values: dict[str, Any]) -> httpx.Response:
    """Completes the task at an element: one in the caller's own hands, or else the newest, waiting a little for it.

    The service works in the background, so a task that the last answer has led to may be a moment away.
    """
    patience = time.monotonic() + 15
    while True:
        answer = client.get("/v1/tasks", params={"elementId": element, "sort": "-createdAt", "limit": 500})
        if not answer.is_success:
            return answer
        tasks = [task for task in answer.json()["items"] if task["assignee"] in (None, actor)]
        tasks.sort(key=lambda task: task["assignee"] is None)
        if tasks:
            return client.post(f"/v1/tasks/{tasks[0]['id']}/complete", json={"values": values})
        if time.monotonic() > patience:
            raise FlowsError(f"No task at {element} is open for {actor}.")
        time.sleep(0.2)


def _read_sandbox(var_dir: Path) -> dict[str, Any]:
    try:
        site: dict[str, Any] = json.loads((var_dir / "sandbox.json").read_text(encoding="utf-8"))
    except OSError:
        raise FlowsError(f"There is no {var_dir / 'sandbox.json'}: start the sandbox with `make run`.") from None
    return site


def _greet(base_url: str, lines: Sequence[str], tokens: Mapping[str, str]) -> None:
    """What `make run` says when all is up."""
    click.echo(f"\nkt-flows sandbox: {base_url}   ({base_url}/docs describes the API)\n")
    for line in lines:
        click.echo(f"  {line}")
    click.echo("\nReady actors.  Open a link to work as one (what stands behind # stays in the browser);")
    click.echo("`kt-flows call ACTOR METHOD PATH [BODY]` speaks for one with its token in var/sandbox.json:\n")
    width = max(map(len, tokens))
    for name, token in tokens.items():
        click.echo(f"  {name:<{width}}  {base_url}/app/sign-in#{token}")
    click.echo("\nCtrl-C ends all of it; the next run goes on with the same cases.\n")


if __name__ == "__main__":
    main(prog_name="kt-flows")
