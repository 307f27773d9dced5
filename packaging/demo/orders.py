"""Orders things from the demo's shop, and prints the request id and the status of each order.

    python3 orders.py PORT COUNT

The last order is for something that the stock service has never heard of.
"""

import itertools
import sys
import time
import urllib.error
import urllib.request
import uuid


def order(port, item):
    request_id = str(uuid.uuid4())
    request = urllib.request.Request(f"http://127.0.0.1:{port}/buy/{item}",
                                     headers={"X-Request-ID": request_id})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return request_id, answer.status
    except urllib.error.HTTPError as answer:
        return request_id, answer.code


def await_shop(port):
    deadline = time.monotonic() + 20
    while True:
        try:
            return order(port, "apples")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    items = itertools.cycle(["pears", "plums", "apples"])
    print(*await_shop(port))
    for item in itertools.islice(items, count - 2):
        print(*order(port, item))
    print(*order(port, "unicorns"))


if __name__ == "__main__":
    main()
