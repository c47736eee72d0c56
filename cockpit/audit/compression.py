"""Streams of gzip (RFC 1952) and zstd (RFC 8878), known by their first bytes and undone piece by piece.

Invariant: no more than a piece is held beside what the decoder needs (zstd: a window of 128 MiB at most), and no byte
before a fault is lost: a stream can be read again, and slowly from there on.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from msgspec import Struct

PIECE_BYTES = 64 * 1024


class _Decoder(Protocol):
    """As `bz2.BZ2Decompressor`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Packing(Struct, frozen=True):
    """A kind of compression."""

    name: str
    by_hand: str
    """The command that undoes it."""
    decoder: Callable[[], _Decoder]
    """Of one gzip member or zstd frame; there may be several, one after the other."""


class _Inflating:
    """One gzip member (RFC 1952), its checksum compared at the end."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self.eof
        return piece


def _zstd_decoder() -> _Decoder:
    # Imported where it is needed: few logs are compressed.
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor
    else:
        from backports.zstd import ZstdDecompressor
    return ZstdDecompressor()  # refuses a window of more than 128 MiB


GZIP = Packing("gzip", "gzip -dk", _Inflating)
ZSTD = Packing("zstd", "zstd -dk", _zstd_decoder)


def _packing(beginning: bytes) -> Packing | None:
    """RFC 1952, RFC 8878."""
    if beginning[:3] == b"\x1f\x8b\x08":
        return GZIP
    is_skippable = beginning[1:4] == b"\x2a\x4d\x18" and beginning[0] & 0xF0 == 0x50
    return ZSTD if beginning[:4] == b"\x28\xb5\x2f\xfd" or is_skippable else None


def packing_of(path: Path) -> Packing | None:
    """How a file is compressed; None if it is not, is no file, or cannot be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb", buffering=0) as file:
            return _packing(file.read(4))
    except OSError:
        return None


class BrokenOff(Exception):
    """The stream cannot be followed any further."""


def pieces(packed: BinaryIO, packing: Packing, careful_from: int) -> Iterator[bytes]:
    """The content in pieces; from byte `careful_from` of it on one by one, so that none before a fault is lost.

    Raises BrokenOff.
    """
    decoder, done = packing.decoder(), 0
    data = packed.read(PIECE_BYTES)
    while True:
        most = min(PIECE_BYTES, careful_from - done) if done < careful_from else 1
        try:
            piece = decoder.decompress(data, most)
        except Exception as error:
            # zlib.error, and a ZstdError that is no subclass of anything else.
            raise BrokenOff(f"its {packing.name} stream {_fault(error)}") from error
        done += len(piece)
        yield piece
        data = b""
        if decoder.eof:
            data = _next_stream(decoder.unused_data, packed)
            if not data:
                return
            if _packing(data) is not packing:
                raise BrokenOff(f"its {packing.name} stream is followed by something else")
            decoder = packing.decoder()
        elif decoder.needs_input:
            data = packed.read(PIECE_BYTES)
            if not data:
                raise BrokenOff(f"its {packing.name} stream was cut off")


def _fault(error: Exception) -> str:
    if "too much memory" in str(error):
        return "needs more than 128 MiB of memory to be undone: do it by hand, zstd -d --long=31; it was cut off"
    return f"is damaged ({error})"


def _next_stream(data: bytes, packed: BinaryIO) -> bytes:
    """What follows the end of a member or frame, without the zeros that fill up a block; empty at the end."""
    while len(data := data.lstrip(b"\0")) < 4 and (more := packed.read(PIECE_BYTES)):
        data += more
    return data
