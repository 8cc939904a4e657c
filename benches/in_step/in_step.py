"""Keeps copies by the client of docs/guide-integrators.md while many write, and holds them against the lists.

python3 benches/in_step/in_step.py BINARY [SECONDS] [WRITERS]   (DATABASE_URL: another database than a SQLite file of its own)
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
SECONDS, WRITERS = (int(text) for text in (sys.argv[2:] + ["60", "32"][len(sys.argv) - 2:])[:2])
GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "guide-integrators.md"
CLIENT = GUIDE.read_text().split("```python\n")[1].split("```")[0]
PORT = 18300 + random.randrange(500)
URL = f"http://127.0.0.1:{PORT}"


def send(token, method, path, body=None, version=None):
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    if version:
        headers["If-Match"] = f'W/"{version}"'
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as refusal:
        return refusal.code, {}
    except OSError:
        return 0, {}


def write(token, number, until, counts):
    made = 0
    while time.time() < until:
        made += 1
        slug = f"tool-{number}-{made}"
        body = {"name": slug, "slug": slug, "summary": "Does good.", "mainCategory": "digital"}
        counts[send(token, "POST", "/v1/innovations", body)[0]] = counts.get(201, 0) + 1
        send(token, "PATCH", f"/v1/innovations/{slug}", {"summary": "Does more good."}, 1)
        rows = {"rows": [{"organisation": "RJZ", "period": f"20{made % 25:02}-{number % 12 + 1:02}", "value": made}]}
        how = "&strategy=delete&mode=partial" if made % 3 == 0 else ""
        send(token, "POST", "/v1/kpi-submissions?kpi=ae" + how, rows)
        if made % 2:
            send(token, "DELETE", f"/v1/innovations/{slug}", version=2)


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    settings = {
        **os.environ, "LISTEN": f"127.0.0.1:{PORT}", "LOCAL_TOKENS": "true", "RATE_LIMIT": "off", "LOG": "error",
        "PUBLIC_URL": "http://register.test", "KEY_FILE": str(folder / "key"),
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite://{folder}/register.sqlite"),
    }
    subprocess.run([BINARY, "migrate"], env=settings, check=True, stdout=subprocess.DEVNULL)
    served = subprocess.Popen([BINARY, "serve"], env=settings, stdout=subprocess.DEVNULL)
    ask = [BINARY, "token", "--ttl", "2h", "--role"]
    roles = (["national-admin"], ["regional-lead", "--organisation", "QKK"], ["reader"])
    tokens = [subprocess.run(ask + role, env=settings, capture_output=True, text=True, check=True).stdout.strip() for role in roles]
    while send(tokens[0], "GET", "/v1/me")[0] != 200:
        time.sleep(0.2)
    trust = {"code": "RJZ", "name": "King's", "type": "nhs-trust", "parent": "QKK"}
    send(tokens[0], "POST", "/v1/organisations", trust)
    kpi = {"code": "ae", "name": "Attendances", "definition": "Counted.", "level": "process", "unit": "things",
           "periodType": "month", "valueType": "count", "improvementDirection": "neutral", "aggregation": "sum", "status": "live"}
    send(tokens[0], "POST", "/v1/kpis", kpi)
    (folder / "keep.py").write_text(CLIENT)
    places = [folder / str(number) for number in range(len(tokens))]
    for place in places:
        place.mkdir()
    keepers = [subprocess.Popen([sys.executable, str(folder / "keep.py"), URL, token], cwd=place) for token, place in zip(tokens, places)]
    counts, until = {}, time.time() + SECONDS
    threads = [threading.Thread(target=write, args=(tokens[0], number, until, counts)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended, failed = time.time(), False
    for keeper in keepers:
        keeper.poll()
    functions = {}
    exec(CLIENT.split("page, copy = None, {}")[0].replace("URL, TOKEN = sys.argv[1:]", "URL, TOKEN = '', ''"), functions)
    for role, token, place in zip(roles, tokens, places):
        functions["URL"], functions["TOKEN"] = URL, token
        while True:
            wanted = functions["lists"]()
            has = json.loads((place / "copy.json").read_text())
            versions = lambda copy: {href: record.get("version") for href, record in copy.items()}
            if versions(wanted) == versions(has) or time.time() - ended > 120:
                break
            time.sleep(0.5)
        same = versions(wanted) == versions(has)
        failed |= not same
        print(f"{role[0]}: {len(has)} records, {'equal' if same else 'NOT EQUAL'}, {time.time() - ended:.1f} s after the last write")
    for process in [*keepers, served]:
        process.kill()
    print(f"{WRITERS} writers, {SECONDS} s, innovations by status: {counts}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
