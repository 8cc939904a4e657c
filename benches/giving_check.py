#!/usr/bin/env python3
"""Holds the 360Giving export of a running register to the published schemas.

    python3 benches/giving_check.py URL GRANT_SCHEMA.json PACKAGE_SCHEMA.json [TOKEN PROPOSER_TOKEN COUNT]

With two tokens (national-admin, of two subjects) it first makes COUNT awards and approves them. Needs the Python package
jsonschema, and the schemas of the 360Giving Data Standard 1.4.3. Prints the number of grants and of errors; exits with 1
when there is an error.
"""
import concurrent.futures, json, sys, time, urllib.request

import jsonschema
import referencing

if len(sys.argv) < 4:
    sys.exit(__doc__)
URL, grant_path, package_path, *making = sys.argv[1:]


def call(method, path, token=None, body=None, version=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if version:
        headers["If-Match"] = f'W/"{version}"'
    request = urllib.request.Request(URL + path, json.dumps(body).encode() if body else None, headers, method=method)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def make(approver, proposer, count):
    run = f"{int(time.time()):x}".upper()
    money = lambda amount: {"amount": f"{amount}.00", "currency": "GBP"}
    call("POST", "/v1/organisations", approver, {"code": f"GIVE-{run}", "name": "A body for the check", "type": "other"})
    call("POST", "/v1/funds", approver, {"code": f"GIVE-{run}", "name": "A fund for the check", "currency": "GBP"})
    given = {"contributor": f"GIVE-{run}", "source": "charity", "amount": money(count * 100), "receivedOn": "2015-07-01"}
    call("POST", f"/v1/funds/GIVE-{run}/contributions", approver, given)

    def one(number):
        wanted = {"fund": f"GIVE-{run}", "kind": "grant", "title": f"Grant {number}", "description": "For the check.", "geocode": "E92000001",
                  "recipientOrganisation": f"GIVE-{run}", "amount": {"amount": f"{number % 99 + 1}.{number % 100:02}", "currency": "GBP"},
                  "plannedFrom": "2015-07-01", "plannedTo": "2016-07-01"}
        award = call("POST", "/v1/awards", proposer, wanted)
        call("POST", f"/v1/awards/{award['id']}/transitions", approver, {"to": "approved"}, 1)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(count)))


if making:
    make(making[0], making[1], int(making[2]))
grant_schema, package_schema = (json.load(open(path)) for path in (grant_path, package_path))
package = call("GET", "/v1/funding/360giving.json")
# The package's schema names the grant's by an address; the file given stands for it.
address = package_schema["properties"]["grants"]["items"]["$ref"]
resource = referencing.Resource.from_contents(grant_schema, default_specification=referencing.jsonschema.DRAFT202012)
registry = referencing.Registry().with_resource(address, resource)
grants, package["grants"] = package["grants"], package["grants"][:1]
checker = jsonschema.FormatChecker()
errors = list(jsonschema.Draft202012Validator(package_schema, registry=registry, format_checker=checker).iter_errors(package))
one = jsonschema.Draft202012Validator(grant_schema, format_checker=checker)
for grant in grants:
    errors.extend(one.iter_errors(grant))
ids = {grant["id"] for grant in grants}
print(f"{len(grants)} grants, {len(errors)} errors, {len(grants) - len(ids)} ids twice")
for error in errors[:5]:
    print(error.message[:300])
sys.exit(1 if errors or len(ids) != len(grants) else 0)
