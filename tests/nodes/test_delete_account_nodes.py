"""An account is deleted once, on every node at once, and taken back at another."""
from nodes.fleet import fleet_of, sign_up, warm
from support.scenario import at_once, dead, events_of, fresh_email
from support.usher import PASSWORD, Server


def test_of_twenty_deletions_on_two_nodes_one_works_and_both_refuse_its_sessions():
    with fleet_of(Server, Server) as (_, _, nodes):
        who = sign_up(nodes, fresh_email("leaver"))
        warm(nodes, who.access)
        answers = at_once([lambda n=n: nodes[n % 2].delete("/auth/me", body={"password": PASSWORD}, token=who.access)
                           for n in range(20)])
        assert [a.status for a in answers].count(200) == 1
        assert {a.status for a in answers} <= {200, 401, 409}
        for node in nodes:
            dead(node, who, "account_deleted")
            assert node.login_answer(who.email).json["code"] == "account_deletion_pending"
        assert [action for action, _ in events_of(nodes[0], who.email)].count("user.deletion_asked") == 1
        restored = nodes[1].post("/auth/restore-account", {"email": who.email, "password": PASSWORD})
        assert restored.status == 200
        assert nodes[0].login(who.email).user["id"] == who.user["id"]
