"""Prints the same few records with Python's own loggers, as an application would.

    python3 loggers.py VARIANT LABELS

The records go to stdout; what is known of them goes to the file LABELS, an object a line.
"""

import hashlib
import http.server
import json
import logging
import sys
import threading
import urllib.request

VARIANT, LABELS = sys.argv[1:3]
LEVELS = ["info", "warning", "error", "debug", "critical"]
NAMES = {"warning": "warn"}


def digits(index, size, salt=""):
    return hashlib.sha256(f"{VARIANT}/{salt}/{index}".encode()).hexdigest()[:size]


def uuid(index, salt=""):
    h = digits(index, 32, salt)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def id_of(index):
    return [uuid(index), digits(index, 32), f"req-{digits(index, 12)}", uuid(index)][index % 4]


def message_of(index):
    return [f"order {uuid(index, 'order')} loaded in {index + 3} ms",
            f"sent file {uuid(index, 'file')}.pdf (9117 bytes) to user{index}@example.com",
            f"profile of {uuid(index, 'user')} rendered at 0x7ffd{digits(index, 8)}"][index % 3]


class Labels:
    def __init__(self):
        self.file = open(LABELS, "w")

    def add(self, token, **known):
        print(json.dumps({"token": token, **known}), file=self.file, flush=True)


labels = Labels()


def records(fmt, context, with_id, has_time=True):
    logging.basicConfig(format=fmt, level=logging.DEBUG, stream=sys.stdout)
    log = logging.getLogger("shop.orders")
    for i in range(20):
        token, level = f"step-{i:03}", LEVELS[i % 5]
        id = None if i % 6 == 5 else id_of(i)
        message = f"{token} {message_of(i)}"
        is_error = level == "error"
        known = NAMES.get(level, level)
        labels.add(token, level=known, id=id, context=id and context, hasTime=has_time,
                   message=message if fmt.endswith("%(message)s") and context == "bracketed" else None)
        try:
            if is_error:
                raise KeyError("card")
            log.log(logging.getLevelName(level.upper()), message, extra={"id": with_id(id)})
        except KeyError:
            log.exception(message, extra={"id": with_id(id)})


def access_log():
    """Lines of the standard library's web server: no id, no level."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, format, *arguments):
            sys.stderr = sys.stdout
            super().log_message(format, *arguments)

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for i in range(10):
        labels.add(f"step-{i:03}", level=None, id=None, context=None, hasTime=True, message=None)
        url = f"http://127.0.0.1:{server.server_port}/step-{i:03}/orders/{uuid(i, 'order')}"
        urllib.request.urlopen(url, timeout=20).read()
    server.shutdown()


VARIANTS = {
    "py-logging-keyed": lambda: records("%(asctime)s %(levelname)s %(name)s: %(message)s%(id)s", "keyed",
                                        lambda id: f" request_id={id}" if id else ""),
    "py-logging-bracketed": lambda: records("%(asctime)s - %(levelname)-8s - %(id)s%(message)s", "bracketed",
                                            lambda id: f"[{id}] " if id else ""),
    "py-logging-basic": lambda: records("%(levelname)s:%(name)s:%(id)s%(message)s", "keyed",
                                        lambda id: f"trace_id={id} " if id else "", has_time=False),
    "py-http-server": access_log,
}
VARIANTS[VARIANT]()
