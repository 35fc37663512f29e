"""It sends a refusal in its own words, with escapes: they are kept, without what steers a terminal.

Comes of it: not_examined, import_failed
"""

from worker import protocol, write

write(protocol.pack({"kind": "refused", "reason": "import_failed", "text": "\x1b[2Jright: every derivative\x1b[0m"}))
