//! One person's records, and what each operation of a store does to them.

use std::collections::{BTreeMap, BTreeSet};

use kithkin_core::{
    Aged, Binding, DerivationId, DerivedSession, Disclosure, Erased, Erasure, Feedback, Memory, MemoryId, Millis,
    Outcome, PersonId, PersonSummary, Pulse, Records, Seq, SessionRef, StoredDisclosure, StoredFeedback, StoredMemory,
    StoredTurn, Turn, TurnKey, UnitId, VectorCount, VectorSpace,
};

/// Everything that is kept of a person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) pulse: Pulse,
    pub(super) turns: BTreeMap<Seq, StoredTurn>,
    /// The current version of each turn.
    current: BTreeMap<TurnKey, Seq>,
    pub(super) binding: Option<Binding>,
    last_memory: u64,
    memories: BTreeMap<MemoryId, Derived>,
    vectors: BTreeMap<(VectorSpace, UnitId), Vec<f32>>,
    /// Up to which place a derivation has seen a session.
    marks: BTreeMap<(DerivationId, SessionRef), Seq>,
    feedback: BTreeMap<u64, Feedback>,
    disclosures: BTreeMap<u64, Disclosure>,
}

#[derive(Debug, Clone)]
struct Derived {
    by: DerivationId,
    session: SessionRef,
    memory: Memory,
}

/// What of a person an erasure takes with it.
#[derive(Debug, Default)]
pub(super) struct Doomed {
    units: BTreeSet<UnitId>,
    feedback: BTreeSet<u64>,
    disclosures: BTreeSet<u64>,
}

fn session_of(turn: &StoredTurn) -> SessionRef {
    SessionRef { conversation: turn.turn.conversation.clone(), session: turn.turn.session.clone() }
}

/// Whether one of the units was shown.
fn shows(feedback: &Feedback, units: &BTreeSet<UnitId>) -> bool {
    feedback.shown.iter().any(|shown| units.contains(&UnitId::Turn(shown.seq)))
}

impl Person {
    /// A person that begins above `floor`.
    pub(super) fn begin(floor: u64) -> Self {
        Self {
            pulse: Pulse { version: floor, epoch: floor + 1, last_seq: 0 },
            turns: BTreeMap::new(),
            current: BTreeMap::new(),
            binding: None,
            last_memory: 0,
            memories: BTreeMap::new(),
            vectors: BTreeMap::new(),
            marks: BTreeMap::new(),
            feedback: BTreeMap::new(),
            disclosures: BTreeMap::new(),
        }
    }

    fn wrote(&mut self, replaced: bool) {
        self.pulse.version += 1;
        self.pulse.epoch += u64::from(replaced);
    }

    pub(super) fn highest(&self) -> u64 {
        self.pulse.version.max(self.pulse.epoch).max(self.pulse.last_seq).max(self.last_memory)
    }

    pub(super) fn append(&mut self, floor: u64, turns: &[Turn], recorded_at: Millis) -> Vec<Outcome> {
        let outcomes: Vec<_> = turns.iter().map(|turn| self.append_one(floor, turn, recorded_at)).collect();
        if outcomes.iter().any(|outcome| !outcome.is_duplicate()) {
            self.wrote(false);
        }
        outcomes
    }

    fn append_one(&mut self, floor: u64, turn: &Turn, recorded_at: Millis) -> Outcome {
        let old = self.current.get(&turn.key()).and_then(|seq| self.turns.get(seq));
        if let Some(old) = old.filter(|old| old.turn == *turn) {
            return Outcome::Duplicate(old.seq);
        }
        let (version, supersedes) = old.map_or((1, None), |old| (old.version + 1, Some(old.seq)));
        let last = if self.pulse.last_seq == 0 { floor } else { self.pulse.last_seq };
        let seq = Seq(last + 1);
        self.pulse.last_seq = seq.0;
        self.current.insert(turn.key(), seq);
        self.turns.insert(seq, StoredTurn { seq, version, supersedes, recorded_at, turn: turn.clone() });
        supersedes.map_or(Outcome::New(seq), |supersedes| Outcome::Changed { seq, supersedes })
    }

