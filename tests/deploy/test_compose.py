"""deploy/compose.yaml and deploy/Dockerfile agree with the program and with each other; the fleet itself runs in
test_balancers.py. No image is built here."""
import ipaddress
import json
import re
import subprocess

from fleet import COMPOSE, DEPLOY, NODES, image_environment
from support.usher import BINARY

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
SERVICES = COMPOSE["services"]


def test_every_variable_is_a_setting():
    shown = subprocess.run([str(BINARY), "config"], capture_output=True, text=True, check=True).stdout
    known = {"USHER_" + name.upper().replace(".", "_") for name in re.findall(r"^[* ] (\S+) =", shown, re.M)}
    for name in NODES:
        assert set(image_environment() | SERVICES[name]["environment"]) <= known


def test_services_wait_for_each_other_and_come_back():
    checked = {name for name, one in SERVICES.items() if "healthcheck" in one} | (set(NODES) if "HEALTHCHECK" in DOCKERFILE else set())
    assert checked == set(SERVICES)
    assert {name: set(one["depends_on"]) for name, one in SERVICES.items() if "depends_on" in one} == {
        "usher-1": {"postgres", "redis"}, "usher-2": {"postgres", "redis"}, "nginx": set(NODES)}
    for one in SERVICES.values():
        assert one["restart"] == "unless-stopped"
        assert all(dependency == {"condition": "service_healthy"} for dependency in one.get("depends_on", {}).values())


def test_only_the_proxy_is_reached_from_outside_and_only_it_is_believed():
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["nginx"]
    pool = COMPOSE["networks"]["default"]["ipam"]["config"][0]
    network, given_out = ipaddress.ip_network(pool["subnet"]), ipaddress.ip_network(pool["ip_range"])
    address = {name: SERVICES[name]["networks"]["default"]["ipv4_address"] for name in ("nginx", *NODES)}
    assert len(set(address.values())) == 3 and all(ipaddress.ip_address(one) in network for one in address.values())
    assert not any(ipaddress.ip_address(one) in given_out for one in address.values()), "PostgreSQL or Redis could have it"
    assert all(SERVICES[name]["environment"]["USHER_HTTP_TRUSTED_PROXIES"] == address["nginx"] for name in NODES)


def test_no_secret_is_written_down():
    for one in SERVICES.values():
        for name, value in one.get("environment", {}).items():
            assert "${" in value or not re.search("PASSWORD|URL|KEY|SECRET|AUTH", name), name
    assert "\n/deploy/.env\n" in (DEPLOY.parent / ".gitignore").read_text()


def test_health_check_of_the_image_tells_a_living_node_from_a_dead_one(fleet):
    program, *words = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.M)[1])
    node = fleet.nodes[0]
    listen = image_environment()["USHER_HTTP_LISTEN"]
    assert program == "usher" and listen.endswith(":3000") and re.search(r"^EXPOSE 3000$", DOCKERFILE, re.M)

    def status():
        env = node.env | {"USHER_HTTP_LISTEN": listen.replace("3000", str(node.port))}
        return subprocess.run([str(BINARY), *words], env=env, capture_output=True, timeout=10).returncode

    assert status() == 0
    node.stop()
    assert status() == 1
    node.start(node.port)
    assert status() == 0


def test_everything_that_the_image_is_built_of_is_there():
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.M) for word in line.split()]
    assert len(copied) > 5 and all((DEPLOY.parent / word).exists() for word in copied)
    listing = (DEPLOY.parent / "cmake/package.cmake").read_text()
    packaged = {word for files in re.findall(r"^install\((?:FILES|DIRECTORY) (.*?) DESTINATION", listing, re.M) for word in files.split()}
    assert len(packaged) > 5 and all(any(word == one or word.startswith(one + "/") for one in copied) for word in packaged)
    headings = set(re.findall(r"^# (\w+)$", (DEPLOY.parent / "tools/packages.txt").read_text(), re.M))
    assert set(re.search(r"^RUN ./dev setup (.*)$", DOCKERFILE, re.M)[1].split()) <= headings
