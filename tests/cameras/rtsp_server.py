"""A real RTSP camera for tests: GStreamer's gst-rtsp-server, run with the system's Python.

    /usr/bin/python3 rtsp_server.py PORT [--user NAME --password-on-stdin]

Serves /moving (H.264), /hevc (H.265), /clock (a still picture with a running clock), /frozen (a
still picture that is encoded anew) and /mjpeg. Prints "ready" when it listens and ends when its
stdin does.
"""

import argparse
import os
import sys
import threading

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
STILL = f"videotestsrc is-live=true pattern=zone-plate kx2=20 ky2=20 ! {SIZE}"
CLOCK = 'clockoverlay time-format="%H:%M:%S" font-desc="Sans 10"'
STREAMS = {
    "/moving": f"videotestsrc is-live=true pattern=ball ! {SIZE} ! {H264}",
    "/hevc": f"videotestsrc is-live=true pattern=ball ! {SIZE} ! {H265}",
    "/clock": f"{STILL} ! {CLOCK} ! {H264}",
    "/frozen": f"{STILL} ! {H264}",
    "/mjpeg": f"videotestsrc is-live=true ! {SIZE} ! jpegenc ! rtpjpegpay name=pay0 pt=26",
}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("port", type=int)
    options.add_argument("--user", default="", help="Digest; the password is stdin's first line")
    chosen = options.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer(service=str(chosen.port), address="127.0.0.1")
    if chosen.user:
        server.set_auth(guard(chosen.user, sys.stdin.readline().rstrip("\n")))
    for path, launch in STREAMS.items():
        server.get_mount_points().add_factory(path, stream(launch))
    if not server.attach(None):
        sys.exit("cannot listen")
    threading.Thread(target=leave_with_parent, daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    GLib.MainLoop().run()


def stream(launch: str) -> GstRtspServer.RTSPMediaFactory:
    rights = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        rights.add_permission_for_role("viewer", right, True)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {launch} )")
    factory.set_shared(True)
    factory.set_permissions(rights)
    return factory


def guard(user: str, password: str) -> GstRtspServer.RTSPAuth:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token)
    return auth


def leave_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
