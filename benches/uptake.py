#!/usr/bin/env python3
"""Measures the uptake of one innovation for England, by month over five years, while others' adoptions lie beside it.

    python3 benches/uptake.py               on PostgreSQL and on SQLite
    python3 benches/uptake.py sqlite        on one of them

ORGANISATIONS (8,000) practices are eligible and five in eight of them have adopted the innovation that is asked for; INNOVATIONS (1,500) others have
about 2 million moves, and all of them lie in the order of their days, as a register comes to them. Two databases, one with a tenth of the others' rows
and one with all of them, are asked in turn; ROUNDS (31) answers of each, the first three left out, medians are printed. The aim: all of them take at
most 1.3 times as long as a tenth, and under 150 ms. Loading takes some minutes. Needs `cargo build --release` (or BINARY), and for PostgreSQL what
`benches/bench.py` needs. Everything runs on 127.0.0.1 in a temporary folder.
"""
import contextlib, os, pathlib, sqlite3, statistics, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bench

bench.BINARY = pathlib.Path(os.environ.get("BINARY", bench.BINARY))
ORGANISATIONS, INNOVATIONS = int(os.environ.get("ORGANISATIONS", "8000")), int(os.environ.get("INNOVATIONS", "1500"))
ROUNDS = int(os.environ.get("ROUNDS", "31"))
ASKED = "/v1/innovations/asked-for/uptake?by=month&from=2021-12-01&to=2026-11-30&sites=1000&share=50"
STAGES = ("identified", "piloting", "implementing", "adopted")
BOARDS = ("QKK", "QMF", "QRV", "QMJ", "QWE", "QUY", "QJK", "QRL", "QU9", "QNX", "QWU", "QHL", "QT1", "QK1", "QUE", "QMM", "QOP", "QYG", "QE1", "QHM", "QWO")


class Postgres:
    name = "PostgreSQL"
    # Rows that are made up here refer to what is there; checking each of millions takes minutes.
    first = "SET session_replication_role = replica; BEGIN;"

    def __init__(self, port, database):
        self.port, self.database = port, database
        self.url = f"postgres://postgres@127.0.0.1:{port}/{database}"
        bench.psql(port, "postgres", f"CREATE DATABASE {database}")

    def run(self, sql):
        return bench.psql(self.port, self.database, sql)

    def id(self, number):
        return f"convert_to(lpad(CAST({number} AS TEXT), 16, '0'), 'UTF8')"

    def day(self, days):
        return f"(DATE '2020-01-01' + CAST({days} AS INTEGER))"

    def gather(self):
        self.run("VACUUM ANALYZE")


class Sqlite:
    name = "SQLite"
    first = "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -3000000; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE;"

    def __init__(self, folder, database):
        self.file = folder / f"{database}.db"
        self.url = f"sqlite://{self.file}"

    def run(self, sql):
        with contextlib.closing(sqlite3.connect(self.file, timeout=60, isolation_level=None)) as connection:
            connection.executescript(sql)

    def id(self, number):
        return f"CAST(printf('%016d', {number}) AS BLOB)"

    def day(self, days):
        return f"date('2020-01-01', '+' || ({days}) || ' days')"

    def gather(self):
        """The register gathers its statistics itself, every ten seconds."""
        time.sleep(15)


