"""The signature by hand: openssl accepts it, and it says what the library's builder says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
    load_der_pkcs7_certificates,
)

from passes.apple.signing import Signer, load_signer
from tests.passes.apple.chain import AT, Chain, make_chain, new_key, pem
from tests.passes.apple.opened import Value, der_values, openssl_accepts

MANIFEST = b'{"pass.json":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}'
SIGNING_TIME = bytes.fromhex("06092a864886f70d010905")
KINDS = ("rsa", "ec")


@pytest.fixture(scope="module", params=KINDS)
def chain(request: pytest.FixtureRequest) -> Chain:
    return make_chain(request.param)


@pytest.fixture(scope="module")
def signer(chain: Chain) -> Signer:
    return load_signer(certificate=chain.certificate, key=chain.key, wwdr=chain.wwdr)


@pytest.mark.parametrize("command", ["cms", "smime"])
def test_openssl_accepts_the_signature(
    command: str, chain: Chain, signer: Signer, tmp_path: Path
) -> None:
    signature = signer.sign(MANIFEST, AT)
    assert openssl_accepts(command, chain, MANIFEST, signature, tmp_path)


@pytest.mark.parametrize("command", ["cms", "smime"])
def test_openssl_refuses_it_for_anything_else(
    command: str, chain: Chain, signer: Signer, tmp_path: Path
) -> None:
    signature = signer.sign(MANIFEST, AT)
    assert not openssl_accepts(command, chain, MANIFEST + b" ", signature, tmp_path)
    changed = signature[:-1] + bytes([signature[-1] ^ 1])
    assert not openssl_accepts(command, chain, MANIFEST, changed, tmp_path)
    stranger = make_chain("ec")
    assert not openssl_accepts(command, stranger, MANIFEST, signature, tmp_path)


def test_signatures_of_every_length_are_well_formed(
    chain: Chain, signer: Signer, tmp_path: Path
) -> None:
    kept = {}
    for second in range(400):
        signature = signer.sign(MANIFEST, AT + second * 1_000_000)
        kept[len(signature)] = signature
    for signature in kept.values():
        assert openssl_accepts("cms", chain, MANIFEST, signature, tmp_path)
    # An EC signature is 70 to 72 bytes, now and then fewer; an RSA one has its key's length.
    assert len(kept) == 1 if isinstance(signer.key, rsa.RSAPrivateKey) else len(kept) >= 2


def test_the_builder_of_the_library_says_the_same(
    chain: Chain, signer: Signer, tmp_path: Path
) -> None:
    certificate = x509.load_pem_x509_certificate(chain.certificate)
    key = load_pem_private_key(chain.key, None)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    built = (
        PKCS7SignatureBuilder()
        .set_data(MANIFEST)
        .add_signer(certificate, key, hashes.SHA256())
        .add_certificate(x509.load_pem_x509_certificate(chain.wwdr))
        .sign(
            Encoding.DER,
            [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities],
        )
    )
    assert openssl_accepts("cms", chain, MANIFEST, built, tmp_path)
    ours, theirs = signed_data(signer.sign(MANIFEST, AT)), signed_data(built)
    assert certificates(ours) == certificates(theirs)
    assert without_time(attributes(ours)) == without_time(attributes(theirs))
    assert len(attributes(ours)) == len(attributes(theirs)) == 3
    ours_signer, theirs_signer = signer_info(ours), signer_info(theirs)
    assert [part.tag for part in ours_signer] == [part.tag for part in theirs_signer]
    assert ours_signer[0].whole == theirs_signer[0].whole  # version
    assert ours_signer[1].whole == theirs_signer[1].whole  # issuer and serial
    assert ours[2].whole == theirs[2].whole  # no content: detached


def test_sets_are_in_the_order_of_der(signer: Signer) -> None:
    signed = signed_data(signer.sign(MANIFEST, AT))
    for members in (signed[3].parts(), attributes(signed)):
        encoded = [member.whole for member in members]
        assert encoded == sorted(encoded, key=lambda each: (len(each), each))


def test_leaf_and_intermediate_are_inside_and_the_content_is_not(
    chain: Chain, signer: Signer
) -> None:
    signature = signer.sign(MANIFEST, AT)
    inside = {each.public_bytes(Encoding.PEM) for each in load_der_pkcs7_certificates(signature)}
    assert inside == {chain.certificate, chain.wwdr}
    assert MANIFEST not in signature


def test_what_is_signed_is_the_attributes_as_a_set(chain: Chain, signer: Signer) -> None:
    parts = signer_info(signed_data(signer.sign(MANIFEST, AT)))
    signed, signature = b"\x31" + parts[3].whole[1:], parts[5].content
    public = x509.load_pem_x509_certificate(chain.certificate).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 21, 20, 0, 7, tzinfo=UTC), b"261121200007Z"),
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"491231235959Z"),
        (datetime(1970, 1, 1, tzinfo=UTC), b"700101000000Z"),
    ],
)
def test_the_signing_time_is_the_one_handed_in(
    signer: Signer, moment: datetime, written: bytes
) -> None:
    signature = signer.sign(MANIFEST, int(moment.timestamp()) * 1_000_000 + 999_999)
    time = next(a for a in attributes(signed_data(signature)) if a.content.startswith(SIGNING_TIME))
    assert time.parts()[1].parts()[0] == Value(0x17, written, b"\x17\x0d" + written)


def test_an_rsa_signature_of_one_time_is_the_same_each_time() -> None:
    chain = make_chain("rsa")
    signer = load_signer(certificate=chain.certificate, key=chain.key, wwdr=chain.wwdr)
    assert signer.sign(MANIFEST, AT) == signer.sign(MANIFEST, AT + 999)
    assert signer.sign(MANIFEST, AT) != signer.sign(MANIFEST, AT + 1_000_000)


@pytest.mark.parametrize("bits", [2048, 3072])
def test_rsa_keys_of_other_sizes_sign_too(bits: int, tmp_path: Path) -> None:
    chain = make_chain("rsa", rsa_bits=bits)
    signer = load_signer(certificate=chain.certificate, key=chain.key, wwdr=chain.wwdr)
    assert openssl_accepts("cms", chain, MANIFEST, signer.sign(MANIFEST, AT), tmp_path)


def test_a_key_with_a_password_is_opened_by_it(chain: Chain) -> None:
    key = load_pem_private_key(chain.key, None)
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret word")
    )
    signer = load_signer(
        certificate=chain.certificate, key=locked, wwdr=chain.wwdr, password=b"secret word"
    )
    opened = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert opened == chain.key
    for password in (None, b"wrong"):
        with pytest.raises(ValueError, match="password") as caught:
            load_signer(
                certificate=chain.certificate, key=locked, wwdr=chain.wwdr, password=password
            )
        assert "secret" not in str(caught.value)


def test_a_file_that_is_none_is_named(chain: Chain) -> None:
    good = {"certificate": chain.certificate, "key": chain.key, "wwdr": chain.wwdr}
    for name, sentence in (
        ("certificate", "pass certificate"),
        ("key", "the key"),
        ("wwdr", "WWDR certificate"),
    ):
        for bad in (b"", b"hello", chain.root[:100]):
            with pytest.raises(ValueError, match=sentence):
                load_signer(**good | {name: bad})


def test_a_key_of_another_curve_is_refused(chain: Chain) -> None:
    other = pem(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(ValueError, match="P-256"):
        load_signer(certificate=chain.certificate, key=other, wwdr=chain.wwdr)
    assert new_key("ec").curve.name == "secp256r1"


def signed_data(signature: bytes) -> list[Value]:
    """Return the parts of SignedData: version, digests, content, certificates, signers."""
    (content_info,) = der_values(signature)
    kind, content = content_info.parts()
    assert kind.whole == bytes.fromhex("06092a864886f70d010702")
    (signed,) = content.parts()
    return signed.parts()


def certificates(signed: list[Value]) -> set[bytes]:
    return {each.whole for each in signed[3].parts()}


def signer_info(signed: list[Value]) -> list[Value]:
    (info,) = signed[4].parts()
    return info.parts()


def attributes(signed: list[Value]) -> list[Value]:
    return signer_info(signed)[3].parts()


def without_time(found: list[Value]) -> set[bytes]:
    return {each.whole for each in found if not each.content.startswith(SIGNING_TIME)}
