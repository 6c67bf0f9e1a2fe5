"""The `when` of a rule: a small, safe part of Python's expressions, parsed once.

Names are keys of a reading's value (`state`, or dotted `last.code`). Beside them there are
constants, comparisons, `in`, `is None`, `and`, `or`, `not`, `+ - * /` and lists; nothing can be
called, so a condition can only look.

Missing is never good news and never a crash: what depends on a value that is None is *unknown*
(Kleene's three-valued logic, as NULL in SQL), and an unknown condition neither opens an incident
nor closes one. Only `is None` and `is not None` look at the missing itself.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Self, TypeAlias

LONGEST = 500  # characters
DEEPEST = 30  # expressions within expressions

Look: TypeAlias = Callable[[Mapping[str, Any]], Any]


class BadCondition(ValueError):
    """Not a condition; the sentence points at the place and says what is allowed."""


class ConditionFailed(Exception):
    """A condition that does not fit the value it met; a sentence for the person at the wall.

    It tells names and kinds, never what the value holds.
    """


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition."""

    text: str
    _look: Look = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a condition. Raises BadCondition."""
        told = text.strip()
        if len(told) > LONGEST:
            raise BadCondition(f"has {len(told)} characters; {LONGEST} is the most")
        return cls(told, _Compiler(told).truth(_tree(told)))

    def holds(self, value: Mapping[str, Any]) -> bool | None:
        """Whether it holds for a reading's value; None when that cannot be told.

        Raises ConditionFailed for a name that the value does not have, or a word where a number
        is needed.
        """
        found: bool | None = self._look(value)
        return found


def _tree(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # "\d" and "1and 2" are mistakes, not warnings
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = f"near character {error.offset}" if error.offset else "at its end"
        raise BadCondition(f"cannot be read {place}: {error.msg}") from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise BadCondition(f"cannot be read: {error}") from error


class _Compiler(ast.NodeVisitor):
    """Turns each expression that is allowed into a function of the value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0

    def visit(self, node: ast.AST) -> Look:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadCondition(f"is nested more than {DEEPEST} deep")
        look: Look = super().visit(node)
        self.depth -= 1
        return look

    def truth(self, node: ast.expr) -> Look:
        """What must be true, false or unknown: the whole, and the sides of and, or, not."""
        if isinstance(node, ast.BinOp | ast.Tuple | ast.List) or (
            isinstance(node, ast.Constant) and not isinstance(node.value, bool)
        ):
            self.refuse(node, "is neither true nor false; compare it with something")
        look, told = self.visit(node), self.source(node)
        return lambda value: _yes_or_no(look(value), told)

    def visit_Constant(self, node: ast.Constant) -> Look:
        constant = node.value
        if constant is None:
            self.refuse(node, "cannot stand here; write `is None` or `is not None`")
        if not isinstance(constant, bool | int | float | str):
            self.refuse(node, "is neither a number, a word in quotes, True nor False")
        return lambda _: constant

    def visit_Name(self, node: ast.Name) -> Look:
        path = self.path(node)
        return lambda value: _find(value, path)

    def visit_Attribute(self, node: ast.Attribute) -> Look:
        path = self.path(node)
        return lambda value: _find(value, path)

    def path(self, node: ast.expr) -> tuple[str, ...]:
        """("last", "code") of `last.code`."""
        if isinstance(node, ast.Attribute):
            before, name = self.path(node.value), node.attr
        elif isinstance(node, ast.Name):
            before, name = (), node.id
        else:
            self.refuse(node, "has no parts; a dot stands between names only")
        if name.startswith("_"):
            self.refuse(node, "begins with an underscore; no value has such a name")
        return (*before, name)

    def visit_Tuple(self, node: ast.Tuple) -> Look:
        return self.several(node.elts)

    def visit_List(self, node: ast.List) -> Look:
        return self.several(node.elts)

    def several(self, nodes: list[ast.expr]) -> Look:
        looks = [self.visit(node) for node in nodes]
        return lambda value: [look(value) for look in looks]

    def visit_BoolOp(self, node: ast.BoolOp) -> Look:
        looks = [self.truth(side) for side in node.values]
        decisive = isinstance(node.op, ast.Or)
        return lambda value: _joined((look(value) for look in looks), decisive)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Look:
        if isinstance(node.op, ast.Not):
            side = self.truth(node.operand)
            return lambda value: _not(side(value))
        if not isinstance(node.op, ast.USub):
            self.refuse(node, "is not known here")
        minus, told = self.visit(node.operand), self.source(node)
        return lambda value: _calculate(operator.sub, 0, minus(value), told)

    def visit_BinOp(self, node: ast.BinOp) -> Look:
        act = _ARITHMETIC.get(type(node.op))
        if act is None:
            self.refuse(node, "calculates with something other than + - * /")
        left, right, told = self.visit(node.left), self.visit(node.right), self.source(node)
        return lambda value: _calculate(act, left(value), right(value), told)

    def visit_Compare(self, node: ast.Compare) -> Look:
        sides = [node.left, *node.comparators]
        pairs = [
            self.pair(node, left, op, right)
            for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return lambda value: _joined((pair(value) for pair in pairs), decisive=False)

    def pair(self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Look:
        one = self.visit(left)
        if isinstance(op, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Constant) and right.value is None):
                self.refuse(node, "uses `is` with something other than None; write ==")
            missing = isinstance(op, ast.Is)
            return lambda value: (one(value) is None) is missing
        other, told, (fits, act) = self.visit(right), self.source(node), _COMPARISONS[type(op)]
        return lambda value: _compare(fits, act, one(value), other(value), told)

    def generic_visit(self, node: ast.AST) -> NoReturn:
        self.refuse(
            node,
            "is not allowed; a condition has names, numbers, 'words', comparisons, in, is None,"
            " and, or, not, + - * / and lists",
        )

    def source(self, node: ast.AST) -> str:
        return ast.get_source_segment(self.text, node) or self.text

    def refuse(self, node: ast.AST, why: str) -> NoReturn:
        line: int = getattr(node, "lineno", 1)
        column: int = getattr(node, "col_offset", 0)
        before = self.text.splitlines()[line - 1].encode()[:column].decode(errors="replace")
        where = f"character {len(before) + 1}" + (f" of line {line}" if line > 1 else "")
        raise BadCondition(f"`{self.source(node)}` at {where} {why}")


def _find(value: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = value
    for name in path:
        if found is None:
            return None
        if not isinstance(found, Mapping) or name not in found:
            raise ConditionFailed(f"'{'.'.join(path)}' tidak ada pada data")
        found = found[name]
    return found


def _yes_or_no(found: Any, told: str) -> bool | None:
    if found is None:
        return None
    if isinstance(found, bool):
        return found
    raise ConditionFailed(f"'{told}' berisi {_kind(found)}, seharusnya ya atau tidak")


def _joined(sides: Iterable[bool | None], decisive: bool) -> bool | None:
    """`or` when True decides, `and` when False does; what is unknown leaves it to the others."""
    unknown = False
    for side in sides:
        if side is decisive:
            return decisive
        unknown = unknown or side is None
    return None if unknown else not decisive


def _not(side: bool | None) -> bool | None:
    return None if side is None else not side


def _compare(
    fits: _Fits, act: Callable[[Any, Any], Any], left: Any, right: Any, told: str
) -> bool | None:
    if left is None or right is None:
        return None
    if not fits(left, right):
        raise ConditionFailed(f"'{told}' membandingkan {_kind(left)} dengan {_kind(right)}")
    return bool(act(left, right))


def _calculate(act: Callable[[Any, Any], Any], left: Any, right: Any, told: str) -> Any:
    if left is None or right is None:
        return None
    if _kind(left) != "angka" or _kind(right) != "angka":
        raise ConditionFailed(f"'{told}' menghitung {_kind(left)} dengan {_kind(right)}")
    try:
        return act(left, right)
    except ArithmeticError as error:
        raise ConditionFailed(f"'{told}' tidak dapat dihitung") from error


def _kind(found: Any) -> str:
    for types, word in _KINDS:
        if isinstance(found, types):
            return word
    return "objek"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "ya/tidak"),  # before numbers: Python takes True for 1
    ((int, float), "angka"),
    (str, "kata"),
    ((list, tuple), "daftar"),
)


def _alike(left: Any, right: Any) -> bool:
    """Of one kind: a rule that compares '3' with 3 would never tell anything."""
    return _kind(left) == _kind(right)


def _ordered(left: Any, right: Any) -> bool:
    return _alike(left, right) and _kind(left) in ("angka", "kata")


def _within(left: Any, right: Any) -> bool:
    return isinstance(right, list | tuple) or (isinstance(right, str) and isinstance(left, str))


_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}

_Fits: TypeAlias = Callable[[Any, Any], bool]
_COMPARISONS: Mapping[type[ast.cmpop], tuple[_Fits, Callable[[Any, Any], Any]]] = {
    ast.Eq: (_alike, operator.eq),
    ast.NotEq: (_alike, operator.ne),
    ast.Lt: (_ordered, operator.lt),
    ast.LtE: (_ordered, operator.le),
    ast.Gt: (_ordered, operator.gt),
    ast.GtE: (_ordered, operator.ge),
    ast.In: (_within, lambda left, right: left in right),
    ast.NotIn: (_within, lambda left, right: left not in right),
}
