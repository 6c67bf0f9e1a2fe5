"""`commandcenter account …` and `commandcenter session …`: accounts for whoever has a shell on the
machine, above all the first one, and a way back in when nobody has one any more.

Each act is a function that returns the lines to print.
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from commandcenter.access.roles import PEOPLE
from commandcenter.access.sealing import NoKey
from commandcenter.access.settings import is_loopback
from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.records import accounts, entry_links, second_factors, sessions
from commandcenter.records.accounts import Account, LastAdmin, NameTaken

HOURS = 24  # that a one-time link holds


class Refused(ValueError):
    """This cannot be done; the text says why and what to do."""


def add_to(commands: Any) -> None:
    """The two commands and what they take, for argparse."""
    account = commands.add_parser("account", help="who may sign in")
    acts = account.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="everybody")
    acts.add_parser("setup", help="a link that makes the first administrator")
    add = acts.add_parser("add", help="a new account, and the link to choose its password")
    add.add_argument("username")
    add.add_argument("--name", required=True, help="the full name: logs name people by it")
    add.add_argument("--role", required=True, choices=PEOPLE)
    add.add_argument("--office", action="append", default=[], help="limit; may be repeated")
    add.add_argument("--domain", action="append", default=[], help="limit; may be repeated")
    for act, about in (
        ("link", "a new one-time link to choose a password"),
        ("disable", "close it and end its sessions"),
        ("enable", "open it again"),
        ("remove-factor", "for somebody whose telephone and codes on paper are gone"),
    ):
        acts.add_parser(act, help=about).add_argument("username")
    acts.add_parser("seal-factors", help="all second factors anew, with the first key of [access]")
    session = commands.add_parser("session", help="who is signed in")
    acts = session.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="every browser in which somebody is signed in")
    acts.add_parser("end", help="sign one out").add_argument("id", type=int)


def act(connection: Any, config: Config, told: argparse.Namespace, at: datetime) -> list[str]:
    """What add_to's parsers understood. Raises Refused; nothing is changed then."""
    done: dict[tuple[str, str], Callable[..., list[str]]] = {
        ("account", "list"): list_accounts,
        ("account", "setup"): set_up,
        ("account", "add"): add_account,
        ("account", "link"): new_link,
        ("account", "disable"): disable,
        ("account", "enable"): enable,
        ("account", "remove-factor"): remove_factor,
        ("account", "seal-factors"): seal_factors,
        ("session", "list"): list_sessions,
        ("session", "end"): end_session,
    }
    return done[told.command, told.act](connection, config, told, at)


def first_link(connection: Any, config: Config, at: datetime) -> str | None:
    """A link that makes the first administrator, for the start of a new house; None once there is
    one. An older link of this kind is void."""
    if not config.access.local or accounts.has_admin(connection):
        return None
    return _address(config, entry_links.issue(connection, at, _who(), "setup", hours=HOURS))


# --- accounts -------------------------------------------------------------------------------------


def list_accounts(
    connection: Any, config: Config, _: argparse.Namespace, __: datetime
) -> list[str]:
    """Everybody's."""
    rows = [("username", "name", "role", "limited to", "signs in by", "last", "")]
    for one in accounts.accounts(connection):
        limits = ", ".join([*one.offices, *one.domains]) or "–"
        last = _moment(config, one.last_sign_in_at)
        state = "disabled" if one.disabled_at else ""
        rows.append((one.username, one.name, one.role, limits, one.provider, last, state))
    return _table(rows)


def set_up(connection: Any, config: Config, _: argparse.Namespace, at: datetime) -> list[str]:
    """A new set-up link, if there is no administrator yet."""
    if not config.access.local:
        raise Refused("[access] local is false: people sign in with [oidc] or [ldap] only")
    link = first_link(connection, config, at)
    if link is None:
        raise Refused(
            "there is an administrator already; "
            "`commandcenter account link USERNAME` lets them choose a new password"
        )
    return [f"Open within {HOURS} hours; it works once:", f"  {link}"]


def add_account(
    connection: Any, config: Config, told: argparse.Namespace, at: datetime
) -> list[str]:
    """A new account, and its link."""
    from commandcenter.web.admin_account_form import WRONG, Filled

    limits = {"offices": told.office, "domains": told.domain}
    filled = Filled(username=told.username, name=told.name, role=told.role, **limits)
    _check(config, filled.mistakes(Language("en", config.zone)), **limits)
    try:
        account = accounts.create(connection, at, _who(), username=filled.username, **filled.facts)
    except NameTaken as error:
        raise Refused(WRONG[f"taken-{error.field}"]) from error
    return _invitation(connection, config, account, at)