    fn replaced(&self) -> BTreeMap<Seq, Seq> {
        self.turns.values().filter_map(|turn| turn.supersedes.map(|old| (old, turn.seq))).collect()
    }

    pub(super) fn summary(&self, person: &PersonId) -> PersonSummary {
        let replaced = self.replaced();
        let current: Vec<_> = self.turns.values().filter(|turn| !replaced.contains_key(&turn.seq)).collect();
        let sessions: BTreeSet<_> = current.iter().map(|turn| session_of(turn)).collect();
        let conversations: BTreeSet<_> = sessions.iter().map(|session| &session.conversation).collect();
        let times: BTreeSet<_> = current.iter().filter_map(|turn| turn.turn.said_at).map(|time| time.start()).collect();
        PersonSummary {
            person: person.clone(),
            conversations: conversations.len() as u64,
            sessions: sessions.len() as u64,
            turns: current.len() as u64,
            span: times.first().copied().zip(times.last().copied()),
        }
    }

    fn exists(&self, unit: UnitId) -> bool {
        match unit {
            UnitId::Turn(seq) => self.turns.contains_key(&seq),
            UnitId::Memory(id) => self.memories.contains_key(&id),
        }
    }

    pub(super) fn put_vectors(&mut self, space: &VectorSpace, rows: &[(UnitId, &[f32])]) {
        let (mut added, mut replaced) = (false, false);
        for (unit, vector) in rows.iter().filter(|(unit, _)| self.exists(*unit)).collect::<Vec<_>>() {
            let bits = |vector: &[f32]| vector.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            match self.vectors.insert((space.clone(), *unit), vector.to_vec()) {
                None => added = true,
                Some(old) => replaced |= bits(&old) != bits(vector),
            }
        }
        if added || replaced {
            self.wrote(replaced);
        }
    }

    pub(super) fn vectors_after(&self, space: &VectorSpace, after_seq: u64) -> Vec<(UnitId, Vec<f32>)> {
        let of_space = self.vectors.iter().filter(|((of, _), _)| of == space);
        let later = of_space.filter(|((_, unit), _)| *unit > UnitId::Turn(Seq(after_seq)));
        later.map(|((_, unit), vector)| (*unit, vector.clone())).collect()
    }

    pub(super) fn missing_vectors(&self, space: &VectorSpace) -> Vec<UnitId> {
        let replaced = self.replaced();
        let turns = self.turns.keys().filter(|seq| !replaced.contains_key(seq)).map(|seq| UnitId::Turn(*seq));
        let units = turns.chain(self.memories.keys().map(|id| UnitId::Memory(*id)));
        units.filter(|unit| !self.vectors.contains_key(&(space.clone(), *unit))).collect()
    }

    pub(super) fn vector_counts(&self) -> Vec<VectorCount> {
        let mut counts: BTreeMap<&VectorSpace, VectorCount> = BTreeMap::new();
        for (space, unit) in self.vectors.keys() {
            let count = counts.entry(space);
            let count = count.or_insert_with(|| VectorCount { space: space.clone(), turns: 0, memories: 0 });
            match unit {
                UnitId::Turn(_) => count.turns += 1,
                UnitId::Memory(_) => count.memories += 1,
            }
        }
        counts.into_values().collect()
    }

    pub(super) fn drop_other_vectors(&mut self, keep: &VectorSpace) -> u64 {
        let before = self.vectors.len();
        self.vectors.retain(|(space, _), _| space == keep);
        let gone = before - self.vectors.len();
        if gone > 0 {
            self.wrote(true);
        }
        gone as u64
    }

