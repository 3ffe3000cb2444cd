"""Re-renders one picture, in a process of its own that is thrown away: stdin to stdout.

Whoever sends a picture chooses every byte of it, so it is decoded where nothing is to be had: no
file or socket can be opened any more, memory and time are bounded (FILE-3). What comes out is a new
picture of ours. Exit status 2: not a picture, or too large a one.
"""

import io
import resource
import sys
import warnings

PIXELS_MAX = 40_000_000
SIDE_MAX = 4_096
MEMORY_BYTES = 512 * 1024 * 1024
CPU_S = 10
OUTPUT_BYTES = 64 * 1024 * 1024
KINDS = ("PNG", "JPEG", "GIF", "WEBP")


def main() -> int:
    """Read, shut the doors, render, write."""
    from PIL import Image, ImageFile, ImageOps

    data = sys.stdin.buffer.read()
    Image.init()
    confine()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return 2
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((SIDE_MAX, SIDE_MAX))
            clean = upright.convert("RGBA" if _see_through(upright.mode, upright.info) else "RGB")
            rendered = io.BytesIO()
            Image.frombytes(clean.mode, clean.size, clean.tobytes()).save(rendered, "PNG")
    except (OSError, ValueError, SyntaxError, MemoryError, Warning, EOFError):
        return 2
    if rendered.tell() > OUTPUT_BYTES:
        return 2
    sys.stdout.buffer.write(rendered.getvalue())
    return 0


def confine() -> None:
    """From here on: bounded memory and time, no further file or socket."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    # The three standard streams stay open; nothing can be opened beside them.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _see_through(mode: str, info: object) -> bool:
    return "A" in mode or (isinstance(info, dict) and "transparency" in info)


if __name__ == "__main__":
    sys.exit(main())
