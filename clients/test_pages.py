"""The pages in a real browser: Debian's Chromium against `kithkin serve`, through the main path of each page.

Fails on serious or critical findings of axe-core, on any error in the browser's console, and on anything that the content
policy stopped. Pictures of each page, wide and narrow, light and dark, are in $PAGES_SHOTS, if that is set.
"""

import base64
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request
import zipfile

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

KITHKIN = os.environ["KITHKIN"]
AXE = pathlib.Path(os.environ["AXE"]).read_text(encoding="utf-8")
SHOTS = os.environ.get("PAGES_SHOTS")
ADDRESS = "127.0.0.1:7720"
HOSTILE = "<i>\"eve\"</i>/🦊"
SCRIPT = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"

SAID = [
    ("2024-01-10T09:00", "I live in Oslo, in a yellow house by the river."),
    ("2024-01-10T09:01", "I like green tea, and I'm quite shy with strangers."),
    ("2024-02-03T18:20", "My dog is called Rex. He sleeps on my bed."),
    ("2024-03-15T12:00", "I'm very curious, and I am an organised person."),
    ("2024-05-02T08:30", "I like green tea more than coffee."),
    ("2024-06-20T20:00", "I moved to Bergen last week. I live in Bergen now."),
    ("2024-06-21T20:00", "我喜欢喝绿茶。"),
]

# What the model says, by words of what it is told, or of what it is asked last.
REPLIES = {
    "find out what they need": json.dumps({"needs": [
        {"need": "close to the sea", "implicit": True}, {"need": "costs at most 50 euros", "implicit": False}]}),
    "ways to do it that meet": json.dumps({"solutions": [
        {"title": "The fish market", "solution": "Walk to the fish market and share a soup.", "meets": [1, 2]}]}),
    "take it apart": json.dumps({"tasks": [
        {"task": "How to get there", "options": ["on foot", "by bus"]}, {"task": "Where to eat", "options": ["at home", "by the sea"]}]}),
    "explanation": "[1] comes first: its words are closest to the question.",
    "dog": "Your dog is called Rex [1]. He sleeps on your bed.",
}


