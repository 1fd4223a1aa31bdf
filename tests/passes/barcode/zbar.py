"""A second judge of our codes: `zbarimg` of Debian's zbar-tools, many files in one call."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

_NAMESPACE = "{http://zbar.sourceforge.net/2008/barcode}"
# What to switch on for each format it knows; it tells a UPC-A as an EAN-13 with a 0 in front.
SETTINGS = {
    "EAN_13": ("ean13.enable",),
    "EAN_8": ("ean8.enable",),
    "UPC_A": ("ean13.enable", "upca.enable"),
    "UPC_E": ("ean13.enable", "upce.enable"),
    "CODE_128": ("code128.enable",),
    "CODE_39": ("code39.enable", "code39.min-length=1"),
    "CODE_93": ("code93.enable",),
    "ITF": ("i25.enable", "i25.min-length=4"),
    "CODABAR": ("codabar.enable", "codabar.min-length=2"),
    "QR_CODE": ("qrcode.enable",),
    "GS1_128": ("code128.enable",),
    "RSS_14": ("databar.enable",),
    "RSS_EXPANDED": ("databar-exp.enable",),
}


def is_missing() -> bool:
    """Tell whether the judge is not installed here."""
    return shutil.which("zbarimg") is None


def read(barcode_format: str, files: list[Path]) -> list[list[str]]:
    """Return the texts found in each file."""
    settings = [f"-S{setting}" for setting in ("disable", *SETTINGS[barcode_format])]
    command = ["zbarimg", "--quiet", "--xml", "--nodbus", *settings, *map(str, files)]
    answer = subprocess.run(command, capture_output=True, check=False)
    sources = {
        source.attrib["href"]: [data.text or "" for data in source.iter(f"{_NAMESPACE}data")]
        for source in ElementTree.fromstring(answer.stdout).iter(f"{_NAMESPACE}source")
    }
    return [sources.get(str(file), []) for file in files]
