#!/usr/bin/env python3
"""Keeps copies by the client of docs/guide-integrators.md while many write and much happens, and holds them against the lists.

    python3 benches/in_step/in_step.py [--engine postgres|sqlite|both] [--seconds 60] [--writers 16]

Within that time a grant is taken back, an edge of the hierarchy ends, a trust moves to another board, a person is erased, and each
instance is killed and started again in turn: two on PostgreSQL, so that another one numbers events after each. Three callers keep a
copy from the beginning, and three more begin in the middle. Needs PostgreSQL 15 or later and a built register (BINARY names another
one). Exits with 1 where a copy is not what its caller's lists show.
"""

import argparse
import contextlib
import datetime
import json
import pathlib
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

# Nothing is to be left beside the sources.
sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "faults"))

from stage import ROOT, Stage

CLIENT = (ROOT / "docs" / "guide-integrators.md").read_text().split("```python\n")[1].split("```")[0]
ROLES = {"admin": ["national-admin"], "lead": ["regional-lead", "--organisation", "QKK"],
         "manager": ["programme-manager", "--programme", "nia", "--subject", "manager"]}
KPI = {"code": "ae", "name": "Attendances", "definition": "Counted.", "level": "process", "unit": "things", "periodType": "month",
       "valueType": "count", "improvementDirection": "neutral", "aggregation": "sum", "status": "live", "agreedBy": "Data group",
       "agreedOn": "2015-04-01"}
AWARD = {"fund": "F", "kind": "grant", "title": "Spreading a tool", "description": "Ten trusts begin.",
         "amount": {"amount": "1.00", "currency": "GBP"}, "plannedFrom": "2015-07-01", "plannedTo": "2016-07-01",
         "evaluationPlan": {"design": "Before and after.", "dimensions": ["health"]}}


class Register:
    """One register of one or two instances, which writers use by chance and which go on through whatever fails."""

    def __init__(self, place):
        self.place, first = place, place.register(seeded=False)
        second = [place.keeping(first.sibling(place.cluster.url()), "kill")] if place.engine == "postgres" else []
        self.instances = [first, *second]
        for instance in self.instances:
            instance.start()
        self.tokens = {name: first.verb("token", "--ttl", "2h", "--role", *role).strip() for name, role in ROLES.items()}

    def send(self, method, path, body=None, version=None):
        """The answer to the administrator; `None` where there was none or it was a refusal."""
        headers = {"Authorization": "Bearer " + self.tokens["admin"], "Content-Type": "application/json"}
        if version:
            headers["If-Match"] = f'W/"{version}"'
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{random.choice(self.instances).port}{path}"
        with contextlib.suppress(OSError), urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def prepare(self):
        for code, board in [("RJZ", "QKK"), ("RBD", "QVV"), ("RGT", "QKK")]:
            self.send("POST", "/v1/organisations", {"code": code, "name": code, "type": "nhs-trust", "parent": board})
        self.send("POST", "/v1/programmes", {"slug": "nia", "name": "NIA", "kind": "fellowship", "summary": "Carries."})
        self.send("POST", "/v1/kpis", KPI)
        self.send("POST", "/v1/funds", {"code": "F", "name": "Fund", "programme": "nia", "currency": "GBP"})
        given = {"contributor": "QWE", "source": "nhs", "amount": {"amount": "1000000.00", "currency": "GBP"}, "receivedOn": "2015-07-01"}
        self.send("POST", "/v1/funds/F/contributions", given)
        self.instances[0].verb("token", "--role", "regional-lead", "--organisation", "QVV", "--subject", "manager")

    def write(self, number, until, done):
        """Makes, changes, archives and takes away until then."""
        made = 0
        while time.monotonic() < until:
            made += 1
            slug = f"tool-{number}-{made}"
            record = f"/v1/innovations/{slug}"
            done[number] += self.send("POST", "/v1/innovations", {"name": slug, "slug": slug, "summary": "Does good.", "mainCategory": "digital"}) is not None
            self.send("PATCH", record, {"summary": "Does more good."}, 1)
            rows = [{"organisation": code, "period": f"20{made % 25:02}-{number % 12 + 1:02}", "value": made} for code in ("RJZ", "RBD", "RGT")]
            how = "&strategy=delete&mode=partial" if made % 3 == 0 else ""
            self.send("POST", "/v1/kpi-submissions?kpi=ae" + how, {"rows": rows})
            if made % 2:
                self.send("DELETE", record, version=2)
            else:
                self.send("POST", "/v1/adoptions", {"innovation": slug, "organisation": ("RJZ", "RBD", "RGT")[made % 3], "stage": "adopted"})
                self.send("POST", "/v1/awards", AWARD | {"recipientOrganisation": ("RJZ", "RBD", "RGT")[number % 3]})

    # What happens meanwhile, in this order.

    def a_grant_is_taken_back(self):
        grant = self.send("GET", "/v1/grants?subject=manager&organisation=QVV")["data"][0]
        assert self.send("DELETE", f"/v1/grants/{grant['id']}", version=grant["version"]) == {}

    def an_edge_ends(self, code="RGT", parent="QKK"):
        edges = f"/v1/organisations/{code}/edges"
        edge = next(edge for edge in self.send("GET", f"{edges}?kind=geographic")["data"] if edge["parent"] == parent)
        ended = {"to": str(datetime.date.today())}
        assert self.send("PATCH", f"{edges}/{edge['id']}", ended, version=edge["version"])

    def a_trust_moves(self):
        self.an_edge_ends("RJZ", "QKK")
        edge = {"parent": "QVV", "kind": "geographic", "from": str(datetime.date.today())}
        assert self.send("POST", "/v1/organisations/RJZ/edges", edge)

    def a_person_is_erased(self):
        person = self.send("POST", "/v1/people", {"name": "Olive Marchbanks", "subject": "olive@example.org"})
        assert self.send("POST", f"/v1/people/{person['id']}/erasure", {"reason": "Asked for."})

    def the_first_instance_begins_anew(self):
        self.instances[0].kill()
        self.instances[0].start()

    def the_last_instance_begins_anew(self):
        self.instances[-1].kill()
        self.instances[-1].start()


