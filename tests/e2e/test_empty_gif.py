"""empty_gif: a picture of one pixel without a file."""

import struct


def test_the_picture(start):
    server = start(server="location = /p { empty_gif; }")
    answer = server.get("/p")
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["last-modified"] == "Mon, 28 Sep 1970 06:00:00 GMT"
    assert answer.body[:6] == b"GIF89a" and answer.body[-1:] == b";"
    assert struct.unpack("<HH", answer.body[6:10]) == (1, 1)
    assert len(answer.body) == 43
    assert server.get("/p", method="HEAD").headers["content-length"] == "43"
    assert server.get("/p", method="POST", body=b"x").status == 405
    assert server.get("/p", headers={"If-Modified-Since":
                      answer.headers["last-modified"]}).status == 304
