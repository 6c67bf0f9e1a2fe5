"""The tables of the records. Times are UTC; SQLite forgets the zone, so `Moment` puts it back."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(sa.types.TypeDecorator[datetime]):
    """An instant, aware and in UTC on both sides."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("records keep instants with a zone, not bare clock times")
        moved = value.astimezone(UTC)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Fitted(sa.types.TypeDecorator[str]):
    """A short text, cut to its column: what a person typed or a browser sent is kept as far as
    both databases can hold it. PostgreSQL refuses NUL and what is too long."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.longest = length

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else fitted(value, self.longest)


def fitted(text: str, longest: int) -> str:
    """A text as both databases can hold it."""
    text = text.replace("\x00", "").encode(errors="replace").decode()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _id() -> sa.Column[int]:
    return sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True
    )


machine = sa.Table(
    "machine",
    metadata,
    sa.Column("serial", sa.String(64), primary_key=True),
    sa.Column("accepted", sa.Boolean, nullable=False),  # False: pending, its scans are not taken
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False),
    sa.Column("address", sa.String(64), nullable=False, server_default=""),
    sa.Column("firmware", sa.String(128), nullable=False, server_default=""),
    sa.Column("stamps", sa.JSON, nullable=False),  # per table: the last Stamp= the device sent
    sa.Column("clock", sa.JSON, nullable=False, server_default="{}"),  # attendance.clock.Clock
    sa.Column("trouble", sa.String(200), nullable=False, server_default=""),  # why it is unreadable
    sa.Column("read_at", Moment),  # when scans of it were last read
)

scan = sa.Table(
    "scan",
    metadata,
    _id(),
    sa.Column("serial", sa.String(64), nullable=False),
    sa.Column("pin", sa.String(64), nullable=False),
    sa.Column("scanned_at", Moment, nullable=False),
    sa.Column("device_time", sa.String(32), nullable=False),  # as the device wrote it
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("verify", sa.Integer, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.UniqueConstraint("serial", "pin", "scanned_at", "status"),
    sa.Index(None, "scanned_at"),
)

complaint = sa.Table(
    "complaint",
    metadata,
    _id(),
    sa.Column("source", sa.String(32), nullable=False),  # webhook, open311, import
    sa.Column("external_id", sa.String(128), nullable=False),
    sa.Column("title", sa.String(300), nullable=False),
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.Column("category", sa.String(120), nullable=False, server_default=""),
    sa.Column("agency", sa.String(160), nullable=False, server_default=""),  # the OPD in charge
    sa.Column("address", sa.String(300), nullable=False, server_default=""),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    # received, forwarded, in_work, closed; gone: its source no longer knows it
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("received_at", Moment),  # NULL: no source says when
    sa.Column("due_at", Moment),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    sa.Column("origin", sa.String(8), nullable=False),
    sa.UniqueConstraint("source", "external_id"),
    sa.Index(None, "stage", "due_at"),
)

complaint_file = sa.Table(  # spreadsheets of complaints, as they were taken or refused
    "complaint_file",
    metadata,
    _id(),
    sa.Column("name", Fitted(200), nullable=False),
    sa.Column("file_at", Moment, nullable=False),  # when it was last changed
    sa.Column("taken", sa.Boolean, nullable=False),  # false: nothing of it could be used
    sa.Column("refused", sa.Integer, nullable=False),  # rows that could not be used
    sa.Column("at", Moment, nullable=False),
    sa.Column("origin", sa.String(8), nullable=False),
)

incident = sa.Table(
    "incident",
    metadata,
    _id(),
    sa.Column("rule", Fitted(80), nullable=False),  # the rule's topic, or "alert/<sender>"
    sa.Column("feed", Fitted(80), nullable=False),
    sa.Column("key", Fitted(200), nullable=False),
    sa.Column("source", Fitted(40), nullable=False, server_default="rule"),  # or the sender
    sa.Column("level", sa.String(16), nullable=False),  # warning, critical
    sa.Column("title", Fitted(300), nullable=False),
    sa.Column("detail", Fitted(500), nullable=False, server_default=""),
    sa.Column("origin", sa.String(8), nullable=False),
    sa.Column("state", sa.String(16), nullable=False, server_default="open"),
    sa.Column("owner", Fitted(120), nullable=False, server_default=""),  # a role or an office
    sa.Column("office", Fitted(160), nullable=False, server_default=""),
    sa.Column("kecamatan", Fitted(120), nullable=False, server_default=""),
    sa.Column("provider", Fitted(120), nullable=False, server_default=""),
    sa.Column("runbook", Fitted(500), nullable=False, server_default=""),
    sa.Column("flapping", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("affected", sa.JSON, nullable=False, server_default="[]"),  # what is behind it
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("last_seen_at", Moment, nullable=False),
    sa.Column("count", sa.Integer, nullable=False, server_default="1"),
    sa.Column("acknowledged_at", Moment),
    sa.Column("acknowledged_by", Fitted(120)),
    sa.Column("acknowledged_until", Moment),
    sa.Column("shelved_until", Moment),
    sa.Column("expires_at", Moment),  # as its sender said
    sa.Column("assignee", Fitted(120)),  # a person or an office
    sa.Column("resolved_at", Moment),
    sa.Column("resolved_by", Fitted(120)),
    sa.Column("cause", Fitted(80)),
    sa.Column("closed_at", Moment),
    sa.Column("escalated", sa.Integer, nullable=False, server_default="0"),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),  # the optimistic lock
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("undo", sa.JSON),  # what the latest step of a person can be taken back to
    sa.Index(None, "closed_at"),
    sa.Index(None, "resolved_at"),
    sa.Index(None, "feed", "key"),
    sa.Index(  # counted after every step
        "ix_incident_unclosed",
        "state",
        "level",
        "opened_at",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    sa.Index(
        "uq_incident_open",
        "rule",
        "feed",
        "key",
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
)

# What only an incident of another system has: records/episodes.py.
alert = sa.Table(
    "alert",
    metadata,
    sa.Column("incident_id", sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False),
    sa.Column("episode", Fitted(160), nullable=False, server_default=""),
    sa.Column("began_at", Moment),  # on the sender's clock, as `ended_at`
    sa.Column("ended_at", Moment),
    sa.Column("well_since", Moment),  # its sender says so, but it is flapping
    sa.Column("changes", sa.JSON, nullable=False),  # the latest between good and bad, on our clock
    sa.Column("parts", sa.JSON, nullable=False),  # messages that together are this incident
    sa.Column("told", sa.JSON, nullable=False),  # sender, labels and links, for people
    sa.Index(None, "episode"),
)

# Append-only, by triggers (migration 0003) and by a chain of hashes (records/chain.py).
incident_log = sa.Table(
    "incident_log",
    metadata,
    _id(),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),  # without gaps
    sa.Column("incident_id", sa.ForeignKey("incident.id"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("who", Fitted(120), nullable=False),  # a person, or "watch"
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("facts", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),  # after the step
    sa.Column("source_address", Fitted(64), nullable=False, server_default=""),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index(None, "at"),
    sa.Index(None, "who", "number"),
)

incident_chain = sa.Table(  # one row: the end of the log
    "incident_chain",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

evidence = sa.Table(  # how it looked when it happened
    "evidence",
    metadata,
    _id(),
    sa.Column("incident_id", sa.ForeignKey("incident.id"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),  # picture, series, reading
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("camera", Fitted(120), nullable=False, server_default=""),  # its id, of a picture
    sa.Column("role", sa.String(8), nullable=False, server_default=""),  # before, at, after
    sa.Column("fell_at", Moment),  # the fall that it belongs to
    sa.Column("state", sa.String(12), nullable=False, server_default="kept"),
    sa.Column("sha256", sa.String(64), nullable=False, server_default=""),  # of the body, in hex
    sa.Column("forgotten_at", Moment),
    sa.Column("body", sa.LargeBinary, nullable=False),  # b"" unless it is kept
    sa.Index(  # asked for every two seconds
        "ix_evidence_wanted",
        "at",
        sqlite_where=sa.text("state = 'wanted'"),
        postgresql_where=sa.text("state = 'wanted'"),
    ),
)

maintenance = sa.Table(
    "maintenance",
    metadata,
    _id(),
    sa.Column("kind", sa.String(16), nullable=False),  # thing, office, provider, kecamatan, …
    sa.Column("scope", Fitted(300), nullable=False),
    sa.Column("title", Fitted(200), nullable=False),
    sa.Column("note", Fitted(2000), nullable=False, server_default=""),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False, index=True),
    sa.Column("zone", sa.String(40), nullable=False),  # in which it was typed in
    sa.Column("created_by", Fitted(120), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("cancelled_by", Fitted(120)),
    sa.Column("cancelled_at", Moment),
)

handover = sa.Table(
    "handover",
    metadata,
    _id(),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("from_who", Fitted(120), nullable=False),
    sa.Column("to_who", Fitted(120), nullable=False),
    sa.Column("summary", sa.JSON, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("taken_at", Moment),
    sa.Column("refused_at", Moment),
)

outbox = sa.Table(  # messages on their way to a channel
    "outbox",
    metadata,
    _id(),
    sa.Column("key", sa.String(120), nullable=False, unique=True),
    sa.Column("channel", Fitted(80), nullable=False),
    sa.Column("incident_id", sa.ForeignKey("incident.id")),
    sa.Column("kind", Fitted(32), nullable=False),
    sa.Column("subject", Fitted(300), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False, index=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", Fitted(300), nullable=False, server_default=""),
    sa.Column("sent_at", Moment),
    sa.Column("given_up_at", Moment),
    sa.Index(
        "ix_outbox_waiting",
        "channel",
        sqlite_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    ),
)

reject = sa.Table(
    "reject",
    metadata,
    _id(),
    sa.Column("at", Moment, nullable=False),
    sa.Column("feed", sa.String(80), nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),  # of the whole body, when only its head is kept
    sa.Index(None, "at"),
)

used_signature = sa.Table(
    "used_signature",
    metadata,
    sa.Column("signature", sa.String(80), primary_key=True),  # a webhook's, within its window
    sa.Column("at", Moment, nullable=False, index=True),
)

display = sa.Table(
    "display",
    metadata,
    _id(),
    sa.Column("name", Fitted(80), nullable=False),
    sa.Column("room", Fitted(80), nullable=False, server_default=""),
    sa.Column("wall", Fitted(80), nullable=False),  # the name of a [[wall]]
    sa.Column("token_hash", sa.String(64), unique=True),  # None: its token was not fetched yet
    sa.Column("paired_at", Moment, nullable=False),
    sa.Column("paired_by", Fitted(120), nullable=False),
    sa.Column("revoked_at", Moment),
    sa.Column("revoked_by", Fitted(120)),
    sa.Column("last_seen_at", Moment),
    sa.Column("address", Fitted(64), nullable=False, server_default=""),
    sa.Column("user_agent", Fitted(300), nullable=False, server_default=""),
    sa.Column("width", sa.Integer, nullable=False, server_default="0"),  # pixels
    sa.Column("height", sa.Integer, nullable=False, server_default="0"),
    sa.Column("control", sa.JSON, nullable=False, server_default="{}"),  # the operator's will
)

pairing = sa.Table(
    "pairing",
    metadata,
    _id(),
    sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("code", sa.String(6), nullable=False, unique=True),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
    sa.Column("address", Fitted(64), nullable=False),
    sa.Column("user_agent", Fitted(300), nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("display_id", sa.ForeignKey("display.id")),  # None: nobody has entered the code yet
)

preset = sa.Table(
    "preset",
    metadata,
    sa.Column("name", Fitted(80), primary_key=True),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("saved_at", Moment, nullable=False),
    sa.Column("saved_by", Fitted(120), nullable=False),
)

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("key", sa.String(80), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("changed_by", Fitted(120), nullable=False),
)

account = sa.Table(
    "account",
    metadata,
    _id(),
    sa.Column("username", Fitted(80), nullable=False),
    sa.Column("name", Fitted(120), nullable=False),  # as every log names them
    sa.Column("username_key", Fitted(160), nullable=False),  # casefolded
    sa.Column("name_key", Fitted(240), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("offices", sa.JSON, nullable=False, server_default="[]"),  # codes; none: no limit
    sa.Column("domains", sa.JSON, nullable=False, server_default="[]"),  # feeds; none: no limit
    sa.Column("provider", sa.String(16), nullable=False),  # local, oidc, ldap, demo
    sa.Column("subject", Fitted(500), nullable=False),  # there; the username_key of a local one
    sa.Column("password_hash", sa.String(300)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("created_by", Fitted(120), nullable=False),
    sa.Column("disabled_at", Moment),
    sa.Column("last_sign_in_at", Moment),
    sa.UniqueConstraint("provider", "username_key"),
    sa.UniqueConstraint("provider", "subject"),
)

session = sa.Table(
    "session",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("account_id", sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("how", sa.String(16), nullable=False),  # see sessions.Session
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("address", Fitted(64), nullable=False, server_default=""),
    sa.Column("user_agent", Fitted(300), nullable=False, server_default=""),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", Fitted(120)),
    sa.Index(
        "ix_session_live",
        "ends_at",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

second_factor = sa.Table(
    "second_factor",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.id"), primary_key=True, autoincrement=False),
    sa.Column("secret", sa.String(64), nullable=False),  # sealed: access/sealing.py
    sa.Column("last_step", sa.BigInteger, nullable=False),  # half minutes since 1970
    sa.Column("created_at", Moment, nullable=False),
)

paper_code = sa.Table(  # for the day on which the telephone is gone
    "paper_code",
    metadata,
    _id(),
    sa.Column("account_id", sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("code_hash", sa.String(64), nullable=False),
    sa.Column("used_at", Moment),
)

entry_link = sa.Table(  # one-time links to set a password
    "entry_link",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),  # setup, password
    sa.Column("account_id", sa.ForeignKey("account.id")),  # None: of kind setup
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("created_by", Fitted(120), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

api_token = sa.Table(
    "api_token",
    metadata,
    _id(),
    sa.Column("name", Fitted(80), nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("offices", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("domains", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("created_by", Fitted(120), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment),
    sa.Column("revoked_at", Moment),
    sa.Column("revoked_by", Fitted(120)),
)

# What people do besides steps with incidents; append-only and chained like incident_log.
audit_log = sa.Table(
    "audit_log",
    metadata,
    _id(),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),  # without gaps
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("who", Fitted(120), nullable=False),
    sa.Column("act", sa.String(40), nullable=False),  # signed_in, account.created, display.paired…
    sa.Column("thing", Fitted(200), nullable=False, server_default=""),  # kind/number
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("facts", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("source_address", Fitted(64), nullable=False, server_default=""),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index(None, "who", "number"),
    sa.Index(None, "act", "number"),
    sa.Index(None, "thing", "number"),
)

audit_chain = sa.Table(  # one row: the end of the log
    "audit_chain",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
