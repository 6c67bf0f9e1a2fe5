"""Run a program as a unit of setup/systemd confines it, where no systemd can be booted.

    python confined.py <unit> <program> <word> ...

The rules of the unit that can break a program are set with what systemd itself uses: seccomp by
libseccomp, PR_SET_MDWE of the kernel, no new privileges, the mask of new files (systemd.exec(5)).
What a unit says of mounts, of its user and of control groups is not.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ALLOW, REFUSE = 0x7FFF_0000, 0x0005_0000  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO (seccomp.h)
EQUAL = 4  # SCMP_CMP_EQ
NO_NEW_PRIVILEGES, NO_WRITE_AND_EXECUTE = 38, 65  # PR_SET_NO_NEW_PRIVS, PR_SET_MDWE (prctl.h)
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}


class Compared(ctypes.Structure):
    """A `struct scmp_arg_cmp`: an argument of a system call and what it is compared with."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def confine(unit: str) -> None:
    """Take from this process, and from all that it will start, what the unit does not leave."""
    rules = [line.split("=", 1) for line in unit.splitlines() if "=" in line and line[0] != "#"]
    values = dict(rules)
    os.umask(int(values["UMask"], 8))
    calls = allowed_calls([value for name, value in rules if name == "SystemCallFilter"])
    families = values["RestrictAddressFamilies"].split()
    libc = ctypes.CDLL(None)
    assert values["NoNewPrivileges"] == "true"
    assert libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    if values["MemoryDenyWriteExecute"] == "true":
        libc.prctl(NO_WRITE_AND_EXECUTE, 1, 0, 0, 0)  # Linux before 6.3 cannot
    filter_calls(calls, [FAMILIES[name] for name in families])


def allowed_calls(filters: Iterable[str]) -> set[str]:
    """The system calls that are left by the unit's lines `SystemCallFilter=`."""
    groups = known_groups()
    calls = members("@default", groups)
    for line in filters:
        named = {call for word in line.lstrip("~").split() for call in members(word, groups)}
        calls = calls - named if line.startswith("~") else calls | named
    return calls


def known_groups() -> dict[str, list[str]]:
    """What this machine's systemd means by "@system-service" and the others."""
    command = ["systemd-analyze", "syscall-filter", "--no-pager"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    groups: dict[str, list[str]] = {}
    for line in told.splitlines():
        if line.startswith("@"):
            groups[line] = group = []
        elif line.startswith("    ") and not line.lstrip().startswith("#"):
            group.append(line.strip())
    return groups


def members(name: str, groups: dict[str, list[str]]) -> set[str]:
    """The system calls of a group, and of the groups in it."""
    if not name.startswith("@"):
        return {name}
    return {call for member in groups[name] for call in members(member, groups)}


def filter_calls(calls: Iterable[str], families: Iterable[int]) -> None:
    """From now on every other system call, and every socket of another family, is refused."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(REFUSE | errno.EPERM))

    def rule(action: int, call: str, *arguments: Compared) -> None:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # else this processor has no such call
            several = (Compared * len(arguments))(*arguments)
            done = seccomp.seccomp_rule_add_array(context, action, number, len(arguments), several)
            assert done == 0, (call, done)

    for call in sorted(set(calls) - {"socket", "clone3"}):
        rule(ALLOW, call)
    for family in families:
        rule(ALLOW, "socket", Compared(0, EQUAL, family, 0))
    rule(REFUSE | errno.ENOSYS, "clone3")  # as RestrictNamespaces= does: libraries then use clone
    assert seccomp.seccomp_load(context) == 0


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text())
    os.execv(sys.argv[2], sys.argv[2:])
