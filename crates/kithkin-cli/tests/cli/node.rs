//! A service that runs beside the tests, spoken to over its socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::harness::{Place, evidence};

/// A running service, stopped when it is dropped.
pub(crate) struct Node {
    process: Child,
    address: String,
}

impl Node {
    pub(crate) fn start(place: &Place, options: &[&str]) -> Self {
        let mut command = place.command(options);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        // Nobody reads the log after its first line: a service goes on all the same.
        BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap_or_else(|| panic!("{line}"));
        let address = address.split(';').next().unwrap().to_owned();
        Self { process, address }
    }

    /// The status and the body of an answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (
            status,
            answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default(),
        )
    }

    pub(crate) fn says(&self, person: &str, text: &str) {
        let turns = json!({ "turns": [{ "text": text }] });
        let (status, answer) = self.ask("POST", &format!("/v1/persons/{person}/turns"), &turns);
        assert!((200..300).contains(&status), "{answer}");
    }

    pub(crate) fn recalls(&self, person: &str, question: &str) -> usize {
        let question = json!({ "question": question, "method": "bm25" });
        let (status, answer) = self.ask("POST", &format!("/v1/persons/{person}/recall"), &question);
        if status == 404 { 0 } else { evidence(&answer).len() }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
