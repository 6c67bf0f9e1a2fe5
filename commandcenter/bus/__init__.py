"""The bus: Redis, spoken to by this package alone.

Redis pub/sub is a doorbell, not a memory. Publishing is one script on the server: it numbers the
readings, keeps the latest of every key and the recent ones of every feed, then rings. A follower
subscribes, reads what is kept, and follows; whenever what it hears does not continue what it has,
it reads what it missed. So nothing is told twice or out of order, and nothing is lost in silence.
"""

from commandcenter.bus.bus import Bus
from commandcenter.bus.follower import News
from commandcenter.bus.link import BusDown
from commandcenter.bus.pictures import Pictures, Still

__all__ = ["Bus", "BusDown", "News", "Pictures", "Still"]
