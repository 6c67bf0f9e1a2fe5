"""An operator's own Redis behind TLS and a password."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from commandcenter.bus import BusDown
from tests.bus.conftest import counted, listening, opened
from tests.conftest import NOW, free_port, wait_until


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
    plain = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, plain[1], plain[0]))
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure_url(tmp_path: Path) -> Iterator[str]:
    cert, key = certificate(tmp_path)
    port = free_port()
    command = ["redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"]
    command += ["--tls-cert-file", str(cert), "--tls-key-file", str(key)]
    command += ["--tls-auth-clients", "no", "--requirepass", "geheim", "--save", ""]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as server:
        url = f"rediss://:geheim@127.0.0.1:{port}/0?ssl_ca_certs={cert}"
        client = redis.Redis.from_url(url)
        wait_until(lambda: _answers(client), "redis-server answers over TLS")
        client.close()
        yield url
        server.kill()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


async def test_tls_and_a_password(secure_url: str) -> None:
    async with opened(secure_url) as bus, listening(bus) as listener:
        await bus.publish("network", counted([1]))
        await listener.until_told(1)


async def test_a_wrong_password_is_told_without_repeating_it(secure_url: str) -> None:
    async with opened(secure_url.replace("geheim", "salah-besar")) as bus:
        with pytest.raises(BusDown, match="invalid username-password") as told:
            await bus.ping()
    assert "salah-besar" not in str(told.value)
