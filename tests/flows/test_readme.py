"""README's journeys by curl, run as they stand against a demo."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.demo_server import ROOT, running_demo


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl") and shutil.which("bash")),
    reason="README's journey needs bash, curl and openssl",
)
def test_the_journeys_of_the_readme_work_as_written(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.M)
    assert len(blocks) == 3, "the journey, Google Wallet, and the till"
    tools = Path(sys.executable).parent
    with running_demo(tmp_path) as demo:
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv" / "bin").symlink_to(tools)
        ended = subprocess.run(
            ["bash", "-c", "".join(blocks)],
            cwd=tmp_path,
            env={**demo.environment, "BASE": demo.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr + demo.printed()
        assert '"value":1300' in ended.stdout
        assert "Verification successful" in ended.stderr
        assert "\n1300\n" in ended.stdout
        assert "<dd>1450</dd>" in ended.stdout
        assert '"earned":131' in ended.stdout
        assert '"free_coffee"' in ended.stdout
