"""What is shipped for Prometheus and Grafana works with them.

Guards against rules and dashboards that ask for what no scrape has, alerts
that do not fire, and a scrape that Prometheus does not take. The names in
these files are held to the catalogue by tests/check-monitoring.sh.
"""

import json
import pathlib
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest
from board import start_board
from conftest import PATIENCE, free_port, wait_for

HERE = pathlib.Path(__file__).parent
SCRIPTS = HERE.parents[1] / "scripts"
RULES = SCRIPTS / "prometheus" / "ringmaster.rules.yml"
SCRAPE = SCRIPTS / "prometheus" / "scrape.yml"
BOARDS = sorted((SCRIPTS / "grafana").glob("*.json"))
REQUESTS = 21
HTTP = "limit_req_zone $uri zone=z:1m rate=9r/s;"
SITE = '''location /hello { return 200 "hello"; }
    location /far { limit_req zone=z; proxy_pass http://127.0.0.1:%%PORT%%; }'''


def promtool(*args):
    if not shutil.which("promtool"):
        pytest.skip("no promtool (prometheus)")
    result = subprocess.run(["promtool", *args], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=60)
    assert result.returncode == 0, result.stdout


def panels(path):
    return json.loads(path.read_text())["panels"]


def expressions():
    """Each question of a dashboard, as Grafana would send it."""
    for path in BOARDS:
        for panel in panels(path):
            for target in panel.get("targets", []):
                expr = target["expr"]
                for name, value in (("$__rate_interval", "1m"),
                                    ("$__range", "1h"), ("$job", ".+"),
                                    ("$instance", ".+")):
                    expr = expr.replace(name, value)
                assert "$" not in expr, expr
                yield panel["title"], expr


class Prometheus:
    """A Prometheus of our own that scrapes one dashboard every second."""

    def __init__(self, directory, board_port):
        self.port = free_port()
        text = SCRAPE.read_text()
        for old, new in (("127.0.0.1:5000", "127.0.0.1:%d" % board_port),
                         ("15s", "1s"), ("- " + RULES.name,
                                         "- " + str(RULES))):
            assert old in text
            text = text.replace(old, new)
        config = directory / "prometheus.yml"
        config.write_text("global: { evaluation_interval: 1s }\n" + text)
        self.log = directory / "prometheus.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file=%s" % config,
                 "--storage.tsdb.path=%s" % (directory / "data"),
                 "--web.listen-address=127.0.0.1:%d" % self.port],
                cwd=directory, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)

    def get(self, path, **args):
        url = "http://127.0.0.1:%d/api/v1/%s?%s" % (
            self.port, path, urllib.parse.urlencode(args))
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def query(self, expr):
        return self.get("query", query=expr)["result"]

    def value(self, expr):
        """Of the only series there is, or None."""
        result = self.query(expr)
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()


@pytest.fixture
def board(start):
    server, board = start_board(start, http=HTTP, server=SITE,
                                files={"index.html": "hello"})
    for _ in range(REQUESTS - 1):
        server.get("/hello")
    server.get("/index.html")
    board.wait_total(REQUESTS)
    return board


@pytest.fixture
def prometheus(board, tmp_path):
    if not shutil.which("prometheus"):
        pytest.skip("no prometheus")
    prometheus = Prometheus(tmp_path, board.port)
    try:
        wait_for(lambda: prometheus.query("1") or True)
        yield prometheus
    except AssertionError:
        print(prometheus.log.read_text())
        raise
    finally:
        prometheus.stop()


def test_promtool_accepts_the_rules():
    promtool("check", "rules", str(RULES))


def test_promtool_accepts_the_scrape_configuration():
    promtool("check", "config", str(SCRAPE))


def test_each_rule_is_true_when_it_should_be():
    promtool("test", "rules", str(HERE / "ringmaster.rules.test.yml"))


def test_each_alert_has_a_case():
    alerts = re.findall(r"alert: (\w+)", RULES.read_text())
    cases = (HERE / "ringmaster.rules.test.yml").read_text()
    assert len(alerts) >= 10
    for alert in alerts:
        assert "alertname: %s\n" % alert in cases


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_dashboards_have_the_form_that_grafana_reads(path):
    board = json.loads(path.read_text())
    assert board["schemaVersion"] >= 38
    assert board["uid"] == path.stem
    assert [v["name"] for v in board["templating"]["list"]] == [
        "datasource", "job", "instance"]
    assert len({panel["id"] for panel in board["panels"]}) == \
        len(board["panels"])
    squares = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])}
        assert max(mine)[0] < 24
        assert not mine & squares, panel["title"]
        squares |= mine
        if panel["type"] == "row":
            continue
        assert panel["type"] in ("timeseries", "heatmap", "stat", "table")
        assert panel["description"] and panel["targets"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        for part in panel, *panel["targets"]:
            assert part["datasource"]["uid"] == "${datasource}"


def test_prometheus_counts_what_the_server_counts(prometheus, board):
    wait_for(lambda: prometheus.value(
        "sum(ringmaster_http_requests_total)") == REQUESTS, 30)
    assert prometheus.value('up{job="ringmaster"}') == 1
    assert prometheus.value("nginx_http_requests_total") == REQUESTS
    assert prometheus.value(
        "sum(ringmaster_http_request_duration_seconds_count)") == REQUESTS
    targets = prometheus.get("targets")["activeTargets"]
    assert [(t["health"], t["lastError"]) for t in targets] == [("up", "")]
    types = prometheus.get("metadata")
    assert types["ringmaster_http_requests_total"][0]["type"] == "counter"


def test_prometheus_can_answer_each_question_of_the_dashboards(prometheus):
    def scraped_thrice():
        return (prometheus.value("sum(count_over_time("
                                 "ringmaster_generation[1m]))") or 0) >= 3
    wait_for(scraped_thrice)
    empty = [(title, expr) for title, expr in expressions()
             if not prometheus.query(expr)]
    assert not empty


def test_a_server_that_is_well_raises_no_alert(prometheus):
    def evaluated():
        return prometheus.query(
            "instance_server:ringmaster_http_requests:rate5m")
    wait_for(evaluated)
    groups = prometheus.get("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
    assert [rule["name"] for rule in rules
            if rule.get("state", "inactive") != "inactive"] == []
