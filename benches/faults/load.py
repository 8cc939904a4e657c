"""The clients: mixed work under keys and versions, each write remembered, and what the register holds of it afterwards."""
import collections, datetime, http.client, json, math, random, threading, time, uuid

from stage import bench

PAUSE, SILENCE, GRACE, RECOVERY, AFTERWARDS = 0.05, 60, 15, 30, 3
# How often each kind of request is made. Those of an organisation need no row of an innovation.
KINDS = {"list": 3, "innovation": 2, "organisation": 2, "create organisation": 1, "create innovation": 1, "change organisation": 1, "change innovation": 1, "submit": 1}
WRITES = {kind: often for kind, often in KINDS.items() if kind.split()[0] in ("create", "change", "submit")}
# Where each kind of record is, what it is named by, and the property that a change writes.
RECORDS = {"organisation": ("/v1/organisations", "code", "name"), "innovation": ("/v1/innovations", "slug", "summary")}
KPI = {**bench.KPI, "code": "fault-values", "name": "Values sent under faults"}
Sent = collections.namedtuple("Sent", "begun done client kind status")
Answer = collections.namedtuple("Answer", "status body headers", defaults=(None, {}))


class Record:
    """What a client made: the version and content last acknowledged, and every content it may have by now."""

    def __init__(self, kind, key, version, text):
        self.kind, self.key, self.version, self.possible = kind, key, version, [text]


class Client(threading.Thread):
    """One client on a connection of its own."""

    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load, self.number, self.count, self.records, self.values = load, number, 0, [], {}
        self.random, self.waiting, self.refused, self.retrying = random.Random(number), None, False, False
        self.connection = http.client.HTTPConnection("127.0.0.1", load.service.port, timeout=SILENCE)

    def run(self):
        kinds, often = list(self.load.kinds), list(self.load.kinds.values())
        while not self.load.stopping and not (self.refused and self.load.leave_when_refused):
            self.work(self.random.choices(kinds, often)[0])
            self.retrying = False
            time.sleep(PAUSE)

    def work(self, kind):
        action, _, what = kind.partition(" ")
        mine = [record for record in self.records if record.kind == what]
        if action == "list":
            self.send(kind, "GET", "/v1/innovations")
        elif action in RECORDS:
            self.send(kind, "GET", {"innovation": "/v1/innovations/heartflow", "organisation": "/v1/organisations/RJZ"}[action])
        elif action == "submit":
            self.submit(kind)
        elif action == "create" or not mine:
            self.create(f"create {what}", what)
        else:
            self.change(kind, self.random.choice(mine))

    def send(self, kind, method, path, body=None, headers={}):
        media = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self.load.service.token}", "Content-Type": media, **headers}
        begun = time.monotonic()
        self.waiting, self.refused = (begun, kind), False
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            content = answer.read()
            result = Answer(answer.status, json.loads(content), answer.headers)
        except (OSError, http.client.HTTPException) as cause:
            self.connection.close()
            self.refused = isinstance(cause, ConnectionRefusedError)
            result = Answer("refused" if self.refused else "silent" if isinstance(cause, TimeoutError) else "cut")
        self.waiting = None
        self.load.sent.append(Sent(begun, time.monotonic(), self.number, kind, result.status))
        return result

    def wait(self, answer):
        self.retrying = True
        time.sleep(0.02 if self.refused else min(float(answer.headers.get("Retry-After", 0.2)), 1))

    def post(self, kind, path, body):
        """The answer of a POST that is repeated under its key until it is answered; None if that takes too long."""
        key, first_failure = str(uuid.uuid4()), None
        while True:
            answer = self.send(kind, "POST", path, body, {"Idempotency-Key": key})
            in_flight = answer.status == 409 and answer.body["code"] == "idempotency-in-flight"
            if isinstance(answer.status, int) and answer.status < 500 and not in_flight:
                break
            first_failure = first_failure or time.monotonic()
            if self.load.gives_up(first_failure):
                self.load.unanswered.append((first_failure, f"{kind}: {answer.status}"))
                return None
            self.wait(answer)
        if first_failure:
            self.load.mended.append((first_failure, time.monotonic()))
        if answer.status != 201:
            self.load.odd.append(f"{kind}: {answer.status} {answer.body['code']}")
            return None
        return answer

    def create(self, kind, what):
        self.count += 1
        path, key, content = RECORDS[what]
        name = f"Fault {self.number} {self.count}"
        if what == "organisation":
            body = {"code": f"FAULT-{self.number}-{self.count}", "name": name, "type": "other"}
        else:
            body = {"name": name, "summary": name, "mainCategory": "digital"}
        self.load.names.append(name)
        if answer := self.post(kind, path, body):
            self.records.append(Record(what, answer.body[key], answer.body["version"], answer.body[content]))

    def submit(self, kind):
        """One value, of a period that no other value of this client has."""
        self.count += 1
        period = str(datetime.date(1950, 1, 1) + datetime.timedelta(self.count))
        row = {"organisation": f"CLIENT-{self.number}", "period": period, "value": self.count}
        if answer := self.post(kind, f"/v1/kpi-submissions?kpi={KPI['code']}", {"rows": [row]}):
            self.values[row["organisation"], period] = (self.count, answer.body["id"])

    def change(self, kind, record):
        path, _, content = RECORDS[record.kind]
        path, first_failure, version = f"{path}/{record.key}", None, record.version
        self.count += 1
        text = f"{record.possible[0].split(',')[0]}, change {self.count}"
        record.possible.append(text)
        while True:
            answer = self.send(kind, "PATCH", path, {content: text}, {"If-Match": f'W/"{version}"'})
            if answer.status == 200:
                break
            if isinstance(answer.status, int) and answer.status < 500 and answer.status != 412:
                self.load.odd.append(f"{kind}: {answer.status} {answer.body['code']}")
                return
            first_failure = first_failure or time.monotonic()
            if self.load.gives_up(first_failure):
                self.load.unanswered.append((first_failure, f"{kind}: {answer.status}"))
                return
            self.wait(answer)
            # The change may have been made without an answer: the record tells.
            seen = self.send(record.kind, "GET", path)
            if seen.status == 200:
                version = seen.body["version"]
                if seen.body[content] == text:
                    answer = seen
                    break
        record.version, record.possible = answer.body["version"], [text]