    pub(super) fn stale_sessions(&self, derivation: &DerivationId) -> Vec<SessionRef> {
        let replaced = self.replaced();
        let mut changed: BTreeMap<SessionRef, (Seq, Seq)> = BTreeMap::new();
        for turn in self.turns.values() {
            let last = replaced.get(&turn.seq).copied().unwrap_or(turn.seq);
            let entry = changed.entry(session_of(turn)).or_insert((turn.seq, last));
            entry.1 = entry.1.max(last);
        }
        let stale = changed.into_iter().filter(|(session, (_, last))| {
            self.marks.get(&(derivation.clone(), session.clone())).is_none_or(|upto| upto < last)
        });
        let mut stale: Vec<_> = stale.map(|(session, (first, _))| (first, session)).collect();
        stale.sort();
        stale.into_iter().map(|(_, session)| session).collect()
    }

    pub(super) fn put_memories(
        &mut self,
        floor: u64,
        derivation: &DerivationId,
        session: &SessionRef,
        upto: Seq,
        memories: &[Memory],
    ) -> bool {
        let sources = memories.iter().flat_map(|memory| &memory.sources);
        let session_is_there = self.turns.values().any(|turn| session_of(turn) == *session);
        if !session_is_there || !sources.into_iter().all(|seq| self.turns.contains_key(seq)) {
            return false;
        }
        let replaced = self.remove_memories(|derived| derived.by == *derivation && derived.session == *session);
        for memory in memories {
            let last = if self.last_memory == 0 { floor } else { self.last_memory };
            self.last_memory = last + 1;
            let derived = Derived { by: derivation.clone(), session: session.clone(), memory: memory.clone() };
            self.memories.insert(MemoryId(self.last_memory), derived);
        }
        self.marks.insert((derivation.clone(), session.clone()), upto);
        self.wrote(replaced > 0);
        true
    }

    /// Removes memories with their vectors; gives how many went.
    fn remove_memories(&mut self, doomed: impl Fn(&Derived) -> bool) -> u64 {
        let before = self.memories.len();
        self.memories.retain(|_, derived| !doomed(derived));
        let memories = &self.memories;
        self.vectors.retain(|(_, unit), _| match unit {
            UnitId::Memory(id) => memories.contains_key(id),
            UnitId::Turn(_) => true,
        });
        (before - self.memories.len()) as u64
    }

    pub(super) fn memories_of(&self, derivation: &DerivationId) -> Vec<StoredMemory> {
        let of = self.memories.iter().filter(|(_, derived)| derived.by == *derivation);
        of.map(|(id, derived)| StoredMemory { id: *id, memory: derived.memory.clone() }).collect()
    }

    pub(super) fn derived_sessions(&self) -> Vec<DerivedSession> {
        let of_memories = self.memories.values().map(|one| (one.by.clone(), one.session.clone()));
        let sessions: BTreeSet<(DerivationId, SessionRef)> = self.marks.keys().cloned().chain(of_memories).collect();
        let derived = |(derivation, session): (DerivationId, SessionRef)| {
            let of = self.memories.iter().filter(|(_, one)| one.by == derivation && one.session == session);
            let memories = of.map(|(id, one)| StoredMemory { id: *id, memory: one.memory.clone() }).collect();
            let upto = self.marks.get(&(derivation.clone(), session.clone())).copied();
            DerivedSession { derivation, session, upto, memories }
        };
        sessions.into_iter().map(derived).collect()
    }

    /// Whether the records were taken; where not, the person is to be thrown away.
    pub(super) fn take_over(&mut self, records: &Records) -> bool {
        let mut replaced = false;
        let taken = records.turns.iter().all(|turn| self.take_turn(turn))
            && records.feedback.iter().all(|one| self.take_feedback(one))
            && records.derived.iter().all(|derived| self.take_derived(derived, &mut replaced));
        for StoredDisclosure { number, disclosure } in &records.disclosures {
            self.disclosures.insert(*number, disclosure.clone());
        }
        self.wrote(replaced);
        let Pulse { version, epoch, last_seq } = records.pulse;
        self.pulse.version = self.pulse.version.max(version);
        self.pulse.epoch = self.pulse.epoch.max(epoch);
        self.pulse.last_seq = self.pulse.last_seq.max(last_seq);
        taken
    }

