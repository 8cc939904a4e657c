#!/usr/bin/env python3
"""Measures KPI values at ten million (PostgreSQL; a tenth on SQLite) beside a tenth of them, as ratios within one run.

    python3 benches/values.py reads [sqlite]     totals and SPC of England, grids, completeness, lists with each filter
    python3 benches/values.py writes [sqlite]    submissions of 5,000 rows; 50 partners at once; a large import beside small reads

One national KPI has 60 months of ORGANISATIONS (8,000; SQLite 800) practices, fifty KPIs have those of one board, a thousand KPIs
36 months of one trust: together about a tenth. Beside them the whole has nineteen more national KPIs, and their returns. Rows lie in the order
in which a register comes to them: by month, then organisation. `writes` fills one register with a hundredth and one with all. ROUNDS (11)
answers of each in turn, the first left out, medians are printed. Loading takes some minutes. Needs `cargo build --release` (or BINARY), and
for PostgreSQL what `benches/bench.py` needs. Everything runs on 127.0.0.1 in a temporary folder.
"""
import concurrent.futures, contextlib, http.client, json, os, pathlib, sqlite3, statistics, sys, tempfile, threading, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bench
from uptake import BOARDS, Postgres, Sqlite

bench.BINARY = pathlib.Path(os.environ.get("BINARY", bench.BINARY))
ROUNDS = int(os.environ.get("ROUNDS", "11"))
NATIONAL, BOARD, WIDE = 19, 50, int(os.environ.get("WIDE", "1000"))
MONTHS = [f"{2021 + month // 12}-{month % 12 + 1:02}" for month in range(10, 70)]
KPI = {"name": "Measured", "definition": "Made up for a measurement.", "level": "process", "unit": "count", "periodType": "month", "valueType": "count",
       "improvementDirection": "increase", "aggregation": "sum", "status": "live", "agreedBy": "Data group", "agreedOn": "2015-04-01"}
EVERYBODY = [{"place": "E92000001", "organisationTypes": ["gp-practice"], "from": "1990-04-01"}]


