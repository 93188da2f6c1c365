"""A master with replicas on loopback, Sentinels that watch them, and what can happen to all of these.

    redis = shop.add(RedisSentinel(shop.folder / "sentinel").start())

They know each other from the first moment, by the configuration that they find, and speak to each other as
the user `peer`: where that may not log in, a server is cut off from them, and from nobody else."""

import os
import signal
import subprocess

import redis
import redis.sentinel

from conftest import REDIS_SERVER, wait_until
from redis_cluster import GONE, free_ports

NAME = "mymaster"
PASSWORD = "hush"  # of the servers
# What Sentinels do every ten, two and one seconds.
HURRY = ["info-period", "500", "publish-period", "250", "ask-period", "250", "ping-period", "200"]


class Process:
    """A server that is killed, started again with what it had, or stopped for a while."""

    def __init__(self, folder, port, tls, password):
        folder.mkdir(parents=True)
        self.folder, self.port, self.tls = folder, port, tls
        self.process, self.paused = None, False
        self.client = redis.Redis(port=port, socket_timeout=5, password=password,
                                  **({"ssl": True, "ssl_ca_certs": f"{tls}/ca.pem"} if tls else {}))

    def start(self):
        self.process = subprocess.Popen([REDIS_SERVER, *self.words()], stdout=(self.folder / "log").open("ab"))
        wait_until(self.answers, f"the server at {self.port}")
        return self

    def listening(self):
        if not self.tls:
            return [f"port {self.port}"]
        return ["port 0", f"tls-port {self.port}", "tls-replication yes", f"tls-cert-file {self.tls}/good.pem",
                f"tls-key-file {self.tls}/good.key", f"tls-ca-cert-file {self.tls}/ca.pem", "tls-auth-clients no"]

    def answers(self):
        try:
            return bool(self.client.execute_command("ROLE"))
        except GONE:
            return False

    def kill(self, how=signal.SIGKILL):
        if self.process:
            self.process.send_signal(how)
            self.resume()
            self.process.wait()
            self.process = None

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.paused = True

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.paused = False

    def ask(self, *command):
        return self.client.execute_command(*command)


class Server(Process):
    def __init__(self, folder, port, tls, options, of):
        super().__init__(folder, port, tls, PASSWORD)
        lines = [*self.listening(), "bind 127.0.0.1", f"dir {folder}", "appendonly yes", "appendfsync no", 'save ""',
                 "maxmemory-policy noeviction", "repl-diskless-sync-delay 0", "user peer on >peer ~* &* +@all",
                 "masteruser peer", "masterauth peer", f"requirepass {PASSWORD}", *options]
        if of:
            lines.append(f"replicaof 127.0.0.1 {of.port}")
        (folder / "redis.conf").write_text("\n".join(lines) + "\n")

    def words(self):
        return [self.folder / "redis.conf"]

    def cut(self):
        self.ask("ACL", "SETUSER", "peer", "off")
        self.ask("CLIENT", "KILL", "USER", "peer")

    def heal(self):
        self.ask("ACL", "SETUSER", "peer", "on")
        self.ask("CLIENT", "KILL", "TYPE", "normal")  # who was refused, and would not say again who it is

    def role(self):
        try:
            return self.ask("ROLE")[0].decode() if self.process and not self.paused else None
        except GONE:
            return None

    def follows(self):
        """A replica that has what its master has."""
        try:
            return self.role() == "slave" and self.client.info("replication").get("master_link_status") == "up"
        except GONE:  # after it said its role: killed, or slower than its client waits
            return False


class Sentinel(Process):
    def __init__(self, folder, port, tls, password):
        super().__init__(folder, port, tls, password)
        self.id = os.urandom(20).hex()
        self.password = password

    def configure(self, world):
        lines = [*self.listening(), "bind 127.0.0.1", f"dir {self.folder}", f"sentinel myid {self.id}",
                 f"sentinel monitor {NAME} 127.0.0.1 {world.servers[0].port} {len(world.sentinels) // 2 + 1}",
                 f"sentinel auth-user {NAME} peer", f"sentinel auth-pass {NAME} peer",
                 f"sentinel down-after-milliseconds {NAME} {world.down_after}",
                 f"sentinel failover-timeout {NAME} 5000",
                 *[f"sentinel known-replica {NAME} 127.0.0.1 {server.port}" for server in world.servers[1:]],
                 *[f"sentinel known-sentinel {NAME} 127.0.0.1 {other.port} {other.id}"
                   for other in world.sentinels if other is not self]]
        if self.password:
            lines += [f"requirepass {self.password}", f"sentinel sentinel-pass {self.password}"]
        (self.folder / "sentinel.conf").write_text("\n".join(lines) + "\n")

    def words(self):
        return [self.folder / "sentinel.conf", "--sentinel"]

    def answers(self):
        try:
            return self.ask("SENTINEL", "DEBUG", *HURRY) == b"OK" if self.client.ping() else False
        except GONE:
            return False

    def master(self):
        """The port of who is the master, in its eyes; None where it does not say."""
        try:
            return int(self.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1])
        except GONE:
            return None

    def deafen(self, world):
        """It hears nothing any more of other Sentinels, by servers or by themselves."""
        self.ask("ACL", "SETUSER", "default", "-publish")
        self.ask("SENTINEL", "SET", NAME, "auth-pass", "wrong")
        for server in world.servers:
            server.ask("CLIENT", "KILL", "USER", "peer")
        world.wait_whole()
        wait_until(lambda: all(world.is_known(other) for other in world.sentinels if other is not self),
                   "the others to see all again")

    def tilt(self):
        try:
            return self.client.info("sentinel")["sentinel_tilt"]
        except GONE:
            return None


