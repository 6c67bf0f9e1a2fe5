"""What Redis keeps of every feed, and the script that keeps it.

    cc:feeds           set: the feeds that were ever published
    cc:{feed}:state    hash: epoch (when this memory began), number (the last), count (how many)
    cc:{feed}:latest   hash: key -> number, line break, reading; a forgotten key is deleted
    cc:{feed}:recent   stream, capped: id <number>-0, one field: key -> reading
    cc:bell:<feed>     channel: "epoch previous first", then key and reading of each, line by line

The keys of one feed share a hash tag, as Redis Cluster wants. Keys of things are kept as JSON
strings: a line break in one cannot break the bell. The feed judges what is newest: what is
published last is the latest, even when its `at` is older.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha1
from itertools import count
from typing import Any, NamedTuple, TypeVar, cast

import orjson
from redis.asyncio import Redis
from redis.exceptions import InvalidResponse, NoScriptError

from commandcenter.reading import BadReading, Reading, sayable

# Numbers are at least the server's clock in µs, so none is given twice even after Redis lost its
# memory or a replica took over that had seen fewer writes. Lua's doubles hold them until 2255.
_PUBLISH = """
local state = redis.call('HMGET', KEYS[1], 'epoch', 'number')
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local epoch, previous = state[1] or string.format('%.0f', now), tonumber(state[2] or 0)
local bell, keep, kinds, size = ARGV[1], ARGV[2], ARGV[3], #ARGV[3]
local first = math.max(previous + 1, now)
local last = size > 0 and first + size - 1 or previous
for i = 1, size do
  local key, reading = ARGV[2 * i + 2], ARGV[2 * i + 3]
  local number = string.format('%.0f', first + i - 1)
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', keep, number .. '-0', key, reading)
  if string.sub(kinds, i, i) == '-' then
    redis.call('HDEL', KEYS[2], key)
  else
    redis.call('HSET', KEYS[2], key, number .. '\\n' .. reading)
  end
end
if size > 0 or not state[1] then
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'number', string.format('%.0f', last))
  redis.call('HINCRBY', KEYS[1], 'count', size)
end
if size > 0 then
  local head = epoch .. string.format(' %.0f %.0f\\n', previous, first)
  redis.call('PUBLISH', bell, head .. table.concat(ARGV, '\\n', 4))
end
return {epoch, string.format('%.0f', previous), string.format('%.0f', last)}
"""
_SHA = sha1(_PUBLISH.encode(), usedforsecurity=False).hexdigest()
T = TypeVar("T")

_FEEDS = "cc:feeds"
CHUNK = 1000  # entries of the stream read at once
ANSWER = 3.0  # seconds that Redis may take

Encoded = tuple[str, bytes, bytes]  # "+" kept or "-" forgotten, key, what is told of it
Told = tuple[int, bytes, bytes]  # number, key, what is told of it


async def answered(asked: Awaitable[T]) -> T:
    """What Redis answers. Raises TimeoutError.

    In place of redis-py's socket_timeout, which goes through asyncio.wait_for and so, until Python
    3.12, may swallow the cancellation of a task: it would then never end.
    """
    async with asyncio.timeout(ANSWER):
        return await asked


class Receipt(NamedTuple):
    """The script's answer: what the feed's last number was before, and what it is now."""

    epoch: str
    previous: int
    number: int


class State(NamedTuple):
    """A feed's memory: the epoch it began in ("": there is none), last number, how many."""

    epoch: str
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """The next chunk of the stream after some number, and the keys that are not forgotten."""

    state: State
    trimmed: int  # how many of the epoch the stream no longer has
    told: tuple[Told, ...]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The latest reading of every key, in the order of their numbers."""

    state: State
    trimmed: int
    oldest: int | None  # number of the oldest entry of the stream
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """One ring: what is told in it, after the feed's number was `previous`."""

    epoch: str
    previous: int
    told: tuple[Told, ...]

    @property
    def last(self) -> int:
        return self.told[-1][0]

    @classmethod
    def parse(cls, data: bytes) -> Bell:
        """Read what the script published. Raises ValueError."""
        head, *lines = data.split(b"\n")
        epoch, previous, first = (int(part) for part in head.split(b" "))
        if not lines or len(lines) % 2:
            raise ValueError(f"{len(lines)} lines are no pairs of key and reading")
        told = tuple(zip(count(first), lines[::2], lines[1::2], strict=False))
        return cls(epoch=str(epoch), previous=previous, told=told)


