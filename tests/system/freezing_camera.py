"""A real RTSP camera whose picture freezes: run with the system's Python, it needs GStreamer.

    /usr/bin/python3 freezing_camera.py PORT

Serves /moving: waves that travel until a line comes on stdin, and then stand still although the
stream goes on. Prints "ready" when it listens and ends when its stdin does.
"""

import os
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

LAUNCH = (
    "( videotestsrc name=scene is-live=true pattern=zone-plate kx2=20 ky2=20 kt=5 "
    "! video/x-raw,format=I420,width=320,height=180,framerate=10/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast bitrate=300 key-int-max=4 "
    "! rtph264pay name=pay0 pt=96 config-interval=1 )"
)
scenes: list[Gst.Element] = []


def main() -> None:
    Gst.init(None)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(LAUNCH)
    factory.set_shared(True)
    factory.connect("media-configure", lambda _, media: scenes.append(media.get_element()))
    server = GstRtspServer.RTSPServer(service=sys.argv[1], address="127.0.0.1")
    server.get_mount_points().add_factory("/moving", factory)
    if not server.attach(None):
        sys.exit("cannot listen")
    threading.Thread(target=obey, daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    GLib.MainLoop().run()


def obey() -> None:
    for _ in sys.stdin:
        for scene in scenes:
            Gst.util_set_object_arg(scene.get_by_name("scene"), "kt", "0")
    os._exit(0)


if __name__ == "__main__":
    main()
