"""A TCP proxy that writes down every byte: the oracle of what a server really said.

usage: proxy.py TARGET_PORT LOG    prints "listening PORT"; ends with SIGTERM.
LOG gets one JSON object per connection and direction chunk: {"conn", "from": "client"|"server", "hex"}."""
import asyncio
import json
import signal
import sys


async def pump(reader, writer, log, conn, side):
    try:
        while data := await reader.read(65536):
            log.write(json.dumps({"conn": conn, "from": side, "hex": data.hex()}) + "\n")
            log.flush()
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    target, log, count = int(sys.argv[1]), open(sys.argv[2], "w"), 0

    async def serve(reader, writer):
        nonlocal count
        count += 1
        conn = count
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pump(reader, up_writer, log, conn, "client"), pump(up_reader, writer, log, conn, "server"))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


asyncio.run(main())
