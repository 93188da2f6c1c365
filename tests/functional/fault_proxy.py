"""A TCP proxy before a real server, which spoils what passes through it.

    proxy = shop.add(FaultProxy(postfix.port))   # or a path: of a Unix socket
    proxy.delay = 0.1                     # each way; what is under way keeps its order
    proxy.bandwidth = 10_000              # bytes a second, each way of each connection
    proxy.hole = True                     # nothing passes, nothing is ended
    proxy.cut(sent=5000)                  # from now on a connection is reset once so many bytes went to the server
    proxy.cut(answered=200, how="close")  # … came from it; FIN instead of RST; what is over N never passes
    proxy.reset()                         # all connections, now
    proxy.refuse() / proxy.accept()       # connections are refused / taken again, on the same port
    proxy.well()                          # all as it should be, for what is connected too

Every switch may be turned while it runs, from any thread. `connections` counts those that came."""

import asyncio
import socket
import struct
import threading

CHUNK = 16384


async def pause(seconds):
    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=seconds)


class Way:
    """One direction of one connection: what was read waits in order until it is due."""

    def __init__(self, proxy, reader, writer, name):
        self.proxy, self.reader, self.writer, self.name = proxy, reader, writer, name
        self.passed, self.due = 0, 0.0
        self.queue = asyncio.Queue(256)

    async def read(self):
        while data := await self.reader.read(CHUNK):
            await self.queue.put((asyncio.get_running_loop().time() + self.proxy.delay, data))
        await self.queue.put((asyncio.get_running_loop().time() + self.proxy.delay, b""))

    async def write(self):
        loop = asyncio.get_running_loop()
        while True:
            due, data = await self.queue.get()
            if due > loop.time():
                await pause(due - loop.time())
            while self.proxy.hole:
                await pause(0.02)
            if not data:
                self.writer.write_eof()
                return
            await self.slice(data)

    async def slice(self, data):
        limit = self.proxy.limits[self.name]
        if limit is not None and self.passed + len(data) >= limit:
            self.writer.write(data[:max(0, limit - self.passed)])
            await self.writer.drain()
            raise Cut
        while data:
            part = data[:max(1, self.proxy.bandwidth // 20)] if self.proxy.bandwidth else data
            self.writer.write(part)
            await self.writer.drain()
            self.passed, data = self.passed + len(part), data[len(part):]
            if self.proxy.bandwidth:
                await pause(len(part) / self.proxy.bandwidth)


class Cut(Exception):
    pass


class FaultProxy:
    def __init__(self, target, host="127.0.0.1"):
        self.target, self.host = target, host
        self.pairs, self.connections = set(), 0
        self.well()
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.reserve(0)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.accept()

    # ---- Switches ----

    def well(self):
        self.delay, self.bandwidth, self.hole = 0.0, None, False
        self.limits, self.how = {"sent": None, "answered": None}, "reset"

    def cut(self, sent=None, answered=None, how="reset"):
        self.limits, self.how = {"sent": sent, "answered": answered}, how

    def reset(self):
        self._call(self._reset_all)

    def refuse(self):
        """The port stays ours: bound, and nobody listens."""
        self._call(self._stop_listening)

    def accept(self):
        self._call(self._listen)

    def stop(self):
        self._call(self._stop_listening)
        self._call(self._end_all)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(60)
        self.loop.close()
        self.holder.close()

    # ---- Inside ----

    def reserve(self, port):
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.holder.bind(("127.0.0.1", port))
        self.port = self.holder.getsockname()[1]

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.server = None
        self.loop.call_soon(self.ready.set)
        self.loop.run_forever()

    def _call(self, function):
        self.ready.wait(60)
        asyncio.run_coroutine_threadsafe(function(), self.loop).result(60)

    async def _listen(self):
        if not self.server:
            self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_port=True, backlog=512)

    async def _stop_listening(self):
        if self.server:
            self.server.close()
            self.server = None

    async def _reset_all(self):
        for pair in list(self.pairs):
            self._end(pair, "reset")

    async def _end_all(self):
        await self._reset_all()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _end(self, pair, how):
        for writer in pair:
            sock = writer.get_extra_info("socket")
            if how == "reset" and sock and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()

    def _open(self):
        if isinstance(self.target, str):
            return asyncio.open_unix_connection(self.target)
        return asyncio.open_connection(self.host, self.target)

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            far_reader, far_writer = await self._open()
        except OSError:
            self._end((writer,), "reset")
            return
        pair = (writer, far_writer)
        self.pairs.add(pair)
        ways = [Way(self, reader, far_writer, "sent"), Way(self, far_reader, writer, "answered")]
        tasks = [asyncio.ensure_future(run()) for way in ways for run in (way.read, way.write)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            cut = any(isinstance(task.exception(), Cut) for task in done)
        except asyncio.CancelledError:
            cut = False
        for task in tasks:
            task.cancel()
        self._end(pair, self.how if cut else "close")
        self.pairs.discard(pair)
