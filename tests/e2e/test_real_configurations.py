"""Configurations as people have them, each whole and from a file of its own in
conf/: they run unchanged and do what they are for."""

import gzip
import http.server
import json
import pathlib
import shutil
import socket
import threading
import time

import pytest

from conftest import free_port, wait_for

CONF = pathlib.Path(__file__).parent / "conf"
PAGE = b"<!doctype html><title>page</title>" + b"<p>text</p>" * 100
SCRIPT = b"export const x = 1;\n" * 100


@pytest.fixture
def real(make):
    """real(NAME, files): a server that runs conf/NAME."""
    def new(name, files, backend=0, args=()):
        server = make()
        text = (CONF / name).read_text()
        server.write(text.replace("%%BACKEND%%", str(backend)))
        for path, data in files.items():
            server.file(path, data)
        assert "test is successful" in server.command("-t", *args).stdout
        return server.start(args=args)
    return new


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def unzipped(answer):
    assert answer.headers["content-encoding"] == "gzip"
    return gzip.decompress(answer.body)


# ---- Debian's default site ----

@pytest.fixture
def debian(make):
    server = make()
    shutil.copytree(CONF / "debian", server.dir / "etc")
    (server.dir / "etc/conf.d").mkdir(exist_ok=True)
    for path in (server.dir / "etc").rglob("*"):
        if path.is_file():
            text = path.read_text().replace("%%DIR%%", str(server.dir))
            text = text.replace("%%PORT%%", str(server.port))
            if not has_ipv6():
                text = text.replace("listen [::]:", "# listen [::]:")
            path.write_text(text)
    shutil.copy(server.dir / "etc/nginx.conf", server.conf)
    server.file("index.nginx-debian.html", PAGE)
    server.file("sub/a.css", b"p { }" * 100)
    assert "test is successful" in server.command("-t").stdout
    return server.start(args=["-g", "daemon off;"])


def test_debian(debian):
    answer = debian.get("/")
    assert (answer.status, answer.body) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html"
    assert unzipped(debian.get("/", headers={
        "Accept-Encoding": "gzip"})) == PAGE
    answer = debian.get("/sub/a.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-type"] == "text/css"
    assert "content-encoding" not in answer.headers	# gzip_types is not set
    assert debian.get("/sub").status == 301
    assert debian.get("/sub/").status == 403
    assert debian.get("/missing").status == 404
    wait_for(lambda: '"GET /missing HTTP/1.1" 404' in
             debian.log("access.log"))


def test_debian_dump(debian):
    """-T shows each file as it is, in nginx's form."""
    out = debian.command("-T").stdout
    for name in ("sites-enabled/default", "mime.types"):
        path = debian.dir / "etc" / name
        assert "# configuration file %s:\n%s\n" % (
            path, path.read_text()) in out
    assert out.index("nginx.conf" if "nginx.conf" in out else "ringmaster")\
        < out.index("mime.types") < out.index("sites-enabled/default")


# ---- a site of static pages ----

