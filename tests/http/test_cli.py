"""The command line: every command of the contract, and settings that say what is wrong with them."""
import json
import os
import re
import sqlite3
import subprocess
import tempfile

import pytest
from support.scenario import alive, assert_problem, audited, changed, dead, fresh_email, fresh_name, records
from support.usher import BINARY, PASSWORD, Server


def run(*words, env=None, stdin=None, cwd=None):
    """A command as a shell would start it: with nothing in its environment and no directory given."""
    done = subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=30, input=stdin, cwd=cwd,
                          env={"PATH": os.environ["PATH"]} | (env or {}))
    return done.returncode, done.stdout, done.stderr


def refused(*words, env=None, cwd=None):
    code, out, said = run(*words, env=env, cwd=cwd)
    assert code == 1 and said.startswith("usher: ") and not out, (code, out, said)
    return said


@pytest.fixture
def empty():
    with tempfile.TemporaryDirectory(prefix="usher-test-") as path:
        yield path


def in_store(path, *words, **more):
    return run(*words, f"--data.dir={path}/data", **more)


# ---- commands

def test_version_help_and_unknown_words():
    code, out, _ = run("version")
    assert code == 0 and re.match(r"usher \d+\.\d+", out)
    code, out, said = run("--help")
    assert code == 0
    for name in ("serve", "migrate up", "migrate status", "seed", "user create", "user list", "user disable", "user grant", "user revoke", "user import",
                 "role list", "role create", "role delete", "session list", "session revoke", "session revoke-all", "session revoke-unproved", "keys list", "keys rotate", "health", "config", "version"):
        assert name in out + said, name
    for words in (["serv"], ["user"], ["user", "frobnicate"], ["user", "grant", "a@b.org"], ["user", "grant", "a", "b", "c"], []):
        code, out, said = run(*words)
        assert code == 2 and out + said, words


def test_migrate_and_seed_can_be_repeated(empty):
    code, _, said = in_store(empty, "migrate", "status")
    assert code == 1 and f"there is no store {empty}/data/usher.db" in said and not os.listdir(empty)
    for words in (["migrate", "up"], ["migrate"]):
        assert in_store(empty, *words)[0] == 0
        assert in_store(empty, "seed")[0] == 0
    code, out, _ = in_store(empty, "migrate", "status")
    assert code == 0 and "pending" not in out and re.search(r"0001 core +applied \d{4}-", out)
    code, out, _ = in_store(empty, "role", "list")
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == ["admin", "super_admin", "support", "user"]


def test_serve_refuses_an_old_schema_when_told_not_to_migrate(empty):
    code, _, said = in_store(empty, "serve", "--http.listen=127.0.0.1:0", "--database.migrate=off")
    assert code == 1 and "migrate" in said


def migrated_by_newer(directory, name):
    in_store(directory, "migrate")
    with sqlite3.connect(f"{directory}/data/usher.db") as store:
        store.execute("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9999, ?, 'x', 0)", (name,))
    store.close()


def test_what_a_newer_version_only_added_stops_nobody(empty):
    """As a node of the version before that starts again in the midst of a rolling update."""
    migrated_by_newer(empty, "later")
    with Server(data_dir=f"{empty}/data") as old:
        assert old.sign_up(fresh_email("between"))
    assert "9999" in in_store(empty, "migrate", "status")[1]


def test_nothing_serves_a_store_that_a_newer_version_migrated_away(empty):
    migrated_by_newer(empty, "contract_later")
    for migrate in ("auto", "off"):
        code, _, said = in_store(empty, "serve", "--http.listen=127.0.0.1:0", f"--database.migrate={migrate}")
        assert code == 1 and "newer Usher (9999_contract_later)" in said, said


