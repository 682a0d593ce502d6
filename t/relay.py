"""What comes to one place goes to another, and back: relay.py PLACE SOCKET [DIR].

PLACE is a unix socket, or tcp:FILE: a port of loopback, whose number is written
to FILE. With DIR it is TLS, with cert.pem and key.pem there, and only who has a
certificate by ca.pem is let in.
"""
import asyncio
import os
import ssl
import sys

at, to = sys.argv[1:3]


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except OSError:
        writer.close()


async def relay(reader, writer):
    other = await asyncio.open_unix_connection(to)
    await asyncio.gather(pump(reader, other[1]), pump(other[0], writer))
    writer.close()
    other[1].close()


def tls(dir):
    it = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=dir + "/ca.pem")
    it.load_cert_chain(dir + "/cert.pem", dir + "/key.pem")
    it.verify_mode = ssl.CERT_REQUIRED
    return it


async def main():
    if not at.startswith("tcp:"):
        server = await asyncio.start_unix_server(relay, at)
    else:
        by = tls(sys.argv[3]) if sys.argv[3:] else None
        server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=by)
        with open(at[4:] + ".new", "w") as f:
            f.write(str(server.sockets[0].getsockname()[1]))
        os.rename(at[4:] + ".new", at[4:])
    await server.serve_forever()


asyncio.run(main())
