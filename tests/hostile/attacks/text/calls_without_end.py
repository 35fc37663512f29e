"""It tells during its import, again and again, that the import begins: each time would have a limit of its own.

Comes of it: not_examined, protocol
"""

from worker import protocol, write

while True:
    write(protocol.pack({"kind": "call", "where": "import", "step": 0}))
