"""Is a file an STL model, told by its structure (the format of 3D Systems, in text and in binary).

Both forms begin alike often enough: many binary files say "solid" first. The length decides.
"""

import re
import struct

_HEADER, _COUNT, _TRIANGLE = 80, 4, 50
_TEXT = re.compile(rb"\s*solid\b[^\n]*\n\s*(facet\s+normal|endsolid)\b", re.IGNORECASE)
_TEXT_END = re.compile(rb"endsolid\b[^\n]*\s*\Z", re.IGNORECASE)


def begins_as_stl(head: bytes, name: str) -> bool:
    """Return whether a file with this beginning and name can be an STL model."""
    if _TEXT.match(head):
        return True
    return name.lower().endswith(".stl") and len(head) > _HEADER + _COUNT and not head.startswith(b"PK")


def is_stl(content: bytes) -> bool:
    """Return whether the whole file is an STL model with at least one triangle."""
    if len(content) >= _HEADER + _COUNT + _TRIANGLE:
        (triangles,) = struct.unpack_from("<I", content, _HEADER)
        if len(content) == _HEADER + _COUNT + triangles * _TRIANGLE:
            return True
    is_text = _TEXT.match(content) is not None and _TEXT_END.search(content[-4096:]) is not None
    return is_text and b"vertex" in content.lower()
