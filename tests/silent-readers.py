"""Opens streams and takes nothing: python3 silent-readers.py HOST PORT < TOKENS, eight by token.

Prints «open» once every answer has begun. Buffers are as small as the system lets them be, so that
what is not taken stays with the hub. Ends when its input does.
"""

import socket
import sys

EACH = 8
RECEIVE_BYTES = 4096


def opened(address, token):
    reader = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    reader.connect(address)
    reader.sendall(
        b"GET /v1/feed/stream?from=now HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer "
        + token.encode()
        + b"\r\n\r\n"
    )
    return reader


def main():
    address = (sys.argv[1], int(sys.argv[2]))
    count = int(sys.stdin.readline())
    tokens = [sys.stdin.readline().strip() for _ in range(count)]
    readers = [opened(address, token) for token in tokens for _ in range(EACH)]
    for reader in readers:
        # Only looked at: it stays where it is.
        head = reader.recv(12, socket.MSG_PEEK)
        if head != b"HTTP/1.1 200":
            sys.exit(f"not a stream: {head!r}")
    print("open", flush=True)
    sys.stdin.read()


main()