    fn take_turn(&mut self, turn: &StoredTurn) -> bool {
        let current = self.current.get(&turn.turn.key()).copied();
        let follows = turn.seq.0 > self.pulse.last_seq && turn.supersedes == current;
        self.pulse.last_seq = turn.seq.0;
        self.current.insert(turn.turn.key(), turn.seq);
        self.turns.insert(turn.seq, turn.clone());
        follows
    }

    fn take_feedback(&mut self, StoredFeedback { number, feedback }: &StoredFeedback) -> bool {
        let last = self.feedback.last_key_value().map_or(0, |(last, _)| *last);
        let there = feedback.shown.iter().all(|shown| self.turns.contains_key(&shown.seq));
        self.pulse.version = self.pulse.version.max(*number);
        self.feedback.insert(*number, feedback.clone());
        *number > last && there
    }

    fn take_derived(&mut self, derived: &DerivedSession, replaced: &mut bool) -> bool {
        let DerivedSession { derivation, session, upto, memories } = derived;
        *replaced |= self.remove_memories(|one| one.by == *derivation && one.session == *session) > 0;
        let key = (derivation.clone(), session.clone());
        match upto {
            Some(upto) => drop(self.marks.insert(key, *upto)),
            None => drop(self.marks.remove(&key)),
        }
        let mut free = self.turns.values().any(|turn| session_of(turn) == *session);
        for StoredMemory { id, memory } in memories {
            free &= memory.sources.iter().all(|seq| self.turns.contains_key(seq));
            self.last_memory = self.last_memory.max(id.0);
            let one = Derived { by: derivation.clone(), session: session.clone(), memory: memory.clone() };
            free &= self.memories.insert(*id, one).is_none();
        }
        free
    }

    pub(super) fn drop_other_memories(&mut self, keep: &DerivationId) -> u64 {
        let marks = self.marks.len();
        self.marks.retain(|(derivation, _), _| derivation == keep);
        let gone = self.remove_memories(|derived| derived.by != *keep);
        if gone > 0 || self.marks.len() < marks {
            self.wrote(gone > 0);
        }
        gone
    }

    pub(super) fn bind(&mut self, binding: &Binding) {
        if self.binding.as_ref() != Some(binding) {
            self.binding = Some(binding.clone());
            self.wrote(true);
        }
    }

    pub(super) fn put_feedback(&mut self, feedback: &Feedback) -> Option<u64> {
        if feedback.shown.is_empty() || !feedback.shown.iter().all(|shown| self.turns.contains_key(&shown.seq)) {
            return None;
        }
        // The number of the write itself, which no other write has.
        self.wrote(false);
        self.feedback.insert(self.pulse.version, feedback.clone());
        Some(self.pulse.version)
    }

    pub(super) fn feedback_after(&self, after: u64) -> Vec<StoredFeedback> {
        let later = self.feedback.iter().filter(|(number, _)| **number > after);
        later.map(|(number, feedback)| StoredFeedback { number: *number, feedback: feedback.clone() }).collect()
    }

    pub(super) fn put_disclosure(&mut self, disclosure: &Disclosure) -> u64 {
        let number = self.disclosures.last_key_value().map_or(1, |(last, _)| last + 1);
        self.disclosures.insert(number, disclosure.clone());
        number
    }

    pub(super) fn end_disclosure(&mut self, ended: &StoredDisclosure) {
        let same = self.disclosures.get_mut(&ended.number).filter(|noted| noted.at == ended.disclosure.at);
        if let Some(noted) = same {
            noted.spent = ended.disclosure.spent;
        }
    }

    pub(super) fn disclosures_since(&self, since: Millis) -> Vec<StoredDisclosure> {
        let later = self.disclosures.iter().filter(|(_, disclosure)| disclosure.at >= since);
        later.map(|(number, one)| StoredDisclosure { number: *number, disclosure: one.clone() }).collect()
    }

