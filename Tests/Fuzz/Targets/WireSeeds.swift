#if FUZZ
/// Messages of HTTP/1.1 to begin with.
enum WireSeeds {
    static let words = [
        "\r\n", "\r\n\r\n", "\n", "\r", "GET ", "POST ", "HEAD ", "OPTIONS * ", " HTTP/1.1", " HTTP/1.0", " HTTP/2.0", "Host: a\r\n", "Content-Length: ",
        "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
        "Connection: upgrade\r\nUpgrade: echo\r\n", "Expect: 100-continue\r\n", "Trailer: x\r\n", "0\r\n\r\n", "5\r\nhello\r\n", "ffffffff\r\n", "1;a=b\r\n", "http://h/", "%00", "%zz",
        "Range: bytes=0-1\r\n", "If-None-Match: *\r\n", "Accept-Encoding: gzip\r\n", "Content-Encoding: gzip\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 204 No Content\r\n",
        "HTTP/1.1 304 Not Modified\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\t", ": ", "\u{0}", "\u{e9}", " ",
    ]

    static let requests: [[UInt8]] = [
        "GET /a%2Fb?q=1 HTTP/1.1\nHost: example.org:80\nX-Empty:\nX-Blank: \t two words\t \n\n",
        "POST /task HTTP/1.1\nHost: a\nContent-Length: 5\n\nhelloGET /inline HTTP/1.1\nHost: a\n\n",
        "POST /inline HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5;x=y\nhello\na\n0123456789\n0\nX-Trailer: y\nHost: evil\n\nGET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.0\n\n", "GET / HTTP/1.0\nConnection: keep-alive\n\nGET / HTTP/1.0\n\n", "OPTIONS * HTTP/1.1\nHost: h\n\n",
        "GET http://h:1/a?b HTTP/1.1\nHost: h\nConnection: close\n\n", "HEAD /inline HTTP/1.1\nHost: a\n\nHEAD /none HTTP/1.1\nHost: a\n\n",
        "POST /task HTTP/1.1\nHost: a\nContent-Length: 3\nExpect: 100-continue\n\nabc", "\nGET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked\n\n0\n\n", "GET / HTTP/1.1\nHost: a\n folded\n\n", "GET / HTTP/1.1\nHost : a\n\n",
        "BREW / HTTP/1.1\nHost: a\n\n", "PUT /stream HTTP/1.1\nHost: a\nContent-Length: 20\nContent-Encoding: gzip\n\n01234567890123456789",
        "GET /tunnel HTTP/1.1\nHost: a\nConnection: upgrade\nUpgrade: echo\n\nraw bytes", "GET /file HTTP/1.1\nHost: a\nRange: bytes=2-4\nIf-Range: \"x\"\n\n",
        "GET /stream HTTP/1.1\nHost: a\nAccept-Encoding: gzip;q=0.5, *;q=0\n\n",
    ].map(\.wire)

    static let responses: [[UInt8]] = [
        "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\n\nhelloHTTP/1.1 204 No Content\n\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\nX: y\n\n", "HTTP/1.1 100 Continue\n\nHTTP/1.1 404 Not Found\nContent-Length: 0\n\n",
        "HTTP/1.0 200 OK\n\nuntil the end", "HTTP/1.1 304 Not Modified\nContent-Length: 7\nETag: \"x\"\n\n", "HTTP/1.1 200\nContent-Length: 1\n\nx",
        "HTTP/1.1 101 Switching Protocols\nUpgrade: echo\nConnection: upgrade\n\nbytes", "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 1\n\nx",
    ].map(\.wire)
}
#endif
