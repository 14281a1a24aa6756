//! The client against a real HTTP server on loopback that answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use kithkin_core::{ChatMessage, ChatRole};
use serde_json::json;

use super::*;

/// A server that gives these answers, each to one connection, and keeps the requests.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    running: JoinHandle<()>,
}

impl Server {
    fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let running = std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while reader.read_line(&mut head).unwrap() > 2 {}
                let length = head.to_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut body).unwrap();
                kept.lock().unwrap().push(format!("{head}{}", String::from_utf8(body).unwrap()));
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { url, asked, running }
    }

    fn model(&self) -> OpenAi {
        let mut endpoint = OpenAiEndpoint::new(&self.url, "small", Some(ChatKey::new("sk-secret").unwrap()));
        endpoint.timeout = Duration::from_millis(400);
        let mut model = OpenAi::new(endpoint).unwrap();
        model.pauses.first = Duration::from_millis(1);
        model
    }

    fn end(self) -> Vec<String> {
        self.running.join().unwrap();
        Arc::into_inner(self.asked).unwrap().into_inner().unwrap()
    }
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn said(text: &str) -> String {
    answer("200 OK", &json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).to_string())
}

fn events(events: &[&str]) -> String {
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{body}")
}

fn piece(text: &str) -> String {
    json!({"choices": [{"delta": {"content": text}}]}).to_string()
}

fn request(schema: bool) -> ChatRequest {
    let messages = vec![ChatMessage::new(ChatRole::User, "Is the cat called Miso? 猫")];
    ChatRequest { messages, max_tokens: 10, temperature: 0.0, schema: schema.then(|| json!({"type": "object"})) }
}

/// What came of a request, and how often it was made.
fn check(answers: &[&str], expect: &str, made: usize) {
    let server = Server::start(answers);
    let got = match server.model().reply(&request(true)) {
        Ok(reply) => reply.text,
        Err(error) => format!("{error:?} {error}"),
    };
    assert!(got.contains(expect) && !got.contains("sk-secret"), "{got}");
    assert_eq!(server.end().len(), made, "{expect}");
}

#[test]
fn the_request_is_as_endpoints_expect_it() {
    let server = Server::start(&[&said("Yes.")]);
    assert_eq!(server.model().reply(&request(true)).unwrap(), ChatReply::whole("Yes."));
    let asked = server.end().remove(0);
    for part in ["POST /v1/chat/completions HTTP/1.1", "authorization: bearer sk-secret", "\"model\":\"small\"", "猫"]
    {
        assert!(asked.to_lowercase().contains(&part.to_lowercase()), "{asked}");
    }
}

#[test]
fn what_may_succeed_later_is_tried_again() {
    let busy = "HTTP/1.1 429 Too Many\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let broken = answer("503 Unavailable", "{\"error\":{\"message\":\"loading\"}}");
    check(&[busy, &broken, &said("Yes.")], "Yes.", 3);
    check(&[busy; 4], "429: without a word); try later", 4);
    let later = "HTTP/1.1 429 Too Many\r\nRetry-After: 900\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    check(&[later], "Failed", 1);
}

#[test]
fn what_will_not_succeed_is_told_at_once() {
    let wrong_key = answer("401 Unauthorized", "{\"error\":{\"message\":\"Incorrect key sk-secret\"}}");
    check(&[&wrong_key], "Incorrect key …); set KITHKIN_CHAT_KEY", 1);
    check(&[&answer("404 Not Found", "{\"error\":\"no model small\"}")], "no model small); look at --chat-url", 1);
    check(&["HTTP/1.1 302 Found\r\nLocation: http://example.org/\r\nContent-Length: 0\r\n\r\n"], "Unusable", 1);
    check(&[&answer("400 Bad Request", "{\"error\":{\"message\":\"too long\"}}")], "Refused", 1);
    check(&[&answer("200 OK", "<html>")], "the reply cannot be read", 1);
    check(&[&answer("200 OK", "{\"choices\":[]}")], "no choices", 1);
    check(&["HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{\"cho"], "the reply broke off", 1);
}

#[test]
fn an_endpoint_without_schemas_is_asked_without() {
    let refused = answer("400 Bad Request", "{\"error\":{\"message\":\"unknown field response_format\"}}");
    let server = Server::start(&[&refused, &said("Yes.")]);
    assert_eq!(server.model().reply(&request(true)).unwrap().text, "Yes.");
    let asked = server.end();
    assert!(asked[0].contains("response_format") && !asked[1].contains("response_format"));
}

#[test]
fn a_stream_is_heard_piece_by_piece() {
    let check = |events_: &[&str], expect: &str, heard: &[&str]| {
        let server = Server::start(&[&events(events_)]);
        let mut pieces = Vec::new();
        let got = server.model().stream(&request(false), &mut |piece| {
            pieces.push(piece.to_owned());
            if piece == "enough" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let got = match got {
            Ok(reply) => format!("{} cut:{} {:?}", reply.text, reply.cut, reply.usage.map(|u| u.completion_tokens)),
            Err(error) => format!("{error:?}"),
        };
        assert!(got.contains(expect), "{got}");
        assert_eq!(pieces, heard);
        server.end();
    };
    let (yes, miso) = (piece("Yes, "), piece("Miso 🐈."));
    let stop = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    let length = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}";
    let usage = "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}";
    check(&[&yes, &miso, stop, usage, "[DONE]"], "Yes, Miso 🐈. cut:false Some(4)", &["Yes, ", "Miso 🐈."]);
    check(&[&yes, length, "[DONE]"], "cut:true", &["Yes, "]);
    check(&[&piece("enough"), &miso, stop], "enough cut:true None", &["enough"]);
    check(&[&yes], "broke off after 5 characters", &["Yes, "]);
    check(&[&yes, "{\"error\":{\"message\":\"out of memory\"}}"], "out of memory", &["Yes, "]);
    check(&[&yes, "{\"cho"], "cannot be read", &["Yes, "]);
}

#[test]
fn a_silent_endpoint_and_one_that_is_not_there_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut endpoint = OpenAiEndpoint::new(format!("http://{address}/v1/"), "small", None);
    endpoint.timeout = Duration::from_millis(50);
    let mut model = OpenAi::new(endpoint).unwrap();
    model.pauses.first = Duration::from_millis(1);
    let error = model.reply(&request(false)).unwrap_err().to_string();
    assert!(error.contains("no answer") && error.contains("--chat-timeout"), "{error}");
    drop(listener);
    let error = model.reply(&request(false)).unwrap_err().to_string();
    assert!(error.contains("no connection") && error.contains(&address.to_string()), "{error}");
}

#[test]
fn an_address_that_is_none_is_told() {
    let check = |url: &str, model: &str, expect: &str| {
        let error = OpenAi::new(OpenAiEndpoint::new(url, model, None)).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("localhost:8080", "small", "http://localhost:8080/v1");
    check("", "small", "no address");
    check("http://", "small", "no address");
    check("http://a b", "small", "no address");
    check("http://localhost:8080/v1", " ", "--chat-model");
}
