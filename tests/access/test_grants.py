"""Which role the groups of another house make here."""

from __future__ import annotations

import logging

import pytest

from commandcenter.access.grants import NoGrant, ProviderDown, Standing, granted, identity
from commandcenter.access.settings import Grant

VIEWER = Grant(group="pegawai", role="viewer")
LEADER = Grant(group="pimpinan", role="leader")
OPERATOR = Grant(group="noc", role="operator")
ADMIN = Grant(group="cn=admin pusat,ou=grup,dc=kobar,dc=go,dc=id", role="admin")
ALL = (VIEWER, LEADER, OPERATOR, ADMIN)


def test_somebody_of_no_group_has_no_role() -> None:
    assert granted([], ALL) is None
    assert granted(["tamu"], ALL) is None
    assert granted([""], ALL) is None


@pytest.mark.parametrize(
    "group",
    [
        "noc",
        "NOC",
        " noc ",
        "/noc",  # as Keycloak writes it
        "cn=noc,ou=grup,dc=kobar,dc=go,dc=id",
        "CN=NOC, OU=Grup, DC=kobar",  # as Active Directory might
    ],
)
def test_a_plain_name_finds_the_group_however_the_other_house_writes_it(group: str) -> None:
    found = granted([group], ALL)
    assert found is not None
    assert found.role == "operator"


def test_a_dn_finds_that_group_alone() -> None:
    assert granted(["CN=Admin Pusat, OU=Grup,DC=kobar,DC=go,DC=id"], ALL) is not None
    assert granted(["cn=admin pusat,ou=lain,dc=kobar,dc=go,dc=id"], ALL) is None
    assert granted(["admin pusat"], ALL) is None


def test_a_name_that_only_looks_similar_is_another_group() -> None:
    for group in ("noc2", "nocturnal", "/dinkes/noc", "ou=noc2,cn=noc", "cn=x,ou=noc"):
        assert granted([group], ALL) is None


def test_a_comma_in_a_name_does_not_cut_it() -> None:
    grants = [Grant(group="piket, malam", role="operator")]
    assert granted([r"CN=Piket\, Malam,OU=Grup,DC=kobar"], grants) is not None
    assert granted([r"CN=Piket"], grants) is None


def test_the_strongest_role_wins_whatever_stands_first() -> None:
    groups = ["pegawai", "noc", "pimpinan"]
    for order in (ALL, ALL[::-1]):
        found = granted(groups, order)
        assert found is not None
        assert found.role == "operator"


def test_limits_of_one_role_are_united() -> None:
    grants = (
        Grant(group="a", role="operator", offices=("dinkes", "disdik")),
        Grant(group="b", role="operator", offices=("disdik", "dishub"), domains=("network",)),
        Grant(group="c", role="viewer"),
    )
    found = granted(["a", "b", "c"], grants)
    assert found is not None
    assert found.offices == ("dinkes", "disdik", "dishub")
    assert found.domains == ("network",)


def test_one_grant_without_limits_means_everything() -> None:
    grants = (Grant(group="a", role="operator", offices=("dinkes",)), OPERATOR)
    found = granted(["a", "noc"], grants)
    assert found is not None
    assert (found.offices, found.domains) == ((), ())


def test_a_weaker_role_without_limits_does_not_lift_the_limits_of_the_stronger() -> None:
    grants = (Grant(group="a", role="operator", offices=("dinkes",)), VIEWER)
    found = granted(["a", "pegawai"], grants)
    assert found is not None
    assert (found.role, found.offices) == ("operator", ("dinkes",))


def test_who_is_known_but_has_no_role_is_told_what_to_do() -> None:
    with pytest.raises(NoGrant, match=r"You are known to SSO, but .* ask the administrator") as no:
        identity("oidc", "SSO", ("1", "budi", "Budi"), ["tamu"], ALL)
    assert no.value.detail == "budi, groups: tamu"


def test_who_has_no_full_name_is_called_by_the_username() -> None:
    found = identity("ldap", "LDAP", ("1", "budi", ""), ["noc"], ALL)
    assert (found.name, found.role) == ("budi", "operator")


def test_a_fall_is_logged_once_and_a_recovery_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    standing, down = Standing("[ldap]"), ProviderDown("It does not answer", "connection refused")
    for _ in range(3):
        standing.fell(down)
    for _ in range(3):
        standing.answered()
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "[ldap]: It does not answer (connection refused)",
        "[ldap] answers again",
    ]
