from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.runtime.ports import choose_ports, find_holder, is_free

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def free_port() -> int:
    return choose_ports({"any": 0}, {})["any"]


def test_every_name_gets_a_free_port_of_its_own() -> None:
    chosen = choose_ports({"postgres": 0, "localstack": 0, "webserver": 0}, {})

    assert len(set(chosen.values())) == 3
    assert all(is_free(port) for port in chosen.values())


def test_a_remembered_port_is_kept() -> None:
    port = free_port()

    assert choose_ports({"webserver": 0}, {"webserver": port}) == {"webserver": port}


def test_a_remembered_port_that_is_taken_is_replaced(taken: int) -> None:
    assert choose_ports({"webserver": 0}, {"webserver": taken})["webserver"] != taken


def test_a_configured_port_wins_over_a_remembered_one() -> None:
    port = free_port()

    assert choose_ports({"webserver": port}, {"webserver": 1}) == {"webserver": port}


def test_a_configured_port_that_is_taken_names_the_port_the_holder_and_the_setting(taken: int) -> None:
    with pytest.raises(HarnessError) as caught:
        choose_ports({"webserver": taken}, {})

    assert f"port {taken} for webserver is taken by " in caught.value.message
    assert f"(pid {os.getpid()})" in caught.value.message
    assert "local.webserver_port" in (caught.value.hint or "")


def test_a_free_port_has_no_holder() -> None:
    assert find_holder(free_port()) is None
