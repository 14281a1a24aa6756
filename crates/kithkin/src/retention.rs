//! Retention: turns, feedback and disclosures that have been kept for as long as a rule allows are erased, with all that came
//! from them.
//!
//! When it is looked for them, and whose rules these are, is not decided here. What a person agreed to, or no longer agrees
//! to, is kept by every rule: without it, data could be used again that they had withdrawn.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::path::Path;

use kithkin_core::{
    Aged, Decided, Erased, Erasure, Millis, Noted, PersonId, Role, Scope, Seq, StoreError, StoredTurn, TenantId,
    TurnKey,
};
use kithkin_engine::{Consent, EngineError};
use serde::{Deserialize, Serialize};

use crate::forget::named;
use crate::receipts::Receipts;
use crate::reports::instant;
use crate::{Error, Kithkin, Now, OnPassed, Passed, Person, Receipt};

const DAY: Millis = 86_400_000;
/// How far the clocks of machine and database may be apart, in milliseconds.
const CLOCKS_APART: Millis = 3_600_000;
/// So many turns, or pieces of feedback and disclosures, are erased at once: the store rewrites what it has to once for all of
/// them, and writers wait meanwhile.
const AT_ONCE: usize = 10_000;
/// Of so many persons at once where receipts are kept: each is on the disk before the transaction ends, and writers wait.
const WITH_RECEIPTS: usize = 100;

/// How long something is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Retention {
    /// For how many days since it was stored; of a turn, since the last telling of it was, whenever it was said.
    pub days: NonZeroU32,
    /// Of which tenant; of every one where none is named.
    pub tenant: Option<TenantId>,
    /// What.
    pub kept: Kept,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Turns: only what somebody in this role said, or everything where none is named.
    Turns(Option<Role>),
    /// Feedback, by when it was given.
    Feedback,
    /// The notes of what chat models were given, by when that was. What the budget of today may count is kept by every rule.
    Disclosures,
}

/// A rule as it is written: `kind` is `turns`, `feedback` or `disclosures`, and `role` goes with turns.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    days: NonZeroU32,
    #[serde(default)]
    tenant: Option<TenantId>,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    role: Option<Role>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Turns,
    Feedback,
    Disclosures,
}

/// A rule about what nobody says names a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "role goes with turns alone, since nobody says feedback or disclosures; leave it out, or take kind = \"turns\""
)]
pub struct RoleOfNoTurns;

impl TryFrom<Written> for Retention {
    type Error = RoleOfNoTurns;

    fn try_from(Written { days, tenant, kind, role }: Written) -> Result<Self, RoleOfNoTurns> {
        let kept = match (kind, role) {
            (Kind::Turns, role) => Kept::Turns(role),
            (Kind::Feedback, None) => Kept::Feedback,
            (Kind::Disclosures, None) => Kept::Disclosures,
            (_, Some(_)) => return Err(RoleOfNoTurns),
        };
        Ok(Self { days, tenant, kept })
    }
}

impl Retention {
    fn is_over(&self, told: &StoredTurn, now: Millis) -> bool {
        let is_meant = matches!(self.kept, Kept::Turns(role) if role.is_none_or(|role| told.turn.role == role));
        is_meant && told.recorded_at < self.since(now)
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

/// The rules for a tenant at a time.
struct Ages<'a> {
    rules: Vec<&'a Retention>,
    now: Millis,
    /// By the machine's clock.
    today: Millis,
}

impl Ages<'_> {
    /// Before which time something is over by a rule for it; the least where there is none.
    fn before(&self, is_meant: impl Fn(Kept) -> bool) -> Millis {
        let rules = self.rules.iter().filter(|rule| is_meant(rule.kept));
        rules.map(|rule| rule.since(self.now)).max().unwrap_or(Millis::MIN)
    }

    /// What is over beside turns. Disclosures of today, whatever the present is taken for, and on each node's clock, are what
    /// the budget of today counts.
    fn beside(&self, turns: Vec<TurnKey>) -> Aged {
        let counted = self.today.saturating_sub(DAY + CLOCKS_APART);
        Aged {
            turns,
            feedback_before: self.before(|kept| kept == Kept::Feedback),
            disclosures_before: self.before(|kept| kept == Kept::Disclosures).min(counted),
        }
    }

    /// The turns of a log that are over, in order, and whether these are all of it. By the last telling: one that was told
    /// again is as old as that.
    fn over(&self, log: &[StoredTurn]) -> (Vec<TurnKey>, bool) {
        let mut current: HashMap<TurnKey, &StoredTurn> = HashMap::new();
        for told in log {
            current.insert(told.turn.key(), told);
        }
        let is_over = |told: &StoredTurn| {
            Consent::of(&told.turn).is_none() && self.rules.iter().any(|rule| rule.is_over(told, self.now))
        };
        let mut over: Vec<TurnKey> =
            current.iter().filter(|(_, told)| is_over(told)).map(|(key, _)| key.clone()).collect();
        over.sort_unstable();
        let all = over.len() == current.len() && !over.is_empty();
        (over, all)
    }
}

/// What of a person is over.
struct Over {
    decided: Decided,
    /// About so many rows.
    rows: usize,
    /// Where one is asked for and a turn is over.
    receipt: Option<Receipt>,
}

