"""The simulated iPhone refuses what an iPhone would."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

import msgspec
import pytest
from cryptography import x509

from app.sandbox.pkpass_reader import Refused, open_pass
from passes.apple.document import Issue, Issuer, pass_json
from passes.apple.package import package, prepare
from passes.apple.signing import load_signer
from passes.content import PassContent, ProgramContent
from passes.templates.artwork import artwork
from tests.passes.apple.chain import AT, PASS_TYPE, TEAM, Chain, make_chain


@pytest.fixture(scope="module", params=["rsa", "ec"])
def chain(request: pytest.FixtureRequest) -> Chain:
    return make_chain(request.param)


def packed(chain: Chain) -> bytes:
    program = ProgramContent(name="Maison Verte", description={"en": "Card"}, languages=("en",))
    issuer = Issuer(
        pass_type=PASS_TYPE,
        team=TEAM,
        web_service_url="https://passes.example/apple",
    )
    template = prepare(program, issuer, artwork("Maison Verte", "#2e7d32", "#ffffff"))
    content = PassContent(
        program=program,
        number="4006381333931",
        barcode_value="4006381333931",
        barcode_format="EAN_13",
    )
    issue = Issue(serial_number="a1", authentication_token="t" * 43)
    signer = load_signer(certificate=chain.certificate, key=chain.key, wwdr=chain.wwdr)
    return package(template, pass_json(template.skeleton, content, issue), signer=signer, at=AT)


def repacked(data: bytes, **changed: bytes | None) -> bytes:
    with ZipFile(BytesIO(data)) as old:
        files = {name: old.read(name) for name in old.namelist()}
    for word, content in changed.items():
        name = word.replace("_", ".")
        if content is None:
            files.pop(name)
        else:
            files[name] = content
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as new:
        for name, content in files.items():
            new.writestr(name, content)
    return out.getvalue()


def root_of(chain: Chain) -> x509.Certificate:
    return x509.load_pem_x509_certificate(chain.root)


def test_a_pass_of_ours_is_shown_with_the_code_that_the_phone_can_draw(chain: Chain) -> None:
    opened = open_pass(packed(chain), root_of(chain))
    assert opened.serial == "a1"
    assert opened.signature.signed_at.timestamp() == AT // 1_000_000
    new, old = opened.barcode(ios=27), opened.barcode(ios=26)
    assert new is not None and new["format"] == "PKBarcodeFormatEAN13"
    assert old is not None and old["format"] == "PKBarcodeFormatCode128"


def test_a_changed_file_is_refused(chain: Chain) -> None:
    with pytest.raises(Refused, match=r"pass\.json was changed"):
        open_pass(repacked(packed(chain), pass_json=b"{}"), root_of(chain))


def test_a_manifest_that_fits_changed_files_is_refused_by_its_signature(chain: Chain) -> None:
    data = packed(chain)
    with ZipFile(BytesIO(data)) as old:
        manifest = msgspec.json.decode(old.read("manifest.json"))
    manifest["pass.json"] = hashlib.sha1(b"{}").hexdigest()
    forged = repacked(data, pass_json=b"{}", manifest_json=msgspec.json.encode(manifest))
    with pytest.raises(Refused, match="manifest was changed"):
        open_pass(forged, root_of(chain))


def test_a_file_that_the_manifest_does_not_list_is_refused(chain: Chain) -> None:
    with pytest.raises(Refused, match="does not list exactly"):
        open_pass(repacked(packed(chain), extra_png=b"x"), root_of(chain))


@pytest.mark.parametrize("name", ["pass_json", "manifest_json", "signature"])
def test_a_missing_part_is_refused(chain: Chain, name: str) -> None:
    with pytest.raises(Refused, match="missing"):
        open_pass(repacked(packed(chain), **{name: None}), root_of(chain))


def test_the_signature_of_another_authority_is_refused(chain: Chain) -> None:
    with pytest.raises(Refused):
        open_pass(packed(chain), root_of(make_chain("ec")))


def test_no_cut_or_changed_byte_makes_another_error(chain: Chain) -> None:
    data = packed(chain)
    for at in range(0, len(data), 97):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            with suppress(Refused):
                open_pass(damaged, root_of(chain))
