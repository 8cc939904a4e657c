#!/usr/bin/env python3
"""Breaks what the register stands on while clients use it, and says whether they noticed more than they may.

    python3 benches/faults/faults.py NAME... | all [--runs 10] [--engine postgres|sqlite|both] [--clients 16] [--minutes 10]

    restart       PostgreSQL is restarted, in turn -m immediate and -m fast
    terminate     all connections of the register are terminated, five times
    silent        nothing passes between the register and PostgreSQL for 30 s, and no connection is closed
    locked        another session holds the table innovations for 20 s
    down          PostgreSQL is stopped for 10 s
    exhausted     other sessions take every connection that PostgreSQL has for 10 s
    readonly      the database cannot be written for 10 s
    full          the disk of the database is full for 10 s
    failover      the primary is killed, and its synchronous standby promoted
    kill          the register is killed and started again, 60 times in one run
    fresh         three instances start at once on an empty database, 20 times
    sigterm       the register is asked to end under load
    small-writes  200,000 KPI values are sent on SQLite while small writes go on, atomic and then partial
    takers        four clients read a large export slowly while 10 KPI values are sent
    crowd         200 slow clients, four slow exports and a delivery of 200,000 values at once: liveness, small submissions, memory
    soak          mixed load for some minutes: memory, descriptors, files, and rows and bytes of each table

Needs root for `full` and `readonly`, PostgreSQL 15 or later, and a built register: BINARY names another one than that of
CARGO_TARGET_DIR. Everything runs on 127.0.0.1 in temporary folders, which are removed; the log of a run beyond the goals is kept.
Exits with 1 when a run is beyond the goals. README.md says how to read the table.
"""
import argparse, collections, contextlib, dataclasses, http.client, math, os, shutil, signal, socket, sqlite3, subprocess, sys, threading, time

# Nothing is to be left beside the sources.
sys.dont_write_bytecode = True

from load import Load, WRITES, statuses, worst
from stage import LOGS, Service, Session, Stage, bench

WORST, READY, FULL, FIRST_OUTCOME, PATIENCE = 6, 1, 3, 2, 5
LIVE, SMALL, MEMORY = 0.1, 2, 300
ENGINES = ("postgres", "sqlite")
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'register' AND pid <> pg_backend_pid()"


@dataclasses.dataclass
class Outcome:
    """What one run showed. `full` is None where no fault ends; `beyond` names missed goals that have no column."""

    worst: float = 0
    ready: float = 0
    full: float | None = None
    lost: int = 0
    twice: int = 0
    unanswered: list = dataclasses.field(default_factory=list)
    odd: list = dataclasses.field(default_factory=list)
    statuses: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    notes: list = dataclasses.field(default_factory=list)
    beyond: list = dataclasses.field(default_factory=list)

    def missed(self):
        goals = {"worst": self.worst <= WORST, "ready": self.ready <= READY, "full": self.full is None or self.full <= FULL, "lost": not self.lost,
                 "twice": not self.twice, "500": not self.statuses["500"], "open": not self.unanswered, "odd": not self.odd}
        return [name for name, met in goals.items() if not met] + self.beyond

    def columns(self):
        full = "-" if self.full is None else "never" if math.isinf(self.full) else f"{self.full:.1f}"
        return (f"{self.worst:8.2f} {self.ready:7.2f} {full:>6} {self.lost:5} {self.twice:6} {self.statuses['500']:5} {len(self.unanswered):5} {len(self.odd):4}  "
                + ", ".join(f"{status} {count}" for status, count in sorted(self.statuses.items())))


HEADER = f"{'scenario':13} {'engine':9} {'run':>3} {'worst s':>8} {'ready s':>7} {'full s':>6} {'lost':>5} {'twice':>6} {'500':>5} {'open':>5} {'odd':>4}  statuses"


