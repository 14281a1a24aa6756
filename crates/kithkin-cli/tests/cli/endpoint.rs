//! A small OpenAI-compatible endpoint on loopback: it answers with what a function makes of each request, and streams
//! it where the request says so.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// An endpoint that runs as long as the test.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Endpoint {
    /// Answers each request with what `reply` makes of the words of its last message; `None` breaks the stream off.
    pub(crate) fn start(reply: impl Fn(&str) -> Option<String> + Send + 'static) -> Self {
        Self::answering(move |body| {
            reply(body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap())
        })
    }

    /// The same with what `reply` makes of the whole body.
    pub(crate) fn answering(reply: impl Fn(&Value) -> Option<String> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let body = read(&stream);
                let (streams, answer) = (body["stream"] == true, reply(&body));
                kept.lock().unwrap().push(body);
                match answer {
                    Some(reply) if !streams => whole(&mut stream, &reply),
                    reply => write(&mut stream, reply),
                }
            }
        });
        Self { url, asked }
    }

    /// The bodies of the requests so far.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Value {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap()];
    reader.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn whole(stream: &mut TcpStream, reply: &str) {
    let body = json!({
        "choices": [{ "message": { "role": "assistant", "content": reply }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 20, "completion_tokens": 5 },
    });
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
}

/// Word by word, as models do.
fn write(stream: &mut TcpStream, reply: Option<String>) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    let whole = reply.is_some();
    let pieces = reply.unwrap_or_else(|| "It is".to_owned());
    let event = |delta: Value| format!("data: {}\n\n", json!({ "choices": [delta] }));
    let mut body: String =
        pieces.split_inclusive(' ').map(|piece| event(json!({ "delta": { "content": piece } }))).collect();
    if whole {
        body += &event(json!({ "delta": {}, "finish_reason": "stop" }));
        body += "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 20, \"completion_tokens\": 5}}\n\n";
        body += "data: [DONE]\n\n";
    }
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
}
