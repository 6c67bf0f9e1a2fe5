"""One house for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from commandcenter.records.database import Records
from tests.conftest import RedisProcess, wait_until
from tests.web.conftest import Site
from tests.web.rights.house import House, config


@pytest.fixture(scope="module")
def house(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder, module_redis.url, config(folder))
    records = Records(site.records_url)
    found = House(site, records).open()
    for who, to, note in (("operator", "admin", "PesanSeluruh"), ("dua", "admin", "PesanKenanga")):
        with found.client(who) as giver:
            answer = giver.post("/console/handover", json={"to": to, "note": note})
            assert answer.status_code == 200, answer.text
    page = {"page": "/wall"}
    with found.client("display") as display:
        known = lambda: "JudulMelati" in display.get("/_dash-layout", params=page).text  # noqa: E731
        wait_until(known, "the display and the incidents are known")
    yield found
    site.stop()
    records.close()
