"""Pictures made anew by throw-away workers (FILE-1, FILE-3)."""

import asyncio
import logging
import sys

from router.model.errors import InvalidInput, Overloaded

PARALLEL_MAX = 2
WAITING_MAX = 20
WITHIN_S = 10.0
OUTPUT_BYTES_MAX = 64 * 1024 * 1024

log = logging.getLogger(__name__)


class Pictures:
    """Renders pictures, two at a time; twenty may wait."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(PARALLEL_MAX)
        self._inside = 0

    async def render(self, data: bytes) -> bytes:
        """A PNG of the picture. Raises InvalidInput when it is none or too large, Overloaded."""
        if self._inside >= PARALLEL_MAX + WAITING_MAX:
            raise Overloaded("too many pictures at once, try again in a moment")
        self._inside += 1
        try:
            async with self._turns:
                return await _render(data)
        finally:
            self._inside -= 1


async def _render(data: bytes) -> bytes:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "agent_desktop.picture_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        close_fds=True,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            rendered, _ = await worker.communicate(data)
    except TimeoutError as error:
        raise InvalidInput("the picture takes too long to draw", field="file") from error
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    if worker.returncode != 0 or not rendered or len(rendered) > OUTPUT_BYTES_MAX:
        log.info(
            "a picture was not rendered",
            extra={"event": "picture_refused", "status": worker.returncode},
        )
        raise InvalidInput("this is no picture that can be shown", field="file")
    return rendered
