"""What senders send: recorded from Alertmanager 0.25.0 and Zabbix 6.0.14, else by their manuals."""

from __future__ import annotations

from typing import Any

FIRING: dict[str, Any] = {
    "status": "firing",
    "labels": {
        "alertname": "SitusMati",
        "instance": "http://127.0.0.1:9777/ok",
        "job": "blackbox_http",
        "opd": "Dinas Kesehatan",
        "penyedia": "Telkom",
        "severity": "critical",
    },
    "annotations": {
        "runbook_url": "https://wiki.example.go.id/situs",
        "summary": "Situs dinkes tidak menjawab",
        "description": "Tiga kali berturut-turut",
    },
    "startsAt": "2026-11-20T16:47:07.288Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://vm:9190/graph?g0.expr=probe_success+%3D%3D+0&g0.tab=1",
    "fingerprint": "8c6f6f82ce888e0a",
}
RESOLVED = {**FIRING, "status": "resolved", "endsAt": "2026-11-20T16:58:07.288Z"}
FIRING_AGAIN = {**FIRING, "startsAt": "2026-11-20T16:59:07.288Z"}
"""The next episode."""

GRAFANA_ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "Suhu ruang server", "grafana_folder": "Ruang", "opd": "dinkes"},
    "annotations": {},
    "startsAt": "2026-11-21T09:40:00+07:00",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "https://grafana.example.go.id/alerting/grafana/abc/view?orgId=1",
    "fingerprint": "c6eadffa33fcdf37",
    "silenceURL": "https://grafana.example.go.id/alerting/silence/new",
    "dashboardURL": "",
    "panelURL": "",
    "values": {"B": 44.2},
}


def notification(*alerts: Any, **more: Any) -> dict[str, Any]:
    """Alertmanager's envelope around alerts."""
    return {
        "receiver": "hook",
        "status": "firing",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "SitusMati"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://vm:9193",
        "version": "4",
        "groupKey": '{}:{alertname="SitusMati"}',
        "truncatedAlerts": 0,
        **more,
    }


GRAFANA = notification(
    GRAFANA_ALERT, version="1", orgId=1, title="[FIRING:1]", state="alerting", message="**Firing**"
)

PROBLEM: dict[str, Any] = {
    "event_id": "18",
    "event_value": "1",
    "event_name": "Situs tidak menjawab",
    "severity": "4",
    "severity_name": "High",
    "host": "rtr-kec-01",
    "host_name": "rtr-kec-01",
    "host_ip": "127.0.0.1",
    "trigger_id": "23133",
    "event_time": "2026.11.20 16:55:34",
    "recovery_time": "{EVENT.RECOVERY.DATE} {EVENT.RECOVERY.TIME}",
    "update_status": "0",
    "ack": "No",
    "tags": '[{"tag":"opd","value":"dinkes"}]',
    "opdata": "1",
    "trigger_url": "{TRIGGER.URL}",
    "event_status": "PROBLEM",
    "message": "rtr-kec-01: Situs tidak menjawab",
    "subject": "Situs tidak menjawab",
    "update_action": "{EVENT.UPDATE.ACTION}",
    "zabbix_url": "https://zabbix.example.go.id/",
}

CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier>
  <sender>peringatan@bmkg.go.id</sender>
  <sent>2026-11-21T09:30:00+07:00</sent>
  <status>{status}</status>
  <msgType>{kind}</msgType>
  <scope>Public</scope>
  {references}
  <info>
    <language>en-US</language><category>Met</category><event>Thunderstorm</event>
    <urgency>Immediate</urgency><severity>{severity}</severity><certainty>Observed</certainty>
    <expires>{expires}</expires>
    <headline>Thunderstorm in Arut Selatan</headline>
  </info>
  <info>
    <language>id-ID</language><category>Met</category><event>Hujan lebat</event>
    <urgency>Immediate</urgency><severity>{severity}</severity><certainty>Observed</certainty>
    <expires>{expires}</expires>
    <headline>{headline}</headline>
    <description>Disertai kilat dan angin kencang</description>
    <web>https://nowcasting.bmkg.go.id/infografis/1</web>
    <parameter><valueName>kecamatan</valueName><value>Arut Selatan</value></parameter>
    <area>
      <areaDesc>Arut Selatan, Kumai</areaDesc>
      <polygon>-2.6,111.6 -2.7,111.7 -2.6,111.6</polygon>
    </area>
  </info>
</alert>
"""


def cap(
    identifier: str = "bmkg-1",
    *,
    kind: str = "Alert",
    status: str = "Actual",
    severity: str = "Severe",
    expires: str = "2026-11-21T11:00:00+07:00",
    headline: str = "Hujan lebat di Arut Selatan",
    refers_to: str = "",
) -> bytes:
    """A warning as BMKG's nowcast could send it."""
    references = f"<references>{' '.join(map(_reference, refers_to.split()))}</references>"
    return CAP.format(
        identifier=identifier,
        kind=kind,
        status=status,
        severity=severity,
        expires=expires,
        headline=headline,
        references=references if refers_to else "",
    ).encode()


def _reference(identifier: str) -> str:
    return f"peringatan@bmkg.go.id,{identifier},2026-11-21T09:00:00+07:00"
