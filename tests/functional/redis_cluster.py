"""A real Redis Cluster on loopback: masters, a replica of each, and what can happen to them.

    cluster = shop.add(RedisCluster(shop.folder / "cluster").start())

A slot is moved in steps (`begin_move`, `move_keys`, `end_move`), so that a test may stop half way.
Nodes know each other from the first moment, by the nodes.conf that they find: what a start takes are the
two seconds for which a master waits before it serves anything."""

import logging
import os
import signal
import socket
import subprocess

import redis
import redis.cluster
import redis.crc

from conftest import REDIS_SERVER, wait_until

SLOTS = 16384
GONE = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.BusyLoadingError)


def free_ports(count):
    """Ports that nobody has, of which no two are the same."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def slot_of(key):
    return redis.crc.key_slot(key if isinstance(key, bytes) else key.encode())


class Node:
    """One redis-server of the cluster. `kill` and `start` again keep the data, and who it is."""

    def __init__(self, folder, port, bus, options, tls):
        self.folder, self.port, self.bus = folder, port, bus
        self.options = ["--port", str(port), *options]
        if tls:
            self.options = ["--port", "0", "--tls-port", str(port), "--tls-cluster", "yes", "--tls-replication", "yes",
                            "--tls-cert-file", f"{tls}/good.pem", "--tls-key-file", f"{tls}/good.key",
                            "--tls-ca-cert-file", f"{tls}/ca.pem", "--tls-auth-clients", "no", *options]
        self.id = os.urandom(20).hex()
        self.process, self.paused = None, False
        self.served = set()  # the slots that it had when it was lost
        self.client = redis.Redis(port=port, socket_timeout=5,
                                  **({"ssl": True, "ssl_ca_certs": f"{tls}/ca.pem"} if tls else {}))

    def line(self, flags, of, epoch, slots=""):
        """Of nodes.conf."""
        return f"{self.id} 127.0.0.1:{self.port}@{self.bus} {flags} {of} 0 0 {epoch} connected {slots}\n"

    def start(self):
        self.process = subprocess.Popen(
            [REDIS_SERVER, "--bind", "127.0.0.1", "--dir", str(self.folder),
             "--cluster-enabled", "yes", "--cluster-port", str(self.bus), "--cluster-config-file", "nodes.conf",
             "--appendonly", "yes", "--appendfsync", "no", "--save", "", "--maxmemory-policy", "noeviction",
             "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes", *self.options],
            stdout=(self.folder / "log").open("ab"))
        return self

    def answers(self):
        try:
            return self.client.ping()
        except GONE:
            return False

    def kill(self, how=signal.SIGKILL):
        if not self.process:
            return
        self.served = self.served if self.paused else self.serves()
        self.process.send_signal(how)
        self.resume()
        self.process.wait()
        self.process = None

    def pause(self):
        self.served = self.serves()
        self.process.send_signal(signal.SIGSTOP)
        self.paused = True

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.paused = False

    def ask(self, *command):
        return self.client.execute_command(*command)

    def view(self):
        """How the node sees the cluster: for each id its flags, whose replica it is, and its slots."""
        lines = [line.split(" ") for line in self.ask("CLUSTER", "NODES").decode().splitlines()]
        return {words[0]: {"flags": words[2].split(","), "of": words[3], "slots": ranges(words[8:])} for words in lines}

    def serves(self):
        """The slots that it serves, in its own eyes: none where it is gone, or a replica."""
        try:
            return self.view()[self.id]["slots"]
        except GONE:
            return set()

    def is_ok(self):
        """Whether in its eyes all slots are served; a replica's has the data of its master."""
        try:
            return (b"cluster_state:ok" in self.ask("CLUSTER", "INFO")
                    and self.client.info("replication").get("master_link_status", "up") == "up")
        except GONE:
            return False


def ranges(words):
    """Slots of "0-5460 7000 [93->-…]": those that are being moved count with who serves them."""
    pairs = [word.split("-") for word in words if not word.startswith("[")]
    return {slot for pair in pairs for slot in range(int(pair[0]), int(pair[-1]) + 1)}


