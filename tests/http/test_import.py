"""Users of other systems keep their passwords: `usher user import`, then a sign-in that renews the hash."""
import base64
import hashlib
import json
from pathlib import Path

import pytest
from support.scenario import assert_problem, audited, fresh_email, records
from support.usher import PASSWORD

ONE_NODE_AND_TWO = True
EXPORTS = Path(__file__).parent / "exports"


def load(usher, path, *words, check=True):
    return usher.cli("user", "import", *words, str(path), check=check)


def stored(usher, email):
    return records(usher, "SELECT password_hash FROM users WHERE email = ?", email)[0][0]


def salted(password=PASSWORD):
    return "$sha256$pf=e1NBTFR9e1BBU1NXT1JEfQ==$c2FsdHNhbHQ=$" + base64.b64encode(
        hashlib.sha256(b"saltsalt" + password.encode()).digest()).decode()


def lines(directory, *users):
    file = directory / "users.jsonl"
    file.write_text("".join((user if isinstance(user, str) else json.dumps(user)) + "\n" for user in users))
    return file


@pytest.mark.parametrize(("name", "options", "created", "emails"), [
    ("keycloak.json", [], 5, [f"{n}@keycloak.example" for n in ("old", "new", "oldest", "modern")]),
    ("supabase.json", [], 5, ["s1@supabase.example", "s2@supabase.example"]),
    ("supabase.csv", [], 2, ["s1-csv@supabase.example", "s2-csv@supabase.example"]),
    ("firebase.json", [f"--hash-config={EXPORTS}/firebase-hash-config.txt"], 2, ["fay@firebase.example"]),
    ("better-auth.json", [], 2, ["bea@better.example"]),
    ("kratos.json", [], 7, [f"k{n}@kratos.example" for n in range(1, 7)]),
])
def test_an_export_is_taken_as_it_is(usher, name, options, created, emails):
    assert f"would create {created}," in load(usher, EXPORTS / name, "--dry-run", *options).stdout
    assert not records(usher, "SELECT id FROM users WHERE email = ?", emails[0])
    assert f"created {created}, already there 0, refused 0" in load(usher, EXPORTS / name, *options).stdout
    for email in emails:
        before = stored(usher, email)
        assert_problem(usher.login_answer(email, PASSWORD + "x"), 401, "invalid_credentials")
        assert stored(usher, email) == before
        usher.login(email)
        after = stored(usher, email)
        assert after.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and after != before
        usher.login(email)
        assert stored(usher, email) == after
    assert f"created 0, already there {created}, refused 0" in load(usher, EXPORTS / name, *options).stdout
    assert stored(usher, emails[0]).startswith("$argon2id$v=19$m=19456")


def test_what_an_export_says_of_a_user_is_kept(usher):
    load(usher, EXPORTS / "keycloak.json"), load(usher, EXPORTS / "supabase.json")
    assert_problem(usher.login_answer("gone@keycloak.example"), 401, "account_disabled")
    assert_problem(usher.login_answer("s3@supabase.example"), 403, "email_not_verified")
    assert_problem(usher.login_answer("s4@supabase.example"), 401, "account_disabled")
    user = usher.login("s1@supabase.example").user
    assert (user["firstName"], user["lastName"], user["id"]) == ("Sue", "Base", "9e107d9d-372b-4b6e-8c5d-000000000001")
    assert user["createdAt"] == "2024-01-31T12:00:00.500Z"
    assert usher.login("new@keycloak.example").user["roles"] == ["user"], "a realm's admin is none here"


def test_one_bad_line_stops_all_unless_it_is_to_be_skipped(usher, tmp_path):
    good, twice = fresh_email("good"), fresh_email("twice")
    file = lines(tmp_path, {"email": good, "emailVerified": True, "passwordHash": salted(), "roles": ["support"]},
                 {"email": "no address"}, {"email": twice}, {"email": twice.upper()}, "{", {"email": fresh_email(), "passwordHash": "hunter2 secret"},
                 {"email": fresh_email(), "passwordHash": "$2b$31$" + "a" * 53}, {"email": fresh_email(), "roles": ["emperor"]},
                 {"email": fresh_email(), "surprise": 1}, {"email": fresh_email(), "firstName": "x" * 101})
    done = load(usher, file, check=False)
    assert done.returncode == 1 and "nothing was imported" in done.stderr and not done.stdout
    for told in ("line 2: email invalid_email:", "line 4: email duplicate:", "line 5: malformed_json:", "line 6: passwordHash hash_unknown:",
                 "line 7: passwordHash hash_too_costly:", "line 8: roles unknown_role:", "line 9: surprise unknown_field:", "line 10: firstName too_long:"):
        assert told in done.stderr, (told, done.stderr)
    assert "hunter2" not in done.stderr
    assert not records(usher, "SELECT id FROM users WHERE email = ?", good)
    assert "created 2, already there 0, refused 8" in load(usher, file, "--skip-bad").stdout
    assert sorted(usher.login(good).user["roles"]) == ["support", "user"]
    assert ("", "jsonl") in audited(usher, "user.imported")


