//! A prompt-ready block of what is remembered: quoted, dated, cited, within a token budget.

use kithkin_engine::estimated_tokens;
use serde::Serialize;

use crate::quote::{CLOSE, OPEN, quoted};
use crate::reports::EvidenceReport;
use crate::{Error, Person, Recall};

/// Turns that are considered for a block. A block of 1,500 tokens rarely holds more than 40.
const CONSIDERED: usize = 64;

/// A turn that the block quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// The turn's id within its conversation.
    pub turn: String,
    /// Its conversation.
    pub conversation: String,
}

/// A block for a prompt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Context {
    /// The block; empty when nothing that is remembered answers the message, so that the prompt is as it would be
    /// without a memory.
    pub text: String,
    /// An estimate of its tokens: a quarter of the bytes of Latin text, one for each character beyond it.
    pub tokens: usize,
    /// The turns that it quotes, in its order.
    pub citations: Vec<Citation>,
    /// How many of the found turns did not fit.
    pub left_out: usize,
    /// How likely the evidence can answer, 0 to 1.
    pub answerable: f32,
    /// Whether recall abstained.
    pub abstain: bool,
    /// The method that ran.
    pub method: String,
}

impl Person<'_> {
    /// The block for a message, of at most `tokens` tokens: the best turns that fit, in the order of time.
    ///
    /// # Errors
    /// As [`Person::recall`].
    pub fn context(&self, message: &Recall, tokens: usize) -> Result<Context, Error> {
        let report = self.recall(&Recall { limit: CONSIDERED, ..message.clone() })?;
        let mut context = Context {
            text: String::new(),
            tokens: 0,
            citations: Vec::new(),
            left_out: 0,
            answerable: report.answerable,
            abstain: report.abstain,
            method: report.method,
        };
        if report.abstain {
            return Ok(context);
        }
        let frame = estimated_tokens(OPEN) + estimated_tokens(CLOSE);
        let mut used = frame;
        let mut chosen: Vec<(&EvidenceReport, String)> = Vec::new();
        for evidence in &report.evidence {
            let line = line(evidence);
            let cost = estimated_tokens(&line);
            if used + cost <= tokens {
                used += cost;
                chosen.push((evidence, line));
            } else {
                context.left_out += 1;
            }
        }
        if chosen.is_empty() {
            return Ok(context);
        }
        chosen.sort_by(|(a, _), (b, _)| a.said_at.cmp(&b.said_at));
        let lines: Vec<&str> = chosen.iter().map(|(_, line)| line.as_str()).collect();
        context.text = format!("{OPEN}\n{}\n{CLOSE}", lines.join("\n"));
        context.tokens = used;
        context.citations = chosen
            .iter()
            .map(|(e, _)| Citation { turn: e.turn.clone(), conversation: e.conversation.clone() })
            .collect();
        Ok(context)
    }
}

/// `[D1:3] 2023-05-08T13:56 Ann: "I went there yesterday."`, always one line.
fn line(evidence: &EvidenceReport) -> String {
    let captions: String =
        evidence.attachments.iter().filter_map(|a| a.caption.as_deref()).map(|c| format!(" ({})", quoted(c))).collect();
    format!(
        "[{}] {} {}: \"{}\"{captions}",
        quoted(&evidence.turn),
        evidence.said_at.as_deref().unwrap_or("undated"),
        quoted(&evidence.speaker),
        quoted(&evidence.text)
    )
}