def judge(place, service, load, begun, end=None, expected=()):
    """Ends the load and the service, and reads everything back through a fresh one. `expected` are the ways in which connections may fail."""
    load.stop()
    sent, asked = ([one for one in some if one.done >= begun] for some in (load.sent, load.health.sent))
    outcome = Outcome(worst(sent), worst(asked), statuses=statuses(sent), unanswered=list(load.unanswered), odd=list(load.odd))
    if end:
        full = load.full_after(end)
        outcome.full = math.inf if full is None else full
    if outcome.worst > READY:
        slowest = max((one for one in sent if one.status != "refused"), key=lambda one: one.done - one.begun)
        outcome.notes.append(f"the slowest: {slowest.kind}, answered {slowest.status}")
    outcome.odd += [f"connection {one.status}: {one.kind}" for one in sent if one.status in ("cut", "refused") and one.status not in expected]
    if not expected and service.process.poll() is not None:
        outcome.odd.append(f"the register ended with {service.process.returncode}")
    service.kill()
    checker = place.keeping(service.sibling(place.direct(service)), "kill")
    checker.start()
    outcome.lost, outcome.twice = load.compare(checker)
    return outcome


def under(fault, place, options, **database):
    """One run: two seconds without the fault, the fault, the time until full service. Returns also what was sent during the fault."""
    service = place.register(**database)
    service.start()
    load = Load(service, options.clients)
    load.start()
    time.sleep(2)
    begun = time.monotonic()
    fault(place)
    end = time.monotonic()
    load.until_full_service(end)
    outcome = judge(place, service, load, begun, end)
    return outcome, [one for one in load.sent if one.begun < end and one.done > begun]


def breaking(fault, **database):
    """The scenario of a fault of the database."""
    return lambda place, options: under(fault, place, options, **database)[0]


def restart(place):
    place.cluster.restart("immediate" if place.number % 2 else "fast")


def terminate(place):
    for _ in range(5):
        place.cluster.sql(TERMINATE)
        time.sleep(1)


def silent(place):
    place.proxy.fall_silent()
    time.sleep(30)
    place.proxy.speak_again()


def lock(place):
    session = Session(place.cluster.port, "register")
    session.run("BEGIN; LOCK TABLE innovations IN ACCESS EXCLUSIVE MODE")
    time.sleep(20)
    session.close()


# The kinds of requests by whether they need the table that is locked.
LOCKED = {"innovations": ("list", "innovation", "create innovation", "change innovation"), "organisations": ("organisation", "create organisation", "change organisation"),
          "submissions": ("submit",)}


def locked(place, options):
    outcome, during = under(lock, place, options)
    for name, kinds in LOCKED.items():
        some = [one for one in during if one.kind in kinds]
        failed = sum(one.status not in (200, 201) for one in some)
        outcome.notes.append(f"while locked, {name}: {len(some)} requests, {failed} failed, worst {worst(some):.2f} s")
    return outcome


def down(place):
    place.cluster.stop("fast")
    time.sleep(10)
    place.cluster.start()


def exhausted(place):
    until, sessions = time.monotonic() + 10, []
    while time.monotonic() < until:
        # The register may have every connection at this moment.
        with contextlib.suppress(ConnectionError):
            while True:
                sessions.append(Session(place.cluster.port))
        if sessions:
            sessions[0].run(TERMINATE)
        time.sleep(0.1)
    for session in sessions:
        session.close()


def readonly(place):
    """On PostgreSQL, sessions begun meanwhile stay read-only afterwards. On SQLite no file that is open can be mounted read-only, so it is made immutable."""
    if place.engine == "postgres":
        place.cluster.sql("ALTER DATABASE register SET default_transaction_read_only = on")
        place.cluster.sql(TERMINATE)
        time.sleep(10)
        place.cluster.sql("ALTER DATABASE register RESET default_transaction_read_only")
        return
    files = [str(place.file), f"{place.file}-wal"]
    subprocess.run(["chattr", "+i", *files], check=True)
    try:
        time.sleep(10)
    finally:
        subprocess.run(["chattr", "-i", *files], check=True)


def fill(place):
    until, ballast = time.monotonic() + 10, place.disk / "ballast"
    with open(ballast, "ab", buffering=0) as file:
        while time.monotonic() < until:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass
            time.sleep(0.05)
    ballast.unlink()


def full(place, options):
    place.disk = place.small_disk(128)
    return under(fill, place, options, disk=place.disk)[0]


def fail_over(place):
    place.cluster.kill()
    place.standby.promote()


