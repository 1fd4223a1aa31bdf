"""The .pkpass as a phone opens it: files, manifest, signature, translations, bundles."""

from __future__ import annotations

import hashlib
import json
import struct
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import msgspec
import pytest

from passes.apple.document import Issue, Issuer, pass_json
from passes.apple.lint import BadPass
from passes.apple.package import BUNDLE_MIME, MIME, Template, bundle, package, prepare
from passes.apple.signing import Signer, load_signer
from passes.apple.strings import strings_files
from passes.content import Link, ProgramContent, Unit
from passes.templates.artwork import artwork
from tests.passes.apple.cards import CARDS, IMAGES, ISSUE, ISSUER, hosted, hosted_card, shop
from tests.passes.apple.chain import AT, Chain, make_chain
from tests.passes.apple.opened import openssl_accepts, unzipped

CHAIN = make_chain("ec")
SIGNER = load_signer(certificate=CHAIN.certificate, key=CHAIN.key, wwdr=CHAIN.wwdr)


def packed(
    authority: str = "ledger", *, signer: Signer = SIGNER, images: dict[str, bytes] = IMAGES
) -> bytes:
    content = CARDS[authority]()
    template = prepare(content.program, ISSUER, images)
    document = pass_json(template.skeleton, content, ISSUE)
    return package(template, document, signer=signer, at=AT)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("authority", CARDS)
def test_a_phone_accepts_the_package(kind: str, authority: str, tmp_path: Path) -> None:
    chain: Chain = make_chain(kind)
    signer = load_signer(certificate=chain.certificate, key=chain.key, wwdr=chain.wwdr)
    files = unzipped(packed(authority, signer=signer))
    signature, written = files.pop("signature"), files.pop("manifest.json")
    for command in ("cms", "smime"):
        assert openssl_accepts(command, chain, written, signature, tmp_path)
    manifest = json.loads(written)
    assert manifest == {name: hashlib.sha1(data).hexdigest() for name, data in files.items()}


def test_our_own_artwork_makes_a_whole_pass() -> None:
    files = unzipped(packed("none", images=artwork("Fnac", None, None)))
    assert {"icon.png", "icon@2x.png", "icon@3x.png", "logo.png"} < files.keys()


def test_pass_json_in_the_package_is_the_document_handed_in() -> None:
    content = hosted_card()
    template = prepare(content.program, ISSUER, IMAGES)
    document = pass_json(template.skeleton, content, ISSUE)
    files = unzipped(package(template, document, signer=SIGNER, at=AT))
    assert files["pass.json"] == document


def test_the_zip_has_files_of_one_flat_folder_and_languages() -> None:
    with ZipFile(BytesIO(packed())) as opened:
        for entry in opened.infolist():
            assert not entry.is_dir()
            folder, _, name = entry.filename.rpartition("/")
            assert folder in {"", "fr.lproj", "en.lproj"}
            assert name
            assert entry.extra == b""
            assert entry.create_system == 3
            assert entry.external_attr >> 16 == 0o100644
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        changing = opened.infolist()[-3:]
    assert [entry.filename for entry in changing] == ["pass.json", "manifest.json", "signature"]
    assert {entry.compress_type for entry in changing} == {ZIP_STORED}


def test_local_headers_say_what_the_directory_says() -> None:
    data = packed()
    with ZipFile(BytesIO(data)) as opened:
        for entry in opened.infolist():
            found = struct.unpack_from("<4sHHHHHIIIHH", data, entry.header_offset)
            assert found[0] == b"PK\x03\x04"
            assert found[6:9] == (entry.CRC, entry.compress_size, entry.file_size)
            begin = entry.header_offset + 30
            assert data[begin : begin + found[9]].decode() == entry.filename


def test_packages_of_one_program_differ_only_by_card() -> None:
    content = hosted_card()
    template = prepare(content.program, ISSUER, IMAGES)
    document = pass_json(template.skeleton, content, ISSUE)
    one = unzipped(package(template, document, signer=SIGNER, at=AT))
    other_document = pass_json(template.skeleton, hosted_card(number="2"), ISSUE)
    other = unzipped(package(template, other_document, signer=SIGNER, at=AT))
    assert {name for name in one if one[name] != other[name]} == {
        "pass.json",
        "manifest.json",
        "signature",
    }


