"""A real OpenLDAP server on loopback, with people, groups and a certificate of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import free_port, wait_until
from tests.leaks import secret

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3

ROOT = "dc=kobar,dc=go,dc=id"
PEOPLE, GROUPS, OPEN = f"ou=pegawai,{ROOT}", f"ou=grup,{ROOT}", f"ou=terbuka,{ROOT}"
SERVICE, SERVICE_PASSWORD = f"cn=layanan,{ROOT}", "layanan-7f3a"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{ROOT}", "admin-19c2"
PASSWORD = secret("kata sandi milik budi")  # everybody's

CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID'
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.32473.1 NAME 'windowsPerson' AUXILIARY
  MAY ( objectGUID $ sAMAccountName ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="{open}" by * read
access to * by dn.exact="{service}" read by anonymous auth by * none
database mdb
directory {folder}/data
suffix "{root}"
rootdn "{admin}"
rootpw {admin_password}
overlay memberof
"""


def _person(name: str, password: str = PASSWORD) -> dict[str, Any]:
    told = {"objectClass": "inetOrgPerson", "cn": name, "sn": name.rsplit(maxsplit=1)[-1]}
    return told | {"userPassword": password}


def _unit(dn: str) -> tuple[str, dict[str, Any]]:
    return dn, {"objectClass": "organizationalUnit"}


GUID = UUID("3f2504e0-4f89-11d3-9a0c-0305e82c3301")


def _of_windows(name: str, account: str) -> dict[str, Any]:
    """As Active Directory keeps people: no uid, and a GUID in Windows' order of bytes."""
    told = _person(name) | {"objectClass": ["inetOrgPerson", "windowsPerson"]}
    return told | {"sAMAccountName": account, "objectGUID": GUID.bytes_le, "displayName": name}


BUDI, SITI = f"uid=Budi,{PEOPLE}", f"uid=siti,{PEOPLE}"
ARI, TAMU = rf"cn=Ari Wibowo\, SH,{PEOPLE}", f"uid=tamu,{OPEN}"
ENTRIES: list[tuple[str, dict[str, Any]]] = [
    (ROOT, {"objectClass": ["dcObject", "organization"], "o": "Kotawaringin Barat"}),
    *(_unit(dn) for dn in (PEOPLE, GROUPS, OPEN, f"ou=lama,{PEOPLE}")),
    (SERVICE, _person("Akun Layanan", SERVICE_PASSWORD)),
    (BUDI, _person("Budi Santoso")),
    (SITI, _person("Siti Aminah")),
    (f"uid=rina,{PEOPLE}", _person("Rina Wati")),  # of no group
    (f"uid=joko,{PEOPLE}", _person("Joko Susilo", "{CRYPT}!")),  # a disabled password
    (f"uid=dewi,{PEOPLE}", _person("Dewi Lestari")),
    (f"uid=dewi,ou=lama,{PEOPLE}", _person("Dewi yang lama")),  # the same name twice
    (TAMU, _person("Tamu Terbuka")),
    (ARI, _of_windows("Ari Wibowo", "ari.w")),
    (f"cn=NOC,{GROUPS}", {"objectClass": "groupOfNames", "member": [BUDI, ARI, TAMU]}),
    (f"cn=pimpinan,{GROUPS}", {"objectClass": "groupOfNames", "member": SITI}),
]


@dataclass
class Slapd:
    """The server, to be frozen, thawed and stopped."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="slapd-")))
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ldap://localhost:{self.port}"

    @property
    def tls_url(self) -> str:
        """By the name that is in its certificate."""
        return f"ldaps://localhost:{self.tls_port}"

    @property
    def ca(self) -> Path:
        """What its certificate is signed with."""
        return self.folder / "ca.pem"

    def start(self) -> None:
        program = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, "install OpenLDAP's server: apt install slapd"
        (self.folder / "data").mkdir()
        write_certificates(self.folder, "localhost")
        names = {"folder": self.folder, "root": ROOT, "open": OPEN, "service": SERVICE}
        conf = CONF.format(**names, admin=ADMIN, admin_password=ADMIN_PASSWORD)
        (self.folder / "slapd.conf").write_text(conf, encoding="utf-8")
        where = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        command = [program, "-d", "0", "-h", where, "-f", str(self.folder / "slapd.conf")]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        wait_until(self._listens, "slapd listens")
        with self.as_admin() as at:
            for dn, told in ENTRIES:
                assert at.add(dn, attributes=told), (dn, at.result)  # type: ignore[no-untyped-call]

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def as_admin(self) -> ldap3.Connection:
        """To be used with `with`."""
        server = ldap3.Server("127.0.0.1", port=self.port, get_info=ldap3.NONE)
        return ldap3.Connection(server, ADMIN, ADMIN_PASSWORD)

    def freeze(self) -> None:
        """Its sockets stay open, but nobody is at home."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None:
            self.thaw()
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def write_certificates(folder: Path, host: str) -> None:
    """ca.pem, and server.pem with server.key for `host`, signed by it."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, name = _name("CA uji"), _name(host)
    ca = _certificate(ca_name, ca_key, ca_name, ca_key, x509.BasicConstraints(True, None))
    named = x509.SubjectAlternativeName([x509.DNSName(host)])
    server = _certificate(name, key, ca_name, ca_key, named)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(key.private_bytes(pem, *plain))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    building = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    building = building.public_key(key.public_key()).serial_number(x509.random_serial_number())
    building = building.not_valid_before(now - timedelta(days=1))
    building = building.not_valid_after(now + timedelta(days=2))
    return building.add_extension(extension, critical=False).sign(signer, hashes.SHA256())
