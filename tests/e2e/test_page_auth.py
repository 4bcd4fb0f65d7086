"""The page of a dashboard with authentication: it works as without, signs
what it changes with the token of its session, and shows nothing more when its
login is no longer good."""

import pytest
from board import Board
from conftest import free_port
from page import FILES, SITE, wait_row
from test_dashboard_auth import PASSWORD, USERS, basic, secret


class Guarded(Board):
    """Asked with a password."""

    def get(self, path="/", method="GET", headers=None, body=None):
        return super().get(path, method, {**basic(), **(headers or {})},
                           body)


@pytest.fixture
def board(make):
    server, port = make(), free_port()
    secret(server, "users", USERS)
    server.write(server=SITE, main="dashboard { listen 127.0.0.1:%d; "
                 "auth_basic_user_file users; }" % port)
    for name, data in FILES.items():
        server.file(name, data)
    server.start()
    return Guarded(server, port).wait_ready()


def login(browser, board):
    """As after the browser's question: it sends the password by itself."""
    browser.expect("401|favicon.ico")	# its own first tries
    tab = browser.open(board, "/favicon.svg", "ann:" + PASSWORD,
                       ready=False)
    return tab.go(browser.url(board)).wait_up()


def test_the_page_works_and_signs_what_it_changes(browser, board):
    tab = login(browser, board)
    board.server.get("/file/a.txt")
    wait_row(tab, "recent", r"/file/a\.txt")
    tab.press("c")
    tab.wait(lambda: board.json()["cache_enabled"] is False)
    assert "ann switched the file cache off" in board.server.log()
    changes = [one["request"] for one in browser.network("requestWillBeSent")
               if one["request"]["method"] == "POST"]
    token = board.json("/api/v1/session")["token"]
    assert [{name.lower(): value for name, value in one["headers"].items()}
            ["x-ringmaster-token"] for one in changes] == [token]


def test_who_may_no_longer_sees_no_more(browser, board):
    tab = login(browser, board)
    browser.expect("ERR_")
    secret(board.server, "users", USERS.replace("ann:", "eve:"))
    board.server.reload()
    # The browser asks for a password first: that cannot be answered here.
    tab.wait("#state[data-state=lost]", 20)
    board.server.get("/file/a.txt")
    assert "/file/a.txt" not in tab.js("return document.body.textContent")