/// What was erased because it had been kept for long enough, or would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RetentionReport {
    /// Persons who lost anything.
    pub persons: u64,
    /// Turns, counting every version.
    pub turns: u64,
    /// Memories that came from them.
    pub memories: u64,
    /// Vectors of both.
    pub vectors: u64,
    /// Feedback on recalls that had shown them, or that was over itself.
    pub feedback: u64,
    /// Disclosures, also those of persons who have nothing left.
    pub disclosures: u64,
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
    fn add(&mut self, erased: Erased) {
        let Erased { turns, memories, vectors, feedback, disclosures } = erased;
        self.persons += u64::from(!erased.is_nothing());
        self.disclosures += disclosures;
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
        let ages = Ages { rules, now, today: self.clock.now() };
        let (mut over, mut rows) = (Vec::new(), 0);
        for (done, person) in persons.iter().enumerate() {
            if on(Passed { persons: done as u64, of: persons.len() as u64 }).is_break() {
                return Err(EngineError::Stopped.into());
            }
            let person = self.person(&Scope::new(tenant.clone(), person.clone()));
            match person.outlived(&ages, receipts.is_some()) {
                Ok(Some(one)) => {
                    rows += one.rows;
                    over.push(one);
                }
                Ok(None) => {}
                Err(Error::Engine(EngineError::Store(StoreError::Damaged { .. } | StoreError::KeyGone { .. }))) => {
                    report.unreadable += 1;
                }
                Err(e) => return Err(e),
            }
            if rows >= AT_ONCE || over.len() >= most {
                self.end(std::mem::take(&mut over), receipts.as_mut(), &mut report)?;
                rows = 0;
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
            Some(there) if here.abs_diff(there) > CLOCKS_APART.unsigned_abs() => {
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
        let (mut noted, mut of_noted, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for Over { decided, receipt, .. } in over {
            match receipt {
                Some(receipt) => {
                    noted.push(decided);
                    of_noted.push(receipt);
                }
                None => plain.push(decided),
            }
        }
        if let Some(receipts) = receipts.filter(|_| !noted.is_empty()) {
            let erased = self.erase_with_receipts(&noted, of_noted, receipts, report)?;
            self.count(&noted, erased, report)?;
        }
        if plain.is_empty() {
            return Ok(());
        }
        let erased = store.erase_decided(&plain, None)?;
        self.count(&plain, erased, report)
    }

    /// Counts what was erased, and derives from what is left.
    fn count(
        &self,
        decided: &[Decided],
        erased: Vec<Option<Erased>>,
        report: &mut RetentionReport,
    ) -> Result<(), Error> {
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
        mut noted: Vec<Receipt>,
        receipts: &mut Receipts,
        report: &mut RetentionReport,
    ) -> Result<Vec<Option<Erased>>, Error> {
        let store = self.engine.store();
        let mut put = |place: usize, erased: &Erased, entry| match noted.get_mut(place) {
            Some(receipt) => {
                let hash = receipt.note(erased, entry);
                receipts.put(receipt).map(|()| hash)
            }
            None => Err(StoreError::Engine {
                place: "the list of erasures".to_owned(),
                doing: "writing a receipt",
                why: format!("there is none of the erasure {place}"),
            }),
        };
        let erased = store.erase_decided(decided, Some(Noted { at: self.clock.now(), receipt: &mut put }));
        if let Ok(erased) = &erased {
            let done = noted.iter().zip(erased).filter(|(_, one)| one.is_some_and(|one| !one.is_nothing()));
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
    fn outlived(&self, ages: &Ages<'_>, with_receipt: bool) -> Result<Option<Over>, Error> {
        let turns_before = ages.before(|kept| matches!(kept, Kept::Turns(_)));
        let log = if self.may_be_over(turns_before)? { self.log()? } else { Vec::new() };
        let (over, all) = ages.over(&log);
        if over.is_empty() {
            return self.outlived_beside(ages);
        }
        let rows = over.len();
        let upto = log.last().map_or(Seq(0), |last| last.seq);
        let what = if all { Erasure::Person } else { self.with_corrections(Erasure::Aged(ages.beside(over)))? };
        let (scope, at) = (self.scope(), self.kithkin().clock.now());
        let receipt = with_receipt.then(|| Receipt::of(scope, &what, &named(&log, &what), upto.0, at)).transpose()?;
        Ok(Some(Over { decided: Decided { scope: scope.clone(), what, upto }, rows, receipt }))
    }

    /// The same where no turn is over.
    fn outlived_beside(&self, ages: &Ages<'_>) -> Result<Option<Over>, Error> {
        let aged = ages.beside(Vec::new());
        if (aged.feedback_before, aged.disclosures_before) == (Millis::MIN, Millis::MIN) {
            return Ok(None);
        }
        let (scope, what) = (self.scope().clone(), Erasure::Aged(aged));
        let Erased { feedback, disclosures, .. } = self.kithkin().engine.store().erase(&scope, &what, true)?;
        let rows = usize::try_from(feedback + disclosures).unwrap_or(usize::MAX);
        // Whatever is told meanwhile is no feedback, and no disclosure.
        let decided = Decided { scope, what, upto: Seq(u64::MAX) };
        Ok((rows > 0).then_some(Over { decided, rows, receipt: None }))
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
