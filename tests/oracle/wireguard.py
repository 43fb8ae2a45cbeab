"""Asks libnm's importer what it makes of a wg-quick file. One JSON object per line in, one out.

in:  {"conf": "[Interface]\\n...", "file": "wg0.conf"}
out: {"valid": true, "groups": {...}} or {"valid": false, "error": "..."}
"""

import json
import os
import sys
import tempfile

import gi

gi.require_version("NM", "1.0")
from gi.repository import GLib, NM

folder = tempfile.TemporaryDirectory()


def answer(case):
    path = os.path.join(folder.name, case["file"])
    with open(path, "wb") as file:
        file.write(case["conf"].encode())
    try:
        connection = NM.conn_wireguard_import(path)
        connection.normalize(None)
        written = NM.keyfile_write(connection, NM.KeyfileHandlerFlags.NONE, None, None)
        names, _ = written.get_groups()
        groups = {name: {key: written.get_value(name, key) for key in written.get_keys(name)[0]} for name in names}
        return {"valid": True, "groups": groups}
    except GLib.Error as error:
        return {"valid": False, "error": error.message.replace(path, case["file"])}
    finally:
        os.unlink(path)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