class Model(http.server.BaseHTTPRequestHandler):
    """An endpoint for chat completions that says what is in REPLIES, word by word where it is asked to."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        system, last = body["messages"][0]["content"], body["messages"][-1]["content"]
        if "too hard" in last:
            return self.send_error(500)
        own = "You are an assistant in a conversation" not in system
        text = next((reply for words, reply in REPLIES.items() if words in (system if own else last.splitlines()[-1])), "Very well.")
        self.send_response(200)
        streamed = body.get("stream")
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.end_headers()
        usage = {"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333}
        if not streamed:
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            self.wfile.write(json.dumps({"choices": [choice], "usage": usage}).encode())
            return
        for word in text.split(" "):
            choice = {"index": 0, "delta": {"content": word + " "}, "finish_reason": None}
            self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.02)
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}
        self.wfile.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())

    def do_GET(self):
        """A page of another site, whose form is sent to the service as soon as somebody looks at it."""
        form = (f'<form method="post" action="http://{ADDRESS}/persons/ann/erase"><input name="what" value="all">'
                '<input name="name" value="ann"></form><script>document.forms[0].submit()</script>')
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(form.encode())

    def log_message(self, *_):
        pass


def chatgpt_export(path):
    """An account export with one conversation, as the zip that one gets."""
    def node(key, parent, children, role=None, text=""):
        author = {"role": role} if role else None
        message = role and {"id": key, "author": author, "create_time": 1700000000.0 + len(key),
                            "content": {"content_type": "text", "parts": [text]}}
        return {"id": key, "message": message or None, "parent": parent, "children": children}

    mapping = {
        "r": node("r", None, ["ra"]),
        "ra": node("ra", "r", ["rab"], "user", "I play the cello in an orchestra."),
        "rab": node("rab", "ra", [], "assistant", "How lovely! For how long?"),
    }
    conversation = {"id": "c1", "title": "Music", "create_time": 1700000000.0, "mapping": mapping, "current_node": "rab"}
    broken = {"id": "c2", "title": "Broken", "mapping": 7}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("conversations.json", json.dumps([conversation, broken]))


def lab_runs(folder):
    """A table with its plot, as `kithkin lab run --out` writes them, and a file of rows."""
    row = {"n": 75, "query_ms": {"p50": 9.1, "p95": 14.0}, "ingest_seconds": 1.0, "models": {}, "skipped": {}}
    rows = [{**row, "method": method, "metrics": {"ndcg@10": value / 2, "recall_mean@10": value},
             "by_category": {"dates": {"recall_mean@10": value / 3}}} for method, value in (("bm25", 0.56), ("hybrid", 0.78))]
    data = {"path": "sample.json", "sha256": "0123456789abcdef", "items": 3}
    (folder / "sample-recall.json").write_text(json.dumps({"task": "sample-recall", "data": data, "rows": rows}))
    plot = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 560"><circle cx="450" cy="280" r="9" fill="red"/></svg>'
    (folder / "sample-recall-milliseconds.svg").write_text(plot)
    source = pathlib.Path(__file__).parent.parent / "reproductions" / "locomo.toml"
    shutil.copy(source, folder)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        store = os.path.join(cls.folder.name, "kithkin.db")
        subprocess.run([KITHKIN, "--store", store, "init"], check=True, stdout=subprocess.DEVNULL)
        model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
        threading.Thread(target=model.serve_forever, daemon=True).start()
        cls.addClassCleanup(model.shutdown)
        chat = ["--chat-url", f"http://127.0.0.1:{model.server_port}/v1", "--chat-model", "scripted"]
        cls.model = model.server_port
        runs = pathlib.Path(cls.folder.name, "runs")
        runs.mkdir()
        lab_runs(runs)
        cls.store = ["--store", store]
        cls.serve(ADDRESS, "--lab", str(runs), *chat)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(options=options, service=Driver(shutil.which("chromedriver")))
        cls.addClassCleanup(cls.browser.quit)
        cls.resize(1280)

    @classmethod
    def serve(cls, address, *options):
        """A service over the store, once it is up."""
        process = subprocess.Popen([KITHKIN, *cls.store, "serve", "--listen", address, "--log", "error", *options])
        cls.addClassCleanup(lambda: (process.send_signal(signal.SIGTERM), process.wait(60)))
        for _ in range(300):
            try:
                return urllib.request.urlopen(f"http://{address}/livez").read()
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the service did not come up")

    @classmethod
    def command(cls, name, **arguments):
        return cls.browser.execute_cdp_cmd(name, arguments)

    @classmethod
    def resize(cls, width, dark=False):
        cls.command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        cls.command("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path, address=ADDRESS):
        self.browser.get(f"http://{address}{path}")

    def find(self, selector):
        """The element, once it is there."""
        return WebDriverWait(self.browser, 20).until(lambda browser: browser.find_element(By.CSS_SELECTOR, selector))

    def wait(self, words):
        """Waits until the page says this."""
        has = lambda browser: words in browser.find_element(By.TAG_NAME, "body").text
        try:
            # The page may be on its way to the next one, which the driver tells in several ways.
            WebDriverWait(self.browser, 20, ignored_exceptions=[WebDriverException]).until(has)
        except TimeoutException:
            self.fail(f"{self.browser.current_url} never said {words!r}: {self.find('body').text}")

    def click(self, element):
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def check(self, name):
        """Looks at the page as it is: for access, errors and width; and takes its pictures."""
        looks = [(1280, False), (360, True)] + ([(1280, True), (360, False)] if SHOTS else [])
        for width, dark in looks:
            self.resize(width, dark)
            overflow = self.browser.execute_script("return document.documentElement.scrollWidth > innerWidth ? "
                "[...document.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > innerWidth)"
                ".map((e) => e.outerHTML.slice(0, 160)) : []")
            self.assertEqual(overflow, [], f"{name} is wider than {width} px")
            self.browser.execute_script("if (!window.axe) {" + AXE + "; window.axe = axe; }")
            rules = "{resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
            found = self.browser.execute_async_script(f"axe.run({rules}).then(arguments[0])")
            bad = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
            told = [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]][:3]) for v in bad]
            self.assertEqual(told, [], f"{name} at {width} px, dark: {dark}")
            if SHOTS:
                size = self.command("Page.getLayoutMetrics")["cssContentSize"]
                clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 2400), "scale": 1}
                picture = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
                path = pathlib.Path(SHOTS, f"{name}-{width}-{'dark' if dark else 'light'}.png")
                path.write_bytes(base64.b64decode(picture))
        self.resize(1280)
        self.assertNotEqual(self.browser.title, "taken")

    def quiet(self, expected=()):
        """The console has no errors but those that are expected."""
        told = [line["message"] for line in self.browser.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]
        self.assertEqual([line for line in told if not any(part in line for part in expected)], [])

    def say(self, person, turns):
        turns = [{"text": text, "said_at": at} for at, text in turns]
        path = f"http://{ADDRESS}/v1/persons/{urllib.parse.quote(person, safe='')}/turns"
        request = urllib.request.Request(path, json.dumps({"turns": turns}).encode(), {"content-type": "application/json"})
        urllib.request.urlopen(request).read()

    def test_1_first_run_imports_an_export(self):
        self.open("/")
        self.wait("Begin with what you have")
        self.check("first")
        path = os.path.join(self.folder.name, "chatgpt.zip")
        chatgpt_export(path)
        self.find("input[type=file]").send_keys(path)
        self.wait("2 turns of 1 conversation stored")
        self.wait("Not imported: 1 item")
        self.check("imported")
        dropped = """const data = new DataTransfer();
            data.items.add(new File(['{"text": "I also sing.", "said_at": "2024-05-01"}'], 'more.jsonl'));
            document.querySelector('[data-drop]').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true}))"""
        self.browser.execute_script(dropped)
        self.wait("1 turn of 1 conversation stored")
        self.click(self.find(".notice a.button"))
        self.wait("I play the cello")
        self.wait("I also sing.")
        self.quiet()

    def test_2_memory(self):
        self.say("ann", SAID)
        self.say(HOSTILE, [("2024-01-01T10:00", SCRIPT)])
        self.open("/")
        self.wait("ann")
        self.check("persons")
        self.click(self.browser.find_element(By.LINK_TEXT, "ann"))
        self.find("input[type=search]").send_keys("What is my dog called?" + Keys.ENTER)
        self.wait("What was found")
        self.assertIn("q=What", self.browser.current_url)
        self.assertIn("My dog is called Rex", self.find(".evidence").text)
        self.click(self.find(".evidence summary"))
        self.check("memory-found")
        self.open("/persons/ann")
        slider = self.find("input[type=range]")
        self.browser.execute_script("arguments[0].value = 30; arguments[0].dispatchEvent(new Event('input')); "
                                    "arguments[0].dispatchEvent(new Event('change'))", slider)
        self.wait("This is what was known on 2024-02-09")
        self.assertNotIn("Bergen", self.find("#found").text)
        self.check("memory-past")
        self.open("/persons/" + urllib.parse.quote(HOSTILE, safe=""))
        self.wait(SCRIPT)
        self.check("hostile")
        self.quiet()

    def test_3_profile(self):
        self.open("/persons/ann/profile")
        self.wait("Bergen")
        self.check("profile")
        for summary in self.browser.find_elements(By.CSS_SELECTOR, "figure summary"):
            self.click(summary)
        self.assertIn("2024-06", self.find("#topics-table").text)
        home = next(card for card in self.browser.find_elements(By.CSS_SELECTOR, ".entries .card") if "Bergen" in card.text)
        self.click(home.find_elements(By.TAG_NAME, "summary")[-1])
        self.click(home.find_element(By.CSS_SELECTOR, "button[value=confirm]"))
        self.wait("It is noted.")
        self.wait("confirmed")
        self.click(self.find(".sources a"))
        self.wait("What came of it")
        self.check("turn")
        self.quiet()

    def test_4_chat(self):
        self.open("/persons/ann/chat")
        self.check("chat-empty")
        self.find("textarea").send_keys("What is my dog called?" + Keys.ENTER)
        why = self.find("details.why summary")
        self.wait("Your dog is called Rex [1].")
        self.check("chat")
        self.click(why)
        self.wait("The model was shown")
        self.wait("321 tokens read")
        self.find("details.why input[name=question]").send_keys("Why is the first one first?" + Keys.ENTER)
        self.wait("its words are closest")
        self.check("chat-why")
        self.browser.refresh()
        self.click(self.browser.find_element(By.LINK_TEXT, "Why this reply?"))
        self.wait("The model was shown")
        self.check("why")
        self.quiet()

    def test_5_needs_and_sub_tasks(self):
        self.open("/persons/ann/chat")
        needs, tree = self.browser.find_elements(By.CSS_SELECTOR, ".side > details")
        self.click(needs.find_element(By.TAG_NAME, "summary"))
        task = needs.find_element(By.TAG_NAME, "textarea")
        task.clear()
        task.send_keys("Plan a dinner in Bergen")
        self.click(needs.find_element(By.TAG_NAME, "button"))
        self.wait("The fish market")
        self.assertEqual(self.find("input[name=need-1]").get_attribute("value"), "close to the sea")
        self.check("chat-needs")
        self.find("input[name=need-24]").send_keys("quiet" + Keys.ENTER)
        WebDriverWait(self.browser, 20).until(lambda browser: browser.find_elements(By.CSS_SELECTOR, "input[name=need-3]"))
        task = needs.find_element(By.TAG_NAME, "textarea")
        task.clear()
        task.send_keys("Something too hard")
        self.click(needs.find_element(By.TAG_NAME, "button"))
        self.wait("A model failed")
        self.click(needs.find_element(By.TAG_NAME, "summary"))
        self.click(tree.find_element(By.TAG_NAME, "summary"))
        task = tree.find_element(By.TAG_NAME, "textarea")
        task.clear()
        task.send_keys("Plan a dinner in Bergen")
        self.click(tree.find_element(By.TAG_NAME, "button"))
        self.click(self.find("input[value='by bus']"))
        self.click(self.find("button[name=deeper]"))
        self.click(self.find(".twigs input[value='by the sea']"))
        self.check("chat-tree")
        self.click(self.find(".panel button.main"))
        self.wait("- How to get there: by bus")
        self.wait("- Where to eat: by the sea")
        self.wait("Very well.")
        self.quiet(expected=["502"])

    def test_6_character(self):
        self.open("/persons/ann/character")
        self.check("character-empty")
        self.find("input[name=name]").send_keys("Ada")
        self.find("textarea[name=role]").send_keys("A pilot who flies mail over the mountains.")
        self.find("select[name=openness]").send_keys("very high")
        self.click(self.find("button[value=show]"))
        self.wait('openness = "very-high"')
        self.check("character")
        self.click(self.find("form[action$='/chat/as'] button"))
        self.wait("You are talking with Ada.")
        self.find("[data-message]").send_keys("Hello there!" + Keys.ENTER)
        self.wait("Very well.")
        self.check("chat-character")
        self.quiet()

    def test_7_lab(self):
        self.open("/lab")
        self.wait("sample-recall")
        self.check("lab")
        self.quiet()

    def test_8_without_scripts_and_from_elsewhere(self):
        self.command("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.command, "Emulation.setScriptExecutionDisabled", value=False)
        self.open("/persons/ann?q=Where+do+I+live%3F")
        self.wait("What was found")
        self.open("/persons/ann/chat")
        self.find("[data-message]").send_keys("What is my dog called?")
        self.click(self.find(".say button"))
        self.wait("Your dog is called Rex [1].")
        self.command("Emulation.setScriptExecutionDisabled", value=False)
        # Another name of this machine is another site.
        self.browser.get(f"http://localhost:{self.model}/")
        self.wait("Not allowed")
        self.open("/persons/ann")
        self.wait("My dog is called Rex")
        self.quiet(expected=["403", "favicon"])

    def test_8_with_a_key(self):
        keys = os.path.join(self.folder.name, "keys.toml")
        add = [KITHKIN, *self.store, "key", "--keys", keys, "add", "--rights", "read,write,erase,admin"]
        key = subprocess.run(add, check=True, capture_output=True, text=True).stdout.strip()
        address = "127.0.0.1:7721"
        self.serve(address, "--keys", keys)
        self.open("/persons/ann/profile", address)
        self.wait("This service asks for a key.")
        self.check("sign-in")
        self.find("input[name=key]").send_keys(key + Keys.ENTER)
        self.wait("What is known")
        self.assertTrue(self.browser.current_url.endswith("/persons/ann/profile"))
        self.assertEqual(self.browser.execute_script("return document.cookie"), "")
        self.click(self.find("footer form button"))
        self.wait("This service asks for a key.")
        self.open("/persons/ann", address)
        self.wait("This service asks for a key.")
        self.quiet(expected=["401"])

    def test_8_erase(self):
        self.open("/persons/ann")
        self.click(self.find("a[href*='what=turn']"))
        self.wait("Erase this turn?")
        self.check("erase")
        self.click(self.find("button.danger"))
        self.wait("It is erased.")
        self.check("receipt")
        kept = self.find("a[download]").get_attribute("href").split(",", 1)[1]
        body = urllib.parse.unquote(kept).encode()
        address = f"http://{ADDRESS}/v1/verify-erasure"
        request = urllib.request.Request(address, body, {"content-type": "application/json"})
        looked = json.load(urllib.request.urlopen(request))
        self.assertEqual((looked["gone"], looked["findings"]), (True, []))
        self.quiet()

    def test_9_by_keyboard_and_in_other_languages(self):
        self.open("/persons/ann")
        self.find("body").send_keys(Keys.TAB)
        focused = self.browser.switch_to.active_element
        self.assertEqual(focused.get_attribute("class"), "skip")
        focused.send_keys(Keys.ENTER)
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "main")
        for language, words in (("de", "Das Gedächtnis fragen"), ("zh", "向记忆提问"), ("en", "Ask the memory")):
            self.click(self.find(f"footer a[lang={language}]"))
            self.wait(words)
            self.check(f"memory-{language}")
        self.open("/persons/ann/turns/none")
        self.wait("Not found")
        self.check("problem")
        self.quiet(expected=["404"])


if __name__ == "__main__":
    unittest.main()
