"""Finding cameras by ONVIF: what answers is asked for its streams, and drafted as a list."""

from __future__ import annotations

import argparse
import ipaddress
import socket
from pathlib import Path

import pytest

from commandcenter import camera_cli
from commandcenter.config import Config
from commandcenter.region import Region
from commandcenter.video.onvif import Found, Login, Profile, View, as_csv, ask, choose, draft
from commandcenter.video.roster import read_roster
from feeds.cameras import Cameras
from tests.cameras.onvif_camera import OnvifCamera, discoverable, serving
from tests.leaks import secret

HERE = ("127.0.0.0/8",)
PASSWORD = secret("0nvif-p@ssword")
MAIN = ("main", "lens", "H264", 1920, 1080)
SUB = ("sub", "lens", "H264", 640, 360)
TINY = ("tiny", "lens", "H264", 320, 180)
JPEG = ("jpeg", "lens", "JPEG", 640, 360)


async def asked(camera: OnvifCamera, login: Login = Login(), *, at: str = "") -> Found:  # noqa: B008
    found = Found(where=at or camera.where)
    await ask(found, login, HERE)
    return found


async def test_a_camera_is_asked_for_its_sub_stream_at_the_address_that_was_checked() -> None:
    with serving(OnvifCamera((MAIN, SUB, TINY, JPEG))) as camera:
        found = await asked(camera)
    assert found.wrong == ""
    assert [view.url for view in found.views] == ["rtsp://127.0.0.1:8554/sub"]
    assert found.views[0].snapshot == f"{camera.where}/sub.jpg"
    assert found.views[0].profile.width == 640  # though it says that its services are elsewhere


async def test_a_recorder_gives_a_stream_for_each_of_its_channels() -> None:
    channels = (MAIN, SUB, ("main2", "lens2", "H264", 1280, 720), ("odd", "lens3", "MPEG4", 9, 9))
    with serving(OnvifCamera(channels)) as camera:
        found = await asked(camera)
    assert [view.url.rpartition("/")[2] for view in found.views] == ["sub", "main2"]


async def test_a_password_is_offered_and_a_wrong_one_only_once() -> None:
    with serving(OnvifCamera((MAIN,), user="operator", password=PASSWORD)) as camera:
        opened = await asked(camera, Login("operator", PASSWORD))
        assert [view.url for view in opened.views] == ["rtsp://127.0.0.1:8554/main"]
        assert camera.refused == 0
        locked = await asked(camera, Login("operator", "guess"))
    assert locked.wrong == "kata sandi ditolak kamera"
    assert camera.refused == 1


async def test_a_camera_that_sends_us_elsewhere_is_told_and_not_believed() -> None:
    with serving(OnvifCamera((MAIN,), elsewhere="169.254.169.254")) as camera:
        found = await asked(camera)
    assert "di luar jaringan" in found.wrong
    assert found.views == []


async def test_who_answers_from_outside_of_our_networks_is_not_asked() -> None:
    with serving(OnvifCamera((MAIN,))) as camera:
        found = Found(where=camera.where)
        await ask(found, Login("operator", PASSWORD), ("10.0.0.0/8",))
    assert "di luar jaringan" in found.wrong
    assert camera.asked == []


async def test_cameras_are_found_by_ws_discovery(monkeypatch: pytest.MonkeyPatch) -> None:
    from commandcenter.video import onvif

    def loopback(family: int) -> list[ipaddress.IPv4Address]:
        """Instead of the machine's interfaces: nothing of a test leaves the machine."""
        return [ipaddress.IPv4Address("127.0.0.1")] if family == socket.AF_INET else []

    monkeypatch.setattr("wsdiscovery.threaded._getNetworkAddrs", loopback)
    two = OnvifCamera((MAIN, SUB)), OnvifCamera((MAIN,), name="=cmd%7C1")
    with serving(two[0]), serving(two[1]), discoverable(*two):
        found = await onvif.discover(Login(), HERE, 1.0)
    assert {one.name for one in found} == {"Simpang Lima", "cmd|1"}  # no formula of a spreadsheet
    assert {one.model for one in found} == {"DS-2CD"}
    assert {view.url for one in found for view in one.views} == {
        "rtsp://127.0.0.1:8554/sub",
        "rtsp://127.0.0.1:8554/main",
    }


def test_the_narrowest_profile_that_is_wide_enough_is_chosen() -> None:
    def profile(token: str, source: str, codec: str, width: int, height: int) -> Profile:
        return Profile(token=token, source=source, codec=codec, width=width, height=height)

    def chosen(*profiles: tuple[str, str, str, int, int]) -> list[str]:
        return [one.token for one in choose(profile(*told) for told in profiles)]

    assert chosen(MAIN, SUB, TINY, JPEG) == ["sub"]
    assert chosen(TINY, ("small", "lens", "H265", 352, 288)) == ["small"]
    assert chosen(JPEG) == []


def test_the_draft_is_a_list_without_what_is_there_already_nor_a_password(tmp_path: Path) -> None:
    def found(url: str, name: str) -> Found:
        profile = Profile(token="t", source="s", codec="H264", width=640, height=360)
        return Found(where="http://x/", name=name, views=[View(profile=profile, url=url)])

    hikvision = "rtsp://10.0.0.1/Streaming/Channels/"
    known = [f"{hikvision}101", "rtsp://10.0.0.3/live"]
    answered = [
        found(f"{hikvision}102", "the sub-stream of one that is known"),
        found("rtsp://10.0.0.3:554/live", "known"),
        found("rtsp://10.0.0.4/live", "Pasar, Baru"),
        found("rtsp://10.0.0.4/live", "twice"),
        found("rtsp://10.0.0.4/other", "Pasar Lama"),
    ]
    rows = draft(answered, known, Login("operator", PASSWORD, "CAMERAS"))
    path = tmp_path / "draft.csv"
    path.write_text(as_csv(rows), encoding="utf-8")
    listed = read_roster(path, {}).faultless()
    assert [(row.id, row.name) for row in listed] == [
        ("cam-10-0-0-4", "Pasar, Baru"),
        ("cam-10-0-0-4-1", "Pasar Lama"),
    ]
    assert listed[0].password is not None
    assert listed[0].password.reference == "env:CAMERAS"
    assert PASSWORD not in path.read_text(encoding="utf-8")


def test_the_command_writes_a_draft_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "cameras.csv"
    listed.write_text("id,name,url\nold,Lama,rtsp://127.0.0.1:8554/main\n", encoding="utf-8")
    feed = Cameras(name="cameras", cameras=listed, networks=HERE, history=tmp_path / "history")
    config = Config(region=Region(name="x", language="en"), feeds={"cameras": feed})
    told = argparse.Namespace(
        act="discover", user="", password_env="", timeout=0.1, out=tmp_path / "draft.csv"
    )
    with serving(OnvifCamera((MAIN,))) as old, serving(OnvifCamera((SUB,))) as new:
        answered = [Found(where=old.where), Found(where=new.where)]
        monkeypatch.setattr("commandcenter.video.onvif._search", lambda _: answered)
        said = camera_cli.act(config, told)
        assert said.well
        assert said.lines[0] == "2 ONVIF devices answered; 1 streams are new"
        assert [row.url for row in read_roster(told.out, {}).faultless()] == [
            "rtsp://127.0.0.1:8554/sub"
        ]
        with pytest.raises(camera_cli.Refused, match="is there already"):
            camera_cli.act(config, told)
