"""Asks libnm what it makes of a keyfile. One JSON object per line in, one out.

in:  {"text": "[connection]\n..."}
out: {"valid": true, "groups": {"connection": {"id": "..."}}} or {"valid": false, "error": "..."}
"""

import json
import sys

import gi

gi.require_version("NM", "1.0")
from gi.repository import GLib, NM


def answer(text):
    keyfile = GLib.KeyFile()
    try:
        keyfile.load_from_bytes(GLib.Bytes.new(text.encode()), GLib.KeyFileFlags.NONE)
        warnings = []
        connection = NM.keyfile_read(
            keyfile, "/etc/NetworkManager/system-connections", NM.KeyfileHandlerFlags.NONE, note, warnings
        )
        ensure_id_and_uuid(connection)
        connection.normalize(None)
        return {"valid": True, "groups": groups(connection), "warnings": len(warnings)}
    except GLib.Error as error:
        return {"valid": False, "error": error.message}


def note(_keyfile, _connection, kind, _data, warnings):
    if kind == NM.KeyfileHandlerType.WARN:
        warnings.append(1)
    return True


def ensure_id_and_uuid(connection):
    """What the daemon does beside libnm."""
    setting = connection.get_setting_connection()
    if setting.get_id() is None:
        setting.props.id = "oracle"
    if setting.get_uuid() is None:
        setting.props.uuid = NM.utils_uuid_generate()


def groups(connection):
    written = NM.keyfile_write(connection, NM.KeyfileHandlerFlags.NONE, None, None)
    names, _ = written.get_groups()
    return {name: {key: written.get_value(name, key) for key in written.get_keys(name)[0]} for name in names}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)["text"])), flush=True)