def test_no_pass_leaves_that_breaks_a_rule() -> None:
    content = hosted_card()
    template = prepare(content.program, ISSUER, IMAGES)
    for issue in (
        Issue(serial_number="a-b", authentication_token="t" * 16),
        Issue(serial_number="ab", authentication_token="short"),
        Issue(serial_number="ab"),
        Issue(serial_number="", authentication_token="t" * 16),
    ):
        document = pass_json(template.skeleton, content, issue)
        with pytest.raises(BadPass):
            package(template, document, signer=SIGNER, at=AT)


def test_a_document_not_of_the_template_is_judged_whole() -> None:
    content = hosted_card()
    template = prepare(content.program, ISSUER, IMAGES)
    other = prepare(shop(), ISSUER, IMAGES)
    document = pass_json(other.skeleton, CARDS["none"](), ISSUE)
    assert unzipped(package(template, document, signer=SIGNER, at=AT))["pass.json"] == document
    broken = document.replace(b'"formatVersion":1', b'"formatVersion":2')
    with pytest.raises(BadPass, match="formatVersion"):
        package(template, broken, signer=SIGNER, at=AT)


def changed(**keys: object) -> ProgramContent:
    return msgspec.structs.replace(hosted(), **keys)


@pytest.mark.parametrize(
    ("program", "path"),
    [
        (changed(name=""), "organizationName"),
        (changed(description={}), "description"),
        (changed(units=(Unit(id="a", name={"fr": "A"}), Unit(id="a", name={}))), "storeCard"),
        (changed(units=(Unit(id="a", name={"fr": "A"}, currency="euro"),)), "unit_a"),
        (changed(links=(Link(label={"fr": ""}, url="https://a"),)), "storeCard.backFields"),
        (changed(links=(Link(label={"fr": "A"}, url=""),)), "storeCard.backFields"),
        (changed(has_poster=True), "background@2x.png"),
        (changed(max_distance_metres=-1), "maxDistance"),
    ],
)
def test_a_program_whose_passes_would_be_bad_is_refused_before_any_card(
    program: ProgramContent, path: str
) -> None:
    with pytest.raises(BadPass) as caught:
        prepare(program, ISSUER, IMAGES)
    assert any(finding.path.startswith(path) for finding in caught.value.findings)


def test_a_program_without_icon_or_with_a_bad_address_is_refused() -> None:
    with pytest.raises(BadPass, match=r"icon\.png: is missing"):
        prepare(hosted(), ISSUER, {})
    slash = Issuer(pass_type="p", team="t", web_service_url="https://a.example/")
    with pytest.raises(BadPass, match="slash"):
        prepare(hosted(), slash, IMAGES)
    local = Issuer(pass_type="p", team="t", web_service_url="http://127.0.0.1:8000/apple")
    with pytest.raises(BadPass, match="https"):
        prepare(hosted(), local, IMAGES)
    assert isinstance(prepare(hosted(), local, IMAGES, allow_loopback=True), Template)


def test_strings_are_utf_8_and_translate_the_default_language() -> None:
    files = strings_files(hosted())
    assert set(files) == {"fr.lproj/pass.strings", "en.lproj/pass.strings"}
    english = files["en.lproj/pass.strings"].decode()
    assert english.startswith('"')
    assert '"Argent" = "Silver";\n' in english
    assert '"Carte de fidélité" = "Loyalty card";\n' in english
    assert '"Un point par euro." = "One point per euro.";\n' in english
    french = files["fr.lproj/pass.strings"].decode()
    assert '"Argent" = "Argent";\n' in french


def test_strings_escape_what_would_end_them() -> None:
    program = changed(terms={"fr": 'Dit "oui"\\\nnon', "en": 'Says "yes"'})
    english = strings_files(program)["en.lproj/pass.strings"].decode()
    assert '"Dit \\"oui\\"\\\\\\nnon" = "Says \\"yes\\"";' in english


def test_a_program_with_nothing_to_translate_has_no_strings() -> None:
    assert strings_files(hosted("fr")) == {}
    assert strings_files(shop("de", "it")) == {}  # both read the English words


def test_a_bundle_is_a_zip_of_one_to_ten_passes() -> None:
    one, other = packed("ledger"), packed("none")
    assert list(unzipped(bundle([one, other])).values()) == [one, other]
    assert len(unzipped(bundle([one] * 10))) == 10
    for wrong in ([], [one] * 11):
        with pytest.raises(ValueError, match="1 to 10"):
            bundle(wrong)
    with pytest.raises(ValueError, match="bytes"):
        bundle([bytes(16 * 1024 * 1024)] * 10)


def test_the_types_are_apples() -> None:
    assert MIME == "application/vnd.apple.pkpass"
    assert BUNDLE_MIME == "application/vnd.apple.pkpasses"
