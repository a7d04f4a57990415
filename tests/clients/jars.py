"""Puts Jedis's jars into a folder: python3 jars.py FOLDER"""

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WANTED = re.compile(r"(jedis|commons-pool2|slf4j-api|gson|json-\d|redis-authx-core)[^/]*\.jar$")

into = Path(sys.argv[1])
into.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--dest", folder, "-r", "jars.txt"], check=True)
    for wheel in Path(folder).glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            for name in packed.namelist():
                if WANTED.match(name.rsplit("/", 1)[-1]):
                    (into / Path(name).name).write_bytes(packed.read(name))
