//! Rounds that go through the facade: one client does something with a person, and what comes of it is held to the same done in
//! memory.

use anyhow::{Context, bail};
use proptest::prelude::RngExt;
use serde_json::Value;

use super::Simulation;
use super::mishap::Mishap;
use crate::lives::{Answer, Live, Timed};
use crate::protocol::{Ask, Failure, Named, Reply};

/// How often all that came of a person is looked at where nothing went wrong, and how often it is derived anew, in rounds.
const WHOLE: u64 = 4;
const REBUILT: u64 = 16;

/// How many receipts are kept.
const RECEIPTS: usize = 20;

impl Simulation {
    pub(super) fn live_round(&mut self) -> anyhow::Result<()> {
        if !self.late.is_empty() {
            // What was broken off cannot come back when something is written.
            self.check()?;
        }
        let named = Named { seed: self.seed, number: Some(self.counts.operations), low: (0, 0) };
        self.counts.operations += 1;
        let live = self.operations.live(named);
        let text = format!("{:?}", live.0);
        let name = format!("live {}", text.split('(').next().unwrap_or_default());
        let client = self.series.random_range(0..self.clients.len());
        let mishap = self.maybe_mishap(&[(client, name.clone())])?;
        let wrong = !matches!(mishap, Mishap::None);

        let fault = mishap.fault_of(client);
        self.clients[client].ask(Ask::Live(named), fault)?;
        self.strike(&mishap)?;
        let reply = self.clients[client].hear()?;
        let mut dead = if reply.is_none() { vec![client] } else { Vec::new() };
        self.went(client, &name, fault, reply.as_ref());
        self.revive(&mut dead, &mishap)?;
        if wrong && self.place.settles() {
            self.any_client().answer(Ask::Settle(Vec::new()))?;
        }
        let excused = mishap.excuses(client);
        self.answered(&live, reply, excused)
            .with_context(|| format!("after {live:?} by client {client}, {mishap:?}"))?;
        self.look_at_life(live.0.person(), wrong).with_context(|| format!("after {live:?}, {mishap:?}"))
    }

    /// Does the same in memory: what was answered must be answered there, and what was broken off was done or was not.
    fn answered(&mut self, live: &Timed, reply: Option<Reply>, excused: bool) -> anyhow::Result<()> {
        let failure = match reply.map(|reply| reply.said) {
            Some(Ok(said)) => {
                self.counts.answered += 1;
                let (answer, receipt): Answer = serde_json::from_str(&said)?;
                let (expect, _) = self.lives.apply(live)?;
                let same = match self.half_rebuilt.contains(&live.0.person()) {
                    true => without_memories(&answer) == without_memories(&expect),
                    false => answer == expect,
                };
                if !same {
                    bail!("answered {answer}\nand not {expect}");
                }
                if matches!(live.0, Live::Rebuild(..)) {
                    self.half_rebuilt.remove(&live.0.person());
                }
                self.keep(receipt);
                return Ok(());
            }
            Some(Err(failure)) => failure,
            None => Failure { taken_back: false, why: "killed".to_owned() },
        };
        if !excused {
            bail!("with nothing in its way it failed: {}", failure.why);
        }
        let n = live.0.person();
        if matches!(live.0, Live::Rebuild(..)) {
            self.half_rebuilt.insert(n);
        }
        let log = self.any_client().answer(Ask::Lived(n, false))?;
        // A correction is read back after it was written, which may fail by itself.
        let ends_with_its_write = matches!(live.0, Live::Say(..));
        if log == self.lives.log(n)? {
            self.counts.taken_back += u64::from(failure.taken_back);
            self.counts.in_doubt += u64::from(!failure.taken_back);
        } else if failure.taken_back && ends_with_its_write {
            bail!("it is done, and the store said that it was taken back: {}", failure.why);
        } else {
            self.counts.in_doubt += 1;
            self.counts.done += 1;
            self.lives.apply(live)?;
            let expect = self.lives.log(n)?;
            if log != expect {
                bail!("broken off ({}), and it left\n{log}\nwhich is not what was before, nor\n{expect}", failure.why);
            }
        }
        // How far it came beyond the log nobody knows; deriving goes on from anywhere.
        self.any_client().answer(Ask::Lived(n, true))?;
        self.lives.whole(n)?;
        self.check()
    }

    fn keep(&mut self, receipt: Option<Value>) {
        if let Some(receipt) = receipt {
            self.receipts.push_back(receipt.to_string());
            if self.receipts.len() > RECEIPTS {
                self.receipts.pop_front();
            }
        }
    }

    /// Whether all that came of a person is what it would be, also derived anew; and whether what they forgot is gone.
    fn look_at_life(&mut self, n: u8, wrong: bool) -> anyhow::Result<()> {
        if wrong || self.rounds.is_multiple_of(WHOLE) {
            let whole = self.any_client().answer(Ask::Lived(n, true))?;
            let expect = self.lives.whole(n)?;
            if whole != expect {
                bail!("what came of it is\n{whole}\nand not\n{expect}");
            }
            if self.rounds.is_multiple_of(REBUILT) {
                let rebuilt = self.lives.rebuilt(n)?;
                if rebuilt != expect {
                    bail!("what was derived is\n{expect}\nand derived anew\n{rebuilt}");
                }
            }
        }
        if wrong && !self.receipts.is_empty() {
            self.check()?;
            let receipt = self.receipts[self.series.random_range(0..self.receipts.len())].clone();
            let left = self.any_client().answer(Ask::Left(receipt.clone()))?;
            if !self.bytes_left && !left.is_empty() {
                bail!("{left}: that was forgotten, by the receipt {receipt}");
            }
        }
        Ok(())
    }
}

/// What was answered, without how many memories went with what was forgotten: of a rebuild that was broken off, those of the
/// method that does not serve are there until the next, and go as well.
fn without_memories(answer: &str) -> Result<Value, String> {
    let mut answer: Value = serde_json::from_str(answer).map_err(|_| answer.to_owned())?;
    answer.as_object_mut().map(|fields| fields.remove("memories"));
    Ok(answer)
}
