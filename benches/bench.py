#!/usr/bin/env python3
"""Measures the register against the engines it stands on, as ratios within one run.

    python3 benches/bench.py reads        one innovation, and a page of 50, against pgbench (PostgreSQL) and itself (SQLite)
    python3 benches/bench.py submissions  200,000 KPI values by CSV against COPY + INSERT .. ON CONFLICT; then sent again
    python3 benches/bench.py exports      every KPI value as CSV, at once and by a job, against COPY .. TO STDOUT of the same columns
    python3 benches/bench.py footprint    memory at rest, and the time from start to the first 200
    python3 benches/bench.py lists        a page of 50 in every order, alone and with each filter, beside the fastest page of the same list
    python3 benches/bench.py peers        one innovation, and a page of 50, beside a Fastify service on the same rows

Needs `cargo build --release`, wrk, PostgreSQL 15 or later (server, psql, pgbench), k6 for the steady arrivals, and for the peer
Node.js 20 or later and `npm ci --prefix benches/peers`. LIST_ROWS (50,000) innovations, organisations and awards, and a tenth
as many series of LIST_PERIODS (200) values are loaded for the lists and the peer.
Everything runs on 127.0.0.1 in a temporary folder. ROUNDS (5) interleaved rounds; medians are printed.
"""
import atexit, contextlib, csv, glob, http.client, io, json, os, pathlib, re, shutil, signal, socket, sqlite3, statistics, subprocess, sys, tempfile, time, urllib.error, urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "innovation-register"
ROUNDS, SECONDS = int(os.environ.get("ROUNDS", "5")), int(os.environ.get("SECONDS", "5"))
LIST_ROWS, LIST_PERIODS = int(os.environ.get("LIST_ROWS", "50000")), int(os.environ.get("LIST_PERIODS", "200"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tool(name):
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    return found or sys.exit(f"{name} is needed and was not found")


@contextlib.contextmanager
def postgres(folder):
    data, port = folder / "pg", free_port()
    prefix = []
    if os.geteuid() == 0:
        prefix = ["runuser", "-u", "postgres", "--"]
        data.mkdir()
        shutil.chown(data, "postgres")
        folder.chmod(0o755)
    run = lambda *args: subprocess.run([*prefix, *args], check=True, stdout=subprocess.DEVNULL, cwd="/")
    run(tool("initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C")
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c shared_buffers=256MB"
    run(tool("pg_ctl"), "-D", str(data), "-o", options, "-l", str(data / "log"), "-w", "start")
    try:
        psql(port, "postgres", "CREATE DATABASE register")
        yield port
    finally:
        run(tool("pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


def psql(port, database, sql):
    command = [tool("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", database]
    return subprocess.run(command, input=sql, text=True, check=True, capture_output=True).stdout.strip()


class Register:
    """The released binary over a database of its own."""

    def __init__(self, folder, url):
        self.port = free_port()
        self.environment = dict(os.environ, DATABASE_URL=url, LISTEN=f"127.0.0.1:{self.port}", LOCAL_TOKENS="true", RATE_LIMIT="off",
                                LOG="warn", KEY_FILE=str(folder / "keys"), MAX_UPLOAD_BYTES="200000000", BODY_TIMEOUT="120")
        self.verb("migrate")
        started = time.monotonic()
        self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        while not self.answers():
            time.sleep(0.002)
        self.start_ms = (time.monotonic() - started) * 1000
        self.token = self.verb("token", "--role", "national-admin", "--ttl", "2h").strip()

    def verb(self, *arguments):
        return subprocess.run([BINARY, *arguments], env=self.environment, text=True, check=True, capture_output=True).stdout

    def answers(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=1).status == 200
        except OSError:
            return False

    def call(self, method, path, body=None, content_type="application/json"):
        body = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            return json.load(urllib.request.urlopen(request, timeout=120))
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read()[:400]}")

    def wrk(self, path):
        return wrk(self.port, self.token, path)

    def steady(self, folder, path, rate):
        """p50 and p99 in milliseconds at a constant arrival rate, which hides no stall."""
        script = folder / "rate.js"
        script.write_text("""import http from 'k6/http'
export const options = { summaryTrendStats: ['med', 'p(99)'], scenarios: { s: { executor: 'constant-arrival-rate', rate: +__ENV.RATE, timeUnit: '1s', duration: '10s', preAllocatedVUs: 100 } } }
export default () => { http.get(__ENV.URL, { headers: { Authorization: 'Bearer ' + __ENV.TOKEN } }) }
""")
        command = [tool("k6"), "run", "--quiet", "--no-usage-report", "-e", f"URL=http://127.0.0.1:{self.port}{path}", "-e", f"TOKEN={self.token}", "-e", f"RATE={rate}", str(script)]
        out = subprocess.run(command, text=True, capture_output=True).stdout
        found = re.search(r"http_req_duration\.+: med=([\d.]+)(\S+)\s+p\(99\)=([\d.]+)(\S+)", out)
        scale = {"µs": 0.001, "ms": 1, "s": 1000}
        return (float(found[1]) * scale[found[2]], float(found[3]) * scale[found[4]]) if found else sys.exit(out)

    def memory_mb(self, what="VmRSS"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def wrk(port, token, path):
    """Answers a second, to 32 connections."""
    command = [tool("wrk"), "-t1", "-c32", f"-d{SECONDS}s", "--latency", "-H", f"Authorization: Bearer {token}", f"http://127.0.0.1:{port}{path}"]
    out = subprocess.run(command, text=True, check=True, capture_output=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


def pgbench(folder, port, sql):
    script = folder / "row.sql"
    script.write_text(sql + "\n")
    command = [tool("pgbench"), "-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", str(SECONDS), "-f", str(script), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "register"]
    out = subprocess.run(command, text=True, check=True, capture_output=True).stdout
    return float(re.search(r"tps = ([\d.]+)", out)[1])


def fill(register):
    """Two thousand innovations of about 2 KB each."""
    description = "An innovation that helps people to be cared for sooner and nearer to home. " * 18
    for number in range(2000):
        register.call("POST", "/v1/innovations", {
            "name": f"Measured innovation {number}", "slug": f"measured-{number}", "summary": "A summary of what it is and whom it helps.",
            "description": description, "mainCategory": "digital", "categories": ["digital", "ai"], "areas": ["patient-safety"],
            "careSettings": ["primary-care"], "shifts": ["analogue-to-digital"], "owner": "QKK",
            "eligiblePopulation": {"value": 35000, "qualifier": "at-most", "basis": "estimated"}, "website": "https://example.org"})


ROW = "SELECT i.*, o.code FROM innovations i LEFT JOIN organisations o ON o.id = i.owner_id WHERE i.slug = 'measured-1000' AND i.archived_at IS NULL;"
PAGE = "SELECT i.*, o.code FROM innovations i LEFT JOIN organisations o ON o.id = i.owner_id WHERE i.archived_at IS NULL ORDER BY i.sort_name, i.id LIMIT 51;"


def reads(folder):
    with postgres(folder) as port:
        on_postgres = Register(folder, f"postgres://postgres@127.0.0.1:{port}/register")
        on_sqlite = Register(folder, f"sqlite://{folder}/register.sqlite")
        for register in (on_postgres, on_sqlite):
            fill(register)
        psql(port, "register", "VACUUM ANALYZE")
        figures = {}
        for _ in range(ROUNDS):
            for name, path, sql in (("one", "/v1/innovations/measured-1000", ROW), ("page of 50", "/v1/innovations", PAGE)):
                direct = pgbench(folder, port, sql)
                served, embedded = on_postgres.wrk(path), on_sqlite.wrk(path)
                figures.setdefault(name, []).append((direct, served, served / direct, embedded))
        for name, rounds in figures.items():
            direct, served, ratio, embedded = (statistics.median(column) for column in zip(*rounds))
            print(f"{name:11} pgbench {direct:8.0f}/s   register on PostgreSQL {served:8.0f}/s   ratio {ratio:.2f}   on SQLite {embedded:8.0f}/s", flush=True)
        peak = statistics.median(served for _, served, _, _ in figures["one"])
        median, p99 = on_postgres.steady(folder, "/v1/innovations/measured-1000", int(peak / 2))
        print(f"one, arriving at {peak / 2:.0f}/s: median {median:.2f} ms, p99 {p99:.2f} ms, {p99 / median:.1f} times the median")
        on_postgres.stop(), on_sqlite.stop()


ORGANISATIONS, MONTHS = 200, 1000
KPI = {"name": "Measured", "definition": "Made up for a measurement.", "level": "process", "unit": "count", "periodType": "day", "valueType": "count",
       "improvementDirection": "neutral", "aggregation": "sum", "status": "live", "agreedBy": "Data group", "agreedOn": "2015-04-01"}


def delivery():
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["organisation", "period", "value"])
    for organisation in range(ORGANISATIONS):
        for day in range(MONTHS):
            writer.writerow([f"M{organisation:03}", time.strftime("%Y-%m-%d", time.gmtime(1_400_000_000 + day * 86400)), organisation * day % 9973])
    return out.getvalue().encode()


def floor(port, body):
    """The least that PostgreSQL itself needs: COPY to a temporary table, then INSERT .. SELECT .. ON CONFLICT."""
    psql(port, "register", "DROP TABLE IF EXISTS floor_values; CREATE TABLE floor_values (LIKE kpi_values INCLUDING ALL)")
    rows = body.decode().splitlines()[1:]
    data = "\n".join(f"{int(o[1:])}\t{p}\t{v}" for o, p, v in (row.split(",") for row in rows))
    path = f"/tmp/floor-{port}.tsv"
    pathlib.Path(path).write_text(data + "\n")
    sql = f"""\\timing off
BEGIN;
CREATE TEMP TABLE incoming (series_id bigint, period_start date, value bigint) ON COMMIT DROP;
\\copy incoming FROM '{path}'
INSERT INTO floor_values (kpi_number, series_id, period_start, value, qualifier, basis, version, kpi_version, submission_id, updated_at)
SELECT 1, series_id, period_start, value, 'exact', 'measured', 1, 1, decode(repeat('ab', 16), 'hex'), now() FROM incoming
ON CONFLICT (kpi_number, series_id, period_start) DO UPDATE SET value = EXCLUDED.value WHERE floor_values.value IS DISTINCT FROM EXCLUDED.value;
COMMIT;
"""
    started = time.monotonic()
    psql(port, "register", sql)
    elapsed = time.monotonic() - started
    os.remove(path)
    return elapsed


def submissions(folder):
    body, rows = delivery(), ORGANISATIONS * MONTHS
    codes = "code,name,type\n" + "".join(f"M{n:03},Measured {n},other\n" for n in range(ORGANISATIONS))
    with postgres(folder) as port:
        registers = {"PostgreSQL": Register(folder, f"postgres://postgres@127.0.0.1:{port}/register"), "SQLite": Register(folder, f"sqlite://{folder}/register.sqlite")}
        for register in registers.values():
            register.call("POST", "/v1/organisations", codes.encode(), "text/csv")
        floors, firsts, agains = [], {n: [] for n in registers}, {n: [] for n in registers}
        for round_number in range(ROUNDS):
            floors.append(floor(port, body))
            for name, register in registers.items():
                kpi = f"measured-{round_number}"
                register.call("POST", "/v1/kpis", KPI | {"code": kpi})
                for timings, outcome in ((firsts[name], "created"), (agains[name], "unchanged")):
                    started = time.monotonic()
                    answer = register.call("POST", f"/v1/kpi-submissions?kpi={kpi}", body, "text/csv")
                    timings.append(time.monotonic() - started)
                    assert answer["counts"][outcome] == rows, answer["counts"]
        least = statistics.median(floors)
        print(f"COPY + INSERT .. ON CONFLICT: {rows / least:8.0f} rows/s")
        for name, register in registers.items():
            first, again = statistics.median(firsts[name]), statistics.median(agains[name])
            print(f"{name:10} first send {rows / first:8.0f} rows/s, ratio {least / first:.2f}; again {rows / again:8.0f} rows/s ({first / again:.1f} times as fast); peak memory {register.memory_mb('VmHWM'):.0f} MB")
            register.stop()


def list_rows(engine):
    """The statements that load the rows of lists.sql, one by one."""
    text = (ROOT / "benches" / "lists.sql").read_text()
    for name, value in (("rows", LIST_ROWS), ("series", max(LIST_ROWS // 10, 1)), ("periods", LIST_PERIODS)):
        text = re.sub(rf":{name}\b", str(value), text)
    if engine == "SQLite":
        text = text.replace("AS BYTEA)", "AS BLOB)").replace("AS TIMESTAMP)", "AS TEXT)").replace("AS DATE)", "AS TEXT)")
    return [statement for statement in text.split(";\n") if statement.strip()]


def load_postgres(port):
    psql(port, "register", ";\n".join(list_rows("PostgreSQL")))
    psql(port, "register", "VACUUM ANALYZE")


def load_sqlite(path):
    """Python's SQLite may be older than the register's, and then cannot write its index of names of people; nothing measured here needs people."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for statement in list_rows("SQLite"):
            if not re.search(r"INSERT INTO (people|fellows|fellowships) ", statement):
                connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")


# What each list may be sorted and narrowed by, each filter with a word that many rows have and one that few have.
LISTS = {
    "innovations": ("name updatedAt createdAt stage reference", [
        "stage=spread", "stage=withdrawn", "stage=spread,withdrawn", "mainCategory=digital", "mainCategory=ppe", "category=digital", "category=ppe",
        "area=patient-safety", "careSetting=pharmacy", "shift=analogue-to-digital", "priority=research", "owner=L0000060", "programme=listed-3",
        "programme=listed-3&joinedBy=2021-01-01", "q=inland", "q=harbour", "updatedFrom=2020-06-01T00:00:00Z", "updatedFrom=2025-09-28T09:59:00Z",
        "updatedTo=2023-06-01T00:00:00Z", "slug=listed-7,listed-8"]),
    "organisations": ("name code type updatedAt", [
        "type=gp-practice", "type=university", "type=university,company", "status=active", "status=closed", "place=L0000001", "place=L0000005", "place=L0001005",
        "q=inland", "q=harbour", "asOf=2010-01-01", "updatedFrom=2020-06-01T00:00:00Z", "updatedFrom=2025-09-28T09:59:00Z", "code=L0000007,L0000008"]),
    "awards": ("plannedFrom title reference updatedAt", [
        "fund=LISTED-3", "programme=listed-3", "innovation=listed-100", "recipientOrganisation=L0000100", "state=active", "state=proposed", "state=active,proposed",
        "kind=grant", "kind=bursary", "place=L0000001", "place=L0000005", "from=2020-01-01", "to=2012-01-01", "awardedTo=2015-01-01", "published=true",
        "q=inland", "q=harbour", "updatedFrom=2020-06-01T00:00:00Z", "updatedFrom=2025-09-28T09:59:00Z"]),
    "kpi-values": ("period", [
        "kpi=listed-1", "kpi=listed-5", "kpi=listed-20", "organisation=L0001000", "place=L0000001", "place=L0000005", "innovation=listed-20",
        "from=2004-01-01", "to=2004-01-01"]),
}


# The columns of an export of values, with their names looked up.
EXPORTED = """COPY (SELECT k.code, o.code, i.slug, v.period_start, s.breakdown, v.value, v.numerator, v.denominator, v.qualifier, v.basis, v.comment, s.illustrative
FROM kpi_values v JOIN series s ON s.id = v.series_id JOIN kpis k ON k.id = s.kpi_id JOIN organisations o ON o.id = s.organisation_id
LEFT JOIN innovations i ON i.id = s.innovation_id) TO STDOUT (FORMAT csv)"""


def download(register, path, **headers):
    """The seconds until all of an answer is there, its lines, and its Location."""
    request = urllib.request.Request(f"http://127.0.0.1:{register.port}{path}", headers={"Authorization": f"Bearer {register.token}", "Accept": "text/csv", **headers})
    started, lines = time.monotonic(), 0
    with urllib.request.urlopen(request, timeout=600) as answer:
        while chunk := answer.read(1 << 20):
            lines += chunk.count(b"\n")
        return time.monotonic() - started, lines, answer.headers.get("Location")


def by_job(register):
    started, location = time.monotonic(), download(register, "/v1/kpi-values", Prefer="respond-async")[2]
    while (job := register.call("GET", location))["state"] in ("queued", "running"):
        time.sleep(0.05)
    return time.monotonic() - started, download(register, job["result"])[1]


def exports(folder):
    with postgres(folder) as port:
        registers = {"PostgreSQL": Register(folder, f"postgres://postgres@127.0.0.1:{port}/register"), "SQLite": Register(folder, f"sqlite://{folder}/register.sqlite")}
        load_postgres(port)
        load_sqlite(folder / "register.sqlite")
        floors, figures = [], {name: [] for name in registers}
        for _ in range(ROUNDS):
            started = time.monotonic()
            psql(port, "register", EXPORTED)
            floors.append(time.monotonic() - started)
            for name, register in registers.items():
                seconds, lines, _ = download(register, "/v1/kpi-values")
                later, again = by_job(register)
                assert lines == again, (lines, again)
                figures[name].append((seconds, later, lines - 1))
        least = statistics.median(floors)
        for name, register in registers.items():
            seconds, later, rows = (statistics.median(column) for column in zip(*figures[name]))
            print(f"{name:10} {rows:.0f} values: {rows / seconds:8.0f}/s, {least / seconds:.2f} of COPY; by a job {rows / later:8.0f}/s until it is done; peak memory {register.memory_mb('VmHWM'):.0f} MB", flush=True)
            register.stop()


def page_ms(register, path):
    """The least of several times to answer, in milliseconds, and how many rows there were."""
    connection, times = http.client.HTTPConnection("127.0.0.1", register.port, timeout=120), []
    for _ in range(2 + ROUNDS):
        started = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {register.token}", "Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - started) * 1000)
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {body[:400]}")
    connection.close()
    return min(times), len(json.loads(body)["data"])


def lists(folder):
    with postgres(folder) as port:
        registers = {"PostgreSQL": Register(folder, f"postgres://postgres@127.0.0.1:{port}/register"), "SQLite": Register(folder, f"sqlite://{folder}/register.sqlite")}
        load_postgres(port)
        load_sqlite(folder / "register.sqlite")
        for engine, register in registers.items():
            for name, (sorts, filters) in LISTS.items():
                pages = []
                for narrowed in ["", *filters]:
                    for sort in (direction + word for word in sorts.split() for direction in ("", "-")):
                        query = "&".join(part for part in (narrowed, f"sort={sort}", "limit=50") if part)
                        pages.append((*page_ms(register, f"/v1/{name}?{query}"), query))
                full = [milliseconds for milliseconds, rows, _ in pages if rows == 50] or [milliseconds for milliseconds, _, _ in pages]
                least, over = min(full), []
                for milliseconds, rows, query in sorted(pages, reverse=True):
                    if milliseconds > 5 * least:
                        over.append(f"    {milliseconds / least:6.1f} times, {milliseconds:8.2f} ms, {rows:2} rows: {query}")
                worst = max(pages)[0]
                print(f"{engine:10} {name:13} {len(pages)} pages; fastest of 50 rows {least:.2f} ms, slowest {worst:.2f} ms, {worst / least:.1f} times; over 5 times: {len(over)}", flush=True)
                print("\n".join(over), end="\n" if over else "", flush=True)
            register.stop()


class Peer:
    """The Fastify service over the register's own rows."""

    def __init__(self, url):
        self.port = free_port()
        environment = dict(os.environ, DATABASE_URL=url, PORT=str(self.port), PROCESSES="2", NODE_ENV="production")
        self.process = subprocess.Popen([tool("node"), "server.js"], cwd=ROOT / "benches" / "peers", env=environment, stdout=subprocess.PIPE, text=True)
        self.token = self.process.stdout.readline().strip() or sys.exit("the peer did not start: npm ci --prefix benches/peers")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def peers(folder):
    with postgres(folder) as port:
        url = f"postgres://postgres@127.0.0.1:{port}/register"
        register = Register(folder, url)
        load_postgres(port)
        peer, figures = Peer(url), {}
        for _ in range(ROUNDS):
            for name, path in (("one", "/v1/innovations/listed-7"), ("page of 50", "/v1/innovations")):
                ours, theirs = register.wrk(path), wrk(peer.port, peer.token, path)
                figures.setdefault(name, []).append((ours, theirs, ours / theirs))
        for name, rounds in figures.items():
            ours, theirs, ratio = (statistics.median(column) for column in zip(*rounds))
            print(f"{name:11} register {ours:8.0f}/s   Fastify on two processes {theirs:8.0f}/s   ratio {ratio:.2f}", flush=True)
        peer.stop(), register.stop()


def footprint(folder):
    register = Register(folder, f"sqlite://{folder}/register.sqlite")
    time.sleep(3)
    print(f"start to first 200: {register.start_ms:.0f} ms; memory at rest {register.memory_mb():.0f} MB")
    register.stop()


if __name__ == "__main__":
    verbs = {"reads": reads, "submissions": submissions, "exports": exports, "footprint": footprint, "lists": lists, "peers": peers}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    if not BINARY.exists():
        sys.exit("build it first: cargo build --release")
    with tempfile.TemporaryDirectory(prefix="register-bench-") as name:
        verbs[sys.argv[1]](pathlib.Path(name))
