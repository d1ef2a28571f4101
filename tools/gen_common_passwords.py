#!/usr/bin/env python3
"""Writes the common passwords that the policy could otherwise accept, one a line, sorted by bytes.

    gen_common_passwords.py OUT FREQUENCY_LISTS

FREQUENCY_LISTS is frequency_lists.py of Debian's python3-zxcvbn (MIT licence).
"""
import runpy
import sys

SHORTEST = 8  # shorter ones are refused for their length

out, lists = sys.argv[1:]
words = runpy.run_path(lists)["FREQUENCY_LISTS"]["passwords"]
chosen = {word.lower() for word in words if len(word) >= SHORTEST}
with open(out, "wb") as file:
    for line in sorted(word.encode() for word in chosen):
        file.write(line + b"\n")
