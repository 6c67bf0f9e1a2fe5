"""The secrets that the demo's devices share with the feeds: files that only the owner can read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from commandcenter.private import made_once

FOLDER = Path("var/demo")


@dataclass(frozen=True, repr=False)
class Keys:
    """Community of the SNMP agents, signing secret of the webhook, password of the cameras, token
    of those who send alerts."""

    snmp_community: str
    webhook_secret: str
    camera_password: str
    alert_token: str


def make_keys(folder: Path = FOLDER) -> Keys:
    """Read the secrets, and write those that do not exist yet."""
    return Keys(
        snmp_community=_keep(folder / "snmp-community"),
        webhook_secret=_keep(folder / "webhook-secret"),
        camera_password=_keep(folder / "camera-password"),
        alert_token=_keep(folder / "alert-token"),
    )


def _keep(path: Path) -> str:
    return made_once(path, lambda: secrets.token_urlsafe(18))
