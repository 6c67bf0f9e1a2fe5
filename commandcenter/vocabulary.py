"""The words feeds and panels share: what the value of each kind of reading holds.

Feeds write these, panels and rules read them; neither imports the other. A key that may be
missing from the source is None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

LinkState = Literal["up", "degraded", "down", "unknown", "unconnected"]


class Device(TypedDict):
    """network "device/<id>": the router of an office, a kecamatan or a provider's core."""

    name: str
    role: Literal["office", "kecamatan", "core"]
    office: str
    kecamatan: str
    provider: str
    parent: str  # id of the device it hangs on, "" at the top
    state: LinkState
    detail: str  # why it is not up: "no answer to 3 pings", "ifOperStatus down"
    probe: str  # how it was reached: "icmp", "fping", "tcp" or "snmp"
    rtt_ms: float | None
    loss_percent: float | None
    in_bps: float | None
    out_bps: float | None
    errors_per_second: float | None
    uptime_seconds: float | None
    latitude: float | None
    longitude: float | None


class Provider(TypedDict):
    """network "provider/<id>": all links of one provider together."""

    name: str
    devices: int
    up: int
    leaves: int  # devices that nothing hangs on: their traffic is summed up
    telling: int  # of them, so many tell their traffic
    in_bps: float | None
    out_bps: float | None
    rtt_ms: float | None  # median over its devices that answer
    loss_percent: float | None  # mean over its devices that answer


class OfficeAttendance(TypedDict):
    """attendance "office/<code>": today's presence at one office."""

    name: str
    kecamatan: str
    expected: int
    present: int | None  # at work now; None: no machine tells of today
    late: int | None  # None also where a clock is, or was today, known to be wrong
    machines: int
    machines_silent: int
    clocks_wrong: int  # machines whose clock is known to be wrong
    machines_unreadable: int  # machines of which nothing that they sent last can be read
    last_scan_at: str | None  # ISO
    working: bool  # whether people are expected to be there at this hour


MachineState = Literal[
    "online",
    "silent",
    "never",  # in the list, and never heard
    "pending",  # heard, and not in the list
    "clock wrong",
    "unreadable",  # nothing of what it sent last could be read
]


class Machine(TypedDict):
    """attendance "machine/<serial>": one fingerprint machine."""

    office: str
    office_name: str
    behind: str  # id of the network device it hangs on, "" when the list does not say
    state: MachineState
    detail: str  # what is wrong with it, "" when nothing is known to be
    last_seen_at: str | None  # ISO
    firmware: str
    address: str


class Complaint(TypedDict):
    """complaints "complaint/<source>:<id>": one open complaint. Never a complainant's name."""

    number: str
    source: Literal["webhook", "open311", "import"]
    title: str
    category: str
    agency: str
    address: str
    stage: Literal["received", "forwarded", "in_work"]
    received_at: str | None  # ISO; None: no source says when
    due_at: str | None  # ISO
    overdue: bool
    file_at: str | None  # ISO: typed in, as old as the spreadsheet it came from


class ComplaintTotals(TypedDict):
    """complaints "totals/all". Told from the first word of any source on, never before."""

    open: int
    overdue: int
    new_today: int
    closed_today: int
    undated: int  # open ones of which nobody knows whether they are overdue
    gone: int  # those that their source ceased to know today, without a word that they are done
    at_least: bool  # there may be more: a source never answered, or gave no more than a part
    from_file: int  # open ones that were typed in
    file_at: str | None  # ISO: how old the newest file is that complaints came from
    refused: dict[str, int | None]  # file or "Open311" -> rows, entries not used; None: all of it


ApplicationState = Literal[
    "up",
    "degraded",  # it answers, and something about the answer is not right
    "down",
    "unknown",  # we could not look: no DNS, no route, or a fault of our own
]


class Application(TypedDict):
    """applications "application/<id>": one e-government application."""

    name: str
    url: str
    behind: str  # id of the network device it hangs on, "" when the list does not say
    state: ApplicationState
    detail: str  # why it is not up; while it is: what is worth telling
    status: int | None  # HTTP status
    latency_ms: float | None  # to the first byte
    certificate: Literal["trusted", "untrusted"] | None  # as browsers judge it; None: not seen now
    certificate_days: float | None  # that browsers go on accepting it: 0 or less when they do not
    certificate_ends_first: str  # which certificate of the chain ends first, "" when none was seen


CameraState = Literal[
    "starting",
    "live",
    "late",  # its pictures come, but too seldom or too late
    "frozen",  # the picture stands still though the stream runs
    "dark",
    "covered",  # something stands right before the lens
    "defocused",
    "moved",  # it looks elsewhere than it used to
    "unreachable",
    "unauthorized",
    "not_found",
    "unsupported",  # what it sends is no picture that we can show
    "forbidden",  # its address is not in a network that config.toml allows
]


CAMERA_GREY: Mapping[str, str] = {  # the picture is not what one would see there now
    "frozen": "FROZEN",
    "unreachable": "LOST",
    "unauthorized": "WRONG PASSWORD",
    "not_found": "NOT FOUND",
    "unsupported": "NOT SUPPORTED",
    "forbidden": "ADDRESS REFUSED",
    "starting": "STARTING",
}
CAMERA_AMBER: Mapping[str, str] = {  # it is, but something is the matter with it
    "dark": "DARK",
    "covered": "COVERED",
    "defocused": "OUT OF FOCUS",
    "moved": "MOVED",
    "late": "LATE",
}


