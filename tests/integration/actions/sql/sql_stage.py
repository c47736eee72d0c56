"""Runs steps of SQL as the keeper would, hears what they say, and stands between them and the server."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cockpit.actions.runner import ActionContext, Ending, Output
from cockpit.actions.sql.declaration import SqlSettings
from cockpit.actions.sql.runner import RUNNER
from cockpit.masking.mask import Mask
from cockpit.profile.model import Target


class Stage:
    """One action on one database."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.folder = folder
        self.outputs: list[Output] = []
        self.action = "01TEST"

    def context(
        self,
        statements: str = "",
        *,
        rehearsal: bool = False,
        timeout_s: float = 60.0,
        values: dict[str, str] | None = None,
        secrets: dict[str, str] | None = None,
        **settings: object,
    ) -> ActionContext:
        return ActionContext(
            action=self.action,
            run_dir=self.folder,
            base_dir=self.folder,
            rehearsal=rehearsal,
            timeout_s=timeout_s,
            settings=SqlSettings(target="db", statements=statements, **settings),  # type: ignore[arg-type]
            values=values or {},
            secrets=secrets or {},
            target=Target(id="db", kind="postgres", dsn=self.dsn),
            mask=Mask(secrets or {}),
        )

    async def run(self, statements: str = "", **settings: object) -> Ending:
        ending = await self.begin(statements, **settings)
        assert isinstance(ending, Ending)
        self.check(ending)
        return ending

    def begin(self, statements: str = "", **settings: object) -> asyncio.Task[Ending]:
        context = self.context(statements, **settings)  # type: ignore[arg-type]
        return asyncio.create_task(RUNNER.run(context, self.outputs.append))

    def check(self, ending: Ending) -> None:
        """That the output file is what the ending says it is, and readable by nobody else."""
        if not ending.output:
            return
        path = self.folder / "outputs" / ending.output
        content = path.read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (ending.output_bytes, ending.output_sha256)
        assert path.stat().st_mode & 0o777 == 0o600
        assert all(len(output.text.encode()) <= 4096 for output in self.outputs)

    @property
    def log(self) -> str:
        return (self.folder / "outputs" / f"{self.action}.log").read_text()

    @property
    def said(self) -> str:
        return "".join(output.text for output in self.outputs)

    @property
    def progress(self) -> list[str]:
        """Every line of progress there was."""
        return [line for output in self.outputs for line in output.progress or ()]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait for a condition; the test's own time limit ends it."""
        while not holds():  # noqa: ASYNC110 - what is waited for lives on the server and in plain lists
            await asyncio.sleep(0.02)


class Proxy:
    """TCP in front of the server's socket: lets bytes pass, keeps answers back, or cuts all of it."""

    def __init__(self, dsn: str) -> None:
        self._there = conninfo_to_dict(dsn)
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut_at = b""
        """Once the client sends this, everything is cut, after it was handed on."""
        self.swallow = False
        """With `cut_at`: it is not even handed on."""
        self.is_down = False
        self.was_cut = asyncio.Event()

    async def start(self) -> str:
        """Begin; the DSN that leads through it."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        parts = {key: value for key, value in self._there.items() if key not in ("host", "port")}
        return make_conninfo("", **parts, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")

    async def stop(self) -> None:
        self.cut()
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_down:
            writer.transport.abort()
            return
        path = f"{self._there['host']}/.s.PGSQL.{self._there.get('port') or 5432}"
        far_reader, far_writer = await asyncio.open_unix_connection(path)
        self._writers += [writer, far_writer]
        for pump in (self._pump(reader, far_writer, True), self._pump(far_reader, writer, False)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_request: bool) -> None:
        try:
            while portion := await reader.read(65536):
                if is_request and self.cut_at and self.cut_at in portion:
                    if not self.swallow:
                        writer.write(portion)
                        await writer.drain()
                    self.cut_at = b""
                    self.cut()
                    self.was_cut.set()
                    return
                writer.write(portion)
                await writer.drain()
            writer.close()
        except (ConnectionError, OSError):
            return  # cut
