"""The script for people who work on nudged, with a stand-in for the build."""

import os
import shutil
import subprocess

from conftest import PATIENCE, SOURCE

CONFIGURE = r"""#!/bin/sh
[ ! -f "$(dirname "$0")/config.status" ] || { echo 'source directory already configured' >&2; exit 1; }
printf 'all:\n\ttouch made\n' >Makefile
"""


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)


def test_build_after_a_build_in_the_source_folder(tmp_path):
    """README's `./configure && make`, then a verb of ./dev: automake would refuse that."""
    shutil.copy(SOURCE / "dev", tmp_path)
    (tmp_path / "configure.ac").touch()
    script(tmp_path / "configure", CONFIGURE)
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "dpkg-query", "#!/bin/sh\necho installed\n")
    (tmp_path / "config.status").touch()
    (tmp_path / "Makefile").write_text("distclean:\n\trm config.status Makefile\n")

    def build():
        return subprocess.run(["./dev", "build"], cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"},
                              timeout=PATIENCE, check=False)

    first = build()
    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    assert "make distclean" in first.stderr
    assert (tmp_path / "build" / "made").exists()
    assert not (tmp_path / "Makefile").exists()
    assert (build().stderr) == ""
