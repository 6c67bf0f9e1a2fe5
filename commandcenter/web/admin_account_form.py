"""What is filled in about an account, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from commandcenter.access.roles import PEOPLE
from commandcenter.language import Language
from commandcenter.records.accounts import Account, is_ours
from commandcenter.web.admin_desk import text_of

MAY = {
    "viewer": "Sees the walls",
    "leader": "Sees the walls and reads incidents",
    "operator": "Also works with incidents and displays, of some offices or of all",
    "admin": "Also looks after accounts and tokens and reads the audit log",
}
WRONG = {
    "username": "1 to 80 letters, digits and . _ @ - without blanks",
    "name": "1 to 120 characters",
    "ours": "The program itself goes by this name in the logs",
    "role": "Choose a role",
    "taken-username": "Another account has this username",
    "taken-name": "Another account has this name; the logs name people by it",
    "own-role": "You cannot take your own role away; another administrator can",
    "own-state": "You cannot disable your own account; another administrator can",
    "last": "This is the last administrator; make somebody else one first",
    "closed": "This account is disabled; enable it first",
}
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,120}")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What somebody typed about an account."""

    username: str = ""
    name: str = ""
    role: str = "viewer"
    offices: Sequence[str] = ()
    domains: Sequence[str] = ()

    @classmethod
    def typed(cls, form: FormData, **more: Any) -> Filled:
        """As a form has it."""
        return cls(name=text_of(form, "name"), role=text_of(form, "role"), **more)

    @classmethod
    def of(cls, account: Account) -> Filled:
        """As it is now."""
        return cls(**{name: getattr(account, name) for name in cls.__dataclass_fields__})

    @property
    def facts(self) -> dict[str, Any]:
        """For the records. Only operators are limited to something."""
        limited = self.role == "operator"
        return {
            "name": self.name,
            "role": self.role,
            "offices": self.offices if limited else (),
            "domains": self.domains if limited else (),
        }

    def mistakes(self, say: Language) -> dict[str, str]:
        """Sentences by field."""
        found = {}
        if not _USERNAME.fullmatch(self.username):
            found["username"] = say(WRONG["username"])
        if not _NAME.fullmatch(self.name):
            found["name"] = say(WRONG["name"])
        elif is_ours(self.name):
            found["name"] = say(WRONG["ours"])
        if self.role not in PEOPLE:
            found["role"] = say(WRONG["role"])
        return found
