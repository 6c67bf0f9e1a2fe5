"""Cameras: what they cost, how old their pictures are, and what bad ones do to good ones.

`python -m benchmarks.cameras [--quick] [NAME …]`. The `cameras` process runs as in production, on
the first core of the machine; the cameras, Redis and whoever measures share the second.
"""

import os

os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")  # before anybody imports cv2
