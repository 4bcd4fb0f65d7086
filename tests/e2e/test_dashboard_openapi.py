"""The description of the dashboard's interface says what the server does.

Guards against a route that is not described, a description of what is not
there, and answers that differ from their schema. The schemas are open, as a
later version may tell more; here every member has to be described.
"""

import copy
import json
import pathlib
import re

import pytest
from board import start_board

jsonschema = pytest.importorskip("jsonschema")

SOURCE = pathlib.Path(__file__).parents[2]
FILE = SOURCE / "html/dashboard/api/v1/openapi.json"
MODULE = SOURCE / "src/dashboard/module.c"
SITE = 'location / { return 200 "hello"; }'
TOP = "metrics_top agents $http_user_agent$remote_addr;"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


@pytest.fixture(scope="module")
def document():
    return json.loads(FILE.read_text())


@pytest.fixture
def board(start):
    return start_board(start, http=TOP, server=SITE)[1]


def walk(node):
    """Every object in a document."""
    if isinstance(node, dict):
        yield node
    if isinstance(node, (dict, list)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from walk(child)


def lookup(document, pointer):
    assert pointer.startswith("#/")
    for part in pointer[2:].split("/"):
        document = document[part]
    return document


def strict(schemas):
    """Schemas of objects whose members are listed forbid any other."""
    schemas = copy.deepcopy(schemas)
    for node in walk(schemas):
        if node.get("type") == "object" and "properties" in node:
            node.setdefault("additionalProperties", False)
    return schemas


def check(document, schema, value):
    components = {"schemas": strict(document["components"]["schemas"])}
    whole = dict(strict(schema), components=components)
    jsonschema.Draft202012Validator(whole).validate(value)


def test_every_reference_leads_somewhere(document):
    used = {node["$ref"] for node in walk(document) if "$ref" in node}
    assert used
    for pointer in used:
        assert lookup(document, pointer)
    for kind, names in document["components"].items():
        if kind == "securitySchemes":
            continue
        for name in names:
            assert "#/components/%s/%s" % (kind, name) in used


def test_schemas_are_schemas(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_operation_tells_its_answers(document):
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert operation["responses"], path
            for parameter in operation.get("parameters", ()):
                if "$ref" in parameter:
                    parameter = lookup(document, parameter["$ref"])
                assert parameter["in"] in ("query", "header", "path")
                assert parameter["schema"]


def test_the_routes_are_those_of_the_source(document):
    table = MODULE.read_text().partition("dashboard_routes[] = {")[2]
    routes = set(re.findall(r'"(/[^"]*)"', table.partition("};")[0]))
    assert "/metrics" in routes
    served = {"/", "/api/v1/openapi.json"}	# files, see html/Makefile.inc
    assert set(document["paths"]) == routes | served


def test_the_server_has_these_methods_and_no_other(board, document):
    for path, item in document["paths"].items():
        described = {method.upper() for method in item}
        refused = [method for method in METHODS if method not in described]
        for method in refused:
            response = board.get(path, method)
            assert response.status == 405, (method, path)
            allowed = set(response.headers["allow"].split(", "))
            # Where POST changes something, GET is for the old programs.
            assert allowed <= described | {"HEAD"}, path
            assert described - allowed <= {"GET"}, path


def test_the_document_is_served(board, document):
    response = board.get("/api/v1/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert json.loads(response.body) == document


EXAMPLES = [
    ("/metrics", {}), ("/metrics.json", {}), ("/api/v1/snapshot", {}),
    ("/api/v1/catalogue", {}), ("/api/v1/history?range=30s", {}),
    ("/api/v1/heatmap?range=30s", {}), ("/api/v1/marks", {}),
    ("/api/v1/requests?kind=recent", {}),
    ("/api/v1/requests?kind=slowest", {}),
    ("/api/v1/requests?kind=inflight", {}),
    ("/api/v1/requests?kind=errors", {}), ("/api/v1/tops", {}),
    ("/api/v1/tops?n=x", {}), ("/api/v1/logs", {}),
    ("/api/v1/logs?level=debug", {}), ("/api/v1/session", {}),
    ("/api/v1/frame", {}), ("/test_status", {}),
    ("/toggle_cache", {"method": "POST"}),
    ("/api/v1/cache", {"method": "POST", "body": b'{"enabled":true}',
                       "headers": {"Content-Type": "application/json"}}),
    ("/api/v1/cache/flush", {"method": "POST", "body": b""}),
    ("/api/v1/logs/level", {
        "method": "POST", "body": b'{"level":"warn"}',
        "headers": {"Content-Type": "application/json"}}),
    ("/api/v1/workers/drain", {
        "method": "POST", "body": b'{"worker":0}',
        "headers": {"Content-Type": "application/json"}}),
    ("/api/v1/workers/drain", {
        "method": "POST", "body": b'{"worker":9}',
        "headers": {"Content-Type": "application/json"}}),
    ("/api/v1/marks", {"method": "POST", "body": b'{"text":"v2"}',
                       "headers": {"Content-Type": "application/json"}}),
    ("/api/v1/marks?range=nonsense", {}), ("/start_test", {}),
    ("/start_test", {"method": "POST", "body": b'{"preset":"classic"}',
                     "headers": {"Content-Type": "application/json"}}),
    ("/start_test", {"method": "POST", "body": b'{"preset":"?"}',
                     "headers": {"Content-Type": "application/json"}}),
    ("/api/v1/tests/stop", {"method": "POST", "body": b""}),
    ("/api/v1/tests", {}), ("/api/v1/tests?n=x", {}),
    ("/api/v1/tests/{run}", {}), ("/api/v1/tests/compare?a=1&b=2", {}),
    ("/api/v1/tests/delete", {
        "method": "POST", "body": b'{"run":"1"}',
        "headers": {"Content-Type": "application/json"}}),
    ("/api/v1/history?range=nonsense", {}),
    ("/api/v1/reports/{run}", {}), ("/api/v1/reports/trend?n=1", {}),
    ("/api/v1/reports/compare", {}),
]


@pytest.mark.parametrize("path, how", EXAMPLES)
def test_answers_are_as_described(board, document, path, how):
    item = document["paths"][path.partition("?")[0]]
    for _ in range(3):
        board.server.get("/")
    board.wait_total(3)
    response = board.get(path, **how)
    operation = item[how.get("method", "GET").lower()]
    described = operation["responses"][str(response.status)]
    if "$ref" in described:
        described = lookup(document, described["$ref"])
    content = described["content"][response.headers["content-type"]]
    check(document, content["schema"], json.loads(response.body))
