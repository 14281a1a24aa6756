//! Retention: turns that have been kept for as long as a rule allows are erased, with all that came from them.
//!
//! When it is looked for them, and whose rules these are, is not decided here. What a person agreed to, or no longer agrees
//! to, is kept by every rule: without it, data could be used again that they had withdrawn.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::path::Path;

use kithkin_core::{
    Decided, Erased, Erasure, Millis, Noted, PersonId, Role, Scope, StoreError, StoredTurn, TenantId, TurnKey,
};
use kithkin_engine::{Consent, EngineError};
use serde::{Deserialize, Serialize};

use crate::forget::named;
use crate::receipts::Receipts;
use crate::reports::instant;
use crate::{Error, Kithkin, Now, OnPassed, Passed, Person, Receipt};

const DAY: Millis = 86_400_000;
/// How far the clocks of machine and database may be apart, in milliseconds.
const CLOCKS_APART: u64 = 3_600_000;
/// So many turns are erased at once: the store rewrites what it has to once for all of them, and writers wait meanwhile.
const AT_ONCE: usize = 10_000;
/// Of so many persons at once where receipts are kept: each is on the disk before the transaction ends, and writers wait.
const WITH_RECEIPTS: usize = 100;

/// How long turns are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// For how many days since the last telling of a turn was stored, whenever it was said.
    pub days: NonZeroU32,
    /// Of which tenant; of every one where none is named.
    #[serde(default)]
    pub tenant: Option<TenantId>,
    /// Only what somebody in this role said; everything where none is named.
    #[serde(default)]
    pub role: Option<Role>,
}

impl Retention {
    fn is_over(&self, told: &StoredTurn, now: Millis) -> bool {
        self.role.is_none_or(|role| told.turn.role == role) && told.recorded_at < self.since(now)
    }

    /// What was stored before is not kept.
    fn since(&self, now: Millis) -> Millis {
        now.saturating_sub(Millis::from(self.days.get()) * DAY)
    }
}

/// How it is looked for what is no longer kept.
#[derive(Debug, Clone, Copy)]
pub struct Retain<'a> {
    /// The rules; of another tenant's none is heeded.
    pub rules: &'a [Retention],
    /// What the present is.
    pub now: Now,
    /// A folder that gets a receipt for each person who loses a turn, of which the hash is in the tenant's chain of erasures.
    /// It must be there, and each receipt is in it before its erasure is done. Without one nothing is added to the chain.
    pub receipts: Option<&'a Path>,
    /// Only counts.
    pub dry_run: bool,
}

/// What of a person is over.
struct Over {
    decided: Decided,
    turns: usize,
    receipt: Option<Receipt>,
}

/// What was erased because it had been kept for long enough, or would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RetentionReport {
    /// Persons who lost a turn.
    pub persons: u64,
    /// Turns, counting every version.
    pub turns: u64,
    /// Memories that came from them.
    pub memories: u64,
    /// Vectors of both.
    pub vectors: u64,
    /// Feedback on recalls that had shown them.
    pub feedback: u64,
    /// Persons who were written meanwhile, and are left for the next time.
    pub left: u64,
    /// Persons whose log cannot be read, being damaged or without its key: nothing of theirs went, and `kithkin doctor` says
    /// why.
    pub unreadable: u64,
    /// Receipts that were put into the folder for them.
    pub receipts: u64,
    /// Whether it was only counted.
    pub dry_run: bool,
}

impl RetentionReport {
    fn add(&mut self, Erased { turns, memories, vectors, feedback }: Erased) {
        self.persons += u64::from(turns > 0);
        self.turns += turns;
        self.memories += memories;
        self.vectors += vectors;
        self.feedback += feedback;
    }
}

impl Kithkin {
    /// Erases what the rules for the tenant no longer keep. Who has nothing left is erased with the name. The log of each
    /// person is read whose first turn may be over.
    ///
    /// # Errors
    /// The store failed, or `on` stopped it: what was erased by then is, with its receipts. With [`Now::Clock`], the clocks of
    /// this machine and of the database are more than an hour apart, or the folder for receipts cannot be used: then nothing
    /// was erased.
    pub fn retain(&self, tenant: &TenantId, how: &Retain<'_>, on: OnPassed<'_>) -> Result<RetentionReport, Error> {
        let of_tenant = |rule: &&Retention| rule.tenant.as_ref().is_none_or(|of| of == tenant);
        let rules: Vec<&Retention> = how.rules.iter().filter(of_tenant).collect();
        let mut report = RetentionReport { dry_run: how.dry_run, ..RetentionReport::default() };
        if rules.is_empty() {
            return Ok(report);
        }
        let now = match how.now {
            Now::At(time) => time.start(),
            Now::Clock => self.agreed_time()?,
        };
        let folder = how.receipts.filter(|_| !how.dry_run);
        let mut receipts = folder.map(|folder| Receipts::open(folder, self.engine.store())).transpose()?;
        let most = if receipts.is_some() { WITH_RECEIPTS } else { usize::MAX };
        let persons: Vec<PersonId> = self.person_ids(tenant)?;
        let (mut over, mut turns) = (Vec::new(), 0);
        for (done, person) in persons.iter().enumerate() {
            if on(Passed { persons: done as u64, of: persons.len() as u64 }).is_break() {
                return Err(EngineError::Stopped.into());
            }
            let person = self.person(&Scope::new(tenant.clone(), person.clone()));
            match person.outlived(&rules, now, receipts.is_some()) {
                Ok(Some(one)) => {
                    turns += one.turns;
                    over.push(one);
                }
                Ok(None) => {}
                Err(Error::Engine(EngineError::Store(StoreError::Damaged { .. } | StoreError::KeyGone { .. }))) => {
                    report.unreadable += 1;
                }
                Err(e) => return Err(e),
            }
            if turns >= AT_ONCE || over.len() >= most {
                self.end(std::mem::take(&mut over), receipts.as_mut(), &mut report)?;
                turns = 0;
            }
        }
        self.end(over, receipts.as_mut(), &mut report)?;
        Ok(report)
    }

