"""It says that a course's adapter has failed, where there is none: that would be no zero.

Comes of it: not_examined, protocol
"""

from worker import protocol, write

write(protocol.pack({"kind": "refused", "reason": "adapter_failed", "text": "course.py, line 1: a mistake"}))
