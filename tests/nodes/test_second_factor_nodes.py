"""Each code of a second factor opens once on all nodes."""
import pytest

from nodes.fleet import fleet_of, sign_up
from support.authenticator import ask, enrol, prove
from support.scenario import at_once, fresh_email
from support.usher import Server


@pytest.fixture(scope="module")
def nodes():
    with fleet_of(Server, Server) as made:
        yield made[2]


@pytest.mark.parametrize("method", ["totp", "recovery_code"])
def test_of_fifty_tries_on_two_nodes_one_signs_in(nodes, method):
    owner = sign_up(nodes, fresh_email("factor"))
    app, codes = enrol(nodes[0], owner)
    tokens = [ask(nodes[n % 2], owner.email) for n in range(10)]
    code = app.next() if method == "totp" else codes[0]
    answers = at_once([lambda n=n: prove(nodes[n % 2], tokens[n % 10], code, method) for n in range(50)])
    assert [a.status for a in answers].count(200) == 1, [a.status for a in answers]


def test_the_second_step_is_taken_at_any_node(nodes):
    owner = sign_up(nodes, fresh_email("factor"))
    app, _ = enrol(nodes[0], owner)
    assert prove(nodes[1], ask(nodes[0], owner.email), app.next()).status == 200
