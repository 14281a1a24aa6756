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

# What the model says, by a word in what it is asked last.
REPLIES = {
    "explanation": "[1] comes first: its words are closest to the question.",
    "dog": "Your dog is called Rex [1]. He sleeps on your bed.",
}


class Model(http.server.BaseHTTPRequestHandler):
    """An endpoint for chat completions that says what is in REPLIES, word by word where it is asked to."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        system, last = body["messages"][0]["content"], body["messages"][-1]["content"]
        about = system if "from the explanation alone" in system else last
        text = next((reply for word, reply in REPLIES.items() if word in about), "I do not know that.")
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
        command = [KITHKIN, "--store", store, "serve", "--listen", ADDRESS, *chat, "--log", "error"]
        cls.process = subprocess.Popen(command)
        cls.addClassCleanup(lambda: (cls.process.send_signal(signal.SIGTERM), cls.process.wait(60)))
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://{ADDRESS}/readyz").read()
                break
            except OSError:
                time.sleep(0.1)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(options=options, service=Driver(shutil.which("chromedriver")))
        cls.addClassCleanup(cls.browser.quit)
        cls.resize(1280)

    @classmethod
    def command(cls, name, **arguments):
        return cls.browser.execute_cdp_cmd(name, arguments)

    @classmethod
    def resize(cls, width, dark=False):
        cls.command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        cls.command("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path):
        self.browser.get(f"http://{ADDRESS}{path}")

    def find(self, selector):
        """The element, once it is there."""
        return WebDriverWait(self.browser, 20).until(lambda browser: browser.find_element(By.CSS_SELECTOR, selector))

    def wait(self, words):
        """Waits until the page says this."""
        has = lambda browser: words in browser.find_element(By.TAG_NAME, "body").text
        try:
            WebDriverWait(self.browser, 20).until(has)
        except Exception:
            self.fail(f"{self.browser.current_url} never said {words!r}: {self.find('body').text}")

    def click(self, element):
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def check(self, name):
        """Looks at the page as it is: for access, errors and width; and takes its pictures."""
        for width, dark in ((1280, False), (360, True)) if not SHOTS else ((1280, False), (1280, True), (360, False), (360, True)):
            self.resize(width, dark)
            overflow = self.browser.execute_script("return document.documentElement.scrollWidth - innerWidth")
            self.assertLessEqual(overflow, 0, f"{name} is wider than {width} px")
            self.browser.execute_script("if (!window.axe) {" + AXE + "; window.axe = axe; }")
            rules = "{resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
            found = self.browser.execute_async_script(f"axe.run({rules}).then(arguments[0])")
            bad = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
            told = [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]][:3]) for v in bad]
            self.assertEqual(told, [], f"{name} at {width} px, dark: {dark}")
            if SHOTS:
                picture = self.command("Page.captureScreenshot", captureBeyondViewport=True)["data"]
                if not name.startswith("chat"):
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
        self.wait("2 turns of 1 conversations were stored")
        self.wait("1 items were not imported")
        self.check("imported")
        self.click(self.find(".notice a.button"))
        self.wait("I play the cello")
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

    def test_5_erase(self):
        self.open("/persons/ann")
        self.click(self.find("a[href*='what=turn']"))
        self.wait("Erase this turn?")
        self.check("erase")
        self.click(self.find("button.danger"))
        self.wait("It is erased.")
        self.check("receipt")
        self.quiet()

    def test_6_by_keyboard_and_in_other_languages(self):
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
