"""Many small HTTP requests out of few cycles, and a server that takes them.

Standard library only: epoll and raw sockets, one process for each, so that the
load is not what is measured. `python3 http_load.py` prints what they can do by
themselves.
"""

import multiprocessing
import select
import socket
import time

FORK = multiprocessing.get_context("fork")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def whole(buffer):
    """Bytes of the first message in the buffer; 0 when it is not all there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    at = buffer.lower().find(b"content-length:", 0, end)
    if at < 0:
        return end + 4
    size = int(buffer[at + 15:buffer.index(b"\r\n", at)])
    return end + 4 + size if len(buffer) >= end + 4 + size else 0


def address_of(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def send_all(address, make, count, connections, codes):
    """Requests make(0), make(1), ...; one at a time on each connection."""
    poll, idle, sockets = select.epoll(), [], {}
    for _ in range(connections):
        sock = socket.create_connection(address_of(address), 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[sock.fileno()] = [sock, b""]
        poll.register(sock, select.EPOLLIN)
        idle.append(sock)
    sent = done = 0
    while done < count:
        while idle and sent < count:
            idle.pop().sendall(make(sent))
            sent += 1
        for number, _ in poll.poll(10):
            entry = sockets[number]
            data = entry[0].recv(65536)
            if not data:
                raise SystemExit("http_load: the server hung up")
            entry[1] += data
            if whole(entry[1]):
                code = entry[1][9:12].decode()
                codes[code] = codes.get(code, 0) + 1
                entry[1] = b""
                idle.append(entry[0])
                done += 1


def _load(pipe, *arguments):
    codes = {}
    started = time.monotonic()
    send_all(*arguments, codes)
    pipe.send((time.monotonic() - started, codes))


def load(address, make, count, connections=16):
    """(seconds, {code: number of answers}), from a process of its own."""
    here, there = FORK.Pipe()
    process = FORK.Process(target=_load, daemon=True, args=(
        there, address, make, count, connections))
    process.start()
    there.close()
    try:
        return here.recv()
    except EOFError as error:
        raise SystemExit("http_load: the load broke off") from error
    finally:
        process.join()


class CountingServer:
    """Answers 200 to all and counts, in a process of its own."""

    def __init__(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        self._count = FORK.Value("L", 0, lock=False)
        self._process = FORK.Process(target=self._serve, args=(listener,),
                                     daemon=True)
        self._process.start()
        listener.close()

    def _serve(self, listener):
        poll, open_now = select.epoll(), {}
        poll.register(listener, select.EPOLLIN)
        while True:
            for number, _ in poll.poll():
                if number == listener.fileno():
                    sock, _ = listener.accept()
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    open_now[sock.fileno()] = [sock, b""]
                    poll.register(sock, select.EPOLLIN)
                else:
                    self._read(open_now, number)

    def _read(self, open_now, number):
        entry = open_now[number]
        try:
            data = entry[0].recv(65536)
        except OSError:
            data = b""
        if not data:
            open_now.pop(number)[0].close()
            return
        entry[1] += data
        size = whole(entry[1])
        while size:
            entry[0].sendall(OK)
            self._count.value += 1
            entry[1] = entry[1][size:]
            size = whole(entry[1])

    @property
    def count(self):
        return self._count.value

    def stop(self):
        self._process.terminate()
        self._process.join()


def main():
    server = CountingServer()
    body = b"x" * 500
    request = (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"
               + body)
    count = 50_000
    seconds, codes = load(server.address, lambda i: request, count)
    print(f"{count / seconds:.0f} requests a second, {codes}")
    server.stop()


if __name__ == "__main__":
    main()