class Health(threading.Thread):
    """Asks whether the register is ready, each time on a new connection."""

    def __init__(self, port, interval=0.2):
        super().__init__(daemon=True)
        self.port, self.interval, self.sent, self.waiting, self.stopping = port, interval, [], None, False

    def run(self):
        while not self.stopping:
            begun = self.waiting = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SILENCE)
            try:
                connection.request("GET", "/health/ready")
                status = connection.getresponse().status
            except ConnectionRefusedError:
                status = "refused"
            except (OSError, http.client.HTTPException):
                status = "cut"
            connection.close()
            self.waiting = None
            self.sent.append(Sent(begun, time.monotonic(), None, "ready", status))
            time.sleep(max(0, begun + self.interval - time.monotonic()))


class Load:
    """All clients, what they sent and what they may expect to find. A write is given up `patience` seconds after it first failed."""

    def __init__(self, service, clients, kinds=KINDS, patience=math.inf, interval=0.2):
        self.service, self.kinds, self.patience, self.deadline = service, kinds, patience, math.inf
        self.sent, self.odd, self.unanswered, self.mended, self.names = [], [], [], [], []
        self.stopping = self.leave_when_refused = False
        service.call("POST", "/v1/kpis", KPI)
        codes = "code,name,type\n" + "".join(f"CLIENT-{number},Client {number},other\n" for number in range(clients))
        service.call("POST", "/v1/organisations", codes.encode(), "text/csv")
        self.clients = [Client(self, number) for number in range(clients)]
        self.health = Health(service.port, interval)

    def start(self):
        for thread in (*self.clients, self.health):
            thread.start()

    def waiting(self):
        """When each request that has no answer yet was sent, and its kind."""
        return [waiting for client in self.clients if (waiting := client.waiting)]

    def gives_up(self, first_failure):
        now = time.monotonic()
        return now > self.deadline or now > first_failure + self.patience

    def until_full_service(self, end):
        """Waits for it, and a little longer, since what is left behind may fail later."""
        while self.full_after(end) is None and time.monotonic() < end + RECOVERY:
            time.sleep(0.2)
        time.sleep(AFTERWARDS)

    def full_after(self, end):
        """Seconds from the end of a fault to the first whole second in which at least half of the clients sent something and all of it succeeded."""
        now, later = time.monotonic(), [one for one in self.sent if one.begun >= end]
        failed = [one.begun for one in later if one.status not in (200, 201)]
        failed += [since for since, _ in self.waiting() if since >= end]
        marks = [end, *sorted(failed)]
        for mark, following in zip(marks, [*marks[1:], now]):
            if following >= mark + 1 and len({one.client for one in later if mark < one.begun <= mark + 1}) >= len(self.clients) / 2:
                return mark - end
        return None

    def stop(self):
        """Lets every write be answered, for a while. Requests that hang are counted with their age."""
        self.stopping, self.deadline = True, time.monotonic() + GRACE
        for client in self.clients:
            client.join(max(0, self.deadline + 2 - time.monotonic()))
        self.health.stopping = True
        self.health.join(2)
        now, hanging = time.monotonic(), self.waiting()
        self.sent += [Sent(since, now, None, kind, "hanging") for since, kind in hanging]
        self.unanswered += [(since, f"{kind}: hanging") for since, kind in hanging if kind in WRITES]
        if self.health.waiting:
            self.health.sent.append(Sent(self.health.waiting, now, None, "ready", "hanging"))

    def compare(self, checker):
        """How many acknowledged writes are lost, and how many were made twice."""
        lost = doubled = 0
        for kind, (path, key, content) in RECORDS.items():
            rows = list(checker.pages(path))
            found = {row[key]: row for row in rows}
            for record in (record for client in self.clients for record in client.records if record.kind == kind):
                row = found.get(record.key)
                lost += not row or row["version"] < record.version or row[content] not in record.possible
            names = collections.Counter(row["name"].split(",")[0] for row in rows)
            doubled += sum(names[name] - 1 for name in self.names if names[name] > 1)
        values = {(row["organisation"], row["period"]): row for row in checker.pages(f"/v1/kpi-values?kpi={KPI['code']}")}
        for key, (value, submission) in ((key, sent) for client in self.clients for key, sent in client.values.items()):
            row = values.get(key)
            lost += not row or (row["value"], row["submission"]) != (value, submission)
        # No value is sent twice by intention, so a submission that found its value there was carried out twice.
        doubled += sum(row["counts"]["unchanged"] for row in checker.pages(f"/v1/kpi-submissions?kpi={KPI['code']}"))
        return lost, doubled


def worst(sent):
    return max((one.done - one.begun for one in sent if one.status != "refused"), default=0)


def statuses(sent):
    return collections.Counter(str(one.status) for one in sent)
