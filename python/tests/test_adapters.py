"""The adapters, against the libraries that they are for."""

import asyncio
import unittest

import kithkin
from kithkin.adapters.langchain import KithkinChatMessageHistory
from kithkin.adapters.langgraph import KithkinStore
from kithkin.adapters.llama_index import KithkinMemory
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables.history import RunnableWithMessageHistory
from langgraph.graph import START, StateGraph
from langgraph.store.base import BaseStore, GetOp, PutOp, SearchOp
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import MockLLM
from typing_extensions import TypedDict


class LangGraph(unittest.TestCase):
    def setUp(self):
        self.memory = kithkin.open(None)
        self.addCleanup(self.memory.close)
        self.store = KithkinStore(self.memory, person=1)

    def test_documents_are_put_found_replaced_and_erased(self):
        store, ann, bob = self.store, ("memories", "ann"), ("memories", "bob")
        store.put(ann, "k1", {"text": "likes green tea", "rank": 2})
        store.put(ann, "k2", {"text": "lives in Oslo", "rank": 5})
        store.put(bob, "k1", {"text": "lives in Rome", "rank": 1})
        self.assertEqual(store.get(ann, "k1").value, {"text": "likes green tea", "rank": 2})
        self.assertIsNone(store.get(ann, "k3"))
        self.assertIsNone(store.get(("other", "ann"), "k1"))
        found = store.search(ann, query="Where is home?", limit=1)
        self.assertEqual([(hit.namespace, hit.key) for hit in found], [(ann, "k2")])
        self.assertIsInstance(found[0].score, float)
        self.assertEqual({hit.value["text"] for hit in store.search(ann)}, {"likes green tea", "lives in Oslo"})
        self.assertEqual(len(store.search(("memories",))), 3)
        self.assertEqual([h.key for h in store.search(ann, filter={"rank": {"$gt": 2}})], ["k2"])
        self.assertEqual([h.key for h in store.search(ann, filter={"text": "likes green tea"})], ["k1"])
        before = store.get(ann, "k1")
        store.put(ann, "k1", {"text": "likes black tea"})
        after = store.get(ann, "k1")
        self.assertEqual(after.value, {"text": "likes black tea"})
        self.assertEqual(after.created_at, before.created_at)
        self.assertGreaterEqual(after.updated_at, before.updated_at)
        self.assertEqual(store.list_namespaces(prefix=("memories",)), [ann, bob])
        self.assertEqual(store.list_namespaces(suffix=("bob",)), [bob])
        self.assertEqual(store.list_namespaces(max_depth=1), [("memories",)])
        store.delete(ann, "k1")
        store.delete(ann, "never-there")
        self.assertIsNone(store.get(ann, "k1"))
        self.assertNotIn("tea", str(self.memory.person("ann").turns()))
        with self.assertRaises(ValueError):
            store.put(("memories",), "k", {"text": "of nobody"})

    def test_batches_and_asyncio(self):
        ann = ("memories", "ann")
        asked = [PutOp(ann, "a", {"n": 1}), GetOp(ann, "a"), PutOp(ann, "a", None), GetOp(ann, "a"), SearchOp(ann)]
        put, got, gone, nothing, found = self.store.batch(asked)
        self.assertEqual((put, got.value, gone, nothing, found), (None, {"n": 1}, None, None, []))

        async def later():
            await self.store.aput(ann, "b", {"text": "a lighthouse"})
            return await self.store.asearch(ann, query="lighthouse")

        self.assertEqual([hit.key for hit in asyncio.run(later())], ["b"])

    def test_a_graph_remembers_between_its_runs(self):
        class State(TypedDict):
            said: str
            known: list

        def node(state: State, *, store: BaseStore) -> State:
            known = [hit.value["text"] for hit in store.search(("memories", "ann"), query=state["said"], limit=1)]
            store.put(("memories", "ann"), state["said"], {"text": state["said"]})
            return {"said": state["said"], "known": known}

        built = StateGraph(State).add_node("talk", node).add_edge(START, "talk").compile(store=self.store)
        built.invoke({"said": "My dog is called Rex.", "known": []})
        self.assertEqual(built.invoke({"said": "What is my dog called?", "known": []})["known"], ["My dog is called Rex."])


class LangChain(unittest.TestCase):
    def test_messages_come_back_whole_and_are_recalled(self):
        with kithkin.open(None) as memory:
            ann = memory.person("ann")
            history = KithkinChatMessageHistory(ann, "support")
            self.assertEqual(history.messages, [])
            call = {"name": "weather", "args": {"place": "Oslo"}, "id": "c1", "type": "tool_call"}
            said = [
                HumanMessage("I moved to Oslo."),
                AIMessage("", tool_calls=[call]),
                ToolMessage("4 °C", tool_call_id="c1"),
                AIMessage("It is cold."),
                HumanMessage("I moved to Oslo."),
            ]
            history.add_messages(said)
            self.assertEqual(history.messages, said)
            self.assertEqual(ann.recall("Where do I live?")["evidence"][0]["text"], "I moved to Oslo.")
            model = FakeListChatModel(responses=["Hello!", "Still here."])
            talk = RunnableWithMessageHistory(model, lambda session: KithkinChatMessageHistory(ann, session))
            talk.invoke("Hi.", config={"configurable": {"session_id": "other"}})
            talk.invoke("And now?", config={"configurable": {"session_id": "other"}})
            texts = [message.text for message in KithkinChatMessageHistory(ann, "other").messages]
            self.assertEqual(texts, ["Hi.", "Hello!", "And now?", "Still here."])
            history.clear()
            self.assertEqual(history.messages, [])
            self.assertEqual(len(KithkinChatMessageHistory(ann, "other").messages), 4)


class LlamaIndex(unittest.TestCase):
    def test_a_chat_knows_what_was_said_in_another(self):
        with kithkin.open(None) as memory:
            ann = memory.person("ann")
            KithkinMemory.from_person(ann, conversation="first").put(ChatMessage(role="user", content="My dog is called Rex."))
            second = KithkinMemory.from_person(ann, conversation="second")
            engine = SimpleChatEngine.from_defaults(llm=MockLLM(), memory=second)
            engine.chat("What is my dog called?")
            self.assertEqual([str(m.role.value) for m in second.get_all()], ["user", "assistant"])
            block, *messages = second.get("What is my dog called?")
            self.assertIn("Rex", block.content)
            self.assertEqual(messages, second.get_all())
            second.set([ChatMessage(role="user", content="Anew.")])
            self.assertEqual([m.content for m in second.get_all()], ["Anew."])
            second.reset()
            self.assertEqual(second.get_all(), [])


if __name__ == "__main__":
    unittest.main()
