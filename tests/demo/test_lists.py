"""The lists of the regency hang together."""

from __future__ import annotations

from collections import Counter
from math import dist

from commandcenter.demo.light import Light
from commandcenter.demo.movers import movers
from commandcenter.demo.region import Region
from commandcenter.demo.scenes import background
from tests.conftest import NOW

KECAMATAN = {
    "Arut Selatan",
    "Kumai",
    "Kotawaringin Lama",
    "Arut Utara",
    "Pangkalan Lada",
    "Pangkalan Banteng",
}


def test_sixty_one_offices_employ_2618_people_in_six_kecamatan(region: Region) -> None:
    assert len(region.offices) == 61
    assert sum(office.employees for office in region.offices) == 2618
    assert {office.kecamatan for office in region.offices} == KECAMATAN
    assert sum(office.code.startswith("camat-") for office in region.offices) == 6


def test_no_two_offices_lie_on_each_other_on_the_map(region: Region) -> None:
    places = [(office.latitude or 0, office.longitude or 0) for office in region.offices]
    pairs = [(a, b) for i, a in enumerate(places) for b in places[:i]]
    assert min(dist(a, b) for a, b in pairs) > 0.008  # degrees: about 900 m


def test_every_router_hangs_on_a_core_and_only_one_is_not_connected(region: Region) -> None:
    assert Counter(r.role for r in region.routers) == {"core": 3, "kecamatan": 6, "office": 61}
    for router in region.routers:
        assert region.above(router.id)[-1].startswith("core-")
    assert [r.id for r in region.routers if not r.address] == ["rtr-kel-kolam-hilir"]


def test_addresses_serials_and_ids_are_unique(region: Region) -> None:
    addresses = [r.address for r in region.routers if r.address]
    assert len(set(addresses)) == len(addresses) == 69
    assert all(address.startswith("127.20.") for address in addresses)
    serials = [machine.serial for machine in region.machines]
    assert len(set(serials)) == len(serials) >= 45
    assert len({camera.id for camera in region.cameras}) == 24


def test_machines_and_routers_stand_in_offices_that_exist(region: Region) -> None:
    codes = {office.code for office in region.offices}
    assert {machine.office for machine in region.machines} <= codes
    assert {r.office for r in region.routers if r.role == "office"} == codes


def test_six_cameras_are_the_polres_and_some_need_a_password(region: Region) -> None:
    assert sum(camera.owner == "Polres" for camera in region.cameras) == 6
    locked = [camera for camera in region.cameras if camera.user]
    assert len(locked) == 4
    assert all(camera.password == "file:var/demo/camera-password" for camera in locked)
    assert all(camera.url == f"rtsp://127.0.0.1:8554/{camera.id}" for camera in region.cameras)


def test_every_camera_has_a_scene_that_is_painted_and_moves(region: Region) -> None:
    light = Light.at(NOW)
    for scene in {camera.scene for camera in region.cameras}:
        assert background(scene, "any", light).shape == (270, 480, 3)
        assert movers(scene, "any", light)
