"""It sends a refusal of its own, whose place is thousands of escapes.

Comes of it: not_examined, protocol
"""

from worker import protocol, write

where = "\x1b[2J\x1b]0;title\x07\u202e" * 2000
raised = {"where": where, "step": 0, "type": "E", "message": "", "line": None}
write(protocol.pack({"kind": "refused", "reason": "import_failed", "raised": raised}))
