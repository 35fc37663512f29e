"""It sends a refusal of its own, whose line is no number but text with escapes.

Comes of it: not_examined, protocol
"""

from worker import protocol, write

raised = {"where": "import", "step": 0, "type": "E", "message": "", "line": "\x1b[31m1\n" * 4000}
write(protocol.pack({"kind": "refused", "reason": "import_failed", "raised": raised}))
