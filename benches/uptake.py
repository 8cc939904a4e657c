#!/usr/bin/env python3
"""Measures the uptake of one innovation for England, by month over five years, while others' adoptions lie beside it.

    python3 benches/uptake.py               on PostgreSQL and on SQLite
    python3 benches/uptake.py sqlite        on one of them

ORGANISATIONS (8,000) practices are eligible and five in eight of them have adopted the innovation that is asked for; INNOVATIONS (1,500) others have
about 2 million moves. Asked with a tenth of the others' rows and with all of them; ROUNDS (21) answers, the first three left out, medians are printed.
The aim: all of them take at most 1.3 times as long as a tenth, and under 150 ms. Needs `cargo build --release` (or BINARY), and for PostgreSQL what
`benches/bench.py` needs. Everything runs on 127.0.0.1 in a temporary folder.
"""
import contextlib, os, pathlib, sqlite3, statistics, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bench

bench.BINARY = pathlib.Path(os.environ.get("BINARY", bench.BINARY))
ORGANISATIONS, INNOVATIONS = int(os.environ.get("ORGANISATIONS", "8000")), int(os.environ.get("INNOVATIONS", "1500"))
ROUNDS = int(os.environ.get("ROUNDS", "21"))
ASKED = "/v1/innovations/asked-for/uptake?by=month&from=2021-12-01&to=2026-11-30&sites=1000&share=50"
STAGES = ("identified", "piloting", "implementing", "adopted")
BOARDS = ("QKK", "QMF", "QRV", "QMJ", "QWE", "QUY", "QJK", "QRL", "QU9", "QNX", "QWU", "QHL", "QT1", "QK1", "QUE", "QMM", "QOP", "QYG", "QE1", "QHM", "QWO")


class Postgres:
    new_id, name = "uuid_send(gen_random_uuid())", "PostgreSQL"

    def __init__(self, port):
        self.port, self.url = port, f"postgres://postgres@127.0.0.1:{port}/register"

    def run(self, sql):
        return bench.psql(self.port, "register", sql)

    def day(self, days):
        return f"(DATE '2020-01-01' + CAST({days} AS INTEGER))"

    gather = "ANALYZE;"


class Sqlite:
    new_id, name = "randomblob(16)", "SQLite"

    def __init__(self, folder):
        self.file = folder / "register.db"
        self.url = f"sqlite://{self.file}"

    def run(self, sql):
        connection = sqlite3.connect(self.file, timeout=60)
        try:
            connection.executescript("BEGIN IMMEDIATE;" + sql + "COMMIT;")
        finally:
            connection.close()

    def day(self, days):
        return f"date('2020-01-01', '+' || ({days}) || ' days')"

    gather = "PRAGMA optimize = 0x10002;"


def adopt(engine, chosen, every):
    """Four moves and four spells of each adoption: by the innovations of a condition, and by one in so many practices."""
    now = "'2026-11-01 00:00:00'"
    begin = "(o.number * 37 + i.number * 11) % 1500"
    stages = " UNION ALL ".join(f"SELECT {k} AS k, '{stage}' AS stage" for k, stage in enumerate(STAGES))
    end = f"CASE WHEN s.k = 3 THEN {engine.day('2914634')} ELSE {engine.day('p.begin_on + 90 * s.k + 90')} END"
    engine.run(f"""
        CREATE TEMPORARY TABLE those AS SELECT id, CAST(row_number() OVER (ORDER BY slug) AS INTEGER) AS number FROM innovations WHERE {chosen};
        CREATE TEMPORARY TABLE practices AS SELECT id, CAST(row_number() OVER (ORDER BY code) AS INTEGER) AS number FROM organisations WHERE kind = 'gp-practice';
        CREATE TEMPORARY TABLE planned AS
          SELECT {engine.new_id} AS id, i.id AS innovation_id, o.id AS organisation_id, {begin} AS begin_on
          FROM those i CROSS JOIN practices o WHERE (o.number + i.number) % {every[1]} < {every[0]};
        INSERT INTO adoptions (id, innovation_id, organisation_id, indication, stage, covers, approval, illustrative, version, created_at, updated_at)
          SELECT p.id, p.innovation_id, p.organisation_id, '', 'adopted', '', 'approved', false, 1, {now}, {now} FROM planned p;
        INSERT INTO adoption_moves (id, adoption_id, effective_on, rank, to_stage, made_by, made_at, updated_at)
          SELECT {engine.new_id}, p.id, {engine.day('p.begin_on + 90 * s.k')}, 1, s.stage, 'bench', {now}, {now} FROM planned p CROSS JOIN ({stages}) s;
        INSERT INTO adoption_spells (adoption_id, from_on, to_on, stage, innovation_id, organisation_id, indication)
          SELECT p.id, {engine.day('p.begin_on + 90 * s.k')}, {end}, s.stage, p.innovation_id, p.organisation_id, '' FROM planned p CROSS JOIN ({stages}) s;
        DROP TABLE those; DROP TABLE practices; DROP TABLE planned;
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


def asked(register):
    """The median time of an answer in milliseconds, and the last point."""
    times = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        answer = register.call("GET", ASKED)
        times.append((time.monotonic() - started) * 1000)
    return statistics.median(times[3:]), answer


def measure(engine, folder):
    register = bench.Register(folder, engine.url)
    fill(register)
    tenth = f"slug < 'other-{INNOVATIONS // 10:04}'"
    adopt(engine, "slug = 'asked-for'", (5, 8))
    adopt(engine, f"slug LIKE 'other-%' AND {tenth}", (1, 24))
    engine.run(engine.gather)
    few, answer = asked(register)
    adopt(engine, f"slug LIKE 'other-%' AND NOT ({tenth})", (1, 24))
    engine.run(engine.gather)
    many, same = asked(register)
    register.stop()
    if answer["points"] != same["points"]:
        sys.exit("the others' rows changed the answer")
    last = same["points"][-1]
    print(f"{engine.name}: {len(same['points'])} points, {last['adopters']} of {last['eligible']}; a tenth {few:.0f} ms, all {many:.0f} ms, ratio {many / few:.2f}")


def main(names):
    for name in names or ("postgres", "sqlite"):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            folder = pathlib.Path(folder)
            engine = Sqlite(folder) if name == "sqlite" else Postgres(stack.enter_context(bench.postgres(folder)))
            measure(engine, folder)


if not bench.BINARY.exists():
    sys.exit("build it first: cargo build --release")
main(sys.argv[1:])