    /// What an erasure takes with it.
    pub(super) fn doomed(&self, what: &Erasure) -> Doomed {
        let named = |turn: &StoredTurn| match what {
            Erasure::Turns(keys) | Erasure::Aged(Aged { turns: keys, .. }) => keys.contains(&turn.turn.key()),
            Erasure::Session(session) => session_of(turn) == *session,
            Erasure::Conversation(conversation) => turn.turn.conversation == *conversation,
            Erasure::Person => true,
        };
        let keys: BTreeSet<TurnKey> = self.turns.values().filter(|t| named(t)).map(|t| t.turn.key()).collect();
        let turns = self.turns.values().filter(|turn| keys.contains(&turn.turn.key())).map(|turn| turn.seq);
        let turns: BTreeSet<Seq> = turns.collect();
        let everything = *what == Erasure::Person;
        let from = |derived: &Derived| everything || derived.memory.sources.iter().any(|seq| turns.contains(seq));
        let memories = self.memories.iter().filter(|(_, derived)| from(derived)).map(|(id, _)| UnitId::Memory(*id));
        let units: BTreeSet<UnitId> = turns.iter().map(|seq| UnitId::Turn(*seq)).chain(memories).collect();
        let (feedback_before, disclosures_before) = match what {
            Erasure::Aged(aged) => (aged.feedback_before, aged.disclosures_before),
            _ => (Millis::MIN, Millis::MIN),
        };
        let is_over = |given: &Feedback| everything || given.recorded_at < feedback_before || shows(given, &units);
        let feedback = self.feedback.iter().filter(|(_, given)| is_over(given)).map(|(number, _)| *number).collect();
        let is_over = |noted: &Disclosure| everything || noted.at < disclosures_before;
        let disclosures = self.disclosures.iter().filter(|(_, noted)| is_over(noted)).map(|(number, _)| *number);
        let disclosures = disclosures.collect();
        Doomed { units, feedback, disclosures }
    }

    pub(super) fn count(&self, Doomed { units, feedback, disclosures }: &Doomed) -> Erased {
        let turns = units.iter().filter(|unit| matches!(unit, UnitId::Turn(_))).count();
        let vectors = self.vectors.keys().filter(|(_, unit)| units.contains(unit)).count();
        let counts = [turns, units.len() - turns, vectors, feedback.len(), disclosures.len()];
        let [turns, memories, vectors, feedback, disclosures] = counts.map(|count| count as u64);
        Erased { turns, memories, vectors, feedback, disclosures }
    }

    pub(super) fn erase(&mut self, Doomed { units, feedback, disclosures }: &Doomed) {
        let sessions = units.iter().filter_map(|unit| match unit {
            UnitId::Turn(seq) => self.turns.remove(seq).map(|turn| session_of(&turn)),
            UnitId::Memory(id) => self.memories.remove(id).map(|derived| derived.session),
        });
        let sessions: BTreeSet<SessionRef> = sessions.collect();
        self.current.retain(|_, seq| self.turns.contains_key(seq));
        self.marks.retain(|(_, of), _| !sessions.contains(of));
        self.vectors.retain(|(_, of), _| !units.contains(of));
        self.feedback.retain(|number, _| !feedback.contains(number));
        self.disclosures.retain(|number, _| !disclosures.contains(number));
        self.wrote(true);
    }

    /// Removes the vectors of turns, and memories with theirs; how many there were.
    pub(super) fn take_out(&mut self, units: &[UnitId]) -> u64 {
        let is_memory = |unit: &&UnitId| matches!(unit, UnitId::Memory(id) if self.memories.contains_key(id));
        let memories: BTreeSet<UnitId> = units.iter().filter(is_memory).copied().collect();
        let count = memories.len();
        let has_vector = |unit: &&UnitId| self.vectors.keys().any(|(_, of)| of == *unit);
        let vectors = units.iter().filter(|unit| matches!(unit, UnitId::Turn(_))).filter(has_vector).count();
        if vectors + count > 0 {
            self.vectors.retain(|(_, of), _| !units.contains(of));
            self.erase(&Doomed { units: memories, ..Doomed::default() });
        }
        (vectors + count) as u64
    }
}
