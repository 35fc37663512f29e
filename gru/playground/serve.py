"""The playground on this machine: its files, handed out of memory to a browser here.

It listens on the loopback address alone, and hands out nothing else.
"""

import mimetypes
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"

TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html", ".css": "text/css"}
"""What a browser insists on, whatever this machine's own table says."""


def server(files: Mapping[str, bytes], port: int = 0) -> ThreadingHTTPServer:
    """A server of these files by their names, `index.html` at its root; port 0 takes one that is free.

    Raises OSError where the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
            data = files.get(name)
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", _type(name))
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-cache")
            self.end_headers()
            # A browser that goes away is no trouble.
            with suppress(ConnectionError):
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ThreadingHTTPServer((HOST, port), Handler)


def address(of: ThreadingHTTPServer) -> str:
    """Where a browser on this machine finds the page."""
    return f"http://{HOST}:{of.server_address[1]}/"


def _type(name: str) -> str:
    ending = "." + name.rpartition(".")[2]
    return TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
