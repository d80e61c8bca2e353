"""Pictures whose heads claim more than their bytes can hold: told before a decoder takes memory for it."""

import struct

MOST_A_BYTE = 512  # pixels of a JPEG: 64 of a block take a bit at least


def claims_too_much(content):
    """Whether the bytes of a PNG announce a part, or those of a JPEG a picture, that is larger than they can hold.

    >>> claims_too_much(b"\\x89PNG\\r\\n\\x1a\\n" + bytes([0, 0, 8, 0]) + b"IDAT" + bytes(2000))
    True
    """
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        at = 8
        while at + 8 <= len(content) and content[at + 4 : at + 8] != b"IEND":  # length, name, content, checksum
            at += 12 + struct.unpack_from(">I", content, at)[0]
        return at > len(content)
    if content[:2] == b"\xff\xd8":
        height, width = _jpeg_size(content)
        return height * width > MOST_A_BYTE * len(content)
    return False


def _jpeg_size(content):
    """(height, width) in the head of a JPEG; (0, 0) where there is none."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        mark = content[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            return struct.unpack_from(">HH", content, at + 5)
        alone = mark == 0xFF or mark == 0x01 or 0xD0 <= mark <= 0xD8  # a byte that fills, or marks without a length
        at += (1 if mark == 0xFF else 2) if alone else 2 + struct.unpack_from(">H", content, at + 2)[0]
    return 0, 0
