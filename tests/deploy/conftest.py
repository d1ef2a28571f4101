import pytest

from fleet import running


@pytest.fixture(scope="session")
def fleet(tmp_path_factory):
    with running(tmp_path_factory.mktemp("fleet")) as made:
        yield made
