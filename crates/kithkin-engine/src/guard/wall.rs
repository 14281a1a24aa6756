//! A chat model behind a policy: what a rule withholds does not get through to it.
//!
//! It looks at words only, in all of the request but its instructions; topics and kinds belong to entries, which are taken before. It is the last
//! wall, not the first: a request that it refuses is lost, where a turn that was taken before only is not shown.

use std::ops::ControlFlow;

use kithkin_core::{ChatError, ChatModel, ChatReply, ChatRequest, ChatRole, Purpose, TokenLikelihood};

use super::Policy;

/// Escapes in JSON that stand for white space or signs; with them read, no word hides behind one.
const ESCAPES: [&str; 4] = ["\\n", "\\r", "\\t", "\\\""];

/// A chat model, and what keeps requests from it.
#[derive(Debug)]
pub(crate) struct Walled<'a> {
    inner: &'a dyn ChatModel,
    policy: &'a Policy,
    purpose: Purpose,
    /// The message that is answered: its own words may come through.
    own: &'a str,
}

impl<'a> Walled<'a> {
    /// The model behind the policy, for this purpose and the answer to this message; empty where none is answered.
    pub(crate) fn new(inner: &'a dyn ChatModel, policy: &'a Policy, purpose: Purpose, own: &'a str) -> Self {
        Self { inner, policy, purpose, own }
    }

    fn check(&self, texts: &[&str]) -> Result<(), ChatError> {
        if self.policy.withhold.is_empty() {
            return Ok(());
        }
        for text in texts {
            let read = ESCAPES.iter().fold((*text).to_owned(), |text, escape| text.replace(escape, " "));
            let withheld = |text: &str| self.policy.withheld_word(self.purpose, text, self.own);
            if let Some(rule) = withheld(text).or_else(|| withheld(&read)) {
                let message = format!("the policy's rule {rule:?} withholds what it would be asked");
                return Err(ChatError::Refused { model: self.inner.model().to_owned(), message });
            }
        }
        Ok(())
    }

    /// Refuses a request that has a withheld word in it.
    pub(crate) fn check_request(&self, request: &ChatRequest) -> Result<(), ChatError> {
        // The instructions are the product's own and hold nothing of a person.
        let told = request.messages.iter().filter(|message| message.role != ChatRole::System);
        self.check(&told.map(|message| message.content.as_str()).collect::<Vec<_>>())
    }
}

impl ChatModel for Walled<'_> {
    fn model(&self) -> &str {
        self.inner.model()
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        self.check_request(request)?;
        self.inner.reply(request)
    }

    fn stream(
        &self,
        request: &ChatRequest,
        heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<ChatReply, ChatError> {
        self.check_request(request)?;
        self.inner.stream(request, heard)
    }

    fn likelihoods(&self, request: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        request.map_or(Ok(()), |request| self.check_request(request))?;
        self.check(&[text])?;
        self.inner.likelihoods(request, text)
    }
}

#[cfg(test)]
mod tests {
    use kithkin_core::ChatMessage;

    use super::*;
    use crate::chat::Scripted;

    #[test]
    fn a_request_with_a_withheld_word_is_refused() {
        let policy = Policy::parse("p", "[[withhold]]\nname = \"health\"\nwords = [\"blood test\"]").unwrap();
        let model = Scripted::new(["fine"]);
        let check = |own: &str, content: &str, passes: bool| {
            let messages = vec![
                ChatMessage::new(ChatRole::System, "Answer as if after a blood test."),
                ChatMessage::new(ChatRole::User, content),
            ];
            let request = ChatRequest { messages, max_tokens: 9, temperature: 0.0, schema: None };
            let walled = Walled::new(&model, &policy, Purpose::Reply, own);
            let (before, reply) = (model.asked().len(), walled.reply(&request));
            assert_eq!(reply.is_ok(), passes, "{content}");
            assert_eq!(walled.likelihoods(Some(&request), "x").is_ok(), passes);
            assert_eq!(walled.stream(&request, &mut |_| ControlFlow::Continue(())).is_ok(), passes);
            assert_eq!(model.asked().len() - before, if passes { 2 } else { 0 });
        };
        check("", "How are you?", true);
        check("", "{\"text\":\"A blood\\ntest.\"}", false);
        check("My blood test is bad.", "My blood test is bad.", true);
        check("My blood is bad.", "My blood test is bad.", false);
        assert!(Walled::new(&model, &policy, Purpose::Reply, "").likelihoods(None, "a blood test").is_err());
    }
}
