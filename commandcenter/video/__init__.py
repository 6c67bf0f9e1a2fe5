"""Pictures of cameras: worker processes that read streams, and their supervision.

    supervisor ──stdin: orders──▶ worker (one process) ──▶ watch (one thread a camera)
        ▲  grants: whose turn        │                      ├─ addresses: may we go there?
        │  it is on a thin link      ├─ relay: paces a link ├─ rtsp: why a camera refuses
        │                            │                      ├─ session: packets in, due pictures out
        └─────stdout: reports, JPEGs─┤                      │    ├─ capture: cv2, one keyframe
                                     │                      │    └─ clock: when it was taken
                                     │                      └─ snapshot: JPEG over HTTP
                                     └─ darkroom: mask, judge, two JPEGs

cv2 is imported in the worker process alone: it can block for ever and crash its process, so what
imports it must be something that can be killed.
"""
