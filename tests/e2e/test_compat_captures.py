"""$1 ... $9: groups of the regular expression that matched last, be it of
server_name or of a location."""

SERVER = r"""
    location / { return 200 "$1|$2"; }
    location ~ ^/one/(.+)\.(html|txt)$ { return 200 "$1|$2|$3|$11"; }
    location ~ ^/opt/(a)?(b) { return 200 "<$1><$2>"; }
    location ~ ^/outer/(.*)$ {
        location ~ /inner$ { return 200 "inner <$1>"; }
    }
    location ~ ^/files/(.+)/(.+)$ { alias %%DIR%%/html/$2/$1; }
    location ~ ^/named/(?<first>.)(?<rest>.*)$ { return 200 "$rest|$First|$1"; }
"""

NAMES = r"""
    server {
        listen 127.0.0.1:%%PORT%%;
        server_name "~^(www\.)?(.+)\.example$";
        root html/$2;
        location /echo { return 200 "$1|$2"; }
        location ~ ^/(.)cho2 { return 200 "$1|$2"; }
    }
"""


def get(server, path, host="localhost"):
    return server.get(path, headers={"Host": host}).body.decode()


def test_locations(start):
    server = start(server=SERVER, files={"b/a.txt": "by alias"})
    assert get(server, "/") == "|"
    assert get(server, "/one/a/b.txt") == "a/b|txt||a/b1"
    assert get(server, "/opt/ab") == "<a><b>"
    assert get(server, "/opt/b") == "<><b>"
    assert get(server, "/outer/inner") == "inner <>"
    assert get(server, "/files/a.txt/b") == "by alias"
    assert get(server, "/named/xyz") == "yz|x|x"


def test_try_files_behind_an_alias_of_an_expression(start):
    server = start(server=r"""
        location ~ ^/found { alias %%DIR%%/html/dir; try_files $uri =404; }
        location ~ ^/other { alias %%DIR%%/html/dir; try_files /x /y =404; }
        location ~ ^/(.*)$ { alias %%DIR%%/html/dir/$1; }""",
        files={"dir/found.txt": "found", "dir/y": "why"})
    assert get(server, "/found.txt") == "found"
    assert get(server, "/other") == "why"
    assert get(server, "/y") == "why"
    assert server.get("/found.html").status == 404


def test_server_names(start):
    server = start(server=SERVER, http=NAMES,
                   files={"shop/index.html": "the shop"})
    assert get(server, "/echo", "www.shop.example") == "www.|shop"
    assert get(server, "/echo", "SHOP.example") == "|shop"
    assert get(server, "/echo2", "www.shop.example") == "e|"
    assert get(server, "/", "shop.example") == "the shop"
