"""README's journey by curl, run as it stands against a demo."""

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
def test_the_journey_of_the_readme_works_as_written(tmp_path: Path) -> None:
    found = re.search(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.M)
    assert found is not None
    tools = Path(sys.executable).parent
    with running_demo(tmp_path) as demo:
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv" / "bin").symlink_to(tools)
        ended = subprocess.run(
            ["bash", "-c", found[1]],
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
