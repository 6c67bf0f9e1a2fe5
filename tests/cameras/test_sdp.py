"""Session descriptions from the field: which video is taken, and how FFmpeg is told of it."""

from __future__ import annotations

import pytest

from commandcenter.video.messages import CameraFault
from commandcenter.video.sdp import narrowed, video

HEAD = ["v=0", "o=- 1 1 IN IP4 10.0.0.5", "s=IPC", "t=0 0", "a=control:*"]
H264 = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:track1"]
JPEG = ["m=video 0 RTP/AVP 26", "a=control:track2"]
AUDIO = ["m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000"]
NOTES = ["m=application 0 RTP/AVP 107", "a=rtpmap:107 vnd.onvif.metadata/90000"]


def sdp(*lines: str) -> str:
    return "\r\n".join([*HEAD, *lines, ""])


@pytest.mark.parametrize(
    ("lines", "place", "payload", "plain"),
    [
        (H264, 0, 96, True),
        ([*NOTES, *AUDIO, *H264], 2, 96, True),
        ([*JPEG, *H264], 1, 96, False),
        ([*H264, *H264], 0, 96, False),
        # DDVTECH/mistserver#295: of a payload type that the m= line does not name
        ([H264[0], "a=rtpmap:102 JPEG/90000", *H264[1:]], 0, 96, False),
        # bluenviron/gortsplib#65: two payload types
        (["m=video 0 RTP/AVP 96 98", "a=rtpmap:98 MP4V-ES/90000", H264[1]], 0, 96, False),
        (["m=video 0 RTP/AVP 98 96", "a=rtpmap:98 MP4V-ES/90000", H264[1]], 0, 96, False),
        (["m=video 554/2 RTP/AVP 35", "a=rtpmap:35 h264/90000"], 0, 35, True),
        (["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264"], 0, 96, False),
        (["m=video 0 RTP/AVP 96", "a=fmtp:96 sprop-parameter-sets=,"], 0, 96, False),
    ],
)
def test_the_first_video_that_can_be_read_is_taken(
    lines: list[str], place: int, payload: int, plain: bool
) -> None:
    found = video(sdp(*lines))
    assert (found.codec, found.place, found.payload) == ("H264", place, payload)
    assert found.plain is plain


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (JPEG, "format video JPEG"),  # mpromonet/v4l2rtspserver#285: no rtpmap, RFC 3551
        (["m=video 0 RTP/AVP 33"], "format video MP2T"),
        (["m=video 0 RTP/AVP 99"], "format video tanpa nama"),
        (["m=video 0 RTP/AVP"], "format video tanpa nama"),
        ([*JPEG, "m=video 0 RTP/AVP 97", "a=rtpmap:97 VP8/90000"], "format video JPEG, VP8"),
        # onvif/specs#555: what a camera says that encrypts its pictures itself
        (["m=video 0 RTP/SAVP 96", *H264[1:], "a=key-mgmt:mikey AQAFgM"], "SRTP"),
        ([*AUDIO, *NOTES], "tidak berisi video"),
        ([], "tidak berisi video"),
    ],
)
def test_what_cannot_be_read_is_named(lines: list[str], told: str) -> None:
    with pytest.raises(CameraFault, match=told):
        video(sdp(*lines))


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_a_description_of_the_video_alone_is_made(ends: str) -> None:
    told = [
        *AUDIO, *JPEG, "m=video 0 RTP/AVP 98 97", "a=rtpmap:98 MP4V-ES/90000",
        "a=fmtp:98 profile-level-id=1", "a=rtpmap:97 HEVC/90000", "a=fmtp:97 sprop-sps=x",
        "a=control:track3",
    ]  # fmt: skip
    text = sdp(*told).replace("\r\n", ends)
    wanted = [
        *HEAD, "m=video 0 RTP/AVP 97", "a=rtpmap:97 H265/90000", "a=fmtp:97 sprop-sps=x",
        "a=control:track3",
    ]  # fmt: skip
    narrow = narrowed(text, video(text))
    assert narrow.splitlines() == wanted
    assert video(narrow).plain
