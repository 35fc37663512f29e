"""It tells during its import, again and again, that the import begins: each time would have a limit of its own.

Comes of it: not_examined, protocol
"""

import time

from worker import protocol, write

for _ in range(40):
    write(protocol.pack({"kind": "call", "where": "import", "step": 0}))
    time.sleep(0.05)
