"""The demo's back service: says how many of an item there are. Logs bracketed lines on stdout, and its
access log on stderr.

    python3 stock.py PORT
"""

import datetime
import http.server
import sys
import traceback

STOCK = {"apples": 12, "pears": 7, "plums": 31}


def log(level, request_id, message):
    now = datetime.datetime.now().isoformat(sep=" ", timespec="milliseconds")
    # One write for the whole line: threads answer at the same time.
    sys.stdout.write(f"[{now}] {level} [req:{request_id}] {message}\n")
    sys.stdout.flush()


class Stock(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_GET(self):
        self.request_id = self.headers.get("X-Request-ID", "-")
        item = self.path.rpartition("/")[2]
        log("INFO", self.request_id, f"stock of {item} asked for")
        try:
            status, text = 200, f"{STOCK[item]} left\n"
        except KeyError:
            log("ERROR", self.request_id, f"no shelf for {item}")
            traceback.print_exc()
            status, text = 500, "no such shelf\n"
        log("INFO", self.request_id, f"stock of {item} answered with {status}")
        self.answer(status, text.encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, text, *arguments):
        sys.stderr.write(f"{self.address_string()} - - [{self.log_date_time_string()}] "
                         f"{text % arguments} request_id={self.request_id}\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1])), Stock)
    print(f"stock listens on {sys.argv[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