class RedisSentinel:
    """`options`: more lines of each server's configuration; `tls`: a folder of certificates, as
    certificates.make() has it; `password`: of the Sentinels."""

    def __init__(self, folder, replicas=2, sentinels=3, down_after=1000, options=(), tls=None, password=None):
        self.tls, self.down_after = tls, down_after
        ports = free_ports(1 + replicas + sentinels)
        first = Server(folder / str(ports[0]), ports[0], tls, options, None)
        self.servers = [first, *[Server(folder / str(port), port, tls, options, first)
                                 for port in ports[1:1 + replicas]]]
        self.sentinels = [Sentinel(folder / str(port), port, tls, password) for port in ports[1 + replicas:]]
        for sentinel in self.sentinels:
            sentinel.configure(self)

    def start(self):
        for server in self.servers:
            server.start()
        self.wait_whole()
        for sentinel in self.sentinels:
            sentinel.start()
        wait_until(lambda: all(self.is_known(sentinel) for sentinel in self.sentinels), "Sentinels to see all")
        return self

    def stop(self):
        for process in [*self.sentinels, *self.servers]:
            process.kill()

    def is_known(self, sentinel):
        """Whether it sees enough for a failover: the replicas with their data, and the other Sentinels."""
        rows = [dict(zip(row[::2], row[1::2])) for row in sentinel.ask("SENTINEL", "REPLICAS", NAME)]
        return (sentinel.ask("SENTINEL", "CKQUORUM", NAME).startswith(b"OK") and len(rows) == len(self.servers) - 1
                and all(row[b"master-link-status"] == b"ok" and row[b"flags"] == b"slave" for row in rows))

    @property
    def url(self):
        seeds = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis{'s' if self.tls else ''}+sentinel://:{PASSWORD}@{seeds}/{NAME}"

    def connect(self):
        """A client that follows the master."""
        return redis.sentinel.Sentinel([("127.0.0.1", sentinel.port) for sentinel in self.sentinels],
                                       socket_timeout=5).master_for(NAME, password=PASSWORD)

    def replicas(self):
        return [server for server in self.servers if server.follows()]

    def owner(self, key=None):
        """The master, once all Sentinels and itself think so."""
        return wait_until(self.agreed, lambda: f"a master: {self.seen()}")

    def agreed(self):
        ports = {sentinel.master() for sentinel in self.sentinels if sentinel.process and not sentinel.paused}
        return next((server for server in self.servers if {server.port} == ports and server.role() == "master"), None)

    def wait_whole(self):
        """All servers are there, and all but one follow."""
        wait_until(lambda: sum(server.follows() for server in self.servers) == len(self.servers) - 1,
                   "the replicas to have what the master has")

    def wait_copied(self):
        """The replicas have all that was written so far: whichever takes over has it."""
        written = self.owner().client.info("replication")["master_repl_offset"]
        wait_until(lambda: all(server.client.info("replication")["slave_repl_offset"] >= written
                               for server in self.servers if server.role() == "slave"),
                   "the replicas to have what was written")

    def wait_replaced(self, master):
        """Until a replica has taken over from a master that was killed or paused, in the eyes of all."""
        return wait_until(lambda: (heir := self.agreed()) is not master and heir,
                          lambda: f"a replica to take over: {self.seen()}")

    def seen(self):
        """What each is, in its own eyes, and who the master is in those of the Sentinels."""
        return ({server.port: server.role() for server in self.servers},
                [sentinel.master() for sentinel in self.sentinels if sentinel.process and not sentinel.paused],
                [sentinel.tilt() for sentinel in self.sentinels if sentinel.process and not sentinel.paused])