class Loaded:
    """A register with so many of the national KPIs."""

    def __init__(self, engine, folder, organisations, national, of_places=True):
        self.engine, self.organisations = engine, organisations
        self.register = bench.Register(folder, engine.url)
        self.practices()
        kpis = ["asked", *(f"other-{n:02}" for n in range(national))]
        if of_places:
            kpis += [*(f"board-{n:02}" for n in range(BOARD)), *(f"wide-{n:04}" for n in range(WIDE))]
        for code in kpis:
            self.register.call("POST", "/v1/kpis", KPI | {"code": code})
        sets = [("asked", ["asked"]), *((f"set-{n:02}", [f"other-{n:02}"]) for n in range(national))]
        for code, members in sets:
            self.register.call("POST", "/v1/kpi-sets", {"code": code, "name": code, "kpis": members, "assignments": EVERYBODY})
        if of_places:
            self.register.call("POST", "/v1/kpi-sets", {"code": "board", "name": "board", "kpis": [f"board-{n:02}" for n in range(BOARD)], "assignments": EVERYBODY})
        self.rows()
        engine.gather()

    def practices(self):
        header = "code,name,type,parent\n"
        for first in range(0, self.organisations, 2000):
            numbers = range(first, min(first + 2000, self.organisations))
            rows = (f"P{n:05},Practice {n},gp-practice,{BOARDS[n % len(BOARDS)]}\n" for n in numbers)
            self.register.call("POST", "/v1/organisations", (header + "".join(rows)).encode(), "text/csv")
        self.register.call("POST", "/v1/organisations", {"code": "TT1", "name": "A trust", "type": "nhs-trust", "parent": BOARDS[0]})

    def rows(self):
        """Series, values and returns, in the order of months and organisations."""
        months = " UNION ALL ".join(f"SELECT {n} AS k, CAST('{month}-01' AS DATE) AS start" for n, month in enumerate(MONTHS))
        if isinstance(self.engine, Sqlite):
            months = months.replace(" AS DATE)", " AS TEXT)")
        now = "'2026-11-01 00:00:00'"
        zero = "decode(repeat('00', 16), 'hex')" if isinstance(self.engine, Postgres) else "zeroblob(16)"
        board = "SELECT c.descendant_id FROM organisation_closure c JOIN organisations b ON b.id = c.ancestor_id WHERE b.code = 'QKK'"
        self.engine.run(f"""
            {self.engine.first}
            INSERT INTO series (kpi_id, kpi_number, organisation_id, innovation_id, breakdown, illustrative)
              SELECT k.id, k.number, o.id, {zero}, '', FALSE FROM organisations o CROSS JOIN kpis k
              WHERE o.kind = 'gp-practice' AND o.code LIKE 'P%' AND (k.code = 'asked' OR k.code LIKE 'other-%' OR k.code LIKE 'board-%' AND o.id IN ({board}))
                 OR o.code = 'TT1' AND k.code LIKE 'wide-%' ORDER BY o.code, k.code;
            INSERT INTO kpi_values (kpi_number, series_id, period_start, value, qualifier, basis, version, kpi_version, submission_id, updated_at)
              SELECT s.kpi_number, s.id, m.start, 100 + (s.id * 31 + m.k * 7) % 97, 'exact', 'measured', 1, 1, {self.engine.id('m.k')}, {now}
              FROM ({months}) m CROSS JOIN series s JOIN kpis k ON k.id = s.kpi_id WHERE k.code NOT LIKE 'wide-%' OR m.k >= 24 ORDER BY m.k, s.id;
            INSERT INTO kpi_returns (id, set_id, kpi_id, organisation_id, period_type, period_start, state, submission_id, received_at, submitted_at, submitted_by, changes_since_approval, version, created_at, updated_at)
              SELECT {self.engine.id('row_number() OVER (ORDER BY m.k, o.code, ks.code)')}, ks.id, {zero}, o.id, 'month', m.start, 'submitted', {self.engine.id('m.k')}, {now}, {now}, 'bench', 0, 1, {now}, {now}
              FROM ({months}) m CROSS JOIN organisations o CROSS JOIN kpi_sets ks
              WHERE o.kind = 'gp-practice' AND o.code LIKE 'P%' AND (ks.code = 'asked' OR ks.code LIKE 'set-%') ORDER BY m.k, o.code, ks.code;
            COMMIT;
        """)
        self.values = int(self.scalar("SELECT count(*) FROM kpi_values"))

    def scalar(self, sql):
        if isinstance(self.engine, Postgres):
            return self.engine.run(sql)
        with contextlib.closing(sqlite3.connect(self.engine.file, timeout=60)) as connection:
            return connection.execute(sql).fetchone()[0]

    def keep(self, path):
        """Asks, and waits until the service has kept the totals that it answered from values."""
        self.get(path)
        deadline = time.monotonic() + 180
        while int(self.scalar("SELECT CASE WHEN count(*) = 0 THEN 1 ELSE count(*) - count(document) END FROM kpi_total_summaries")) > 0:
            if time.monotonic() > deadline:
                sys.exit("a total was not kept")
            time.sleep(0.5)

    def get(self, path, accept="application/json"):
        """Milliseconds, and the length of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.register.port, timeout=300)
        started = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.register.token}", "Accept": accept})
        answer = connection.getresponse()
        length = 0
        first = b""
        while chunk := answer.read(1 << 16):
            length, first = length + len(chunk), first or chunk
        took = (time.perf_counter() - started) * 1000
        connection.close()
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {first[:400]}")
        return took, length

    def peak_mb(self, ask):
        """The most memory while something is asked, above what there was before."""
        pathlib.Path(f"/proc/{self.register.process.pid}/clear_refs").write_text("5")
        before = self.register.memory_mb()
        ask()
        return self.register.memory_mb("VmHWM") - before


def median_of_each(registers, ask):
    rounds = [[ask(register) for register in registers] for _ in range(ROUNDS)][1:]
    return [statistics.median(times) for times in zip(*rounds)]


def ratio(name, registers, path):
    few, many = median_of_each(registers, lambda register: register.get(path)[0])
    print(f"  {name:45} a tenth {few:8.1f} ms   all {many:8.1f} ms   ratio {many / few:.2f}", flush=True)


def reads(engine, organisations, folder):
    registers = [Loaded(engine("tenth"), folder, organisations, 0), Loaded(engine("whole"), folder, organisations, NATIONAL)]
    print(f"{registers[1].engine.name}: {registers[0].values:,} and {registers[1].values:,} values of {organisations:,} organisations", flush=True)
    whole = registers[1]
    totals, spc = "/v1/kpis/asked/totals?place=E92000001", "/v1/kpis/asked/spc?place=E92000001"
    board = "/v1/kpi-grid?place=QKK&set=board"
    for name, path in (("England by month, from values", totals + "&basis=comparable"), ("England's SPC, from values", spc + "&basis=comparable")):
        ratio(name, registers, path)
    for register in registers:
        for path in (totals, board, "/v1/kpis/asked/totals?place=QKK"):
            register.keep(path)
    for name, path in (("England by month", totals), ("England's SPC", spc)):
        ratio(name, registers, path)
    print(f"  {'England by month, memory above rest':45} {whole.peak_mb(lambda: whole.get(totals)):8.1f} MB; from values {whole.peak_mb(lambda: whole.get(totals + '&basis=comparable')):.1f} MB")
    for name, path in (("England by month", totals), ("England's SPC", spc)):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            together = [max(pool.map(lambda _: whole.get(path)[0], range(6))) for _ in range(ROUNDS)][1:]
        print(f"  {name + ', six at once, the slowest':45} {'':18}   all {statistics.median(together):8.1f} ms", flush=True)
    ratio("a board's total", registers, "/v1/kpis/asked/totals?place=QKK")
    ratio(f"a board's grid of {BOARD} KPIs", registers, board)
    ratio(f"a trust's grid of {WIDE} series of 36 months", registers, "/v1/kpi-grid?organisation=TT1")
    ratio("completeness of a set", registers, "/v1/kpi-sets/asked/completeness?period=2026-10")
    ratio("one organisation's SPC", registers, "/v1/kpis/asked/spc?organisation=P00021")
    for narrowed in ("", "kpi=asked", "kpi=asked,board-01", "organisation=P00021", "place=QKK", "kpi=asked&place=QKK", "kpi=asked&organisation=P00021", "from=2026-01-01", "to=2022-01-01",
                     "kpi=asked&from=2026-01", "kpi=asked&place=QKK&from=2026-01", "place=QKK&from=2026-01-01", "submission=" + submission(59)):
        for sort in ("period", "-period"):
            ratio(f"values by {sort}, {narrowed or 'all'}"[:45], registers, f"/v1/kpi-values?limit=50&sort={sort}" + (f"&{narrowed}" if narrowed else ""))
    for register in registers:
        register.register.stop()


def submission(month):
    """The id that the rows of a month were given, as text."""
    digits = f"{month:016}".encode().hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def delivery(organisations, month, kpi="asked", add=0):
    return ("kpi,organisation,period,value\n" + "".join(f"{kpi},P{n:05},{month},{n % 97 + add}\n" for n in organisations)).encode()


def send(register, body):
    started = time.perf_counter()
    answer = register.register.call("POST", "/v1/kpi-submissions", body, "text/csv")
    return (time.perf_counter() - started) * 1000, answer["counts"]


def writes(engine, organisations, folder):
    few = Loaded(engine("few"), folder, max(organisations // 40, 100), 8, of_places=False)
    whole = Loaded(engine("whole"), folder, organisations, NATIONAL)
    registers = [few, whole]
    print(f"{whole.engine.name}: {few.values:,} and {whole.values:,} values", flush=True)
    # The same rows on both: every practice of the smaller one, for as many KPIs and months as make 5,000.
    each = range(few.organisations)
    months = [f"2019-{month:02}" for month in range(1, 13)] + [f"2018-{month:02}" for month in range(1, 13)]
    count = max(5000 // few.organisations, 1)
    header, numbers = b"kpi,organisation,period,value\n", iter(range(10_000))
    def next_delivery():
        n = next(numbers)
        bodies = (delivery(each, f"{2000 + (n * count + k) // 12 % 18}-{(n * count + k) % 12 + 1:02}", "asked", n) for k in range(count))
        return header + b"".join(body[len(header):] for body in bodies)
    rounds = []
    for _ in range(ROUNDS):
        body = next_delivery()
        rounds.append([send(register, body)[0] for register in registers])
    small, large = (statistics.median(times) for times in zip(*rounds[1:]))
    rows = few.organisations * count
    print(f"  a submission of {rows} rows: into {few.values:,} {small:.0f} ms, into {whole.values:,} {large:.0f} ms, ratio {large / small:.2f}", flush=True)

    own = lambda partner: range(partner * 16, partner * 16 + 16) if organisations >= 800 else range(partner * 2, partner * 2 + 2)
    bodies = [[delivery(own(partner), month, f"other-{kpi:02}", partner) for kpi in range(5) for month in months[:4]] for partner in range(50)]
    def partner(bodies):
        return [send(whole, body) for body in bodies]
    started = time.monotonic()
    one = [answer for bodies in bodies[:10] for answer in partner(bodies)]
    alone = sum(counts["created"] for _, counts in one) / (time.monotonic() - started)
    bodies = [[delivery(own(partner), month, f"other-{kpi:02}", partner) for kpi in range(5) for month in months[4:8]] for partner in range(50)]
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = [answer for answers in pool.map(partner, bodies) for answer in answers]
    together = sum(counts["created"] for _, counts in answers) / (time.monotonic() - started)
    sent = sum(body.count(b"\n") - 1 for bodies in bodies for body in bodies)
    created = sum(counts["created"] for _, counts in answers)
    slowest = sorted(took for took, _ in answers)[-1]
    print(f"  50 partners at once: {created} of {sent} rows created, {together:.0f} rows/s; one writer {alone:.0f} rows/s; ratio {together / alone:.2f}; the slowest delivery {slowest:.0f} ms", flush=True)

    large = header + b"".join(delivery(range(organisations), f"{2010 + k // 12}-{k % 12 + 1:02}", "other-10")[len(header):] for k in range(max(200_000 // organisations, 1)))
    still, during, done = [], [], threading.Event()
    def read(into, until):
        while not until():
            into.append(whole.get("/v1/kpi-values?kpi=asked&organisation=P00021&limit=5")[0])
            time.sleep(0.005)
    read(still, lambda: len(still) >= 600)
    reader = threading.Thread(target=read, args=(during, done.is_set))
    reader.start()
    took, counts = send(whole, large)
    done.set(), reader.join()
    p99 = lambda times: sorted(times)[int(len(times) * 0.99)]
    print(f"  an import of {counts['created']} rows in {took / 1000:.1f} s: p99 of small reads {p99(still):.1f} ms before, {p99(during):.1f} ms during ({len(during)} reads), ratio {p99(during) / p99(still):.1f}", flush=True)
    for register in registers:
        register.register.stop()


if __name__ == "__main__":
    verbs = {"reads": reads, "writes": writes}
    if len(sys.argv) < 2 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    if not bench.BINARY.exists():
        sys.exit("build it first: cargo build --release")
    on_sqlite = sys.argv[2:] == ["sqlite"]
    organisations = int(os.environ.get("ORGANISATIONS", "800" if on_sqlite else "8000"))
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        folder = pathlib.Path(folder)
        port = None if on_sqlite else stack.enter_context(bench.postgres(folder))
        verbs[sys.argv[1]]((lambda database: Sqlite(folder, database)) if on_sqlite else (lambda database: Postgres(port, database)), organisations, folder)
