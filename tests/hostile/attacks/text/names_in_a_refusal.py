"""It sends a refusal with names and nested values that nobody asked for.

Comes of it: not_examined, protocol
"""

from worker import protocol, write

nested: object = "\x1b[2J"
for _ in range(200):
    nested = {"\x1b[2J": [nested]}
write(protocol.pack({"kind": "refused", "reason": "\x1b[2J", "raised": nested, "text": ["\x1b[2J"]}))
