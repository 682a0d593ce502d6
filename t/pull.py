#!/usr/bin/env python3
# usage: pull.py LOG UPSTREAM MODE...
# A proxy before a registry on loopback that misbehaves as it is told, and
# writes a line for each request: METHOD PATH RANGE AUTHORIZATION BYTES. Its port is
# the first line of the log. A registry that is nobody's own has only such.
import base64, http.client, http.server, socketserver, sys, threading, time

log_path, upstream, modes = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
PIECE = 300000
lock = threading.Lock()
busy = [2]


def log(text):
    with lock, open(log_path, "a") as f:
        f.write(text + "\n")


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def pour(self):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def misbehaves(self):
        port = self.server.server_address[1]
        is_blob, is_manifest = "/blobs/" in self.path, "/manifests/" in self.path
        auth = self.headers.get("Authorization", "")
        if self.path.startswith("/token"):
            wants = "Basic " + base64.b64encode(b"me:secret").decode()
            if "login" in modes and auth != wants:
                self.answer(401, b'{"details":"who are you?"}')
            else:
                self.answer(200, b'{"token":"good"}')
        elif "token" in modes and auth != "Bearer good":
            self.answer(401, WWW_Authenticate='Bearer realm="http://127.0.0.1:%d/token",'
                        'service="a, b",scope="repository:x:pull"' % port)
        elif "evil-realm" in modes and not auth:
            self.answer(401, WWW_Authenticate='Bearer realm="file:///etc/passwd"')
        elif "loop" in modes and is_manifest:
            self.answer(307, Location=self.path)
        elif "away" in modes and is_blob:
            self.answer(307, Location="http://localhost:%d%s" % (upstream, self.path))
        elif "huge" in modes and is_manifest or "endless" in modes and is_blob:
            self.pour()
        elif "denied" in modes and is_manifest:
            self.answer(403, b'{"errors":[{"code":"DENIED","message":"not\\u001b[31m you"}]}')
        elif "busy" in modes and is_manifest and busy[0]:
            busy[0] -= 1
            self.answer(429, Retry_After="1")
        elif "full" in modes and is_manifest:
            self.answer(429, Retry_After="3600")
        elif "silent" in modes and is_manifest:
            time.sleep(30)
        else:
            return False
        return True

    def do_GET(self):
        log("%s %s %s %s" % (self.command, self.path, self.headers.get("Range", "-"),
                             self.headers.get("Authorization", "-")))
        if not self.misbehaves():
            self.forward()

    do_POST = do_GET

    def forward(self):
        up = http.client.HTTPConnection("127.0.0.1", upstream)
        # Some say a header several times.
        keep = {k: ", ".join(self.headers.get_all(k)) for k in ("Accept", "Range")
                if k in self.headers}
        up.request("GET", self.path, headers=keep)
        r = up.getresponse()
        body = r.read()
        self.send_response(r.status)
        for key, value in r.getheaders():
            if key.lower() not in ("connection", "date", "server"):
                self.send_header(key, value)
        self.end_headers()
        if len(body) > PIECE and "/blobs/" in self.path and ("cut" in modes or "stall" in modes):
            self.wfile.write(body[:PIECE])
            self.wfile.flush()
            if "stall" in modes:
                time.sleep(60)
            self.close_connection = True
            return
        self.wfile.write(body)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Proxy)
log(str(server.server_address[1]))
server.serve_forever()
