//! Forgetting: what is named is erased with all that came from it.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use kithkin_core::{
    Aged, ConversationId, Erased, Erasure, Seq, SessionId, SessionRef, StoredTurn, Turn, TurnId, TurnKey,
};
use kithkin_engine::Correction;

use crate::{Error, ForgetReport, Now, Person, Receipt};

/// What to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forget {
    /// Turns by id; the conversation where an id is there in several.
    Turns(Vec<TurnId>, Option<ConversationId>),
    /// A sitting by id; the conversation where the id is there in several.
    Session(SessionId, Option<ConversationId>),
    /// A conversation.
    Conversation(ConversationId),
    /// Everything, the person's name included.
    All,
}

impl Person<'_> {
    /// Erases turns and all that came from them; with `dry_run` only counts. The rest of the sessions that lost a turn is
    /// derived anew, as far as the models are there; [`Person::catch_up`] makes the vectors of it.
    ///
    /// # Errors
    /// No such person, turn, session or conversation, or an id that is there in several conversations.
    pub fn forget(&self, what: &Forget, dry_run: bool) -> Result<ForgetReport, Error> {
        if let Err(nobody) = self.known() {
            if *what == Forget::All && !dry_run {
                // An erasure that was cut off may have left the key of an encrypted store.
                self.kithkin().engine.store().erase(self.scope(), &Erasure::Person, false)?;
            }
            return Err(nobody);
        }
        let erasure = self.with_corrections(self.erasure(what)?)?;
        let erased = self.kithkin().engine.store().erase(self.scope(), &erasure, dry_run)?;
        if !dry_run {
            self.after_erasure(&erasure)?;
        }
        Ok(report(erased, dry_run))
    }

    /// The same, with a receipt, of which the hash stays in the tenant's chain of erasures: either both are done, or neither.
    ///
    /// # Errors
    /// As [`Person::forget`]; and where the system gives no random numbers, in which case nothing was erased.
    pub fn forget_with_receipt(&self, what: &Forget, now: Now) -> Result<ForgetReport, Error> {
        self.known()?;
        let at = self.moment(now)?.start();
        let erasure = self.with_corrections(self.erasure(what)?)?;
        let log = self.log()?;
        let turns = named(&log, &erasure);
        let last = self.kithkin().engine.store().pulse(self.scope())?.map_or(0, |pulse| pulse.last_seq);
        let mut receipt = Receipt::of(self.scope(), &erasure, &turns, last, at)?;
        let note = &mut |erased: &Erased, entry| receipt.note(erased, entry);
        let erased = self.kithkin().engine.store().erase_noted(self.scope(), &erasure, at, note)?;
        self.after_erasure(&erasure)?;
        Ok(ForgetReport { receipt: Some(receipt), ..report(erased, false) })
    }

    /// Drops what is held of the person, and derives from what is left.
    pub(crate) fn after_erasure(&self, erased: &Erasure) -> Result<(), Error> {
        self.kithkin().engine.evict(self.scope());
        match self.method() {
            _ if *erased == Erasure::Person => Ok(()),
            Ok(method) => self.derive(&method, &mut |_| ControlFlow::Continue(())),
            // The next rebuild derives from what is left; the erasure itself is done.
            Err(Error::Rebuild { .. }) => Ok(()),
            Err(e) => Err(e),
        }
    }

    fn erasure(&self, what: &Forget) -> Result<Erasure, Error> {
        match what {
            Forget::All => Ok(Erasure::Person),
            Forget::Conversation(id) => {
                if self.log()?.iter().any(|t| t.turn.conversation == *id) {
                    return Ok(Erasure::Conversation(id.clone()));
                }
                Err(self.no_such("conversation", id.as_str()))
            }
            Forget::Session(id, within) => {
                let log = self.log()?;
                let named = log.iter().filter(|t| t.turn.session == *id).map(|t| t.turn.conversation.clone());
                let conversation = self.only("session", id.as_str(), named, within.as_ref())?;
                Ok(Erasure::Session(SessionRef { conversation, session: id.clone() }))
            }
            Forget::Turns(ids, within) => {
                let key = |id| self.turn_key(id, within.as_ref());
                Ok(Erasure::Turns(ids.iter().map(key).collect::<Result<_, _>>()?))
            }
        }
    }

    /// The erasure with the corrections that quote nothing but what it erases.
    pub(crate) fn with_corrections(&self, what: Erasure) -> Result<Erasure, Error> {
        if what == Erasure::Person {
            return Ok(what);
        }
        let log = self.log()?;
        if !log.iter().any(|told| Correction::of(&told.turn).is_some()) {
            return Ok(what);
        }
        let going = named(&log, &what);
        let keys: HashSet<TurnKey> = going.iter().map(|t| t.turn.key()).collect();
        let erased: HashSet<Seq> = going.iter().map(|t| t.seq).collect();
        let names: HashMap<Seq, TurnKey> = log.iter().map(|t| (t.seq, t.turn.key())).collect();
        let derived = self.derived_entries(&self.preset()?)?;
        let alone = kithkin_engine::corrections_left_alone(log, &derived, &erased);
        let more: Vec<TurnKey> = alone.iter().filter_map(|seq| names.get(seq).cloned()).collect();
        if more.iter().all(|key| keys.contains(key)) {
            return Ok(what);
        }
        let turns = keys.into_iter().chain(more).collect();
        Ok(match what {
            Erasure::Aged(aged) => Erasure::Aged(Aged { turns, ..aged }),
            _ => Erasure::Turns(turns),
        })
    }
}

fn report(erased: Erased, dry_run: bool) -> ForgetReport {
    let Erased { turns, memories, vectors, feedback, disclosures: _ } = erased;
    ForgetReport { turns, memories, vectors, feedback, dry_run, receipt: None }
}

/// The turns that an erasure takes: those that it names, with all tellings of each.
pub(crate) fn named<'a>(log: &'a [StoredTurn], what: &Erasure) -> Vec<&'a StoredTurn> {
    let is_named = |turn: &Turn| match what {
        Erasure::Turns(keys) | Erasure::Aged(Aged { turns: keys, .. }) => keys.contains(&turn.key()),
        Erasure::Session(of) => turn.conversation == of.conversation && turn.session == of.session,
        Erasure::Conversation(of) => turn.conversation == *of,
        Erasure::Person => true,
    };
    let keys: HashSet<TurnKey> = log.iter().filter(|t| is_named(&t.turn)).map(|t| t.turn.key()).collect();
    log.iter().filter(|t| keys.contains(&t.turn.key())).collect()
}
