# SPDX-License-Identifier: Apache-2.0
"""Keeps notes in memory: POST and GET /notes/NAME. A task counts ticks: /ticks tells the count, /moves waits for the next."""
import asyncio
import socket
import sys

notes = {}
ticks = 0


async def tick():
    global ticks
    while True:
        await asyncio.sleep(0.01)
        ticks += 1


async def answer(method, path, body):
    if path.startswith("/notes/"):
        name = path.removeprefix("/notes/")
        if method == "POST":
            notes[name] = body
            return f"{len(notes)} notes"
        return notes.get(name, "no such note")
    if path == "/ticks":
        while ticks == 0:
            await asyncio.sleep(0.01)
        return str(ticks)
    if path == "/moves":
        then = ticks
        while ticks == then:
            await asyncio.sleep(0.01)
        return "moved on"
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, socket.gethostbyname, "127.0.0.1")


async def serve(reader, writer):
    method, path, _ = (await reader.readline()).decode().split()
    length = 0
    while (line := (await reader.readline()).decode().strip()):
        if line.lower().startswith("content-length:"):
            length = int(line.split(":")[1])
    body = (await answer(method, path, (await reader.readexactly(length)).decode())).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    asyncio.create_task(tick())
    async with server:
        await server.serve_forever()


asyncio.run(main())
