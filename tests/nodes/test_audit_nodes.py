"""Events of all nodes are in one chain, whichever node seals them."""
from nodes.fleet import fleet_of, sign_up
from support.scenario import at_once, eventually, fresh_email
from support.usher import Server


def verified(node):
    """What verify says once every event is in a seal; it must find nothing before that either."""
    def look():
        said = node.cli("audit", "verify", check=False)
        assert said.returncode == 0, said.stdout + said.stderr
        return ", 0 not sealed yet" in said.stdout and said.stdout
    return eventually(look, seconds=20)


def sign_in(nodes, email, count):
    at_once([lambda n=n: nodes[n % len(nodes)].login(email) for n in range(count)])


def test_two_nodes_seal_one_chain_and_one_takes_over_when_the_other_is_killed():
    with fleet_of(Server, Server) as (_, _, nodes):
        who = sign_up(nodes, fresh_email("chained"))
        for _ in range(5):
            sign_in(nodes, who.email, 8)
        before = verified(nodes[0])
        nodes[0].kill()
        sign_in(nodes[1:], who.email, 4)
        after = verified(nodes[1])
        assert int(after.split()[0]) > int(before.split()[0])
        nodes[0].start()
        sign_in(nodes, who.email, 4)
        verified(nodes[0])
