"""The official MCP client in Python against `kithkin mcp` and against `/mcp` of `kithkin serve`."""

import asyncio
import json
import os
import subprocess
import tempfile
import unittest

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from test_openai import ADDRESS, KITHKIN, Service


def read(result):
    """What a tool gave: its JSON, with its words."""
    return json.loads(result.content[0].text)


class McpClient(unittest.TestCase):
    async def use(self, client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        self.assertEqual(sorted(tools), ["forget", "profile", "recall", "remember", "timeline"])
        self.assertTrue(tools["recall"].annotations.read_only_hint)
        self.assertTrue(tools["forget"].annotations.destructive_hint)
        self.assertFalse(tools["remember"].annotations.destructive_hint)

        said = await client.call_tool("remember", {"text": "I live in Oslo.", "said_at": "2024-05-01"})
        turn = read(said)["turn"]
        await client.call_tool("remember", {"text": "My dog is called Rex."})
        found = read(await client.call_tool("recall", {"question": "What is my dog called?"}))
        self.assertIn("called Rex", found["text"])
        known = read(await client.call_tool("profile", {}))
        self.assertEqual(known["entries"][0]["value"], "Oslo")
        self.assertEqual(len(read(await client.call_tool("timeline", {"last": 1}))["turns"]), 1)

        wrong = await client.call_tool("remember", {"text": "x", "said_at": "soon"})
        self.assertTrue(wrong.is_error)
        self.assertIn("soon", wrong.content[0].text)

        resources = (await client.list_resources()).resources
        self.assertEqual(sorted(str(r.uri) for r in resources), ["kithkin://profile", "kithkin://timeline"])
        contents = (await client.read_resource("kithkin://profile")).contents
        self.assertIn("Oslo", contents[0].text)
        prompts = (await client.list_prompts()).prompts
        prompt = await client.get_prompt(prompts[0].name)
        self.assertIn("Oslo", prompt.messages[0].content.text)

        counted = read(await client.call_tool("forget", {"turns": [turn], "dry_run": True}))
        self.assertEqual(counted["turns"], 1)
        erased = read(await client.call_tool("forget", {"turns": [turn], "receipt": True}))
        self.assertEqual((erased["receipt"]["what"], erased["receipt"]["turns"]), ("turns", 1))
        self.assertNotIn("Oslo", (await client.read_resource("kithkin://timeline")).contents[0].text)

    def test_stdio(self):
        async def talk(store):
            arguments = ["--store", store, "mcp", "--person", "ann"]
            async with Client(StdioServerParameters(command=KITHKIN, args=arguments, env=dict(os.environ))) as client:
                await self.use(client)

        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "kithkin.db")
            subprocess.run([KITHKIN, "--store", store, "init"], check=True, stdout=subprocess.DEVNULL)
            asyncio.run(talk(store))

    def test_http(self):
        async def talk():
            headers = {"X-Kithkin-Person": "ann"}
            async with httpx2.AsyncClient(headers=headers) as http:
                async with Client(streamable_http_client(f"http://{ADDRESS}/mcp", http_client=http)) as client:
                    await self.use(client)
            async with Client(f"http://{ADDRESS}/mcp") as client:
                nobody = await client.call_tool("profile", {})
                self.assertTrue(nobody.is_error)
                self.assertIn("x-kithkin-person", nobody.content[0].text)

        with Service():
            asyncio.run(talk())


if __name__ == "__main__":
    unittest.main()