def new_link(connection: Any, config: Config, told: argparse.Namespace, at: datetime) -> list[str]:
    """For somebody who has forgotten the password."""
    account = _whose(connection, told.username)
    if account.disabled_at is not None:
        raise Refused(f"{account.username} is disabled; `account enable` it first")
    return _invitation(connection, config, account, at)


def disable(connection: Any, _: Config, told: argparse.Namespace, at: datetime) -> list[str]:
    """Close an account."""
    account = _whose(connection, told.username)
    try:
        accounts.disable(connection, at, _who(), account.id)
    except LastAdmin as error:
        raise Refused("this is the last administrator; make somebody else one first") from error
    return [f"{account.username} can no longer sign in; every session was ended"]


def enable(connection: Any, _: Config, told: argparse.Namespace, at: datetime) -> list[str]:
    """Open it again."""
    account = _whose(connection, told.username)
    accounts.enable(connection, at, _who(), account.id)
    return [f"{account.username} can sign in again"]


def remove_factor(connection: Any, _: Config, told: argparse.Namespace, at: datetime) -> list[str]:
    """Take away the second factor of an account."""
    account = _whose(connection, told.username)
    if not second_factors.remove(connection, at, _who(), account.id):
        raise Refused(f"{account.username} has no second factor")
    return [f"{account.username} has no second factor any more; every session was ended"]


def seal_factors(connection: Any, config: Config, _: argparse.Namespace, __: datetime) -> list[str]:
    """After another key was put before the older one."""
    try:
        anew = second_factors.seal_anew(connection, config.sealer)
    except NoKey as error:
        raise Refused(str(error)) from error
    told = f"{anew} second factors were sealed anew; the first key now opens all of them"
    return lost_factors(connection, config) or [told]


def lost_factors(connection: Any, config: Config) -> list[str]:
    """Whose second factor no key opens, as sentences."""
    lost = second_factors.lost(connection, config.sealer)
    remedy = "put it back (docs/access.md), or take the second factor away: account remove-factor"
    return [f"no key opens the second factor of {', '.join(lost)}: {remedy}"] if lost else []


# --- sessions -------------------------------------------------------------------------------------


def list_sessions(
    connection: Any, config: Config, _: argparse.Namespace, at: datetime
) -> list[str]:
    """Of everybody, the one heard of last first."""
    rows = [("id", "name", "role", "address", "begun", "last seen")]
    for one, whose in sessions.live_sessions(connection, at):
        begun, seen = _moment(config, one.begun_at), _moment(config, one.seen_at)
        rows.append((str(one.id), whose.name, whose.role, one.address, begun, seen))
    return _table(rows)


def end_session(connection: Any, _: Config, told: argparse.Namespace, at: datetime) -> list[str]:
    """Open pages of it are cut within seconds."""
    if told.id not in [one.id for one, _ in sessions.live_sessions(connection, at)]:
        raise Refused(f"there is no session {told.id}; `session list` shows them")
    sessions.end(connection, at, _who(), told.id)
    return [f"session {told.id} was ended"]


# --- parts ----------------------------------------------------------------------------------------


def _invitation(connection: Any, config: Config, account: Account, at: datetime) -> list[str]:
    asked: dict[str, Any] = {"account_id": account.id, "hours": HOURS}
    token = entry_links.issue(connection, at, _who(), "password", **asked)
    told = f"For {account.name} ({account.username}, {account.role}) to choose a password; "
    return [f"{told}within {HOURS} hours, works once:", f"  {_address(config, token)}"]


def _address(config: Config, token: str) -> str:
    """Behind another name than this machine's own stands a proxy with TLS."""
    name = config.web.names[0]
    if is_loopback(name) or config.access.plain_http:
        host = f"[{name}]" if ":" in name else name
        return f"http://{host}:{config.web.port}/enter/{token}"
    return f"https://{name}/enter/{token}"


def _whose(connection: Any, username: str) -> Account:
    found = accounts.by_username(connection, username)
    if found is None:
        raise Refused(
            f"there is no local account {username!r}; `commandcenter account list` shows them"
        )
    return found


def _check(
    config: Config, wrong: dict[str, str], *, offices: Sequence[str], domains: Sequence[str]
) -> None:
    mistakes = [f"{field}: {why}" for field, why in wrong.items()]
    there = {office.code for office in config.offices}
    mistakes += [
        f"office: there is no {one!r} in [lists] offices" for one in offices if one not in there
    ]
    mistakes += [f"domain: there is no [feed.{one}]" for one in domains if one not in config.feeds]
    if mistakes:
        raise Refused("\n".join(mistakes))


def _who() -> str:
    """As the audit log has it: whoever has a shell here."""
    try:
        return f"command line ({getpass.getuser()})"
    except (OSError, KeyError):  # a user without a name
        return "command line"


def _moment(config: Config, at: datetime | None) -> str:
    return Language(config.region.language, config.zone).moment(at) if at else "–"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return [line.rstrip() for line in lines]
