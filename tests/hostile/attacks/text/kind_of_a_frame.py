"""It sends a frame of a kind that is thousands of escapes.

Comes of it: not_examined, protocol
"""

from worker import protocol, write

write(protocol.pack({"kind": "\x1b]0;title\x07\u2067\r" * 4000}))