class RedisCluster:
    """`masters` with one replica each. `options`: more words for each redis-server; `tls`: a folder of
    certificates, as certificates.make() has it."""

    def __init__(self, folder, masters=3, replicas=True, node_timeout=2000, options=(), tls=None):
        self.folder, self.tls = folder, tls
        folder.mkdir(parents=True, exist_ok=True)
        self.options = ["--cluster-node-timeout", str(node_timeout), "--cluster-replica-validity-factor", "0",
                        "--cluster-allow-replica-migration", "no", *options]
        ports = free_ports(2 * masters * (2 if replicas else 1))
        self.nodes = [self.new_node(*ports[2 * i:2 * i + 2]) for i in range(len(ports) // 2)]
        self.masters = masters
        self.write_configurations()

    def new_node(self, port, bus):
        folder = self.folder / str(port)
        folder.mkdir()
        return Node(folder, port, bus, self.options, self.tls)

    def write_configurations(self):
        for me in self.nodes:
            lines = []
            for i, node in enumerate(self.nodes):
                of = self.nodes[i - self.masters].id if i >= self.masters else "-"
                first, end = i * SLOTS // self.masters, (i + 1) * SLOTS // self.masters
                flags = ("myself," if node is me else "") + ("master" if of == "-" else "slave")
                epoch = i % self.masters + 1
                lines.append(node.line(flags, of, epoch, f"{first}-{end - 1}" if of == "-" else ""))
            lines.append(f"vars currentEpoch {self.masters} lastVoteEpoch 0\n")
            (me.folder / "nodes.conf").write_text("".join(lines))

    def start(self):
        for node in self.nodes:
            node.start()
        self.wait_ok()
        return self

    def stop(self):
        for node in self.nodes:
            node.kill()

    @property
    def url(self):
        seeds = [f"127.0.0.1:{node.port}" for node in self.nodes[:self.masters]]
        return f"redis{'s' if self.tls else ''}+cluster://{','.join(seeds)}"

    def connect(self):
        """A client of the cluster as a whole."""
        logging.getLogger("redis.cluster").setLevel(logging.CRITICAL)  # that a slot has moved is no news here
        return redis.cluster.RedisCluster(
            startup_nodes=[redis.cluster.ClusterNode("127.0.0.1", node.port) for node in self.nodes])

    def living(self):
        return [node for node in self.nodes if node.process and not node.paused]

    def wait_ok(self):
        wait_until(lambda: all(node.is_ok() for node in self.living()), "the cluster to be whole")

    def owner(self, key):
        """The node that serves the slot of a key (or of that number), once only one thinks so."""
        slot = key if isinstance(key, int) else slot_of(key)

        def owners():
            return [node for node in self.living() if slot in node.serves()]
        return wait_until(lambda: len(owners()) == 1 and owners(), f"one owner of slot {slot}")[0]

    def wait_copied(self, master):
        """Its replica has all that was written so far. (WAIT knows only of what its own client wrote.)"""
        written = master.client.info("replication")["master_repl_offset"]
        replica = self.replica_of(master)
        wait_until(lambda: replica.client.info("replication")["slave_repl_offset"] >= written,
                   "the replica to have what was written")

    def replica_of(self, master):
        return next(node for node in self.living() if node.view()[node.id]["of"] == master.id)

    def wait_replaced(self, master):
        """Until a replica has taken over from a master that was killed or paused; that one is returned."""
        def heir():
            return next((node for node in self.living() if master.served <= node.serves()), None)
        assert master.served
        return wait_until(heir, "a replica to take over")

    def add_master(self):
        """One more, without slots, which all others know."""
        node = self.new_node(*free_ports(2)).start()
        wait_until(node.answers, "the node")
        node.id = node.ask("CLUSTER", "MYID").decode()
        old = self.nodes[0]
        node.ask("CLUSTER", "MEET", "127.0.0.1", str(old.port), str(old.bus))
        wait_until(lambda: all(len(each.view()) > len(self.nodes) for each in [node, *self.living()]),
                   "all to know the node")
        self.nodes.append(node)
        self.wait_ok()
        return node

    # -- Moving a slot, as redis-cli --cluster reshard does it

    def begin_move(self, slot, to):
        """From now on the slot is half moved: what is not there any more is asked for elsewhere."""
        source = self.owner(slot)
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
        return source

    def move_keys(self, slot, to, count=10000):
        return wait_until(lambda: self.moved_keys(slot, to, count), "a cluster to which keys can be moved")[0]

    def moved_keys(self, slot, to, count):
        """[which], or nothing: where a node takes the cluster to be down, for a moment."""
        source = self.owner(slot)
        keys = source.ask("CLUSTER", "GETKEYSINSLOT", slot, count)
        try:
            if keys:
                source.ask("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
        except redis.exceptions.ResponseError as error:
            if "CLUSTERDOWN" not in str(error):
                raise
            return None
        return [keys]

    def read_half(self, slot, to):
        """All texts of a slot that is half moved, by key."""
        found = {}
        for node in (self.owner(slot), to):
            for key in node.ask("CLUSTER", "GETKEYSINSLOT", slot, 10000):
                found[key] = node.client.pipeline(transaction=False).execute_command("ASKING").get(key).execute()[1]
        return found

    def end_move(self, slot, to):
        source = self.owner(slot)
        others = [node for node in self.living() if node not in (source, to) and b"master" in node.ask("ROLE")]
        for node in (to, source, *others):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", to.id)

    def move(self, slot, to):
        self.begin_move(slot, to)
        while self.move_keys(slot, to):
            pass
        self.end_move(slot, to)
