"""Signatures for buckets, held against the examples that AWS publishes.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from app.bucket.signing import OF_NOTHING, Keys, signed_address, signed_headers
from tests.bucket_server import is_signed

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
AT = datetime(2013, 5, 24, tzinfo=UTC)
BUCKET = "https://examplebucket.s3.amazonaws.com"
PUT_HEADERS = {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
EXAMPLES = [
    (
        "GET",
        "/test.txt",
        {"Range": "bytes=0-9"},
        b"",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    (
        *("PUT", "/test$file.text", PUT_HEADERS, b"Welcome to Amazon S3."),
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    ("GET", "/?lifecycle", {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("GET", "/?max-keys=2&prefix=J", {}, b"", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
]
ADDRESS = (
    f"{BUCKET}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2F"
    "s3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)


@pytest.mark.parametrize(("method", "path", "headers", "body", "signature"), EXAMPLES)
def test_headers_are_signed_as_in_the_published_examples(
    method: str, path: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    payload = hashlib.sha256(body).hexdigest() if body else OF_NOTHING
    made = signed_headers(method, BUCKET + path, KEYS, AT, headers=headers, payload=payload)
    assert made["authorization"].endswith(f", Signature={signature}")
    # The server of the tests, which reads signatures by a reading of its own, agrees with AWS as well.
    assert is_signed(method, path, made, KEYS.secret)
    assert not is_signed(method, path, made, KEYS.secret + "x")


def test_an_address_is_signed_as_in_the_published_example() -> None:
    assert signed_address(f"{BUCKET}/test.txt", KEYS, AT, 86400) == ADDRESS
    path = ADDRESS.removeprefix(BUCKET)
    host = {"host": "examplebucket.s3.amazonaws.com"}
    assert is_signed("GET", path, host, KEYS.secret)
    assert not is_signed("GET", path.replace("86400", "86401"), host, KEYS.secret)


def test_the_secret_is_not_in_what_is_printed_of_the_keys() -> None:
    assert KEYS.secret not in repr(KEYS)