def kill(place, options):
    """Each write that a kill interrupted must get its first outcome soon after the service listens again."""
    service = place.register()
    service.start()
    load = Load(service, options.clients, patience=PATIENCE)
    load.start()
    begun, rounds = time.monotonic(), []
    for _ in range(options.runs):
        time.sleep(1)
        killed = time.monotonic()
        service.kill()
        rounds.append((killed, service.start()))
        time.sleep(0.5)
        while any(client.retrying for client in load.clients):
            time.sleep(0.05)
    outcome = judge(place, service, load, begun, expected=("cut", "refused"))
    for number, ((killed, listening), (after, _)) in enumerate(zip(rounds, [*rounds[1:], (math.inf, 0)]), 1):
        answered = [done - listening for failed, done in load.mended if killed <= failed < after]
        late = sum(one > FIRST_OUTCOME for one in answered) + sum(killed <= failed < after for failed, _ in load.unanswered)
        outcome.notes.append(f"round {number:2}: listened again after {listening - killed:.2f} s; interrupted writes answered {len(answered):2}, "
                             f"the last {max(answered, default=0):5.2f} s later; late or never {late}")
        if late and "late" not in outcome.beyond:
            outcome.beyond.append("late")
    return outcome


def fresh(place, options):
    """No instance may end, and all must become ready."""
    url, outcome = place.database(), Outcome()
    for number in range(1, options.runs + 1):
        place.cluster.sql("DROP DATABASE register WITH (FORCE);\nCREATE DATABASE register")
        services = [place.keeping(Service(url, place.log), "kill") for _ in range(3)]
        services[0].verb("migrate")
        begun, unready = time.monotonic(), services
        for service in services:
            service.launch()
        while unready and time.monotonic() < begun + 20 and all(one.process.poll() is None for one in services):
            unready = [one for one in unready if not one.answers("/health/ready")]
            time.sleep(0.02)
        took, ended = time.monotonic() - begun, [one.process.returncode for one in services if one.process.poll() is not None]
        outcome.worst = max(outcome.worst, took)
        outcome.notes.append(f"round {number:2}: ready {3 - len(unready)} of 3 after {took:.2f} s; ended {len(ended)}")
        outcome.odd += [f"an instance ended with {code}" for code in ended] or ["an instance never became ready" for _ in unready]
        for service in services:
            service.kill()
    return outcome


def sigterm(place, options):
    """Clients with open connections go home when they are refused, which they may be only after /health/ready has said 503."""
    service = place.register()
    service.start()
    load = Load(service, options.clients, interval=0.02)
    load.start()
    time.sleep(2)
    begun = load.deadline = time.monotonic()
    load.leave_when_refused = True
    service.process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        service.process.wait(60)
    ended = time.monotonic() - begun
    code = service.process.returncode
    for client in load.clients:
        client.join(5)
    outcome = judge(place, service, load, begun, expected=("refused",))
    after = [(one.begun - begun, one.status) for one in load.health.sent if one.begun >= begun]
    unready = next((moment for moment, status in after if status == 503), math.inf)
    closed = next((moment for moment, status in after if status in ("refused", "cut")), math.inf)
    early = sum(one.status == "refused" and one.begun - begun < unready for one in load.sent)
    # What a client was about to write when it was refused is no fault of the service's.
    outcome.unanswered = []
    outcome.notes.append(f"ready said 503 after {unready:.2f} s, nobody listened after {closed:.2f} s, ended with {code} after {ended:.2f} s; refused too early {early}")
    outcome.beyond += [name for name, missed in (("ready first", unready > closed), ("refused early", early), ("exit code", code != 0)) if missed]
    return outcome