def adopt(engine, others):
    """Four moves and four spells of each adoption, of what is asked for and of so many others, in the order of days."""
    now = "'2026-11-01 00:00:00'"
    stages = " UNION ALL ".join(f"SELECT {k} AS k, '{stage}' AS stage" for k, stage in enumerate(STAGES))
    end = f"CASE WHEN s.k = 3 THEN {engine.day('2914634')} ELSE {engine.day('p.begin_on + 90 * s.k + 90')} END"
    engine.run(f"""
        {engine.first}
        CREATE TEMPORARY TABLE those AS SELECT id, slug, CAST(row_number() OVER (ORDER BY slug) AS INTEGER) AS number FROM innovations
          WHERE slug = 'asked-for' OR slug >= 'other-' AND slug < 'other-{others:04}';
        CREATE TEMPORARY TABLE practices AS SELECT id, CAST(row_number() OVER (ORDER BY code) AS INTEGER) AS number FROM organisations
          WHERE kind = 'gp-practice';
        CREATE TEMPORARY TABLE planned AS
          SELECT i.id AS innovation_id, o.id AS organisation_id, (o.number * 37 + i.number * 11) % 1500 AS begin_on,
            {engine.id('row_number() OVER (ORDER BY (o.number * 37 + i.number * 11) % 1500, o.number)')} AS id
          FROM those i CROSS JOIN practices o WHERE (o.number + i.number) % 24 < CASE WHEN i.slug = 'asked-for' THEN 15 ELSE 1 END;
        CREATE TEMPORARY TABLE steps AS
          SELECT p.*, s.stage, {engine.day('p.begin_on + 90 * s.k')} AS on_day, {end} AS to_day,
            row_number() OVER (ORDER BY p.begin_on + 90 * s.k, p.id) AS number
          FROM planned p CROSS JOIN ({stages}) s;
        INSERT INTO adoptions (id, innovation_id, organisation_id, indication, stage, approval, illustrative, version, created_at, updated_at)
          SELECT id, innovation_id, organisation_id, '', 'adopted', 'approved', false, 1, {now}, {now} FROM planned ORDER BY id;
        INSERT INTO adoption_moves (id, adoption_id, effective_on, rank, to_stage, made_by, made_at, updated_at)
          SELECT {engine.id('number')}, id, on_day, 1, stage, 'bench', {now}, {now} FROM steps ORDER BY number;
        INSERT INTO adoption_spells (adoption_id, from_on, to_on, stage, innovation_id, organisation_id, indication)
          SELECT id, on_day, to_day, stage, innovation_id, organisation_id, '' FROM steps ORDER BY number;
        DROP TABLE those; DROP TABLE practices; DROP TABLE planned; DROP TABLE steps;
        COMMIT;
    """)


def fill(register):
    header = "code,name,type,parent\n"
    for first in range(0, ORGANISATIONS, 2000):
        rows = (f"P{n:05},Practice {n},gp-practice,{BOARDS[n % len(BOARDS)]}\n" for n in range(first, min(first + 2000, ORGANISATIONS)))
        register.call("POST", "/v1/organisations", (header + "".join(rows)).encode(), "text/csv")
    for slug in ["asked-for", *(f"other-{n:04}" for n in range(INNOVATIONS))]:
        body = {"name": slug, "slug": slug, "summary": "Measured.", "mainCategory": "digital", "adoptingUnits": [{"type": "gp-practice"}]}
        register.call("POST", "/v1/innovations", body)
    register.call("POST", "/v1/innovations/asked-for/eligibility", {"place": "E92000001", "type": "gp-practice", "from": "2018-04-01"})


def milliseconds(register):
    """The time of an answer, and the answer."""
    started = time.monotonic()
    answer = register.call("GET", ASKED)
    return (time.monotonic() - started) * 1000, answer


def measure(few, all_of_them, folder):
    registers = []
    for engine, others in ((few, INNOVATIONS // 10), (all_of_them, INNOVATIONS)):
        registers.append(bench.Register(folder, engine.url))
        fill(registers[-1])
        adopt(engine, others)
        engine.gather()
    rounds = [[milliseconds(register) for register in registers] for _ in range(ROUNDS)]
    for register in registers:
        register.stop()
    if any(answer["points"] != rounds[0][0][1]["points"] for answers in rounds for _, answer in answers):
        sys.exit("the others' rows changed the answer")
    few, many = (statistics.median(times[3:]) for times in ([answers[n][0] for answers in rounds] for n in (0, 1)))
    points = rounds[0][0][1]["points"]
    told = f"{len(points)} points, {points[-1]['adopters']} of {points[-1]['eligible']}"
    print(f"{all_of_them.name}: {told}; a tenth {few:.0f} ms, all {many:.0f} ms, ratio {many / few:.2f}", flush=True)


def main(names):
    for name in names or ("postgres", "sqlite"):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            folder = pathlib.Path(folder)
            port = None if name == "sqlite" else stack.enter_context(bench.postgres(folder))
            engine = (lambda database: Sqlite(folder, database)) if name == "sqlite" else (lambda database: Postgres(port, database))
            measure(engine("tenth"), engine("whole"), folder)


if __name__ == "__main__":
    if not bench.BINARY.exists():
        sys.exit("build it first: cargo build --release")
    main(sys.argv[1:])