@pytest.mark.parametrize(("name", "user"), [
    ("keycloak", lambda email, name: {"email": email, "firstName": name}),
    ("supabase", lambda email, name: {"email": email, "raw_user_meta_data": {"full_name": name}}),
    ("firebase", lambda email, name: {"email": email, "displayName": name}),
    ("better-auth", lambda email, name: {"email": email, "name": name}),
    ("kratos", lambda email, name: {"traits": {"email": email, "name": {"first": name}}}),
])
def test_a_name_that_no_store_can_hold_is_refused_alone(usher, tmp_path, name, user):
    good, bad = fresh_email("whole"), fresh_email("nul")
    file = tmp_path / "export.json"
    file.write_text(json.dumps({"identities" if name == "kratos" else "users": [user(good, "Ada"), user(bad, "A\0da")]}))
    done = load(usher, file, f"--format={name}", check=False)
    assert done.returncode == 1 and "user 2: firstName invalid_character:" in done.stderr, done.stderr
    assert "created 1, already there 0, refused 1" in load(usher, file, f"--format={name}", "--skip-bad").stdout
    assert records(usher, "SELECT first_name FROM users WHERE email = ?", good) == [("Ada",)]
    assert not records(usher, "SELECT id FROM users WHERE email = ?", bad)


def test_csv_quotes_and_who_has_no_password_sets_one(usher, tmp_path):
    email = fresh_email("csv")
    file = tmp_path / "users.csv"
    file.write_text(f'email,emailVerified,firstName,lastName\r\n{email},true,"Ada ""A"", the\nfirst",Lovelace\r\n')
    assert "created 1," in load(usher, file).stdout
    assert stored(usher, email) == ""
    for password in ("", PASSWORD):
        assert usher.login_answer(email, password).status in (400, 401)
    assert usher.post("/auth/forgot-password", {"email": email}).status == 202
    changed = usher.post("/auth/reset-password", {"email": email, "otp": usher.code(email), "newPassword": "another-horse-battery-9"})
    assert changed.status == 200, changed.body
    assert usher.login(email, "another-horse-battery-9").user["firstName"] == 'Ada "A", the\nfirst'


def test_an_imported_password_is_changed_like_any_other(usher, tmp_path):
    email = fresh_email("change")
    load(usher, lines(tmp_path, {"email": email, "emailVerified": True, "passwordHash": salted()}))
    signed_in = usher.login(email)
    changed = usher.post("/auth/change-password", {"currentPassword": PASSWORD, "newPassword": "another-horse-battery-9"}, token=signed_in.access)
    assert changed.status == 200, changed.body
    usher.login(email, "another-horse-battery-9")


def test_firebase_needs_its_parameters_and_an_unknown_file_a_format(usher, tmp_path):
    done = load(usher, EXPORTS / "firebase.json", check=False)
    assert "user 1: passwordHash hash_config_needed:" in done.stderr
    (tmp_path / "x.json").write_text("[1]")
    assert "--format=" in load(usher, tmp_path / "x.json", check=False).stderr
    assert "cannot be read" in load(usher, tmp_path / "none", check=False).stderr


def test_an_id_is_kept_once(usher, tmp_path):
    first, second, uuid = fresh_email("first"), fresh_email("second"), "7a0c5c2e-9d1b-4f7e-8a55-3f0d6c1b2a90"
    load(usher, lines(tmp_path, {"email": first, "id": uuid}))
    for user in ({"email": second, "id": uuid}, {"email": second, "id": "not-a-uuid"}):
        done = load(usher, lines(tmp_path, user), check=False)
        assert done.returncode == 1 and "line 1: id " in done.stderr, done.stderr
    assert not records(usher, "SELECT id FROM users WHERE email = ?", second)
