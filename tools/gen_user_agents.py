#!/usr/bin/env python3
"""Turns uap-core's regexes.yaml, and our additions, into the lines that devices/user_agent.cc reads.

    gen_user_agents.py OUT YAML…      rules of an earlier file come first

One rule a line, fields parted by tabs:
  kind      b (browser), o (operating system) or d (device)
  flags     i: case does not matter
  family    replacement, may hold $1…; empty: the first group
  major     replacement for the major version; empty: the second group
  needles   what a text must hold for the rule to match, in lower case: alternatives parted by \\x1f, conditions by \\x1e
  regex     RE2 syntax
"""
import re
import re._parser as parser
import sys

import yaml

KINDS = [
    ("b", "user_agent_parsers", "family_replacement", "v1_replacement"),
    ("o", "os_parsers", "os_replacement", "os_v1_replacement"),
    ("d", "device_parsers", "device_replacement", ""),
]
# Only these devices are ever named ("Safari on iPhone"); the rules of a thousand telephones are left out.
BRANDS = {"Apple", "Spider"}
SHORTEST = 3  # user_agent.cc looks needles up by their first three bytes


def letter(op, argument):
    """The lower-case letter that an item stands for, as in `b` or `[Bb]`; absent for anything else."""
    members = [(op, argument)] if str(op) == "LITERAL" else argument if str(op) == "IN" else []
    letters = {chr(a).lower() if str(o) == "LITERAL" and a < 128 else "" for o, a in members}
    return letters.pop() if len(letters) == 1 else ""


def conditions(items):
    """Sets of literals; a match of `items` holds at least one literal of every set."""
    found, run = [], ""

    def close():
        nonlocal run
        if len(run) >= SHORTEST:
            found.append({run})
        run = ""

    for op, argument in items:
        name = str(op)
        if letter(op, argument):
            run += letter(op, argument)
            continue
        close()
        if name == "SUBPATTERN":
            found += conditions(argument[3])
        elif name in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] >= 1:
            found += conditions(argument[2])
        elif name == "BRANCH":
            merged = set()
            for branch in argument[1]:
                sets = conditions(branch)
                if not sets:
                    break
                merged |= max(sets, key=lambda s: (min(map(len, s)), -len(s)))
            else:
                found.append(merged)
    close()
    return found


def needles(regex):
    sets = {frozenset(s) for s in conditions(parser.parse(regex))}
    return "\x1e".join("\x1f".join(sorted(s)) for s in sorted(sets, key=lambda s: (len(s), sorted(s))))


def word_rules(words):
    return [{"regex": rf"\b{re.escape(word)}/v?(\d+)", "family_replacement": name, "v1_replacement": "$1"}
            for word, name in words.items()]


def lines(files):
    for kind, section, family, major in KINDS:
        for rules in files:
            words = word_rules(rules.get("browser_words", {})) if kind == "b" else []
            for rule in words + rules.get(section, []):
                if kind == "d" and rule.get("brand_replacement") not in BRANDS:
                    continue
                fields = [kind, rule.get("regex_flag", ""), rule.get(family, ""), rule.get(major, "") if major else "",
                          needles(rule["regex"]), rule["regex"]]
                if any(c in f for f in fields for c in "\t\n\0"):
                    sys.exit(f"{section}: a tab, line end or NUL in {rule}")
                yield "\t".join(fields)


def main(out, *paths):
    files = []
    for path in paths:
        with open(path, encoding="utf-8") as source:
            files.append(yaml.safe_load(source))
    with open(out, "w", encoding="utf-8") as target:
        target.write("".join(line + "\n" for line in lines(files)))


if __name__ == "__main__":
    main(*sys.argv[1:])
