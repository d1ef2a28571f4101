"""The real binary and a real mail server: codes arrive, and when nobody listens they arrive later."""
import json

import pytest
from support.ports import free_port
from support.scenario import assert_problem, at_once, eventually, fresh_email
from support.smtp import Sink, code_of
from support.usher import PASSWORD, Server


def both(mails):
    return mails if len(mails) == 2 else None


@pytest.fixture
def sink(tmp_path):
    with Sink(tmp_path / "mails") as made:
        yield made


def settings(port, more=""):
    return {"mail.smtp_url": f"smtp://127.0.0.1:{port}{more}", "mail.from": "Usher <no-reply@usher.example>",
            "http.public_url": "https://auth.example.org/"}


def test_the_code_arrives_by_mail_and_there_is_no_development_mailbox(sink):
    with Server(settings=settings(sink.port)) as usher:
        email = fresh_email("mailed")
        assert usher.register(email).status == 201
        mail = eventually(lambda: sink.mails(email))[0]
        assert mail["mail_from"] == "no-reply@usher.example" and mail["type"] == "multipart/alternative"
        assert [p["type"] for p in mail["parts"]] == ["text/plain", "text/html"] and mail["bare_line_ends"] == 0 and mail["longest_line"] <= 998
        names = [name.lower() for name, _ in mail["headers"]]
        for name in ("from", "to", "subject", "date", "message-id"):
            assert names.count(name) == 1, name
        assert "bcc" not in names and "cc" not in names
        assert "https://auth.example.org" in mail["parts"][0]["text"] and str(usher.port) not in mail["parts"][0]["text"]
        assert usher.post("/auth/verify-email", {"email": email, "otp": code_of(mail)}).status == 200
        assert_problem(usher.get(f"/dev/mailbox?to={email}"), 404, "not_found")
        assert "/dev/mailbox" not in usher.get("/openapi.json").json["paths"]
        assert code_of(mail) not in usher.logged()


def test_links_and_sender_never_come_from_the_request(sink):
    with Server(settings=settings(sink.port)) as usher:
        email = fresh_email("host")
        body = {"email": email, "password": PASSWORD, "firstName": "A\r\nBcc: thief@example.org", "lastName": "B", "accountType": "INDIVIDUAL"}
        usher.post("/auth/register", body, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"})
        mail = eventually(lambda: sink.mails(email))[0]
        assert "evil.example" not in json.dumps(mail) and sink.mails("thief@example.org") == []


def test_while_no_mail_server_listens_answers_are_the_same_and_mails_come_later(tmp_path):
    port = free_port()
    with Server(settings=settings(port)) as usher:
        email = fresh_email("later")
        answer = usher.register(email)
        assert answer.status == 201 and answer.json["otpExpiresIn"] == 600
        assert usher.post("/auth/forgot-password", {"email": email}).status == 202
        assert usher.login_answer(email, "wrong-password").status == 401
        usher.restart()  # what was not sent is not forgotten
        with Sink(tmp_path / "mails", "--port", str(port)) as sink:
            mails = eventually(lambda: both(sink.mails(email)), seconds=25)
            by_subject = {dict(m["headers"])["Subject"]: m for m in mails}
            assert set(by_subject) == {"Confirm your e-mail address", "Reset your password"}
            code = code_of(by_subject["Confirm your e-mail address"])
            assert usher.post("/auth/verify-email", {"email": email, "otp": code}).status == 200


def test_a_mail_server_that_says_nothing_slows_nobody(tmp_path):
    with Sink(tmp_path / "mails", "--hang") as sink, Server(settings=settings(sink.port)) as usher:
        answers = at_once([lambda: usher.register(fresh_email("hanging"))] * 8)
        assert {a.status for a in answers} == {201}
        assert usher.get("/health/ready").status == 200
        assert usher.stop() == 0
        usher.start()


def test_a_mail_that_is_put_off_is_sent_again_once(tmp_path):
    with Sink(tmp_path / "mails", "--rcpt-reply", "451 later") as sink, Server(settings=settings(sink.port)) as usher:
        email = fresh_email("greylisted")
        usher.register(email)
        mail = eventually(lambda: sink.mails(email), seconds=25)
        assert len(mail) == 1 and usher.post("/auth/verify-email", {"email": email, "otp": code_of(mail[0])}).status == 200