def test_boilerplate(real):
    server = real("boilerplate.conf", {
        "index.html": PAGE, "404.html": "not here", "50x.html": "sorry",
        "app.js": SCRIPT, "thanks.html": "thanks",
        "favicon.ico": b"i", "font.woff2": b"f", "page.html~": b"x",
        "config.inc": b"x", ".git/config": b"x",
        ".well-known/security.txt": b"contact"})
    site = {"Host": "example.com"}
    answer = server.get("/", headers={**site, "Accept-Encoding": "gzip"})
    assert unzipped(answer) == PAGE
    for name, value in (
            ("server", "ringmaster"),
            ("content-type", "text/html; charset=utf-8"), ("vary", "Accept-Encoding"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", "default-src 'self'; "
             "base-uri 'none'"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("cache-control", "max-age=0, private, must-revalidate")):
        assert answer.headers[name] == value
    answer = server.get("/app.js", headers={
        **site, "Accept-Encoding": "gzip"})
    assert unzipped(answer) == SCRIPT
    assert answer.headers["cache-control"].startswith("max-age=31536000, ")
    assert "x-frame-options" not in answer.headers
    assert "max-age=315360000" in \
        server.get("/font.woff2", headers=site).headers["cache-control"]
    for path in ("/.git/config", "/page.html~", "/config.inc"):
        assert server.get(path, headers=site).status == 403
    assert server.get("/.well-known/security.txt",
                      headers=site).body == b"contact"
    answer = server.get("/missing", headers=site)
    assert (answer.status, answer.body) == (404, b"not here")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "expires" not in answer.headers
    answer = server.get("/a?b=c", headers={"Host": "www.example.com"})
    assert answer.status == 301
    assert answer.headers["location"] == "http://example.com/a?b=c"
    assert server.get("/50x.html", headers=site).status == 404
    assert server.get("/", method="POST", body=b"x" * 8193,
                      headers=site).status == 413
    assert server.get("/form", headers=site).status == 403
    assert server.get("/form", method="POST", body=b"a=b",
                      headers=site).status == 303
    statuses = [server.get("/thanks.html", headers=site).status
                for _ in range(2)]
    assert statuses == [200, 429]


# ---- a single-page application ----

class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({"path": self.path,
                           "host": self.headers["Host"],
                           "for": self.headers["X-Forwarded-For"],
                           "proto": self.headers["X-Forwarded-Proto"]})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def api():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Api)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_single_page_application(real, api):
    packed = gzip.compress(SCRIPT)
    server = real("spa.conf", {
        "index.html": PAGE, "assets/app.1a2b.js": SCRIPT,
        "assets/app.1a2b.js.gz": packed, "robots.txt": "robots",
        ".env": "secret"}, backend=api)
    for path in ("/", "/index.html", "/users/17", "/users/17/edit?tab=1"):
        answer = server.get(path)
        assert (answer.status, answer.body) == (200, PAGE)
        assert answer.headers["content-type"] == "text/html"
        assert answer.headers["cache-control"] == "no-cache"
        assert server.get(path, headers={"If-None-Match":
                          answer.headers["etag"]}).status == 304
    assert server.get("/robots.txt").body == b"robots"
    answer = server.get("/assets/app.1a2b.js")
    assert answer.body == SCRIPT
    assert answer.headers["cache-control"] == \
        "max-age=31536000, public, immutable"
    assert server.get("/assets/app.1a2b.js", headers={
        "Accept-Encoding": "gzip"}).body == packed
    assert server.get("/assets/gone.js").status == 404
    assert server.get("/.env").status == 404
    answer = server.get("/api/users?id=1", headers={
        "Host": "app.example.com"})
    assert json.loads(answer.body) == {
        "path": "/v1/users?id=1", "host": "app.example.com",
        "for": "127.0.0.1", "proto": "http"}
    assert server.get("/api/x", method="POST",
                      body=b"x" * 5000).status == 413


# ---- a host for downloads ----

def test_downloads(real):
    image = bytes(range(256)) * 1024		# 256 KiB
    server = real("downloads.conf", {
        "pub/big.iso": image, "pub/a b.txt": "text", "pub/old/x": "x"})
    page = server.get("/pub/").body
    assert b'<a href="old/">old/</a>' in page
    assert b'<a href="a%20b.txt">a b.txt</a>' in page
    assert b"   256K\r\n" in page
    assert [entry["name"] for entry in json.loads(
        server.get("/list/").body)] == ["old", "a b.txt", "big.iso"]

    begun = time.monotonic()
    answer = server.get("/pub/big.iso")
    assert answer.body == image
    assert 1.5 < time.monotonic() - begun	# 64 KiB/s but for 128 KiB
    assert answer.headers["content-disposition"] == "attachment"
    answer = server.get("/pub/big.iso", headers={
        "Range": "bytes=1000-1999", "If-Range": answer.headers["etag"]})
    assert (answer.status, answer.body) == (206, image[1000:2000])

    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.send(b"GET /pub/big.iso HTTP/1.1\r\nHost: a\r\n\r\n")
    heads = sorted(client.read_until(b"\r\n")[:12] for client in clients)
    assert heads == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 429"]
    for client in clients:
        client.close()
    wait_for(lambda: server.log("downloads.json").count("\n") >= 5)
    lines = [json.loads(line)		# each worker writes its own
             for line in server.log("downloads.json").splitlines()]
    assert {"path": "/pub/big.iso", "status": 200,
            "bytes": len(image), "agent": ""} in lines
    assert "pub/a b.txt" not in server.log("downloads.json")


def test_uploads(real):
    server = real("downloads.conf", {"incoming/x": b""})
    for path in (server.dir, server.dir / "html/incoming"):
        path.chmod(0o777)
    assert server.get("/incoming/a/b.bin", method="PUT",
                      body=b"image").status == 201
    assert server.get("/incoming/a/b.bin", method="DELETE").status == 204
    assert server.get("/pub/b.bin", method="PUT", body=b"x").status == 405
