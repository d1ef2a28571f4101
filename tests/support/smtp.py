"""The mail server of smtp_sink.py as a block, and the mails that it got."""
import json
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("smtp_sink.py")


class Sink:
    def __init__(self, out, *options):
        self.out = out
        self.process = subprocess.Popen([sys.executable, str(PROGRAM), str(out), *options], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def mails(self, to):
        events = [json.loads(line) for line in self.out.read_text().splitlines()] if self.out.exists() else []
        return [e for e in events if e["event"] == "mail" and e["rcpt_tos"] == [to]]


def code_of(mail):
    return re.search(r"\b(\d{6})\b", mail["parts"][0]["text"])[1]
