"""The list of cameras, and the way that each is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.lists import BadList
from commandcenter.video.roster import CameraRow, network, read_roster

HEADER = "id,name,url,link,mask,seen_by,way,every"


def write(folder: Path, *rows: str) -> Path:
    path = folder / "cameras.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def row(**told: object) -> CameraRow:
    return CameraRow(**{"id": "a", "name": "A", "url": "rtsp://10.0.0.1/x"} | told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("camera", "every", "way"),
    [
        (row(), 5, "keep"),
        (row(), 30, "snap"),
        (row(way="keep"), 60, "keep"),
        (row(link="radio"), 5, "snap"),
        (row(url="rtsps://10.0.0.1/x"), 5, "keep"),
        (row(url="http://10.0.0.1/a.jpg"), 5, "http"),
        (row(url="https://10.0.0.1/a.jpg"), 60, "http"),
    ],
)
def test_a_camera_is_read_as_suits_its_address_its_interval_and_its_link(
    camera: CameraRow, every: float, way: str
) -> None:
    assert camera.way_at(every) == way


@pytest.mark.parametrize("scheme", ["RTSPS", "Https"])
def test_an_address_in_capitals_is_spoken_with_as_safely_as_any(
    scheme: str, tmp_path: Path
) -> None:
    (camera,) = read_roster(write(tmp_path, f"a,A,{scheme}://10.0.0.1/X,,,,,"), {}).faultless()
    assert camera.url == f"{scheme.lower()}://10.0.0.1/X"


def test_a_row_tells_masks_roles_and_its_own_interval(tmp_path: Path) -> None:
    path = write(
        tmp_path, 'a,A,rtsp://10.0.0.1/x,radio,"0,0 0.5,0 0.5,0.5",operator admin,snap,12.5'
    )
    (camera,) = read_roster(path, {"radio": 2000}).faultless()
    assert camera.mask == (((0.0, 0.0), (0.5, 0.0), (0.5, 0.5)),)
    assert camera.seen_by == ("operator", "admin")
    assert (camera.way, camera.every) == ("snap", 12.5)


@pytest.mark.parametrize(
    ("cells", "mistake"),
    [
        ("a b,A,rtsp://10.0.0.1/x,,,,,", "kolom id"),
        ("a,A,rtsp://u:p@10.0.0.1/x,,,,,", "must not carry a password"),
        ("a,A,rtsp://10.0.0.1:99999/x,,,,,", "kolom url"),
        ("a,A,rtsp://10.0.0.1/x y,,,,,", "must not have spaces"),
        ("a,A,rtsp://010.0.0.1/x,,,,,", "its host must be an IP address or a name, without zeros"),
        ("a,A,rtsp://10.0.1/x,,,,,", "its host must be an IP address or a name"),
        ("a,A,rtsp://me:hidden/word@10.0.0.1/x,,,,,", "its port or its brackets are wrong"),
        ("a,A,rtsp://10.0.0.1/{pasword},,,,,", "may have {user} and {password} in it"),
        ("a,A,rtsp://10.0.0.1/x,radio,,,,", "radio tidak ada di links; yang ada: tidak ada"),
        ('a,A,rtsp://10.0.0.1/x,,"0,0 9,9",,,', "kolom mask"),
        ("a,A,rtsp://10.0.0.1/x,,,boss,,", "there is no role boss"),
        ("a,A,rtsp://10.0.0.1/x,,,,often,", "must be keep, snap, http or empty"),
        ("a,A,rtsp://10.0.0.1/x,,,,http,", "tidak cocok dengan alamat"),
        ("a,A,http://10.0.0.1/x,,,,keep,", "tidak cocok dengan alamat"),
        ("a,A,rtsp://10.0.0.1/x,,,,,0.01", "kolom every"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, cells: str, mistake: str) -> None:
    with pytest.raises(BadList) as told:
        read_roster(write(tmp_path, cells), {}).faultless()
    assert mistake in str(told.value)
    assert "hidden" not in str(told.value)
    assert "cameras.csv" in str(told.value)


def test_two_cameras_of_one_id_are_refused(tmp_path: Path) -> None:
    rows = ["a,A,rtsp://10.0.0.1/x,,,,,"] * 2
    with pytest.raises(BadList, match="'a' sudah dipakai di baris 2"):
        read_roster(write(tmp_path, *rows), {}).faultless()


def test_a_network_is_a_range_without_stray_bits() -> None:
    assert network("10.0.0.0/8") == "10.0.0.0/8"
    with pytest.raises(ValueError, match="host bits set"):
        network("10.0.0.1/8")
