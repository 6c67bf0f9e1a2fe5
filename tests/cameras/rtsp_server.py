"""A real RTSP camera for tests: GStreamer's gst-rtsp-server, run with the system's Python.

    /usr/bin/python3 rtsp_server.py PORT [--address ::1] [--user NAME [--basic]]
        [--only udp|tcp] [--folder FOLDER]

Serves /moving (H.264), /hevc (H.265), /clock (a still picture with a running clock), /frozen (a
still picture that is encoded anew) and /mjpeg; and from the folder each NAME.h264.mp4 and
NAME.h265.mp4 as /file/NAME, from its beginning for everybody who comes, which costs a hundredth of
a core a camera. Prints "ready" when it listens and ends when its stdin does.
"""

import argparse
import os
import sys
import threading
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

SIZE = "video/x-raw,format=I420,width=640,height=360,framerate=10/1"
H264 = (
    "x264enc tune=zerolatency speed-preset=ultrafast bitrate=400 key-int-max=4 "
    "! rtph264pay name=pay0 pt=96 config-interval=1"
)
H265 = (
    "x265enc tune=zerolatency speed-preset=ultrafast bitrate=400 key-int-max=4 "
    "! h265parse ! rtph265pay name=pay0 pt=96 config-interval=1"
)
# Its keyframes come back to the last bit as those of an encoder do that has bits to spare.
AMPLE = H264.replace("bitrate=400", "bitrate=2000 threads=1")
STILL = f"videotestsrc is-live=true pattern=zone-plate kx2=20 ky2=20 ! {SIZE}"
CLOCK = 'clockoverlay time-format="%H:%M:%S" font-desc="Sans 10"'
FILE = (
    'filesrc location="{path}" ! qtdemux ! {codec}parse config-interval=1 '
    "! rtp{codec}pay name=pay0 pt=96"
)
LOWER = {"udp": GstRtsp.RTSPLowerTrans.UDP, "tcp": GstRtsp.RTSPLowerTrans.TCP}
STREAMS = {
    "/moving": f"videotestsrc is-live=true pattern=ball ! {SIZE} ! {H264}",
    "/hevc": f"videotestsrc is-live=true pattern=ball ! {SIZE} ! {H265}",
    "/clock": f"{STILL} ! {CLOCK} ! {AMPLE}",
    "/frozen": f"{STILL} ! {AMPLE}",
    "/mjpeg": f"videotestsrc is-live=true ! {SIZE} ! jpegenc ! rtpjpegpay name=pay0 pt=26",
}


def main() -> None:
    chosen = arguments()
    Gst.init(None)
    server = GstRtspServer.RTSPServer(service=str(chosen.port), address=chosen.address)
    if chosen.user:
        password = sys.stdin.readline().rstrip("\n")
        server.set_auth(guard(chosen.user, password, basic=chosen.basic))
    for path, launch in STREAMS.items():
        server.get_mount_points().add_factory(path, stream(launch, chosen.only))
    for path, launch in files(chosen.folder):
        server.get_mount_points().add_factory(path, stream(launch, chosen.only, shared=False))
    if not server.attach(None):
        sys.exit("cannot listen")
    threading.Thread(target=leave_with_parent, daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    GLib.MainLoop().run()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--user", default="", help="the password is the first line of stdin")
    parser.add_argument("--basic", action="store_true", help="ask by Basic instead of Digest")
    parser.add_argument("--only", choices=LOWER, help="refuse the other transport")
    parser.add_argument("--folder", type=Path, help="the files that are served")
    return parser.parse_args()


def files(folder: Path | None) -> list[tuple[str, str]]:
    """Path and launch line of each film in the folder."""
    found = sorted(folder.glob("*.h26[45].mp4")) if folder else []
    named = [(path, *path.name.split(".")[:2]) for path in found]
    return [(f"/file/{name}", FILE.format(path=path, codec=codec)) for path, name, codec in named]


def stream(
    launch: str, only: str | None = None, shared: bool = True
) -> GstRtspServer.RTSPMediaFactory:
    rights = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        rights.add_permission_for_role("viewer", right, True)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {launch} )")
    factory.set_shared(shared)
    factory.set_permissions(rights)
    if only is not None:
        factory.set_protocols(LOWER[only])
    return factory


def guard(user: str, password: str, basic: bool) -> GstRtspServer.RTSPAuth:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    if basic:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    return auth


def leave_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
