//! A chat model that answers from a recording.
//!
//! It finds the answer by the hash of the request and never makes one up: what was not recorded is an error. It writes no
//! recording.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use kithkin_core::{ChatError, ChatModel, ChatReply, ChatRequest};
use serde::Deserialize;

/// How much of a prompt an error shows, in characters.
const SHOWN: usize = 120;

/// A line of a recording; what else it says is for the reader of the file.
#[derive(Deserialize)]
struct Line {
    request: String,
    reply: String,
}

/// A recording.
#[derive(Debug)]
pub(super) struct Recorded {
    /// The file: what the model is called.
    name: String,
    /// The number of the line and the reply to each request.
    replies: HashMap<String, (usize, String)>,
}

impl Recorded {
    /// Reads a recording whole.
    pub(super) fn open(path: &Path) -> Result<Self, ChatError> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => ChatError::Missing {
                message: format!("the recorded answers are missing: no {shown}; name the file as --chat recorded:FILE"),
            },
            _ => ChatError::Unusable { message: format!("{shown} cannot be read: {e}") },
        })?;
        let mut replies: HashMap<String, (usize, String)> = HashMap::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |why: String| ChatError::Unusable { message: format!("{shown}, line {number}: {why}") };
            let line: Line = serde_json::from_str(line).map_err(|e| {
                wrong(format!("{e}; a line is {{\"request\": \"hash\", \"prompt\": \"…\", \"reply\": \"…\"}}"))
            })?;
            if let Some((former, reply)) = replies.get(&line.request)
                && *reply != line.reply
            {
                return Err(wrong(format!("it answers the request of line {former} in another way; keep one of both")));
            }
            replies.insert(line.request, (number, line.reply));
        }
        Ok(Self { name: format!("recorded:{shown}"), replies })
    }
}

impl ChatModel for Recorded {
    fn model(&self) -> &str {
        &self.name
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let hash = request.hash();
        match self.replies.get(&hash) {
            Some((_, reply)) => Ok(ChatReply::whole(reply)),
            None => {
                // The last message is what differs from request to request; instructions come first.
                let prompt = request.messages.last().map_or("", |message| message.content.as_str());
                let prompt: String = prompt.chars().take(SHOWN).collect();
                let name = &self.name;
                let message = format!(
                    "{name} has no reply to the request {hash}; add a line with one. Its prompt begins: {prompt}"
                );
                Err(ChatError::Missing { message })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kithkin_core::{Blame, ChatMessage, ChatRole};

    use super::*;

    fn request(text: &str) -> ChatRequest {
        let messages = vec![ChatMessage::new(ChatRole::User, text)];
        ChatRequest { messages, max_tokens: 10, temperature: 0.0, schema: None }
    }

    fn opened(text: &str) -> Result<Recorded, ChatError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.jsonl");
        std::fs::write(&path, text).unwrap();
        Recorded::open(&path)
    }

    #[test]
    fn what_was_recorded_is_replayed_and_nothing_else() {
        let line = format!("{{\"request\": {:?}, \"prompt\": \"hi\", \"reply\": \"hello\"}}\n", request("hi").hash());
        let recorded = opened(&format!("\n{line}{line}")).unwrap();
        assert_eq!(recorded.reply(&request("hi")).unwrap().text, "hello");
        let error = recorded.reply(&request("who are you?")).unwrap_err();
        assert_eq!(error.blame(), Blame::Missing);
        for part in ["answers.jsonl", &request("who are you?").hash(), "who are you?"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        let check = |text: &str, says: &[&str]| {
            let error = opened(text).unwrap_err().to_string();
            assert!(says.iter().all(|part| error.contains(part)), "{error}");
        };
        let good = "{\"request\": \"a\", \"prompt\": \"\", \"reply\": \"b\"}\n";
        check("hello", &["answers.jsonl, line 1", "a line is {\"request\""]);
        check(&format!("{good}{{\"request\": \"a\"}}"), &["line 2", "missing field `reply`"]);
        check(&format!("{good}{{\"request\": \"c\", \"reply\": 7}}"), &["line 2", "integer `7`"]);
        check(&format!("{good}{}", good.replace("\"b\"", "\"c\"")), &["line 2", "line 1", "keep one"]);
        let missing = Recorded::open(Path::new("nowhere.jsonl")).unwrap_err();
        assert_eq!((missing.blame(), missing.to_string().contains("nowhere.jsonl")), (Blame::Missing, true));
    }
}
