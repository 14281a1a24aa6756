//! Lossless export of a person: the log, the method and the feedback, one JSON object a line.

use std::io::Write;

use crate::import::kithkin as format;
use crate::{Error, Person};

impl Person<'_> {
    /// Writes the person out; `import` with the format `kithkin` makes an equal person of it. Gives how many turns were
    /// written. Derived data is left out: it is made again.
    ///
    /// # Errors
    /// No such person, or `out` (named `path` in the error) cannot be written.
    pub fn export(&self, out: &mut dyn Write, path: &str) -> Result<u64, Error> {
        self.known()?;
        let wrong = |e: std::io::Error| Error::Write { path: path.to_owned(), why: e.to_string() };
        let log = self.log()?;
        let method = self.kithkin().engine.store().binding(self.scope())?;
        let feedback = self.feedback_records(&log)?;
        let (turns, given) = (log.len() as u64, feedback.len() as u64);
        let header = format::Header { person: self.scope().person.clone(), method, turns, feedback: given };
        format::write_header(out, &header).map_err(wrong)?;
        for turn in &log {
            format::write_turn(out, turn).map_err(wrong)?;
        }
        for record in feedback {
            format::write_feedback(out, record).map_err(wrong)?;
        }
        out.flush().map_err(wrong)?;
        Ok(log.len() as u64)
    }
}
