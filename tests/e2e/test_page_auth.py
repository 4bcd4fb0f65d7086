"""The page of a dashboard with authentication: it works as it does without,
and what it changes it signs with the token of the session."""

import base64

import pytest
from page import start_site, wait_row

USER, PASSWORD = "admin", "open sesame"


@pytest.fixture
def site(start, make):
    # The password file is in the prefix of the server, made before it.
    server, board = start_site(
        start, block="auth_basic_user_file users;",
        files={"a.txt": "small"})
    return server, board
