#!/usr/bin/env python3
"""Loads a running register with money over HTTP from many threads, and holds every position to the conservation of money.

    python3 benches/money_load.py URL PROPOSER APPROVER PAYER [OPERATIONS=10000] [THREADS=8]

PROPOSER, APPROVER and PAYER are bearer tokens of three subjects with the role national-admin (`innovation-register token
--role national-admin --subject ...`), since nobody approves what they proposed or disburses what they approved. It opens
three funds and an organisation of its own, sends random commands (propose, approve, activate, disburse, return, release,
write off, suspend, complete, terminate, cancel, reallocate), and exits with 1 when an answer is no rule of the domain (5xx
above all) or a balance does not add up. For load on 127.0.0.1; run it with RATE_LIMIT=off.
"""
import collections, datetime, http.client, json, random, sys, threading, time, urllib.parse

if len(sys.argv) < 5:
    sys.exit(__doc__)
URL, PROPOSER, APPROVER, PAYER, *rest = sys.argv[1:]
OPERATIONS, THREADS = int(rest[0]) if rest else 10_000, int(rest[1]) if len(rest) > 1 else 8
RUN = f"{int(time.time()):x}".upper()
FUNDS = [f"LOAD-{RUN}-{number}" for number in (1, 2, 3)]
address = urllib.parse.urlsplit(URL)
local = threading.local()


def call(method, path, token, body=None, version=None):
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if version is not None:
        headers["If-Match"] = f'W/"{version}"'
    local.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = local.connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text else None


def must(status, got):
    if got[0] != status:
        sys.exit(f"expected {status}: {got}")
    return got[1]


def pounds(amount):
    return {"amount": f"{amount}.00", "currency": "GBP"}


def minor(money):
    whole, _, pence = money["amount"].partition(".")
    return int(whole) * 100 + int(pence or 0)


def adds_up(fund):
    seen = must(200, call("GET", f"/v1/funds/{fund}/position", PAYER))
    part = {name: minor(value) for name, value in seen.items() if name not in ("fund", "years")}
    brought = part["contributed"] + part["reallocatedIn"] - part["reallocatedOut"]
    return brought == part["cash"] + part["disbursed"] and min(part.values()) >= 0


body = f"LOAD-{RUN}"
must(201, call("POST", "/v1/organisations", PROPOSER, {"code": body, "name": "A body for the load", "type": "other"}))
for fund in FUNDS:
    must(201, call("POST", "/v1/funds", PROPOSER, {"code": fund, "name": f"Fund {fund}", "currency": "GBP", "illustrative": True}))
    given = {"contributor": body, "source": "nhs", "amount": pounds(20_000), "receivedOn": "2015-07-01"}
    must(201, call("POST", f"/v1/funds/{fund}/contributions", PROPOSER, given))

awards, tally, broken, lock = [], collections.Counter(), [], threading.Lock()
RULES = {"insufficient-funds", "illegal-transition", "validation-failed", "version-mismatch"}
STATES = ["approved"] * 3 + ["active"] * 3 + ["suspended", "completed", "terminated", "cancelled", "rejected"]


def command(dice):
    choice, amount = dice.random(), dice.randint(1, 400)
    if choice < 0.2 or not awards:
        wanted = {"fund": dice.choice(FUNDS), "kind": "grant", "title": "One of many", "description": "For the load.", "illustrative": True,
                  "recipientOrganisation": body, "amount": pounds(amount), "plannedFrom": "2015-07-01", "plannedTo": "2016-07-01",
                  "evaluationPlan": {"design": "Before and after.", "dimensions": ["health"]}}
        got = call("POST", "/v1/awards", PROPOSER, wanted)
        if got[0] == 201:
            with lock:
                awards.append(got[1]["id"])
        return got
    if choice < 0.28:
        first, second = dice.sample(FUNDS, 2)
        return call("POST", "/v1/reallocations", PAYER, {"fromFund": first, "toFund": second, "amount": pounds(amount), "reason": "For the load."})
    award = f"/v1/awards/{dice.choice(awards)}"
    if choice < 0.64:
        to = dice.choice(STATES)
        move = {"to": to, "reason": "For the load."}
        if to == "terminated":
            move["authority"] = {"reference": "The load", "on": datetime.date.today().isoformat()}
        known = must(200, call("GET", award, APPROVER))
        return call("POST", f"{award}/transitions", APPROVER, move, known["version"])
    kind = dice.choice(["disbursement", "disbursement", "return", "release", "write-off"])
    return call("POST", f"{award}/transactions", PAYER, {"kind": kind, "amount": pounds(amount)})


def work(seed):
    dice = random.Random(seed)
    for _ in range(OPERATIONS // THREADS):
        status, answer = command(dice)
        code = "done" if status < 300 else (answer or {}).get("code", str(status))
        with lock:
            tally[code] += 1
            if status >= 500 or (status >= 400 and code not in RULES):
                broken.append((status, answer))
        if dice.random() < 0.05:
            fund = dice.choice(FUNDS)
            if not adds_up(fund):
                broken.append((fund, "does not add up"))


started = time.monotonic()
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
took = time.monotonic() - started
for fund in FUNDS:
    if not adds_up(fund):
        broken.append((fund, "does not add up"))
print(f"{sum(tally.values())} commands from {THREADS} threads in {took:.1f} s, {sum(tally.values()) / took:.0f} a second; {len(awards)} awards")
print(", ".join(f"{code} {count}" for code, count in tally.most_common()))
if broken:
    sys.exit(f"{len(broken)} broken: {broken[:3]}")
print("every position adds up")
