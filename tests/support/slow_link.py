"""A way to a server on loopback on which every piece of an answer is held up."""
import asyncio
import random
import threading

from support.ports import free_port


class BehindSlowLink:
    """Mixed into a server, which says what leads to `link` instead of itself."""

    def __enter__(self):
        super().__enter__()
        self.link = SlowLink(self.port).__enter__()
        return self

    def __exit__(self, *error):
        self.link.__exit__(*error)
        super().__exit__(*error)


class SlowLink:
    """Listens on `port`; answers take so many seconds more, at random between the two of `delay`. None come after one that
    ends in `last_words`."""

    def __init__(self, target, last_words=None):
        self.target, self.port, self.delay, self.last_words = target, free_port(), (0, 0), last_words
        self.loop = asyncio.new_event_loop()

    def __enter__(self):
        self.server = self.loop.run_until_complete(asyncio.start_server(self.join, "127.0.0.1", self.port))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.run_until_complete(self.close())
        self.loop.close()

    async def close(self):
        self.server.close()
        copying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in copying:
            task.cancel()
        await asyncio.gather(*copying, return_exceptions=True)

    async def join(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self.copy(reader, far_writer), self.copy(far_reader, writer, is_answer=True), return_exceptions=True)

    async def copy(self, reader, writer, is_answer=False):
        silent = False
        try:
            while data := await reader.read(1 << 16):
                if silent:
                    continue
                if is_answer and self.delay[1]:
                    await asyncio.sleep(random.uniform(*self.delay))
                writer.write(data)
                silent = bool(is_answer and self.last_words and data.endswith(self.last_words))
        finally:
            writer.close()
