#!/usr/bin/env python3
"""Measures the loading of practices as the Organisation Data Service publishes them, and what one changed edge costs afterwards.

    python3 benches/places.py               on PostgreSQL and on SQLite
    python3 benches/places.py sqlite        on one of them

Three files are made up and loaded into a new database: PRACTICES (8,000) GP practices below 106 sub-ICB locations, NETWORKS (1,250) primary care networks,
and which practice is a member of which network. Each is sent twice. The aim: the second time changes nothing and takes no longer than the first.
Then one practice moves to another location, one board to another region, and all other boards at once, each by a file that says so. Every organisation has
rows that say what it lies below on which days, and those of whatever moves and of all below it are written anew. The aim: a practice costs what it has
itself, and not what the register holds. Rows are counted on PostgreSQL, where each says which transaction wrote it.
There are ROUNDS (5) new databases, and medians are printed. Needs `cargo build --release` (or BINARY), and for PostgreSQL what `benches/bench.py` needs.
Everything runs on 127.0.0.1 in a temporary folder.
"""
import contextlib, os, pathlib, statistics, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bench

bench.BINARY = pathlib.Path(os.environ.get("BINARY", bench.BINARY))
PRACTICES, NETWORKS = int(os.environ.get("PRACTICES", "8000")), int(os.environ.get("NETWORKS", "1250"))
REGIONS = ("Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63")
LOCATIONS = 106
FILES = ("epraccur", "epcn", "epcn-members")


def row(cells):
    """One row of 27 quoted cells, of which these say something."""
    return ",".join(f'"{cells.get(column, "")}"' for column in range(1, 28)) + "\r\n"


def moved_board(board):
    """A board that lies in the next region from a day on."""
    code, name, region = board
    return row({1: code, 2: name.upper(), 3: REGIONS[(REGIONS.index(region) + 1) % len(REGIONS)], 4: code, 13: "A", 15: code, 16: "20240401"})


def location_row(number, boards):
    board = boards[number % len(boards)][0]
    return row({1: f"{number:03}L", 2: f"NHS MEASURED ICB - {number:03}L", 4: board, 11: "20130401", 13: "A", 14: "B", 15: board})


def practice(number, boards, location=None, joined="20220701"):
    """A practice, in the location of its network unless it moves to another."""
    location = number % NETWORKS % LOCATIONS if location is None else location
    closed = "20230331" if number % 20 == 7 else ""
    return row({1: f"A{number:05}", 2: f"MEASURED SURGERY {number}", 4: boards[location % len(boards)][0], 5: f"{number} HIGH STREET", 8: "MEASURED TOWN",
                10: "SE5 9RS", 11: "19740401", 12: closed, 13: "C" if closed else "A", 14: "B", 15: f"{location:03}L", 16: joined, 17: closed,
                18: "020 7946 0000", 22: "0", 26: "4"})


def files(boards):
    """The three files."""
    network = lambda n: row({1: f"U{n:05}", 2: f"MEASURED PCN {n}", 4: boards[n % LOCATIONS % len(boards)][0], 11: "20190701", 13: "A",
                             15: f"{n % LOCATIONS:03}L", 16: "20190701"})
    member = lambda n: f"A{n:05},MEASURED SURGERY {n},{n % NETWORKS % LOCATIONS:03}L,U{n % NETWORKS:05},20190701,\r\n"
    networks = map(network, range(NETWORKS))
    texts = ("".join(practice(n, boards) for n in range(PRACTICES)), "".join(networks), "".join(map(member, range(PRACTICES))))
    return dict(zip(FILES, texts))


def sent(register, file, text):
    """The seconds of a load, and what it counted."""
    started = time.monotonic()
    answer = register.call("POST", f"/v1/organisations/ods-import?file={file}", text.encode(), "text/csv")
    if answer["warnings"]:
        sys.exit(f"{file}: {answer['warnings'][:3]}")
    return time.monotonic() - started, answer["counts"]


class Postgres:
    name = "PostgreSQL"

    def __init__(self, port, number):
        self.port, self.database = port, f"round{number}"
        self.url = f"postgres://postgres@127.0.0.1:{port}/{self.database}"
        bench.psql(port, "postgres", f"CREATE DATABASE {self.database}")

    def gather(self):
        bench.psql(self.port, self.database, "ANALYZE")

    def newest(self):
        return int(bench.psql(self.port, self.database, "SELECT txid_current()"))

    def rows_since(self, newest):
        return int(bench.psql(self.port, self.database, f"SELECT count(*) FROM organisation_closure WHERE CAST(CAST(xmin AS TEXT) AS BIGINT) > {newest}"))

    def rows(self):
        return self.rows_since(-1)


class Sqlite:
    name = "SQLite"

    def __init__(self, folder, number):
        self.url = f"sqlite://{folder}/round{number}.db"

    def gather(self):
        pass

    def newest(self, _=None):
        return None

    rows_since = rows = newest


def measure(engine, folder, number):
    """What one new database tells: times by name, and rows by name."""
    times, rows = {}, {}
    register = bench.Register(folder, engine.url)
    listed = {region: register.call("GET", f"/v1/organisations?type=icb&place={region}&limit=100")["data"] for region in REGIONS}
    boards = [(board["code"], board["name"], region) for region in REGIONS for board in listed[region]]
    sent(register, "eccg", "".join(location_row(n, boards) for n in range(LOCATIONS)))
    for file, text in files(boards).items():
        times[file], first = sent(register, file, text)
        times[f"{file} again"], again = sent(register, file, text)
        if first["unchanged"] or again["unchanged"] != again["received"]:
            sys.exit(f"{file} sent twice: {first}, {again}")
    engine.gather()
    moves = {"a practice": ("epraccur", practice(number, boards, number + 1, "20240401")), "a board": ("eccg", moved_board(boards[number])),
             "all boards": ("eccg", "".join(map(moved_board, boards[:number] + boards[number + 1:])))}
    for name, (file, text) in moves.items():
        newest = engine.newest()
        times[name], counts = sent(register, file, text)
        rows[name] = engine.rows_since(newest)
        if counts["updated"] != counts["received"]:
            sys.exit(f"{name}: {counts}")
    rows["kept"] = engine.rows()
    register.stop()
    return times, rows


def main(names):
    for name in names or ("postgres", "sqlite"):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            folder = pathlib.Path(folder)
            port = None if name == "sqlite" else stack.enter_context(bench.postgres(folder))
            engines = [Sqlite(folder, n) if name == "sqlite" else Postgres(port, n) for n in range(bench.ROUNDS)]
            rounds = [measure(engine, folder, n) for n, engine in enumerate(engines)]
            median = lambda what: statistics.median(times[what] for times, _ in rounds) * 1000
            for file in FILES:
                first, again = median(file), median(f"{file} again")
                print(f"{engines[0].name:10} {file:12} first {first:6.0f} ms, again {again:6.0f} ms, ratio {again / first:.2f}", flush=True)
            for move in ("a practice", "a board", "all boards"):
                counted, kept = [rows[move] for _, rows in rounds], [rows["kept"] for _, rows in rounds]
                told = "" if None in counted else f", {statistics.median(counted):.0f} of {statistics.median(kept):.0f} rows written anew"
                print(f"{engines[0].name:10} {move:12} {median(move):6.1f} ms, {median(move) / median('a practice'):.1f} times a practice{told}", flush=True)


if __name__ == "__main__":
    if not bench.BINARY.exists():
        sys.exit("build it first: cargo build --release")
    main(sys.argv[1:])
