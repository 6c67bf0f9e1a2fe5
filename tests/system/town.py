"""A small town of real devices, and the config.toml that names them."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from commandcenter.records.tables import incident_log, scan
from tests.cameras.conftest import RtspServer
from tests.conftest import free_port
from tests.leaks import secret
from tests.network.conftest import Agent
from tests.system.program import Program, knock

WIB = timezone(timedelta(hours=7))
HOOK = secret("signing-word-of-the-town")
RIGHT, WRONG = secret("the-right-password"), secret("the-wrong-password")

CONFIG = """
[region]
name = "Kabupaten Kotawaringin Barat"
initials = "KB"
office = "Diskominfo"

[run]
also = ["sleep 600", "no-such-program --at-all"]

[web]
port = {web}
[intake]
port = {intake}
[lists]
offices = "offices.csv"

[[wall]]
name = "utama"
picture = [
  "masthead masthead   masthead",
  "summary  summary    summary",
  "network  attendance incidents",
  "network  attendance complaints",
  "cctv     cctv       cctv",
]
[panel.masthead]
[panel.summary]
[panel.network]
[panel.attendance]
[panel.complaints]
[panel.incidents]
[panel.cctv]

[feed.network]
every = 0.4
timeout = 0.3
devices = "devices.csv"
community = "env:COMMUNITY"
ping_silent = false
[feed.attendance]
every = 1
machines = "machines.csv"
workdays = [1, 2, 3, 4, 5, 6, 7]
[feed.complaints]
every = 1
webhook_secret = "file:webhook-secret"
[feed.cameras]
every = 0.5
cameras = "cameras.csv"
networks = ["127.0.0.0/8"]
open_timeout = 3
read_timeout = 3
frozen_after = 2

# Mistakes that only the running system can tell, as the program above that is not there.
[feed.listless]
type = "network"
every = 1
devices = "nowhere.csv"
[feed.secretless]
type = "network"
every = 1
devices = "devices.csv"
community = "file:nowhere/secret"

[[rule]]
name = "link-down"
feed = "network"
kind = "device"
when = "state == 'down'"
hold = 0.5
hold_close = 1
level = "critical"
text = "Tautan {{name}} putus"
detail = "{{provider}} · {{detail}}"

[[person]]
name = "operator 1"
[[person]]
name = "operator 2"
"""

OFFICES = """code,name,kecamatan,employees
dinkes,Dinas Kesehatan,Arut Selatan,40
camat-utara,Kec. Arut Utara,Arut Utara,20
"""
MACHINES = "serial,office,name\nDK1,dinkes,Lobi\n"
DEVICES = """id,name,role,office,provider,address,snmp_port,probe,interface
rtr-dinkes,Dinas Kesehatan,office,dinkes,Telkom,127.0.0.1,{port},snmp,lo
rtr-utara,Kec. Arut Utara,office,camat-utara,Telkom,127.0.0.1,{other},snmp,lo
"""
CAMERAS = """id,name,url,owner,user,password
taman,Taman Kota,rtsp://127.0.0.1:{open}/moving,Dishub,,
gudang,Gudang,rtsp://127.0.0.1:{guarded}/moving,Dishub,operator,env:CAMERA_PASSWORD
"""


@dataclass
class FreezingCamera:
    """A camera whose picture the test may freeze."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        script = Path(__file__).with_name("freezing_camera.py")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(script), str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def freeze(self) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write("freeze\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


@dataclass
class Town:
    """A folder with config.toml and its lists, and the program that runs there.

    Devices that nobody started do not answer.
    """

    program: Program
    agent: Agent
    camera: FreezingCamera = field(default_factory=FreezingCamera)
    guarded: RtspServer = field(default_factory=lambda: RtspServer(user="operator", password=RIGHT))
    devices: ExitStack = field(default_factory=ExitStack)

    def write(self) -> None:
        """Write everything that an operator writes."""
        program, folder = self.program, self.program.folder
        program.environment |= {"COMMUNITY": "public", "CAMERA_PASSWORD": WRONG}
        config = CONFIG.format(web=program.web_port, intake=program.intake_port)
        devices = DEVICES.format(port=self.agent.port, other=self.agent.port + 1)
        cameras = CAMERAS.format(open=self.camera.port, guarded=self.guarded.port)
        for name, text in (
            ("config.toml", config),
            ("offices.csv", OFFICES),
            ("machines.csv", MACHINES),
            ("devices.csv", devices),
            ("cameras.csv", cameras),
            ("webhook-secret", HOOK),
        ):
            (folder / name).write_text(text, encoding="utf-8")

    def open(self) -> None:
        """Switch all devices on but the router of Arut Utara."""
        self.agent.start()
        self.devices.callback(self.agent.kill)
        for camera in (self.camera, self.guarded):
            camera.start()
            self.devices.callback(camera.stop)

    def close(self) -> None:
        self.program.close()
        self.devices.close()

    # ------------------------------------------------------------------ what its devices send

    def greet(self) -> bytes:
        """A fingerprint machine's first words after it was switched on."""
        target = "/iclock/cdata?SN=DK1&options=all&pushver=2.2.14&language=73"
        request = f"GET {target} HTTP/1.1\r\nHost: a:8011\r\nUser-Agent: iClock Proxy/1.09\r\n"
        return knock(self.program.intake_port, request.encode() + b"Connection: close\r\n\r\n")

    def push(self, *pins: int) -> bytes:
        """A fingerprint machine pushes a scan of each of these people; what it is told."""
        at = datetime.now(WIB).strftime("%Y-%m-%d %H:%M:%S")
        lines = "".join(f"{pin}\t{at}\t0\t1\t0\t0\t0\n" for pin in pins).encode()
        head = (
            "POST /iclock/cdata?SN=DK1&table=ATTLOG&Stamp=9999 HTTP/1.1\r\nHost: a:8011\r\n"
            f"User-Agent: iClock Proxy/1.09\r\nConnection: close\r\nContent-Length: {len(lines)}"
        )
        return knock(self.program.intake_port, f"{head}\r\n\r\n".encode() + lines)

    def push_until_taken(self, pin: int) -> None:
        """As a machine does: again and again until it is told OK."""
        told = f"the scan of {pin} is taken"
        self.program.until(lambda: self.push(pin).endswith(b"OK: 1"), told)

    def complain(self, title: str, secret: str = HOOK) -> tuple[int, dict[str, Any]]:
        """A portal posts a complaint, signed; the status and the answer."""
        body = json.dumps({"id": title, "title": title, "category": "Jalan"}).encode()
        stamp = str(int(time.time()))
        signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        head = (
            "POST /complaints HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n"
            "Content-Type: application/json\r\n"
            f"X-Timestamp: {stamp}\r\nX-Signature-256: sha256={signed.hexdigest()}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        said = knock(self.program.intake_port, head.encode() + body)
        return int(said.split()[1]), json.loads(said.partition(b"\r\n\r\n")[2])

    # ------------------------------------------------------------------ what the records hold

    def scanned(self) -> set[int]:
        """Who has scanned, as the records have it."""
        return {int(row.pin) for row in self._ask(sa.select(scan.c.pin))}

    def steps(self, incident: int) -> list[tuple[str, str]]:
        """Step and person, of all steps of an incident."""
        log = sa.select(incident_log).where(incident_log.c.incident_id == incident)
        return [(row.step, row.who) for row in self._ask(log.order_by(incident_log.c.id))]

    def _ask(self, query: sa.Select[Any]) -> list[Any]:
        url = self.program.records_url.replace("postgresql:", "postgresql+psycopg:")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return list(connection.execute(query))
