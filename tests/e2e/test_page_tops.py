"""Lists of the most frequent keys on the page: loaded when they are wanted,
and only text, whatever clients call themselves."""

from board import start_board
from page import panel, rows, see, show
from test_page_accessible import axe, check

AGENTS = "metrics_top agents $http_user_agent size=5;"
SITE = 'location / { return 200 "hello"; } location /bad { return 500; }'
HOSTILE = ["<img src=x onerror=window.broken=1>", "=cmd|'/C calc'!A0",
           "{{7*7}}", "a\u202eb"]


def test_lists_are_shown_as_text(start, browser, axe):
    server, board = start_board(start, http=AGENTS, server=SITE)
    for agent in HOSTILE:
        server.raw(b"GET /bad HTTP/1.0\r\nUser-Agent: %s\r\n\r\n" %
                   agent.encode())
    for i in range(9):
        server.get("/", headers={"User-Agent": "curl"})
    tab = browser.open(board)
    see(tab, "#who")
    assert not [path for path in browser.requested() if "tops" in path]
    show(tab, "tops")
    tab.wait(lambda: len(rows(tab, panel("tops"))) == 7)
    found = rows(tab, panel("tops"))
    assert found[0][:3] == ["agents: $http_user_agent", "13", "0"]
    assert found[1][:3] == ["curl", "9", "0"]
    assert {row[0] for row in found[2:6]} == set(HOSTILE)
    assert all(row[4] == "1" for row in found[2:6])
    assert found[6][:2] == ["(other)", "0"]
    assert tab.attr(panel("tops") + " tbody tr .at-name",
                    "title").startswith("since 20")
    tab.wait(lambda: "showing 7" in tab.text("#who .shown"))
    assert tab.js("return window.broken") is None
    check(tab, axe, panel("tops"))


def test_without_a_list_it_says_how_to_get_one(start, browser):
    _, board = start_board(start, server=SITE)
    tab = browser.open(board)
    see(tab, "#who")
    show(tab, "tops")
    tab.wait_text(panel("tops") + " .empty", "metrics_top NAME KEY;")