class Memory:
    """The kept readings of every feed. Raises RedisError and OSError.

    What is found there and cannot be read is counted, put aside and left out.
    """

    def __init__(self, redis: Redis, keep: int, reject: Callable[..., None] | None) -> None:
        self.rejected = 0
        self._redis = redis
        self._keep = keep
        self._reject = reject

    async def feeds(self) -> set[str]:
        """Every feed that was published since Redis began to remember."""
        names = await cast("Awaitable[set[bytes]]", self._redis.smembers(_FEEDS))
        return {name.decode(errors="replace") for name in names}

    async def publish(self, feed: str, bell: str, encoded: Iterable[Encoded]) -> Receipt:
        """Number, keep and ring for readings that `encode` made ready."""
        kinds = "".join(kind for kind, _, _ in encoded)
        told = [part for _, *pair in encoded for part in pair]
        arguments = (3, *_names(feed), bell, self._keep, kinds, *told)
        try:
            answer = await self._run(feed, "EVALSHA", _SHA, *arguments)
        except NoScriptError:
            answer = await self._run(feed, "EVAL", _PUBLISH, *arguments)
        epoch, previous, number = answer
        return Receipt(epoch.decode(), int(previous), int(number))

    async def recent(self, feed: str, after: int) -> Recent:
        """The chunk of the stream after the number `after`."""
        state, latest, recent = _names(feed)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hmget(state, ["epoch", "number", "count"])
            pipe.xlen(recent)
            pipe.xrange(recent, min=after + 1, count=CHUNK)
            pipe.hkeys(latest)
            told, length, entries, keys = await pipe.execute()
        known = _state(told)
        return Recent(
            state=known,
            trimmed=known.total - length,
            told=tuple((_number(entry), *pair) for entry in entries for pair in entry[1].items()),
            keys=frozenset(_readable(keys)),
        )

    async def latest(self, feed: str) -> Latest:
        """The latest of every key."""
        state, latest, recent = _names(feed)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hmget(state, ["epoch", "number", "count"])
            pipe.xlen(recent)
            pipe.xrange(recent, count=1)
            pipe.hgetall(latest)
            told, length, oldest, kept = await pipe.execute()
        known = _state(told)
        return Latest(
            state=known,
            trimmed=known.total - length,
            oldest=_number(oldest[0]) if oldest else None,
            readings=tuple(sorted(self.decode(feed, _numbered(kept)), key=lambda r: r.number)),
        )

    def encode(self, feed: str, reading: Reading) -> Iterator[Encoded]:
        """A reading as the script takes it: what JSON cannot say of its value is told as missing.
        Nothing when even its key cannot be said."""
        try:
            key = orjson.dumps(reading.key)
        except TypeError as error:
            self.put_aside(feed, f"{reading.key!r} cannot be published: {error}")
            return
        try:
            told = reading.encode()
        except TypeError as error:
            self.put_aside(feed, f"{reading.key}: told as missing: {error}")
            told = replace(reading, value=sayable(reading.value)).encode()
        yield "-" if reading.value is None else "+", key, told

    def decode(self, feed: str, told: Iterable[Told]) -> tuple[Reading, ...]:
        """The readings among what was told."""
        found = []
        for number, key, raw in told:
            try:
                found.append(Reading.decode(feed, _key(key), number, raw))
            except (ValueError, OverflowError) as error:
                self.put_aside(feed, str(error), raw)
        return tuple(found)

    def put_aside(self, feed: str, reason: str, body: bytes = b"") -> None:
        """Count what cannot be used, and hand it to where such things are kept."""
        self.rejected += 1
        if self._reject is not None:
            self._reject(f"bus {feed}", reason, body)

    async def _run(self, feed: str, *command: Any) -> list[bytes]:
        # The feed is made known every time: Redis may have lost its memory in between.
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.sadd(_FEEDS, feed)
            pipe.execute_command(*command)
            return cast("list[bytes]", (await pipe.execute())[1])


def _names(feed: str) -> tuple[str, str, str]:
    return f"cc:{{{feed}}}:state", f"cc:{{{feed}}}:latest", f"cc:{{{feed}}}:recent"


def _state(told: list[bytes | None]) -> State:
    epoch, number, total = told
    return State((epoch or b"").decode(errors="replace"), _int(number or 0), _int(total or 0))


def _number(entry: tuple[bytes, Any]) -> int:
    return _int(entry[0].partition(b"-")[0])


def _numbered(kept: dict[bytes, bytes]) -> Iterator[Told]:
    for key, told in kept.items():
        number, _, raw = told.partition(b"\n")
        yield _int(number), key, raw


def _int(raw: bytes | int) -> int:
    try:
        return int(raw)
    except ValueError as error:
        raise InvalidResponse(
            "another program has written to the keys cc:*; delete them"
        ) from error


def _key(raw: bytes) -> str:
    key = orjson.loads(raw)
    if not isinstance(key, str):
        raise BadReading(f"the key {raw[:80]!r} is not a text")
    return key


def _readable(keys: Iterable[bytes]) -> Iterator[str]:
    for raw in keys:
        with suppress(ValueError):
            yield _key(raw)