    /// What the machine's clock says, where the database's says about the same: by a clock that is ahead, everything would
    /// be old.
    fn agreed_time(&self) -> Result<Millis, Error> {
        let here = self.clock.now();
        match self.engine.store().clock()? {
            Some(there) if here.abs_diff(there) > CLOCKS_APART => {
                Err(Error::ClocksDiffer { here: instant(here), there: instant(there) })
            }
            _ => Ok(here),
        }
    }

    /// Erases, or counts, what is over.
    fn end(&self, over: Vec<Over>, receipts: Option<&mut Receipts>, report: &mut RetentionReport) -> Result<(), Error> {
        let store = self.engine.store();
        if report.dry_run {
            for Decided { scope, what, .. } in over.iter().map(|one| &one.decided) {
                report.add(store.erase(scope, what, true)?);
            }
            return Ok(());
        }
        let (decided, noted): (Vec<Decided>, Vec<Option<Receipt>>) =
            over.into_iter().map(|one| (one.decided, one.receipt)).unzip();
        let erased = match receipts {
            None => store.erase_decided(&decided, None)?,
            Some(receipts) => self.erase_with_receipts(&decided, noted, receipts, report)?,
        };
        for (one, erased) in decided.iter().zip(erased) {
            match erased {
                Some(erased) => {
                    report.add(erased);
                    self.person(&one.scope).after_erasure(&one.what)?;
                }
                None => report.left += 1,
            }
        }
        Ok(())
    }

    /// Erases, each with its receipt.
    fn erase_with_receipts(
        &self,
        decided: &[Decided],
        mut noted: Vec<Option<Receipt>>,
        receipts: &mut Receipts,
        report: &mut RetentionReport,
    ) -> Result<Vec<Option<Erased>>, Error> {
        let store = self.engine.store();
        let mut put = |place: usize, erased: &Erased, entry| match noted.get_mut(place) {
            Some(Some(receipt)) => {
                let hash = receipt.note(erased, entry);
                receipts.put(receipt).map(|()| hash)
            }
            _ => Err(StoreError::Engine {
                place: "the list of erasures".to_owned(),
                doing: "writing a receipt",
                why: format!("there is none of the erasure {place}"),
            }),
        };
        let erased = store.erase_decided(decided, Some(Noted { at: self.clock.now(), receipt: &mut put }));
        if let Ok(erased) = &erased {
            let done = noted.iter().flatten().zip(erased).filter(|(_, one)| one.is_some_and(|one| !one.is_nothing()));
            for (receipt, _) in done {
                receipts.keep(receipt)?;
                report.receipts += 1;
            }
        }
        // What the store says comes first.
        let settled = receipts.settle(store);
        let erased = erased?;
        settled.map(|()| erased)
    }
}

impl Person<'_> {
    /// What of the person is over by a rule.
    fn outlived(&self, rules: &[&Retention], now: Millis, with_receipt: bool) -> Result<Option<Over>, Error> {
        let latest = rules.iter().map(|rule| rule.since(now)).max().unwrap_or(Millis::MIN);
        if !self.may_be_over(latest)? {
            return Ok(None);
        }
        let log = self.log()?;
        // By the last telling: one that was told again is as old as that.
        let mut current: HashMap<TurnKey, &StoredTurn> = HashMap::new();
        for told in &log {
            current.insert(told.turn.key(), told);
        }
        let is_over =
            |told: &StoredTurn| Consent::of(&told.turn).is_none() && rules.iter().any(|rule| rule.is_over(told, now));
        let mut over: Vec<TurnKey> =
            current.iter().filter(|(_, told)| is_over(told)).map(|(key, _)| key.clone()).collect();
        let (Some(last), false) = (log.last(), over.is_empty()) else { return Ok(None) };
        let (upto, turns) = (last.seq, over.len());
        let what = if turns == current.len() {
            Erasure::Person
        } else {
            over.sort_unstable();
            self.with_corrections(Erasure::Turns(over))?
        };
        let (scope, at) = (self.scope(), self.kithkin().clock.now());
        let receipt = with_receipt.then(|| Receipt::of(scope, &what, &named(&log, &what), upto.0, at)).transpose()?;
        Ok(Some(Over { decided: Decided { scope: scope.clone(), what, upto }, turns, receipt }))
    }

    /// Whether the first turn of the log was stored before; those that follow were not, unless a clock went back.
    fn may_be_over(&self, before: Millis) -> Result<bool, Error> {
        let mut is_over = false;
        let mut first = |told: StoredTurn| {
            is_over = told.recorded_at < before;
            ControlFlow::Break(())
        };
        self.kithkin().engine.store().scan_turns(self.scope(), 0, &mut first)?;
        Ok(is_over)
    }
}
