"""HTTP as bytes, for tests of what no client library would send."""

import socket
import threading

from conftest import PATIENCE

REASONS = {"title", "status", "reason"}
SECURE = {}  # the context of each port that speaks TLS


def exchange(port, data, pause=None):
    """What comes back until the server closes, or says no more for a while: (bytes, closed). `data` may be several
    pieces, between which `pause` is called."""
    with connect(port) as stream:
        pieces = data if isinstance(data, list) else [data]
        try:
            for number, piece in enumerate(pieces):
                if number and pause:
                    pause()
                stream.sendall(piece)
        except OSError:
            pass  # it was refused before its end
        return read_all(stream)


def connect(port):
    stream = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return SECURE[port].wrap_socket(stream, server_hostname="localhost") if port in SECURE else stream


def read_all(stream, patience=PATIENCE):
    """All until the end; (bytes, closed). An answer that leaves the connection open ends with its length."""
    stream.settimeout(patience)
    answer = b""
    try:
        while not is_whole(answer):
            piece = stream.recv(65536)
            if not piece:
                return answer, True
            answer += piece
    except ConnectionResetError:
        return answer, True
    except TimeoutError:
        return answer, False
    return answer, False


def is_whole(answer):
    """One final answer that says how long it is, and does not close."""
    head, gap, body = answer.partition(b"\r\n\r\n")
    if not gap or b"connection: close" in head.lower() or head.startswith(b"HTTP/1.1 100"):
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line[15:])
    return False


def status(answer):
    """Of the last head in it; 0: there is none."""
    heads = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ") and line[9:10].isdigit()]
    return int(heads[-1].split()[1]) if heads else 0


def at_once(count, act):
    """Runs act(0) … act(count - 1) in threads; what they gave."""
    results = [None] * count

    def one(number):
        results[number] = act(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
