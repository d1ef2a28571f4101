#!/usr/bin/env python3
"""A mail server for tests, on a free port of 127.0.0.1. Prints the port, then writes one JSON line per event to OUT.

Events: {"event": "mail", ...} for each accepted mail, {"event": "auth", "tls": bool, "login", "password"} for each
sign-in, {"event": "rcpt", "address", "reply"} for each recipient.
"""
import argparse
import asyncio
import email
import email.policy
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--auth", help="user:password; offered also without TLS, to see who falls for it")
parser.add_argument("--rcpt-reply", action="append", default=[], help="replies to RCPT in turn, then 250")
parser.add_argument("--rcpt-always", help="the reply to every RCPT")
parser.add_argument("--data-reply", action="append", default=[], help="replies to DATA in turn, then 250")
parser.add_argument("--port", type=int, default=0, help="instead of a free one")
parser.add_argument("--hang", action="store_true", help="accept connections and say nothing")
options = parser.parse_args()


def write(event, **fields):
    with open(options.out, "a", encoding="utf-8") as file:
        file.write(json.dumps({"event": event, **fields}) + "\n")


def is_tls(server):
    return server.transport.get_extra_info("sslcontext") is not None


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        reply = options.rcpt_always or (options.rcpt_reply.pop(0) if options.rcpt_reply else "250 OK")
        write("rcpt", address=address, reply=reply)
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope):
        reply = options.data_reply.pop(0) if options.data_reply else "250 OK"
        if not reply.startswith("2"):
            return reply
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [{"type": part.get_content_type(), "charset": part.get_content_charset(),
                  "text": part.get_content().replace("\r\n", "\n")}
                 for part in message.walk() if not part.is_multipart()]
        write("mail", mail_from=envelope.mail_from, rcpt_tos=envelope.rcpt_tos, mail_options=envelope.mail_options,
              tls=is_tls(server), authenticated=bool(session.authenticated), type=message.get_content_type(),
              headers=[[name, str(value)] for name, value in message.items()], parts=parts,
              longest_line=max(map(len, envelope.content.split(b"\r\n"))),
              bare_line_ends=envelope.content.replace(b"\r\n", b"").count(b"\n"))
        return reply


def authenticate(server, session, envelope, mechanism, data):
    login, password = data.login.decode(), data.password.decode()
    write("auth", tls=is_tls(server), login=login, password=password)
    return AuthResult(success=f"{login}:{password}" == options.auth, handled=False)


async def hang(reader, writer):
    await asyncio.sleep(600)


async def main():
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    loop = asyncio.get_running_loop()

    def create():
        return SMTP(Handler(), hostname="sink.test", enable_SMTPUTF8=True, loop=loop,
                    tls_context=context if options.tls == "starttls" else None,
                    authenticator=authenticate if options.auth else None, auth_require_tls=False)

    if options.hang:
        server = await asyncio.start_server(hang, "127.0.0.1", options.port)
    else:
        server = await loop.create_server(create, "127.0.0.1", options.port, ssl=context if options.tls == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
