#!/usr/bin/env python3
"""Makes hash/blake3.json: BLAKE3 of the official test input (byte i is i % 251) at the official lengths.

    make_blake3.py > hash/blake3.json

A plain transcription of the BLAKE3 paper, independent of the library that we link. Standard library only.
`blake3_of` is also used by make_record.py.
"""

import json

BLOCK, CHUNK = 64, 1024
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
MASK = 0xFFFFFFFF

# Lengths of the official test_vectors.json.
LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2048, 2049, 3072, 3073, 4096,
           4097, 5120, 5121, 6144, 6145, 7168, 7169, 8192, 8193, 16384, 31744, 102400]


def rotate(word, by):
    return ((word >> by) | (word << (32 - by))) & MASK


def mix(v, a, b, c, d, x, y):
    v[a] = (v[a] + v[b] + x) & MASK
    v[d] = rotate(v[d] ^ v[a], 16)
    v[c] = (v[c] + v[d]) & MASK
    v[b] = rotate(v[b] ^ v[c], 12)
    v[a] = (v[a] + v[b] + y) & MASK
    v[d] = rotate(v[d] ^ v[a], 8)
    v[c] = (v[c] + v[d]) & MASK
    v[b] = rotate(v[b] ^ v[c], 7)


def compress(chaining, block, counter, size, flags):
    words = [int.from_bytes(block[at : at + 4].ljust(4, b"\0"), "little") for at in range(0, BLOCK, 4)]
    v = chaining + IV[:4] + [counter & MASK, counter >> 32, size, flags]
    for number in range(7):
        for column in range(4):
            mix(v, column, 4 + column, 8 + column, 12 + column, words[2 * column], words[2 * column + 1])
        for column in range(4):
            mix(v, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4,
                words[8 + 2 * column], words[9 + 2 * column])
        words = [words[at] for at in PERMUTATION]
    return [v[at] ^ v[at + 8] for at in range(8)]


def chunk_output(chunk, counter, root):
    """The chaining value of a chunk; the root's when it is all there is."""
    blocks = [chunk[at : at + BLOCK] for at in range(0, len(chunk), BLOCK)] or [b""]
    chaining = IV
    for at, block in enumerate(blocks):
        flags = (CHUNK_START if at == 0 else 0) | (CHUNK_END if at == len(blocks) - 1 else 0)
        if root and at == len(blocks) - 1:
            flags |= ROOT
        chaining = compress(chaining, block, counter, len(block), flags)
    return chaining


def tree(data, counter, root):
    chunks = max(1, (len(data) + CHUNK - 1) // CHUNK)
    if chunks == 1:
        return chunk_output(data, counter, root)
    left_chunks = 1 << ((chunks - 1).bit_length() - 1)  # the largest power of two below
    left = tree(data[: left_chunks * CHUNK], counter, False)
    right = tree(data[left_chunks * CHUNK :], counter + left_chunks, False)
    block = b"".join(word.to_bytes(4, "little") for word in left + right)
    return compress(IV, block, 0, BLOCK, PARENT | (ROOT if root else 0))


def blake3_of(data):
    return b"".join(word.to_bytes(4, "little") for word in tree(data, 0, True))


if __name__ == "__main__":
    rows = [{"input_len": length, "hash": blake3_of(bytes(at % 251 for at in range(length))).hex()}
            for length in LENGTHS]
    print(json.dumps({"input": "byte i is i % 251", "cases": rows}, indent=1))
