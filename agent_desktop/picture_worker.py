"""Re-renders one picture, in a process of its own that is thrown away: stdin to stdout.

Whoever sends a picture chooses every byte of it, so it is decoded where nothing is to be had: no
file or socket can be opened any more, memory and time are bounded (FILE-3). What comes out is a new
picture of ours. Exit status 2: not a picture, or too large a one.
"""

import io
import resource
import sys
import warnings

from PIL import Image, ImageFile, ImageOps

PIXELS_MAX = 40_000_000
SIDE_MAX = 4_096
MEMORY_BYTES = 512 * 1024 * 1024
CPU_S = 10
OUTPUT_BYTES = 64 * 1024 * 1024
KINDS = ("PNG", "JPEG", "GIF", "WEBP")


def main() -> int:
    """Read, shut the doors, render, write."""
    data = sys.stdin.buffer.read()
    prepare()
    confine()
    try:
        rendered = render(data)
    except (OSError, ValueError, SyntaxError, MemoryError, Warning, EOFError):
        return 2
    if len(rendered) > OUTPUT_BYTES:
        return 2
    sys.stdout.buffer.write(rendered)
    return 0


def prepare() -> None:
    """Render one picture of each kind: whatever is imported late is imported before it is not."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    for kind in KINDS:
        for mode in ("RGB", "P", "L"):
            sample = io.BytesIO()
            Image.new(mode, (2, 2)).convert("RGB" if kind == "JPEG" else mode).save(sample, kind)
            render(sample.getvalue())


def render(data: bytes) -> bytes:
    """A PNG of the picture, upright, no larger than 4,096 on a side, with nothing but its pixels.

    Raises ValueError and what Pillow raises for what is no picture, or too large.
    """
    with Image.open(io.BytesIO(data), formats=KINDS) as picture:
        if picture.width * picture.height > PIXELS_MAX:
            raise ValueError("too many pixels")
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        see_through = "A" in upright.mode or "transparency" in upright.info
        clean = upright.convert("RGBA" if see_through else "RGB")
        clean.thumbnail((SIDE_MAX, SIDE_MAX))
        rendered = io.BytesIO()
        Image.frombytes(clean.mode, clean.size, clean.tobytes()).save(rendered, "PNG")
    return rendered.getvalue()


def confine() -> None:
    """From here on: bounded memory and time, no further file or socket."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    # The three standard streams stay open; nothing can be opened beside them.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


if __name__ == "__main__":
    sys.exit(main())