class Camera(TypedDict):
    """cameras "camera/<id>": one camera. Its picture itself never travels in a reading."""

    name: str
    owner: str
    behind: str  # id of the network device it hangs on, "" when the list does not say
    office: str  # id of the office it belongs to, "" when the list does not say
    latitude: float | None
    longitude: float | None
    seen_by: list[str]  # roles that may see it; [] for all
    place: int  # its place in the list, first is 0
    state: CameraState
    detail: str
    since: str  # ISO, since when it has been in this state
    captured_at: str | None  # ISO, of the last picture that is kept
    changed_at: str | None  # ISO, since when the picture has looked as it does
    picture: int | None  # number of the picture, for its address
    width: int | None  # of the camera's own picture, in pixels
    height: int | None
    patience: float  # seconds: an older picture is late; one that comes seldom may be older
    way: str  # how it is read: "keep" (open stream), "snap" (open, take one, close), "http"
    bytes_per_second: float | None  # what it costs its link, over the last minute


class Incident(TypedDict):
    """incidents "incident/<number>": one that needs somebody; "aside/<number>": one that is
    shelved, or resolved and not closed yet."""

    number: int
    title: str
    detail: str
    level: Literal["warning", "critical"]
    state: Literal["open", "acknowledged", "working", "shelved", "resolved"]
    feed: str
    about: str  # the key of the reading it is about
    source: str  # "rule", or the system that told it: alertmanager, zabbix, cap, webhook
    owner: str  # the role or office that its rule names
    assignee: str | None
    office: str
    kecamatan: str
    provider: str
    runbook: str
    opened_at: str  # ISO
    last_seen_at: str  # ISO
    count: int  # how often it happened
    flapping: bool
    affected: int  # things behind it
    maintenance: bool
    acknowledged_at: str | None
    acknowledged_by: str | None
    acknowledged_until: str | None
    shelved_until: str | None
    resolved_at: str | None
    resolved_by: str | None
    cause: str | None
    escalated: int
    version: int  # the optimistic lock
    revision: int  # rises with every change


class IncidentTotals(TypedDict):
    """incidents "totals/all": every incident that is not closed. `open` needs somebody, taken or
    not; shelved and resolved ones are not among them."""

    open: int
    acknowledged: int
    unacknowledged: int
    critical: int
    oldest_at: str | None  # ISO
    shelved: int
    resolved: int
    resolved_today: int


class Sender(TypedDict):
    """alerts "sender/<source>": another system that pushes its alerts to us."""

    name: str  # alertmanager, zabbix, cap or webhook
    # unknown: not heard yet; silent: one that is expected was not; refused: not all was taken
    state: Literal["heard", "refused", "silent", "unknown"]
    problem: str  # why the newest message was not taken as a whole, "" when it was
    firing: int  # its incidents that are active
    heard_at: str | None  # ISO
    quiet_seconds: float | None  # since then; for a rule about one that should be heard
    taken: int  # alerts since the start
    refused: int


class Vitals(TypedDict):
    """What the page of a display says of itself."""

    width: int  # of the screen in pixels, 0: not told yet
    height: int
    memory_bytes: int | None  # of its page's scripts
    memory_grown_bytes: int | None  # since the page was loaded
    clock_offset_ms: int | None  # how far its own clock is behind ours
    sound: Literal["on", "off", "blocked"] | None
    stalls: int  # how often its page stood still


class Display(Vitals):
    """displays "display/<id>": one screen that was ever paired, and what it shows."""

    number: int
    name: str
    room: str
    wall: str
    state: Literal["lit", "dark", "gone", "never", "revoked"]
    scene: str  # "" while it shows none
    scene_title: str
    held: bool  # an operator keeps this scene
    panel: str  # that fills the screen, "" while the whole scene is shown
    thing: str  # of that panel
    dark: bool  # as an operator wants it
    message: str
    muted: bool
    heard_at: str | None  # ISO
    paired_at: str  # ISO
    revoked_at: str | None  # ISO
    address: str


class Preset(TypedDict):
    """displays "preset/<name>": what every display shows, kept under a name."""

    name: str
    displays: int
    active: bool  # the displays are as it says


class Guests(TypedDict):
    """displays "room/guests"."""

    on: bool


class ProcessStatus(TypedDict):
    """system "process/<line of the Procfile>": how a process is doing, told by itself."""

    ok: bool
    error: str  # "" when it is well
    since: str  # ISO: since when it has been so


class ChannelStatus(TypedDict):
    """system "channel/<name>": how a channel of notifications is doing, told by notify."""

    ok: bool
    error: str  # why the latest message was not taken, "" when it was
    since: str  # ISO: since when it has been so
    waiting: int  # messages
    sent: int  # of the last day, like `given_up`
    given_up: int
    last_sent_at: str | None  # ISO


class FeedStatus(TypedDict):
    """system "feed/<name>": how one feed is doing, told by its runner."""

    ok: bool
    error: str  # why the source is down, "" when it is not
    since: str  # ISO: since when it has been so
    last_success_at: str | None  # ISO
    looks: int
    readings: int
    rejects: int
    list_mistakes: list[str]  # what is wrong with the list that it reads, in sentences
    seconds: float  # how long the last look took
    notes: dict[str, Any]  # facts for the health page, as JSON can say them: {"probe": "icmp"}


def urgency(incident: Mapping[str, Any]) -> tuple[bool, bool, str]:
    """Sorts incidents by their need of a person: unacknowledged, critical, oldest first."""
    taken = incident["acknowledged_at"] is not None
    return (taken, incident["level"] != "critical", incident["opened_at"])
