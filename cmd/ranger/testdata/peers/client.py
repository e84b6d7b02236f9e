"""client.py URL [AUTHORIZATION]: a client over the library websockets.

Prints each message that it gets as a line, and sends each line of its input, a
Python literal: a str as a text message, bytes as a binary one. At the end of
its input it closes. Its last line says how the socket ended, or that the server
refused it.
"""

import ast
import asyncio
import sys

import websockets


async def send(ws):
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    async for line in lines:
        await ws.send(ast.literal_eval(line.decode()))
    await ws.close()


async def main(url, authorization=None):
    headers = {"Authorization": authorization} if authorization else {}
    try:
        ws = await websockets.connect(url, extra_headers=headers)
    except websockets.InvalidStatusCode as refusal:
        print("refused", refusal.status_code)
        return
    sender = asyncio.create_task(send(ws))
    try:
        async for message in ws:
            print(message, flush=True)
    except websockets.ConnectionClosedError:
        pass
    print("closed", ws.close_code, repr(ws.close_reason))
    sender.cancel()


asyncio.run(main(*sys.argv[1:]))
