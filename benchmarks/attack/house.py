"""The program under attack: `commandcenter run` in a folder of its own, and nginx before it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.conftest import free_port
from tests.system.program import Program, listens

MACHINE = "ATTACK0001"
TOKEN = "the-token-of-a-gateway"
CONFIG = """
[region]
name = "Kabupaten Kotawaringin Barat"
initials = "KB"
office = "Diskominfo"

[web]
port = {web}
proxies = [{proxies}]
[intake]
port = {intake}
[lists]
offices = "offices.csv"

[[wall]]
name = "utama"
picture = [
  "masthead   masthead",
  "attendance incidents",
  "attendance summary",
]
[panel.masthead]
[panel.attendance]
[panel.incidents]
[panel.summary]

[feed.attendance]
every = 1
machines = "machines.csv"
workdays = [1, 2, 3, 4, 5, 6, 7]
[feed.alerts]
every = 1
token = "file:alert-token"
[feed.applications]
every = 1
applications = "applications.csv"
timeout = 2
"""
NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
error_log {folder}/nginx.log crit;
pid {folder}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused1;
    uwsgi_temp_path {folder}/unused2;
    scgi_temp_path {folder}/unused3;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    limit_conn_zone $binary_remote_addr zone=each:10m;
    upstream commandcenter {{ server 127.0.0.1:{web}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        limit_conn each 128;
        client_header_timeout 20s;
        client_body_timeout 20s;
        client_max_body_size 1m;
        large_client_header_buffers 4 16k;
        reset_timedout_connection on;
        location / {{
            proxy_pass http://commandcenter;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What attackers know of it."""

    web: int
    """The port that browsers are told: the program's own, or nginx's."""
    intake: int
    cookie: str
    """Of somebody who is signed in."""

    @property
    def origin(self) -> str:
        """Where its pages come from."""
        return f"http://127.0.0.1:{self.web}"


@contextmanager
def house(*, nginx: bool, applications: str) -> Iterator[tuple[Program, Target]]:
    """It runs, and everything in it is green."""
    with tempfile.TemporaryDirectory(prefix="attack-") as name:
        folder = Path(name)
        program = Program(folder)
        proxies = '"127.0.0.1"' if nginx else ""
        ports = {"web": program.web_port, "intake": program.intake_port}
        for file, text in (
            ("config.toml", CONFIG.format(**ports, proxies=proxies)),
            ("offices.csv", "code,name,kecamatan\ndinkes,Dinas Kesehatan,Arut Selatan\n"),
            ("machines.csv", f"serial,office\n{MACHINE},dinkes\n"),
            ("applications.csv", applications),
            ("alert-token", TOKEN),
        ):
            (folder / file).write_text(text, encoding="utf-8")
        program.start("run")
        try:
            program.until_open()
            cookie = program.hands["Cookie"]
            if not nginx:
                yield (
                    program,
                    Target(web=program.web_port, intake=program.intake_port, cookie=cookie),
                )
                return
            with _nginx(folder, program.web_port) as port:
                yield program, Target(web=port, intake=program.intake_port, cookie=cookie)
        finally:
            program.close()


@contextmanager
def _nginx(folder: Path, web: int) -> Iterator[int]:
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(folder=folder, web=web, port=port), encoding="utf-8")
    folder.chmod(0o755)  # its worker has a user of its own
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(conf)])
    try:
        while not listens(port):
            if process.poll() is not None:
                raise RuntimeError("nginx does not start")
        yield port
    finally:
        process.terminate()
        process.wait()


def named(program: Program, *names: str) -> dict[str, psutil.Process]:
    """Its processes by their lines of the Procfile."""
    return {name: program.named(name)[0] for name in names}
