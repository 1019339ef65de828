"""A gateway that only says that it is ready: `stub_gateway.py PORT`."""

import http.server
import sys


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