def test_a_user_made_by_hand_can_sign_in(usher):
    email = fresh_email("made")
    done = subprocess.run(usher.command("user", "create", email, "Grace", "Hopper"), input=PASSWORD + "\n", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    user = usher.login(email).user
    assert (user["firstName"], user["lastName"], user["emailVerified"], user["roles"]) == ("Grace", "Hopper", True, ["user"])
    for password, why in (("password\n", "password"), ("", "password")):
        done = subprocess.run(usher.command("user", "create", fresh_email("weak")), input=password, capture_output=True, text=True)
        assert done.returncode == 1 and why in done.stderr
    done = subprocess.run(usher.command("user", "create", email), input=PASSWORD + "\n", capture_output=True, text=True)
    assert done.returncode == 1 and "already" in done.stderr


def test_what_the_command_line_changes_the_server_sees_at_once(usher):
    who = usher.sign_up(fresh_email("seen"))
    other = usher.login(who.email)
    check = "/auth/check?permission=docs:read"
    role = fresh_name("cli")
    assert_problem(usher.get(check, token=who.access), 403, "permission_denied")
    usher.cli("role", "create", role, "docs:read", "docs:list")
    assert role in usher.cli("role", "list").stdout
    usher.cli("user", "grant", who.email, role)
    assert usher.get(check, token=who.access).status == 204
    usher.cli("user", "revoke", who.email, role)
    assert usher.get(check, token=who.access).status == 403
    usher.cli("user", "grant", who.email, role)
    usher.cli("role", "delete", role)
    assert usher.get(check, token=who.access).status == 403

    listed = usher.cli("session", "list", who.email).stdout
    assert who.session in listed and other.session in listed
    assert "1" in usher.cli("session", "revoke", who.email, other.session).stdout
    dead(usher, other, "admin")
    assert alive(usher, who)
    usher.cli("session", "revoke", who.email)
    dead(usher, who, "admin")

    who = usher.login(who.email)
    usher.cli("user", "disable", who.email)
    assert_problem(usher.get("/auth/me", token=who.access), 401, "account_disabled")
    assert re.search(re.escape(who.email) + r".*disabled", usher.cli("user", "list").stdout)
    usher.cli("user", "enable", who.email)
    assert usher.login_answer(who.email).status == 200


COPIED_USERS = """INSERT INTO users WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 450)
    SELECT randomblob(16), i || email, i || email_key, first_name, last_name, account_type, password_hash, auth_epoch,
    email_verified_at, disabled_at, deleted_at, created_at, delete_after FROM users, n"""
COPIED_SESSIONS = """INSERT INTO sessions SELECT randomblob(16), users.id, secret, generation, rotations, answered_to, amr, device_name, platform,
    app_version, user_agent, device_id, ip_address, sessions.created_at, last_active_at, refreshed_at, expires_at, ended_at, end_reason, authenticated_at, proofs_from,
    impersonator_session FROM sessions, users WHERE users.id <> user_id AND users.email_key < '2'"""


def test_all_sessions_of_all_users_end_beside_a_running_server():
    with Server() as usher:
        who = usher.sign_up(fresh_email("everybody"))
        other = usher.login(who.email)
        usher.post("/auth/logout", token=other.access)
        assert changed(usher, COPIED_USERS) == 450
        living = changed(usher, COPIED_SESSIONS + " AND ended_at IS NULL") + 1
        assert 100 < living < 200 and alive(usher, who)
        before = records(usher, "SELECT max(seq) FROM changes")[0][0]
        assert usher.cli("session", "revoke-all").stdout == f"ended {living} sessions in {usher.data_dir}/usher.db\n"
        dead(usher, who, "admin")
        dead(usher, other, "logout")
        assert not records(usher, "SELECT id FROM sessions WHERE ended_at IS NULL")
        assert sorted({detail for _, detail in audited(usher, "session.ended")}) == ["admin", "logout"]
        assert len(audited(usher, "session.ended")) == living + 1
        announced = records(usher, "SELECT key FROM changes WHERE seq > ? AND kind = 'session'", before)
        assert len(announced) == len(set(announced)) == living, "each user who had one"
        assert usher.cli("session", "revoke-all").stdout.startswith("ended 0 sessions in ")
        assert alive(usher, usher.login(who.email))


def test_commands_about_what_is_not_there_say_so(usher):
    who = usher.sign_up(fresh_email("there"))
    for words in (("user", "grant", "nobody@example.org", "admin"), ("user", "grant", who.email, "nosuchrole"), ("user", "revoke", who.email, "admin"),
                  ("user", "disable", "nobody@example.org"), ("role", "delete", "nosuchrole"), ("role", "delete", "admin"),
                  ("role", "create", "admin", "a:b"), ("role", "create", "fine", "not a permission"), ("session", "list", "nobody@example.org"),
                  ("session", "revoke", who.email, "not-an-id"), ("user", "list", "--search"), ("keys", "rotate", "nonsense"), ("user", "grant", "x", "admin")):
        done = usher.cli(*words, check=False)
        assert done.returncode == 1 and done.stderr.startswith("usher: ") and len(done.stderr) > 15, (words, done)


def test_keys_are_listed_and_rotated(usher):
    before = usher.cli("keys", "list").stdout
    assert re.search(r"access +ES256", before) and re.search(r"refresh +HS256", before)
    usher.cli("keys", "rotate")
    usher.cli("keys", "rotate", "refresh")
    after = usher.cli("keys", "list").stdout
    assert len(after.splitlines()) == len(before.splitlines()) + 2 and "verifies until" in after


def test_the_greeting_says_where_and_how_to_make_the_first_admin(usher):
    said = "\n".join(usher.greeting + [usher.process.stdout.readline() for _ in range(5)])
    assert usher.url in said and "super_admin" in said and "/dev/mailbox" in said and "/docs" in said
    # As a stranger would: pasted into another terminal, in another directory.
    ada = usher.sign_up("ada@example.org")
    command = re.search(r"Make the first admin: (.*)", said)[1]
    done = subprocess.run(command, shell=True, cwd="/", capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0 and "holds super_admin" in done.stdout, done
    assert usher.get("/auth/check?permission=users:write", token=ada.access).status == 204


def test_the_greeting_names_the_file_that_the_settings_came_from(empty):
    """A command without it would go by other roles and policies."""
    with open(f"{empty}/own.toml", "w") as file:
        file.write('mfa.required_roles = ["admin"]\n')
    with Server(settings={"config": f"{empty}/own.toml"}) as usher:
        said = "\n".join(usher.greeting + [usher.process.stdout.readline() for _ in range(5)])
        assert f" super_admin --config={empty}/own.toml --data.dir=" in said
        done = usher.cli("session", "revoke-unproved").stdout
        assert "mfa.policy = optional\n" in done and "mfa.required_roles = admin\n" in done and "ended 0 sessions in " in done


def test_what_a_device_calls_itself_cannot_steer_the_terminal(usher):
    who = usher.sign_up(fresh_email("escape"), device={"deviceName": "\x1b[2J\nphone\u009b31m\u202e"})
    shown = usher.cli("session", "list", who.email).stdout
    assert who.session in shown and "phone" in shown and len(shown.splitlines()) == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)


def test_a_role_that_is_not_there_or_not_held_is_named(usher):
    who = usher.sign_up(fresh_email("roleless"))
    assert usher.cli("user", "grant", who.email, "amdin", check=False).stderr == "usher: there is no role amdin: `usher role list` shows them\n"
    nobody = fresh_email("nobody")
    assert usher.cli("user", "unlock", nobody).stdout == f"{nobody} has no account; guesses at it are forgotten\n"
    assert usher.cli("user", "revoke", who.email, "admin", check=False).stderr == f"usher: {who.email} does not hold admin\n"


# ---- settings

def test_config_shows_every_setting_and_no_secret(empty):
    secret, url = "x9Kq-" * 8, "smtps://mailer:hush-hush@mail.example.org"
    code, out, _ = run("config", f"--keys.master={secret}", f"--mail.smtp_url={url}", "--tokens.access_ttl=15m", cwd=empty)
    assert code == 0 and secret not in out and "hush-hush" not in out
    assert re.search(r"^\* tokens\.access_ttl = 15m$", out, re.MULTILINE)
    assert re.search(r"^  sessions\.refresh_grace = 30s$", out, re.MULTILINE)
    for name in ("http.listen", "http.threads", "http.trusted_proxies", "http.cors_origins", "http.public_url", "data.dir", "database.url",
                 "tokens.access_ttl", "sessions.idle_timeout", "sessions.absolute_timeout", "tokens.algorithm", "tokens.secret", "tokens.issuer",
                 "tokens.audience", "keys.master", "http.tls_cert", "http.tls_key", "database.pool", "log.format", "log.level",
                 "metrics.listen", "access.cache_ttl", "mail.smtp_url", "mail.from"):
        assert re.search(rf"^[* ] {re.escape(name)} = ", out, re.MULTILINE), name


def test_a_setting_comes_from_file_environment_or_flag_and_the_later_wins(empty):
    with open(f"{empty}/usher.toml", "w") as file:
        file.write('[tokens]\naccess_ttl = "1h"\nissuer = "file"\naudience = "file"\n[http]\ncors_origins = ["https://a.example", "https://b.example"]\nthreads = 2\n')
    env = {"USHER_TOKENS_ISSUER": "env", "USHER_TOKENS_AUDIENCE": "env", "PORT": "4711"}
    code, out, said = run("config", "--tokens.audience", "flag", env=env, cwd=empty)
    assert code == 0, said
    for line in ("tokens.access_ttl = 1h", "tokens.issuer = env", "tokens.audience = flag", "http.listen = 4711", "http.threads = 2",
                 "http.cors_origins = https://a.example,https://b.example"):
        assert f"* {line}\n" in out, line
    code, out, _ = run("config", env={"PORT": "4711", "USHER_HTTP_LISTEN": "127.0.0.1:4712"}, cwd=empty)
    assert "http.listen = 127.0.0.1:4712" in out
    with open(f"{empty}/other.toml", "w") as file:
        file.write('tokens.issuer = "other"\n')
    assert "tokens.issuer = other" in run("config", "--config=other.toml", cwd=empty)[1]


def test_secrets_may_come_from_files(empty):
    with open(f"{empty}/secret", "w") as file:
        file.write("k7Jx2pQ9vL4mW8nR5tY1zB6cD3fG0hS-aEuIoXrT\n")
    code, out, said = run("config", env={"JWT_SECRET_FILE": f"{empty}/secret"}, cwd=empty)
    assert code == 0 and "* tokens.secret" in out, said
    both = {"USHER_KEYS_MASTER": "k" * 40, "USHER_KEYS_MASTER_FILE": f"{empty}/secret"}
    assert "USHER_KEYS_MASTER and USHER_KEYS_MASTER_FILE are both set" in refused("config", env=both, cwd=empty)
    assert f"{empty}/none" in refused("config", env={"USHER_TOKENS_SECRET_FILE": f"{empty}/none"}, cwd=empty)


def test_a_variable_that_looks_misspelt_stops_the_start_and_any_other_does_not(empty):
    for variable, says in (("USHER_SESIONS_IDLE_TIMEOUT", "USHER_SESSIONS_IDLE_TIMEOUT"), ("USHER_HTTP_LISTEN_", "USHER_HTTP_LISTEN")):
        said = refused("config", env={variable: "1h"}, cwd=empty)
        assert variable in said and f"did you mean {says}?" in said
    # As an orchestrator sets them for a service that is called usher.
    code, _, said = run("config", env={"USHER_SERVICE_HOST": "10.0.0.1", "USHER_PORT": "tcp://10.0.0.1:80", "USHER_PORT_80_TCP_PROTO": "tcp"}, cwd=empty)
    assert code == 0, said


@pytest.mark.parametrize("flag, says", [
    ("--token.access_ttl=1h", "did you mean tokens.access_ttl?"), ("--http.lisen=1", "did you mean http.listen?"), ("--nonsense=1", "no setting"),
    ("--tokens.access_ttl=soon", "duration"), ("--tokens.access_ttl=1s", "at least"), ("--tokens.access_ttl=-1h", "duration"),
    ("--http.threads=many", "whole number"), ("--http.threads=9999", "at most"), ("--tokens.algorithm=none", "must be one of"),
    ("--tokens.algorithm=HS256", "JWT_SECRET"), ("--http.listen=nowhere", "port"), ("--http.listen=example.org:80", "IP address"),
    ("--http.cors_origins=*", "origin"), ("--http.trusted_proxies=10.0.0.0/99", "network"), ("--http.public_url=usher.example.org", "https://"),
    ("--http.tls_cert=a.pem", "http.tls_key"), ("--keys.master=short", "32"), ("--database.url=mysql://a/b", "postgresql"), ("--log.level=loud", "one of"),
    ("--database.url=postgresql://127.0.0.1:1/a", "keys.master"), ("--passwords.passes=1", "passwords."), ("--verification.code_life=1h", "at most"),
    ("--tokens.access_ttl", "needs a value"), ("--mail.from=abc", "mail.from"),
])
def test_a_bad_setting_stops_the_start_and_says_what_to_change(empty, flag, says):
    said = refused("serve", flag, cwd=empty)
    assert says in said and said.count("\n") == 1, said
    assert os.listdir(empty) == []


def test_a_file_that_is_wrong_is_named_with_its_line(empty):
    for text, says in (("[tokens\n", "line 1"), ('[tokens]\nacess_ttl = "1h"\n', "tokens.access_ttl"), ("[tokens]\naccess_ttl = 1.5\n", "access_ttl"),
                       ('tokens = "x"\n', "tokens")):
        with open(f"{empty}/usher.toml", "w") as file:
            file.write(text)
        assert says in refused("config", cwd=empty)
    assert "nofile.toml" in refused("config", "--config=nofile.toml", cwd=empty)


# ---- the data directory

def test_the_store_is_for_its_owner_alone_in_a_directory_that_others_may_read(empty):
    os.makedirs(f"{empty}/data", 0o755)
    with Server(data_dir=f"{empty}/data") as usher:
        usher.sign_up(fresh_email("private"))
        modes = {name: oct(os.stat(f"{empty}/data/{name}").st_mode & 0o777) for name in os.listdir(f"{empty}/data")}
        assert set(modes.values()) == {"0o600"} and {"usher.db", "usher.db-wal", "usher.db-shm", "master.key"} <= set(modes), modes


def test_a_missing_master_key_is_not_replaced_by_another():
    with Server() as usher:
        who = usher.sign_up(fresh_email("kept"))
        usher.stop()
        key = f"{usher.data_dir}/master.key"
        os.rename(key, key + ".away")
        code, _, said = run("serve", "--http.listen=127.0.0.1:0", f"--data.dir={usher.data_dir}")
        assert code == 1 and f"{key} is missing beside {usher.data_dir}/usher.db" in said and not os.path.exists(key)
        os.rename(key + ".away", key)
        usher.start(usher.port)
        assert alive(usher, who)


def test_a_setting_that_names_a_role_that_is_not_there_is_told_at_the_start():
    settings = {"mfa.required_roles": "amdin,admin", "mfa.phishing_resistant_roles": "rot", "sessions.role_idle_timeouts": "frobs=1h",
                "sessions.role_absolute_timeouts": "wipps=1d"}
    with Server(settings=settings) as usher:
        told = [line for line in usher.logged().splitlines() if "a setting names a role that does not exist" in line]
        assert sorted(json.loads(line)["role"] for line in told) == ["amdin", "frobs", "rot", "wipps"]


def test_two_servers_do_not_share_a_directory(usher):
    done = usher.cli("serve", "--http.listen=127.0.0.1:0", check=False)
    assert done.returncode == 1 and "another server runs on " + usher.data_dir in done.stderr
    assert str(usher.process.pid) in done.stderr
    assert usher.get("/health/ready").status == 200


def test_a_taken_port_is_named(usher, empty):
    code, _, said = in_store(empty, "serve", f"--http.listen=127.0.0.1:{usher.port}")
    assert code == 1 and str(usher.port) in said and "http.listen" in said


def test_another_master_key_is_refused_with_a_sentence():
    with Server() as usher:
        who = usher.sign_up(fresh_email("sealed"))
        usher.stop()
        code, _, said = run("serve", "--http.listen=127.0.0.1:0", f"--data.dir={usher.data_dir}", "--keys.master=" + "other-master-key-" * 3)
        assert code == 1 and "keys.master" in said
        usher.start(usher.port)
        assert alive(usher, who)


def test_a_master_key_that_others_can_read_is_refused(empty):
    assert in_store(empty, "seed")[0] == 0
    os.chmod(f"{empty}/data/master.key", 0o644)
    code, _, said = in_store(empty, "user", "list")
    assert code == 1 and "chmod 600" in said
    os.chmod(f"{empty}/data/master.key", 0o600)
    assert in_store(empty, "user", "list")[0] == 0
    assert os.stat(f"{empty}/data").st_mode & 0o077 == 0
