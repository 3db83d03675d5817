"""Affine and projective planes over finite fields: points, and lines that hold every pair of points exactly once."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

Line = frozenset[int]


def is_prime_power(order: int) -> bool:
    """Whether there is a field of this many elements."""
    return order > 1 and len([p for p in range(2, order + 1) if order % p == 0 and _is_prime(p)]) == 1


def affine_plane(order: int) -> list[Line]:
    """The order² + order lines of `order` points each, on order² points.

    Point (x, y) has the number x order + y; the lines are y = m x + c, and x = c.

    Raises
    ------
    ValueError
        When there is no field of that order.
    """
    add, times = _field(order)
    elements = range(order)
    lines = [
        frozenset(x * order + add[times[slope][x]][start] for x in elements) for slope in elements for start in elements
    ]
    return lines + [frozenset(x * order + y for y in elements) for x in elements]


def projective_plane(order: int) -> list[Line]:
    """The order² + order + 1 lines of order + 1 points each, on as many points.

    The affine plane, with a point at infinity for each direction, and the line of those.

    Raises
    ------
    ValueError
        When there is no field of that order.
    """
    lines = affine_plane(order)
    longer = [line | {order**2 + number // order} for number, line in enumerate(lines)]
    return [*longer, frozenset(range(order**2, order**2 + order + 1))]


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, number))


@lru_cache(maxsize=32)
def _field(order: int) -> tuple[list[list[int]], list[list[int]]]:
    """Tables of sums and products of the field, whose elements are polynomials written as numbers to the base p."""
    if not is_prime_power(order):
        raise ValueError(f"there is no field of {order} elements")
    prime = next(p for p in range(2, order + 1) if order % p == 0)
    degree = next(d for d in range(1, order) if prime**d == order)
    polynomials = [_digits(number, prime, degree) for number in range(order)]
    modulus = _irreducible(prime, degree)
    add = [
        [_number([(a + b) % prime for a, b in zip(p, q, strict=True)], prime) for q in polynomials] for p in polynomials
    ]
    times = [[_number(_product(p, q, modulus, prime), prime) for q in polynomials] for p in polynomials]
    return add, times


def _digits(number: int, base: int, length: int) -> list[int]:
    return [number // base**place % base for place in range(length)]


def _number(digits: list[int], base: int) -> int:
    return sum(digit * base**place for place, digit in enumerate(digits))


def _product(first: list[int], second: list[int], modulus: list[int], prime: int) -> list[int]:
    """The product of two polynomials (lowest coefficient first), modulo a monic one of the degree len(first)."""
    degree = len(first)
    product_ = [0] * (2 * degree - 1)
    for (i, a), (j, b) in product(enumerate(first), enumerate(second)):
        product_[i + j] = (product_[i + j] + a * b) % prime
    for place in range(2 * degree - 2, degree - 1, -1):
        factor, product_[place] = product_[place], 0
        for k in range(degree):
            product_[place - degree + k] = (product_[place - degree + k] - factor * modulus[k]) % prime
    return product_[:degree]


def _irreducible(prime: int, degree: int) -> list[int]:
    """The coefficients below the leading one of a monic polynomial that gives a field: no product of others is zero."""
    nonzero = [_digits(number, prime, degree) for number in range(1, prime**degree)]
    for number in range(prime**degree):
        modulus = _digits(number, prime, degree)
        zero = [0] * degree
        if all(_product(p, q, modulus, prime) != zero for k, p in enumerate(nonzero) for q in nonzero[k:]):
            return modulus
    raise AssertionError("every degree has an irreducible polynomial")
