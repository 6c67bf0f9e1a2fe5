"""The wall under soak: config.toml of a region whose sources are the soak itself.

Patience is short, so that cards turn late and stale within an outage of seconds.
"""

from __future__ import annotations

from benchmarks.soak.servers import ROOT

LISTS = ROOT / "commandcenter" / "demo" / "lists"
FEEDS = ("network", "attendance", "complaints", "applications", "cameras", "incidents")
PULSE = "pulse"  # the feed and the panel that tell when they were told
PATH = "/wall/utama"

CONFIG = f"""
[region]
name = "Kabupaten Kotawaringin Barat"
initials = "KB"
office = "Dinas Komunikasi, Informatika, Statistik dan Persandian"

[web]
port = {{port}}

[lists]
offices = "{LISTS}/offices.csv"

[[wall]]
name = "utama"
seconds = 5
sound = false

[[wall.scene]]
name = "ringkasan"
rows = ["auto", "auto", "3fr", "2fr", "1.4fr", "1.2fr"]
columns = ["1.25fr", "1fr", "1.05fr"]
picture = [
  "masthead masthead   masthead",
  "summary  summary    summary",
  "map      network    incidents",
  "map      attendance complaints",
  "map      attendance {PULSE}",
  "cctv     cctv       cctv",
]

[[wall.scene]]
name = "kamera"
rows = ["auto", "1fr", "auto"]
columns = ["1fr", "1.9fr"]
picture = [
  "masthead masthead",
  "map      cameras",
  "{PULSE}  {PULSE}",
]

[[wall.scene]]
name = "pelayanan"
rows = ["auto", "auto", "1fr", "auto"]
picture = [
  "masthead   masthead   masthead",
  "summary    summary    summary",
  "attendance complaints incidents",
  "{PULSE}    {PULSE}    {PULSE}",
]

[panel.masthead]
[panel.summary]
[panel.map]
[panel.network]
[panel.attendance]
[panel.complaints]
[panel.incidents]
[panel.cctv]
show = 8
[panel.cameras]
type = "cctv"
show = 24
columns = 4
[panel.{PULSE}]
type = "complaints"
feeds = ["{PULSE}"]
show = 1

[feed.network]
devices = "{LISTS}/devices.csv"
late_after = 3
stale_after = 8
[feed.attendance]
machines = "{LISTS}/machines.csv"
late_after = 3
stale_after = 8
[feed.complaints]
late_after = 3
stale_after = 8
[feed.applications]
applications = "{LISTS}/applications.csv"
late_after = 3
stale_after = 8
[feed.cameras]
cameras = "{LISTS}/cameras.csv"
late_after = 4
stale_after = 10
[feed.{PULSE}]
type = "complaints"
late_after = 3
stale_after = 8

[[person]]
name = "operator 1"
"""
