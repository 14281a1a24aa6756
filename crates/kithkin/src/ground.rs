//! What a reply rests on: the turns that are recalled for a message, of the person and of others, the conversation so far,
//! the profile, and what the policy keeps back of each.
//!
//! Nothing is written here, and no model is asked but where the method filters what was recalled.

use std::collections::HashSet;
use std::ops::ControlFlow;

use kithkin_core::{
    ChatError, ConversationId, Memory, MemoryId, MemoryKind, Purpose, Role, Scope, Seq, SessionRef, StoredTurn, Turn,
};
use kithkin_engine::{
    AsOf, Brief, EngineError, Entry, EntryKind, Evidence, Method, Recalled, Scored, Withheld, shown_text,
};

use crate::{Error, Person, Recall, Respond};

/// Turns that are recalled for a reply; how many of them the model is shown is its method's to say.
const CONSIDERED: usize = 64;
/// The last turns of the log among which those of the same conversation are looked for.
const LOOKED_AT: u64 = 400;

/// What a reply rests on beside what is recalled.
pub(crate) struct Ground {
    pub(crate) method: Method,
    pub(crate) purpose: Purpose,
    pub(crate) now: AsOf,
    /// The end of what may be recalled: the present, or before it where the character of a card knows no more.
    seen: AsOf,
    pub(crate) conversation: ConversationId,
    history: Vec<StoredTurn>,
    /// The turns of the conversation, those among them that are withheld included.
    of_conversation: HashSet<Seq>,
    pub(crate) profile: Vec<Entry>,
    pub(crate) withheld: Vec<Withheld>,
    /// What was recalled of others.
    others: Vec<(Scope, StoredTurn)>,
    /// How likely the evidence can answer, and its scores, as the recall found them.
    answerable: f32,
    scores: Vec<f32>,
    withholds_traits: bool,
    /// Summaries of sessions, latest first; none where the method shows none.
    summaries: Vec<Memory>,
    /// Whether recall abstained though there was something to look at.
    abstained: bool,
}

impl Ground {
    pub(crate) fn brief<'a>(&'a self, what: &'a Respond, evidence: &'a [StoredTurn]) -> Brief<'a> {
        Brief {
            message: &what.message,
            now: self.seen.time,
            history: &self.history,
            evidence,
            others: &self.others,
            scored: Scored { answerable: self.answerable, scores: &self.scores },
            summaries: &self.summaries,
            abstained: self.abstained,
            profile: &self.profile,
            asker: what.asker.as_deref(),
            withholds_traits: self.withholds_traits,
            card: what.card.as_ref(),
            persuade: what.persuade,
            max_tokens: what.max_tokens,
            temperature: what.temperature,
        }
    }
}

/// The conversation that a message belongs to.
pub(crate) fn conversation(what: &Respond) -> Result<ConversationId, Error> {
    Ok(what.conversation.clone().map_or_else(|| ConversationId::new("chat"), Ok)?)
}

