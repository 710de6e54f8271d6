"""When it is dark: sunset and the end of civil twilight by the local clock, and rows joined to it.

Whether an officer can see who drives depends on the light, and the light at one clock time
changes over the year: that is what the veil-of-darkness test rests on.
"""

from equity.daylight._rows import add_daylight
from equity.daylight._sun import sun_times

__all__ = ["add_daylight", "sun_times"]
