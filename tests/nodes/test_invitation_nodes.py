"""An invitation that one node mailed is accepted at another, and once."""
import re

from nodes.fleet import fleet_of, sign_up
from support.scenario import at_once, eventually, fresh_email
from support.usher import PASSWORD, Server


def test_of_fifty_acceptances_on_two_nodes_one_makes_the_account():
    with fleet_of(Server, Server) as (_, _, nodes):
        who, email = sign_up(nodes, fresh_email("boss")), fresh_email("invited")
        nodes[0].cli("user", "grant", who.email, "super_admin")
        assert nodes[0].post("/invitations", {"email": email, "roles": ["support"]}, token=who.access).status == 201
        eventually(lambda: any(node.mails(email) for node in nodes))
        text = next(node.mails(email) for node in nodes if node.mails(email))[0]["text"]
        body = {"token": re.search(r"ush_i_[\w-]{43}", text)[0], "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
        answers = at_once([lambda n=n: nodes[n % 2].post("/auth/accept-invitation", body) for n in range(50)])
        assert sorted(a.status for a in answers) == [201] + [400] * 49
        assert nodes[1].login(email).user["roles"] == ["support", "user"]
