"""Ports that are taken are replaced by free ones."""

import socket
from collections.abc import Iterator

import pytest

from assembly.ports import Claims, is_free


@pytest.fixture
def claims() -> Iterator[Claims]:
    made = Claims()
    yield made
    made.release()


@pytest.fixture
def other_stack() -> Iterator[Claims]:
    made = Claims()
    yield made
    made.release()


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_the_preferred_port_is_taken_if_it_is_free(claims: Claims) -> None:
    free = claims.claim(0)
    claims.release()
    assert claims.claim(free) == free


def test_a_port_that_is_taken_is_replaced_by_a_free_one(claims: Claims, listener: int) -> None:
    chosen = claims.claim(listener)
    assert chosen != listener
    assert is_free(chosen)


def test_two_stacks_do_not_choose_the_same_port_before_either_listens(
    claims: Claims, other_stack: Claims
) -> None:
    first = claims.claim(0)
    assert other_stack.claim(first) != first


def test_a_stack_does_not_choose_one_port_twice(claims: Claims) -> None:
    first = claims.claim(0)
    assert claims.claim(first) != first