def send_csv(service, path, body):
    """The status, and the seconds it took."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=900)
    begun = time.monotonic()
    connection.request("POST", path, body, {"Authorization": f"Bearer {service.token}", "Content-Type": "text/csv"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, time.monotonic() - begun


def with_organisations(place):
    """A running register with the organisations of the large delivery."""
    service = place.register()
    service.start()
    codes = "code,name,type\n" + "".join(f"M{number:03},Measured {number},other\n" for number in range(bench.ORGANISATIONS))
    service.call("POST", "/v1/organisations", codes.encode(), "text/csv")
    return service


def small_writes(place, options):
    service, body = with_organisations(place), bench.delivery()
    load = Load(service, options.clients, WRITES)
    for mode in ("atomic", "partial"):
        service.call("POST", "/v1/kpis", bench.KPI | {"code": f"measured-{mode}"})
    load.start()
    time.sleep(2)
    first, notes, odd = time.monotonic(), [], []
    for mode in ("atomic", "partial"):
        begun = time.monotonic()
        status, took = send_csv(service, f"/v1/kpi-submissions?kpi=measured-{mode}&mode={mode}", body)
        # Those that wait for the end of the submission are answered after it.
        end = time.monotonic()
        time.sleep(3)
        within = [one for one in load.sent if one.kind in WRITES and one.begun < end and one.done > begun]
        times = sorted(one.done - one.begun for one in within) or [0]
        notes.append(f"{mode:7}: submission {status} after {took:.1f} s; small writes {len(within)}, refused {sum(one.status == 503 for one in within)}, "
                     f"p50 {times[len(times) // 2]:.3f} s, p99 {times[len(times) * 99 // 100]:.3f} s, max {times[-1]:.3f} s")
        odd += [f"{mode} submission: {status}"] if status != 201 else []
    outcome = judge(place, service, load, first)
    outcome.notes += notes
    outcome.odd += odd
    return outcome


def take_slowly(service, path, number, taken, stopping):
    """Reads an export at 260 KB/s."""
    with socket.socket() as reader, contextlib.suppress(OSError):
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        reader.connect(("127.0.0.1", service.port))
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: register.test\r\nAuthorization: Bearer {service.token}\r\nAccept: text/csv\r\n\r\n".encode())
        while not stopping.wait(0.1) and (part := reader.recv(26_000)):
            taken[number] += len(part)


def takers(place, _options):
    service, outcome, taken, stopping = with_organisations(place), Outcome(), [0] * 4, threading.Event()
    service.call("POST", "/v1/kpis", bench.KPI | {"code": "measured"})
    send_csv(service, "/v1/kpi-submissions?kpi=measured", bench.delivery())
    for number in range(4):
        threading.Thread(target=take_slowly, args=(service, "/v1/kpi-values?kpi=measured", number, taken, stopping), daemon=True).start()
    time.sleep(3)
    for number in range(5):
        rows = "".join(f"M{organisation:03},2020-01-{number + 1:02},{number}\n" for organisation in range(10))
        status, took = send_csv(service, "/v1/kpi-submissions?kpi=measured", f"organisation,period,value\n{rows}".encode())
        outcome.notes.append(f"10 rows: {status} after {took:.2f} s; the takers have {', '.join(f'{size / 1e6:.1f}' for size in taken)} MB")
        outcome.statuses[str(status)] += 1
        outcome.worst = max(outcome.worst, took)
        outcome.odd += [f"submission of 10 rows: {status}"] if status != 201 else []
        time.sleep(2)
    stopping.set()
    return outcome


def be_slow(service, whole_head, stopping):
    """Sends a request byte by byte, its head or its body, and begins again when it is cut off."""
    head = f"POST /v1/kpi-submissions?kpi=small HTTP/1.1\r\nHost: register.test\r\nAuthorization: Bearer {service.token}\r\nContent-Type: text/csv\r\nContent-Length: 900\r\n\r\n".encode()
    while not stopping.is_set():
        with socket.socket() as client, contextlib.suppress(OSError):
            client.connect(("127.0.0.1", service.port))
            rest = b"organisation,period,value\n" + b" " * 800
            if whole_head:
                client.sendall(head)
            else:
                rest = head
            for byte in rest:
                if stopping.wait(0.2):
                    break
                client.sendall(bytes([byte]))
        stopping.wait(0.2)


def repeatedly(work, taken, stopping, pause):
    """Does it again and again, and keeps how long it took and with what outcome."""
    while not stopping.wait(pause):
        begun = time.monotonic()
        try:
            outcome = work()
        except OSError as cause:
            outcome = repr(cause)
        taken.append((time.monotonic() - begun, outcome))


def is_live(service):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.request("GET", "/health/live")
    status = connection.getresponse().status
    connection.close()
    return status


def crowd(place, _options):
    service, outcome, stopping = with_organisations(place), Outcome(), threading.Event()
    for code in ("measured", "delivered", "small"):
        service.call("POST", "/v1/kpis", bench.KPI | {"code": code})
    send_csv(service, "/v1/kpi-submissions?kpi=measured", bench.delivery())
    live, small, memory, days, received = [], [], [], iter(range(1, 10_000)), [0] * 4
    row = lambda: f"organisation,period,value\nM{(day := next(days)) % bench.ORGANISATIONS:03},2020-01-{day % 28 + 1:02},{day}\n".encode()
    tasks = [(be_slow, (service, number % 2 == 0, stopping)) for number in range(200)]
    tasks += [(take_slowly, (service, "/v1/kpi-values?kpi=measured", number, received, stopping)) for number in range(4)]
    tasks += [(repeatedly, (lambda: is_live(service), live, stopping, 0.05)),
              (repeatedly, (lambda: send_csv(service, "/v1/kpi-submissions?kpi=small", row())[0], small, stopping, 0.2)),
              (repeatedly, (service.memory_mb, memory, stopping, 0.1))]
    for task, arguments in tasks:
        threading.Thread(target=task, args=arguments, daemon=True).start()
    time.sleep(3)
    status, took = send_csv(service, "/v1/kpi-submissions?kpi=delivered", bench.delivery())
    time.sleep(3)
    stopping.set()
    outcome.worst, outcome.ready = max(took for took, _ in small), max(took for took, _ in live)
    most = max(size for _, size in memory if isinstance(size, float))
    outcome.statuses.update(str(answer) for _, answer in small)
    outcome.notes = [f"200,000 values: {status} after {took:.1f} s; liveness asked {len(live)} times, at most {outcome.ready:.3f} s; "
                     f"submissions of one value {len(small)}, at most {outcome.worst:.3f} s; memory at most {most:.0f} MB; "
                     f"the exports have {', '.join(f'{size / 1e6:.1f}' for size in received)} MB"]
    goals = {"delivery": status == 201, "liveness": outcome.ready <= LIVE, "small": outcome.worst <= SMALL, "memory": most <= MEMORY}
    outcome.beyond = [name for name, met in goals.items() if not met]
    outcome.odd = [f"submission: {answer}" for _, answer in small if answer != 201] + [f"liveness: {answer}" for _, answer in live if answer != 200]
    return outcome


def tables(place):
    """Rows and bytes (indexes included) of each table; no bytes where SQLite cannot tell."""
    if place.engine == "postgres":
        names = place.cluster.sql("SELECT relname FROM pg_stat_user_tables", "register").split()
        lines = place.cluster.sql("".join(f"SELECT '{name}', count(*), pg_total_relation_size('{name}') FROM {name};\n" for name in names), "register")
        return {name: (int(rows), int(size)) for name, rows, size in (line.split("|") for line in lines.splitlines())}
    with contextlib.closing(sqlite3.connect(f"file:{place.file}?mode=ro", uri=True)) as connection:
        names = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")]
        sizes = {}
        with contextlib.suppress(sqlite3.OperationalError):
            sizes = dict(connection.execute("SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"))
        return {name: (connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0], sizes.get(name, 0)) for name in names}


def size_of(folder):
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())


def sample(place, service):
    """Memory, descriptors, files that have no name any more, and the sizes of log and database."""
    folder = f"/proc/{service.process.pid}/fd"
    links = []
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):
            links.append(os.readlink(f"{folder}/{name}"))
    if place.engine == "postgres":
        log, database = size_of(place.cluster.data / "pg_wal"), int(place.cluster.sql("SELECT pg_database_size('register')"))
        temporary = int(place.cluster.sql("SELECT count(*) FROM pg_ls_tmpdir()"))
    else:
        log, database, temporary = os.path.getsize(f"{place.file}-wal"), os.path.getsize(place.file), 0
    temporary += sum(link.endswith("(deleted)") for link in links)
    return f"memory {service.memory_mb():6.1f} MB, descriptors {len(links):3}, temporary files {temporary}, log {log / 1e6:7.1f} MB, database {database / 1e6:7.1f} MB"


def soak(place, options):
    # PostgreSQL keeps its log up to this size between checkpoints, 1 GB where nothing is set.
    service = place.register(settings=("max_wal_size=128MB",))
    service.start()
    load, before = Load(service, options.clients), tables(place)
    load.start()
    begun = time.monotonic()
    while time.monotonic() < begun + options.minutes * 60:
        time.sleep(min(15, options.minutes * 60))
        print(f"    {time.monotonic() - begun:6.0f} s: {sample(place, service)}, requests {len(load.sent)}", flush=True)
    outcome = judge(place, service, load, begun)
    outcome.notes.append(f"{'table':28} {'rows':>9} {'new rows':>9} {'KB':>9} {'new KB':>9} {'bytes a new row':>16}")
    for name, (rows, size) in sorted(tables(place).items()):
        had_rows, had_bytes = before.get(name, (0, 0))
        new, grown = rows - had_rows, size - had_bytes
        if new or grown:
            outcome.notes.append(f"{name:28} {rows:9} {new:9} {size // 1024:9} {grown // 1024:9} {grown / new if new else 0:16.0f}")
    return outcome


@dataclasses.dataclass
class Scenario:
    """`rounds`: all that is asked for is done in one run."""

    run: object
    engines: tuple = ENGINES
    runs: int = 10
    rounds: bool = False


SCENARIOS = {
    "restart": Scenario(breaking(restart), ("postgres",)),
    "terminate": Scenario(breaking(terminate), ("postgres",)),
    "silent": Scenario(breaking(silent, proxied=True), ("postgres",)),
    "locked": Scenario(locked, ("postgres",)),
    "down": Scenario(breaking(down), ("postgres",)),
    "exhausted": Scenario(breaking(exhausted, settings=("max_connections=20",)), ("postgres",)),
    "readonly": Scenario(breaking(readonly)),
    "full": Scenario(full),
    "failover": Scenario(breaking(fail_over, replicated=True), ("postgres",)),
    "kill": Scenario(kill, runs=60, rounds=True),
    "fresh": Scenario(fresh, ("postgres",), runs=20, rounds=True),
    "sigterm": Scenario(sigterm),
    "small-writes": Scenario(small_writes, ("sqlite",), runs=3),
    "takers": Scenario(takers, runs=3),
    "crowd": Scenario(crowd, runs=3),
    "soak": Scenario(soak, runs=1),
}


def tell(name, engine, number, outcome, place):
    print(f"{name:13} {engine:9} {number:>3} {outcome.columns()}")
    for note in outcome.notes:
        print(f"    {note}")
    if missed := outcome.missed():
        LOGS.mkdir(exist_ok=True)
        kept = LOGS / f"{name}-{engine}-{number}-{os.getpid()}.log"
        shutil.copy(place.log, kept)
        print(f"    beyond the goals: {', '.join(missed)}; log {kept}")
        for what, some in (("odd", outcome.odd), ("unanswered", [text for _, text in outcome.unanswered])):
            for text, count in collections.Counter(some).most_common(4):
                print(f"    {what}, {count} times: {text}")
        for cause in place.causes():
            print(f"    cause: {cause[:300]}")
    sys.stdout.flush()


def most(outcomes):
    """The worst of each column."""
    full = [one.full for one in outcomes if one.full is not None]
    return Outcome(max(one.worst for one in outcomes), max(one.ready for one in outcomes), max(full) if full else None, max(one.lost for one in outcomes),
                   max(one.twice for one in outcomes), max((one.unanswered for one in outcomes), key=len), max((one.odd for one in outcomes), key=len),
                   sum((one.statuses for one in outcomes), collections.Counter()))


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("names", nargs="+", choices=[*SCENARIOS, "all"], metavar="NAME")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=10)
    options, beyond = parser.parse_args(), False
    asked = options.runs
    if not bench.BINARY.exists():
        sys.exit("build it first: cargo build --release, or name it in BINARY")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit("ended"))
    print(HEADER)
    for name in SCENARIOS if "all" in options.names else options.names:
        scenario = SCENARIOS[name]
        options.runs = asked or scenario.runs
        for engine in (engine for engine in scenario.engines if options.engine in (engine, "both")):
            outcomes = []
            for number in range(1, 2 if scenario.rounds else options.runs + 1):
                with Stage(engine, number) as place:
                    outcomes.append(scenario.run(place, options))
                    tell(name, engine, number, outcomes[-1], place)
            beyond |= any(outcome.missed() for outcome in outcomes)
            print(f"{name:13} {engine:9} max {most(outcomes).columns()}", flush=True)
    sys.exit(beyond)


if __name__ == "__main__":
    main()
