"""A challenge that one node made is answered at another, and once."""
from nodes.fleet import fleet_of, sign_up
from support.passkey import SETTINGS, Passkey, add, creation_options, request_options
from support.scenario import at_once, fresh_email
from support.usher import Server


def test_of_fifty_answers_to_one_challenge_on_two_nodes_one_signs_in():
    with fleet_of(Server, Server, **SETTINGS) as (_, _, nodes):
        passkey, _ = add(nodes[0], sign_up(nodes, fresh_email("keyed")))
        credential = passkey.get(request_options(nodes[0]))
        answers = at_once([lambda n=n: nodes[n % 2].post("/auth/passkeys/sign-in", {"credential": credential}) for n in range(50)])
        assert sorted(a.status for a in answers) == [200] + [400] * 49


def test_of_fifty_registrations_on_two_nodes_no_more_are_kept_than_the_limit():
    with fleet_of(Server, Server, **SETTINGS, **{"webauthn.limit": 3}) as (_, _, nodes):
        who = sign_up(nodes, fresh_email("crowded"))
        made = [Passkey().create(creation_options(nodes[n % 2], who)) for n in range(50)]
        answers = at_once([lambda n=n, one=one: nodes[n % 2].post("/auth/passkeys", {"credential": one}, token=who.access)
                           for n, one in enumerate(made)])
        assert sorted(a.status for a in answers) == [201] * 3 + [403] * 47
        assert {a.json["code"] for a in answers if a.status == 403} == {"passkey_limit"}
        assert len(nodes[0].get("/auth/passkeys", token=who.access).json["passkeys"]) == 3
