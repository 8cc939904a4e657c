"""What the faults happen to: a PostgreSQL server, a proxy before it, a small file system, and the register itself."""
import contextlib, json, os, pathlib, re, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))
import bench

BUILT = [bench.BINARY.parent.parent / profile / bench.BINARY.name for profile in ("release", "debug")]
bench.BINARY = pathlib.Path(os.environ.get("BINARY") or next((path for path in BUILT if path.exists()), BUILT[0]))
LOGS = pathlib.Path(tempfile.gettempdir()) / "register-faults-logs"


class Cluster:
    """A PostgreSQL server of its own, not yet started."""

    def __init__(self, data, *settings, copy_of=None):
        self.data, self.port = data, bench.free_port()
        self.options = f"-p {self.port} -k {data} -c listen_addresses=127.0.0.1 -c dynamic_shared_memory_type=mmap"
        self.options += "".join(f" -c {setting}" for setting in settings)
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
            data.parent.chmod(0o755)
        if copy_of:
            self.run("pg_basebackup", "-R", "-c", "fast", "-h", "127.0.0.1", "-p", str(copy_of.port), "-U", "postgres")
        else:
            self.run("initdb", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C")

    def run(self, name, *arguments):
        prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*prefix, bench.tool(name), "-D", str(self.data), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def start(self):
        self.run("pg_ctl", "-o", self.options, "-l", str(self.data / "log"), "-w", "start")

    def stop(self, mode):
        self.run("pg_ctl", "-m", mode, "-w", "stop")

    def restart(self, mode):
        self.run("pg_ctl", "-m", mode, "-l", str(self.data / "log"), "-w", "restart")

    def promote(self):
        self.run("pg_ctl", "-w", "promote")

    def kill(self):
        """SIGKILL to the postmaster; the segment of shared memory that it cannot remove any more is removed here."""
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), signal.SIGKILL)
        subprocess.run(["ipcrm", "-m", lines[6].split()[1]], check=True)
        (self.data / "postmaster.pid").unlink()

    def close(self):
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")

    def sql(self, text, database="postgres"):
        return bench.psql(self.port, database, text)

    def url(self):
        return f"postgres://postgres@127.0.0.1:{self.port}/register"


class Session:
    """A connection to a server by its wire protocol, so that many can be held open without a process each."""

    def __init__(self, port, database="postgres"):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.settimeout(60)
        self.stream = self.socket.makefile("rb")
        names = f"user\0postgres\0database\0{database}\0\0".encode()
        self.socket.sendall(struct.pack("!ii", len(names) + 8, 196608) + names)
        self.finish()

    def run(self, sql):
        text = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
        self.finish()

    def finish(self):
        """Reads until the server is ready for another query."""
        kind = b""
        while kind != b"Z":
            kind, length = struct.unpack("!ci", self.stream.read(5))
            body = self.stream.read(length - 4)
            if kind == b"E":
                self.close()
                raise ConnectionError(body.replace(b"\0", b" ").decode(errors="replace"))

    def close(self):
        self.stream.close()
        self.socket.close()


class Proxy:
    """Between the register and its server. While it is silent it accepts and swallows; connections of that time, and those from before, stay dead."""

    def __init__(self, upstream):
        self.upstream, self.silent, self.links = upstream, False, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                link = {"dead": self.silent, "ends": [near]}
                self.links.append(link)
                far = None
                if not self.silent:
                    far = socket.create_connection(("127.0.0.1", self.upstream))
                    link["ends"].append(far)
                    threading.Thread(target=self.pump, args=(link, far, near), daemon=True).start()
                threading.Thread(target=self.pump, args=(link, near, far), daemon=True).start()

    def pump(self, link, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not link["dead"]:
                    target.sendall(data)
        # An end that comes while the link is dead is not passed on either.
        if not link["dead"]:
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)

    def fall_silent(self):
        self.silent = True
        for link in self.links:
            link["dead"] = True

    def speak_again(self):
        self.silent = False

    def close(self):
        for one in [self.listener, *(end for link in self.links for end in link["ends"])]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class Service(bench.Register):
    """The register with settings for a fault, its standard error in a file. Created stopped."""

    def __init__(self, url, log):
        self.port, self.log, self.process = bench.free_port(), log, None
        self.environment = dict(os.environ, DATABASE_URL=url, LISTEN=f"127.0.0.1:{self.port}", PUBLIC_URL="http://register.test", LOCAL_TOKENS="true",
                                RATE_LIMIT="off", LOG="warn", KEY_SECRET="5a" * 32, MAX_UPLOAD_BYTES="200000000", BODY_TIMEOUT="120")

    def verb(self, *arguments):
        done = subprocess.run([bench.BINARY, *arguments], env=self.environment, text=True, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def launch(self):
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen([bench.BINARY, "serve"], env=self.environment, stdout=subprocess.DEVNULL, stderr=errors)

    def start(self):
        """Returns the moment it was seen to listen."""
        self.launch()
        limit = time.monotonic() + 60
        while time.monotonic() < limit and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return time.monotonic()
            time.sleep(0.01)
        raise RuntimeError(f"the register did not start: {self.log.read_text()[-2000:]}")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def sibling(self, url):
        """Another process over the same database, that takes the same token."""
        other = Service(url, self.log)
        other.token = self.token
        return other

    def pages(self, path):
        """Every row of a list."""
        joint, cursor = "&" if "?" in path else "?", ""
        while cursor is not None:
            page = self.call("GET", f"{path}{joint}limit=500" + (f"&cursor={cursor}" if cursor else ""))
            yield from page["data"]
            cursor = page["page"]["next"]

    def answers(self, path="/health/live"):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=1).status == 200
        return False


