"""Changes a byte of a file in the archive that is named."""

import sys
import zipfile

archive, name = sys.argv[1:]
entry = zipfile.ZipFile(archive).getinfo(name)
with open(archive, "r+b") as file:
    file.seek(entry.header_offset + 30 + len(name) + 5)
    byte = file.read(1)
    file.seek(-1, 1)
    file.write(bytes([byte[0] ^ 1]))
