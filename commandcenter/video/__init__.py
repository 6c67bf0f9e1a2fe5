"""Pictures of cameras: worker processes that read streams, and their supervision.

    supervisor ──stdin: tasks──▶ worker (one process) ──▶ watch (one thread a camera)
        ▲                                                   ├─ rtsp: why a camera refuses
        └────stdout: reports, JPEGs─────────────────────────┼─ capture: cv2, keyframes only
                                                            ├─ snapshot: JPEG over HTTP
                                                            └─ stillness: is it frozen?

cv2 is imported in the worker process alone: it can block for ever and crash its process, so what
imports it must be something that can be killed.
"""