class Stage:
    """One engine with a seeded register on it. `closing` undoes everything, whatever happens."""

    def __init__(self, engine, number):
        self.engine, self.number, self.closing = engine, number, contextlib.ExitStack()
        self.folder = pathlib.Path(self.closing.enter_context(tempfile.TemporaryDirectory(prefix="register-faults-")))
        self.log = self.folder / "register.log"
        self.cluster = self.standby = self.proxy = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.close()

    def keeping(self, thing, end="close"):
        """Has the thing ended with the stage."""
        self.closing.callback(getattr(thing, end))
        return thing

    def small_disk(self, megabytes):
        disk = self.folder / "small"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "register-faults", str(disk)], check=True)
        self.closing.callback(subprocess.run, ["umount", "-l", str(disk)], check=True)
        return disk

    def database(self, disk=None, settings=(), proxied=False, replicated=False):
        """The address of an empty database, with all its data on `disk` if one is given."""
        if self.engine == "sqlite":
            self.file = (disk or self.folder) / "register.sqlite"
            return f"sqlite://{self.file}"
        self.cluster = self.keeping(Cluster(self.folder / "pg", *settings))
        self.cluster.start()
        if disk:
            shutil.chown(disk, "postgres")
            self.cluster.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
        self.cluster.sql("CREATE DATABASE register" + (" TABLESPACE small" if disk else ""))
        if proxied:
            self.proxy = self.keeping(Proxy(self.cluster.port))
            return f"postgres://postgres@127.0.0.1:{self.proxy.port}/register"
        if replicated:
            self.standby = self.keeping(Cluster(self.folder / "standby", copy_of=self.cluster))
            self.standby.start()
            self.cluster.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.cluster.sql("SELECT pg_reload_conf()")
            while self.cluster.sql("SELECT sync_state FROM pg_stat_replication") != "sync":
                time.sleep(0.1)
            return f"postgres://postgres@127.0.0.1:{self.cluster.port},127.0.0.1:{self.standby.port}/register?target_session_attrs=read-write"
        return self.cluster.url()

    def register(self, seeded=True, **options):
        """The register over a fresh database, migrated and seeded, with a token, not yet started."""
        service = self.keeping(Service(self.database(**options), self.log), "kill")
        service.verb("migrate")
        if seeded:
            service.verb("seed")
        service.token = service.verb("token", "--role", "national-admin", "--ttl", "12h").strip()
        return service

    def direct(self, service):
        """The address of the database as it is reached when all is over."""
        if self.engine == "sqlite":
            return service.environment["DATABASE_URL"]
        return (self.standby or self.cluster).url()

    def causes(self):
        """The last causes in the register's log that differ by more than numbers, those of a status 500 first."""
        seen = {}
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                fields = json.loads(line)
                line = f"{fields.get('code', fields.get('level'))}: {fields.get('message')}: {fields.get('cause')}"
            line = " ".join(line.split())
            kind = re.sub(r"\d+", "0", line)
            seen.pop(kind, None)
            seen[kind] = line
        internal = [line for line in seen.values() if line.startswith("internal")]
        return internal[-3:] + [line for line in list(seen.values())[-5:] if line not in internal]