/// How a message is recalled for.
pub(crate) fn recall(what: &Respond) -> Recall {
    Recall {
        limit: CONSIDERED,
        explain: what.explain,
        method: what.method.clone(),
        ..Recall::new(&what.message, what.now)
    }
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Whether an entry is of somebody, or says what they are to the person.
fn concerns(entry: &Entry, asker: &str) -> bool {
    let named = |text: &str| same_name(text, asker);
    named(&entry.about) || (entry.kind == EntryKind::Relation && (named(&entry.topic) || named(&entry.current.value)))
}

/// One of these and one of those, as long as there are of both, and each turn once.
fn in_turn(these: Vec<Evidence>, those: Vec<Evidence>) -> Vec<Evidence> {
    let (mut these, mut those) = (these.into_iter(), those.into_iter());
    let mut both: Vec<Evidence> = Vec::new();
    loop {
        let (one, other) = (these.next(), those.next());
        if one.is_none() && other.is_none() {
            return both;
        }
        for evidence in one.into_iter().chain(other) {
            if both.iter().all(|known| known.turn.seq != evidence.turn.seq) {
                both.push(evidence);
            }
        }
    }
}

/// The turns that were recalled.
pub(crate) fn turns(recalled: &Recalled) -> Vec<StoredTurn> {
    recalled.evidence.iter().map(|evidence| evidence.turn.clone()).collect()
}

impl Person<'_> {
    /// What a reply rests on beside what is recalled.
    pub(crate) fn ground(&self, what: &Respond, purpose: Purpose) -> Result<Ground, Error> {
        let conversation = conversation(what)?;
        let (method, now) = self.resolve(&recall(what))?;
        let mut withheld = Vec::new();
        let mut history = self.history(&conversation, now, what.history)?;
        let of_conversation = history.iter().map(|turn| turn.seq).collect();
        let policy = self.kithkin().engine.policy();
        policy.keep_turns(purpose, &mut history, |turn| shown_text(&turn.turn), &mut withheld);
        let until = what.card.as_ref().and_then(|card| card.knows_until);
        let seen = until.filter(|until| until.end() < now.time.end()).map_or(now, AsOf::at);
        let mut profile = self.known_of_persons(purpose, seen, &method, &mut withheld)?;
        if let Some(asker) = what.asker.as_deref().filter(|_| method.knows_the_asker()) {
            profile.sort_by_key(|entry| !concerns(entry, asker));
        }
        let withholds_traits = policy.withholds_kind(purpose, EntryKind::Trait);
        Ok(Ground {
            method,
            purpose,
            now,
            seen,
            conversation,
            history,
            of_conversation,
            profile,
            withheld,
            others: Vec::new(),
            answerable: 0.0,
            scores: Vec::new(),
            withholds_traits,
            summaries: Vec::new(),
            abstained: false,
        })
    }

    /// What is recalled for a message, and would be shown: nothing of a person of whom nothing is known, nothing where
    /// recall abstains, and nothing that the model hears anyway as the conversation itself.
    pub(crate) fn recalled(&self, what: &Respond, ground: &mut Ground) -> Result<Recalled, Error> {
        let mut recalled = match self.found(&recall(what), &ground.method, ground.seen) {
            Err(Error::Engine(EngineError::NoPerson { .. })) => Recalled::default(),
            found => found?,
        };
        ground.abstained = recalled.abstain && recalled.compared > 0;
        if ground.method.shows_summaries() && recalled.compared > 0 {
            ground.summaries = self.summaries(ground)?;
        }
        if recalled.abstain {
            recalled.evidence.clear();
        }
        if let Some(asker) = what.asker.as_deref().filter(|_| ground.method.knows_the_asker()) {
            let said_with = self.said_with(asker, what, ground)?;
            recalled.evidence = in_turn(said_with, recalled.evidence);
            ground.abstained &= recalled.evidence.is_empty();
        }
        recalled.evidence.retain(|evidence| !ground.of_conversation.contains(&evidence.turn.seq));
        ground.answerable = recalled.answerable;
        ground.scores = recalled.evidence.iter().map(|evidence| evidence.score).collect();
        let text = |evidence: &Evidence| shown_text(&evidence.turn.turn);
        let policy = self.kithkin().engine.policy();
        policy.keep_turns(ground.purpose, &mut recalled.evidence, text, &mut ground.withheld);
        let own = recalled.evidence.len();
        if ground.method.wants_of_others(own) > 0 && !what.neighbours.is_empty() {
            let found = self.said_by_others(what, ground)?;
            ground.others = ground.method.choose_of_others(own, found);
        }
        Ok(recalled)
    }

    /// What is recalled of those neighbours who have consented to it, from each in turn.
    fn said_by_others(&self, what: &Respond, ground: &mut Ground) -> Result<Vec<(Scope, StoredTurn)>, Error> {
        let engine = &self.kithkin().engine;
        engine.consented(self.scope(), Purpose::Compare)?;
        let mut found: Vec<(usize, Scope, StoredTurn)> = Vec::new();
        for neighbour in what.neighbours.iter().filter(|neighbour| **neighbour != self.scope().person) {
            let scope = Scope::new(self.scope().tenant.clone(), neighbour.clone());
            match engine.consented(&scope, Purpose::Compare) {
                Err(EngineError::Chat(ChatError::NoConsent { .. })) => {
                    ground.withheld.push(Withheld { rule: "no consent to compare".to_owned(), turns: 0, entries: 0 });
                    continue;
                }
                consented => consented?,
            }
            let person = self.kithkin().person(&scope);
            let mut recalled = person.found(&recall(what), &ground.method, ground.seen)?;
            recalled.evidence.retain(|evidence| !recalled.abstain && evidence.turn.turn.role == Role::User);
            let text = |evidence: &Evidence| shown_text(&evidence.turn.turn);
            engine.policy().keep_turns(Purpose::Compare, &mut recalled.evidence, text, &mut ground.withheld);
            let turns = recalled.evidence.into_iter().enumerate();
            found.extend(turns.map(|(place, evidence)| (place, scope.clone(), evidence.turn)));
        }
        // Scores are comparable within one recall only, so the best of each come before the second of any.
        found.sort_by_key(|(place, ..)| *place);
        Ok(found.into_iter().map(|(_, scope, turn)| (scope, turn)).collect())
    }

    /// What is recalled of the sittings in which somebody spoke; nothing where they never did, or where recall abstains.
    fn said_with(&self, asker: &str, what: &Respond, ground: &Ground) -> Result<Vec<Evidence>, Error> {
        let mut within: Vec<SessionRef> = Vec::new();
        for turn in self.log()?.into_iter().filter(|turn| turn.seen_at() <= ground.seen.upto()) {
            let Turn { speaker, conversation, session, .. } = turn.turn;
            let session = SessionRef { conversation, session };
            if same_name(&speaker, asker) && !within.contains(&session) {
                within.push(session);
            }
        }
        if within.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.found(&Recall { within, ..recall(what) }, &ground.method, ground.seen)?;
        Ok(if found.abstain { Vec::new() } else { found.evidence })
    }

    /// What the method has summed up of sessions that were over by then, latest first.
    fn summaries(&self, ground: &mut Ground) -> Result<Vec<Memory>, Error> {
        let engine = &self.kithkin().engine;
        let held = engine.held(self.scope(), &ground.method, ground.seen)?;
        let known: HashSet<MemoryId> = held.iter().map(|memory| memory.id).collect();
        let mut summaries = Vec::new();
        engine.store().scan_memories(self.scope(), ground.method.derivation(), &mut |stored| {
            if stored.memory.kind == MemoryKind::Summary && known.contains(&stored.id) {
                summaries.push(stored.memory);
            }
            ControlFlow::Continue(())
        })?;
        summaries.reverse();
        let text = |memory: &Memory| memory.text.clone();
        engine.policy().keep_turns(ground.purpose, &mut summaries, text, &mut ground.withheld);
        Ok(summaries)
    }

    /// What is known of the persons who speak and may be shown, what was said last first. What an assistant said of itself
    /// is not among it; what the policy keeps back is added to `withheld`.
    pub(crate) fn known_of_persons(
        &self,
        purpose: Purpose,
        now: AsOf,
        method: &Method,
        withheld: &mut Vec<Withheld>,
    ) -> Result<Vec<Entry>, Error> {
        let mut entries = self.profile_at(now, method)?.entries;
        entries.retain(|entry| entry.role == Role::User);
        self.kithkin().engine.policy().keep_entries(purpose, &mut entries, withheld);
        // What is read as a value comes before whole sentences, of which there may be many.
        let rank = |entry: &Entry| {
            (entry.kind == EntryKind::Standing, std::cmp::Reverse(entry.current.sources.last().copied()))
        };
        entries.sort_by_key(rank);
        Ok(entries)
    }

    /// The last turns of a conversation, oldest first, as far as they are among the last of the log.
    fn history(&self, conversation: &ConversationId, now: AsOf, most: usize) -> Result<Vec<StoredTurn>, Error> {
        let mut turns = self.last_turns(LOOKED_AT)?;
        turns.retain(|turn| turn.turn.conversation == *conversation && turn.seen_at() <= now.upto());
        turns.sort_by_key(|turn| (turn.seen_at(), turn.seq));
        Ok(turns.split_off(turns.len().saturating_sub(most)))
    }
}