class Copy:
    """The client of the guide, letter for letter, in a folder of its own, that asks one of the instances."""

    def __init__(self, register, name, number):
        self.name, self.token = name, register.tokens[name]
        self.url = f"http://127.0.0.1:{register.instances[number % len(register.instances)].port}"
        self.folder = register.place.folder / f"{name}-{time.monotonic_ns()}"
        self.folder.mkdir()
        (self.folder / "keep.py").write_text(CLIENT)
        process = subprocess.Popen([sys.executable, "keep.py", self.url, self.token], cwd=self.folder)
        register.place.closing.callback(process.kill)

    def differs(self):
        """The records of which the lists say something else than the copy; they are read by the client's own function."""
        functions = {}
        exec(CLIENT.split("page, copy = None, {}")[0].replace("sys.argv[1:]", repr([self.url, self.token])), functions)
        wanted, has = functions["lists"](), json.loads((self.folder / "copy.json").read_text())
        self.size = len(has)
        return {href for href in wanted.keys() | has.keys() if href not in wanted or href not in has or wanted[href].get("version") != has[href].get("version")}


def run(engine, options):
    with Stage(engine, 1) as place:
        register = Register(place)
        register.prepare()
        copies = [Copy(register, name, number) for number, name in enumerate(ROLES)]
        done, until = [0] * options.writers, time.monotonic() + options.seconds
        threads = [threading.Thread(target=register.write, args=(number, until, done)) for number in range(options.writers)]
        for thread in threads:
            thread.start()
        happenings = [register.a_grant_is_taken_back, register.an_edge_ends, register.a_trust_moves, register.a_person_is_erased,
                      register.the_first_instance_begins_anew, register.the_last_instance_begins_anew]
        for number, happens in enumerate(happenings):
            time.sleep(options.seconds / (len(happenings) + 1))
            for patience in range(20):
                with contextlib.suppress(AssertionError, TypeError, LookupError):
                    happens()
                    break
            else:
                raise RuntimeError(f"{happens.__name__} failed")
            if number == len(happenings) // 2:
                copies += [Copy(register, name, number + 1) for number, name in enumerate(ROLES)]
        for thread in threads:
            thread.join()
        ended, wrong = time.monotonic(), copies
        print(f"{engine}: {options.writers} writers, {options.seconds} s, {sum(done)} innovations registered", flush=True)
        while wrong and time.monotonic() < ended + 300:
            time.sleep(2)
            for copy in [copy for copy in wrong if not copy.differs()]:
                print(f"    {copy.name}: {copy.size} records, equal {time.monotonic() - ended:.1f} s after the last write", flush=True)
                wrong = [other for other in wrong if other is not copy]
        for copy in wrong:
            print(f"    {copy.name}: NOT EQUAL: {sorted(copy.differs())[:5]}")
        return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("postgres", "sqlite", "both"), default="both")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--writers", type=int, default=16)
    options = parser.parse_args()
    engines = ("postgres", "sqlite") if options.engine == "both" else (options.engine,)
    sys.exit(not all([run(engine, options) for engine in engines]))


if __name__ == "__main__":
    main()
