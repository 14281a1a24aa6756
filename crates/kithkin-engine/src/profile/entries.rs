//! Claims about one thing become one entry: the last value holds, those before it are its history.
//!
//! A person's correction outranks what was read before it. What they said is not so is passed over from then on, however
//! often it is said again, until they say that it holds; another value that is said later takes the place of one that they
//! confirmed, as people change.

use std::collections::{HashMap, HashSet};

use kithkin_core::{Memory, MemoryKind, Role, Seq, StoredTurn};

use super::{
    Claim, Correction, DISLIKES, Entry, EntryKind, FAVOURITE, Inferred, NO_LONGER, Profile, Rejected, Told, Verdict,
    Version,
};
use crate::index::{Words, is_function_word};

/// The share of the shorter one's content words that two preferences have in common where they are about one thing.
const ONE_THING: f32 = 0.6;

/// The entries of all who speak.
#[derive(Debug, Default)]
pub(super) struct Entries {
    things: Vec<Thing>,
    /// The things of each speaker by kind.
    of: HashMap<(String, EntryKind), Vec<usize>>,
}

/// One thing about somebody.
#[derive(Debug)]
struct Thing {
    about: String,
    role: Role,
    kind: EntryKind,
    topic: String,
    /// The content words that say what it is.
    words: Vec<String>,
    /// Its values, oldest first; the last one holds. None where all were rejected.
    versions: Vec<Version>,
    /// Those that are not so.
    rejected: Vec<Version>,
    /// The corrections of it.
    corrections: Vec<Seq>,
}

impl Entries {
    /// All that is said in these turns, which hold and are in order, and what a model read from them.
    pub(super) fn read(turns: &[&Told], derived: &[Memory]) -> Self {
        let mut entries = Self::default();
        let mut inferred = inferred(turns, derived);
        for told in turns {
            entries.take(told);
            for (read, sources) in inferred.remove(&told.turn.seq).into_iter().flatten() {
                entries.infer(&told.turn, read, sources);
            }
        }
        entries
    }

    /// What one more turn says, which holds and was said after all others.
    pub(super) fn take(&mut self, told: &Told) {
        let Told { turn, claims } = told;
        if let Some(correction) = Correction::of(&turn.turn) {
            self.correct(turn, correction);
        }
        for claim in claims.iter().cloned() {
            let about = (turn.turn.speaker.clone(), turn.turn.role);
            let place = self.place(about, claim.kind, &claim.topic, &claim.value, claim.kind.is_vague());
            if let Some(thing) = self.things.get_mut(place) {
                thing.take(version(turn, claim));
            }
        }
    }

    /// What a model says that a turn shows, and others beside it. It is about the one who speaks in the turn, or about
    /// whom they talk with, who then is a user.
    fn infer(&mut self, turn: &StoredTurn, read: Inferred, sources: Vec<Seq>) {
        let Inferred { about, kind, topic, value, expanded } = read;
        let role = if turn.turn.speaker == about { turn.turn.role } else { Role::User };
        let place = self.place((about, role), kind, &topic, &value, kind.is_vague());
        // A guess only fills what nothing is known of.
        let known = |thing: &&mut Thing| !expanded || thing.versions.is_empty();
        if let Some(thing) = self.things.get_mut(place).filter(known) {
            let claim = Claim { kind, topic, value, context: None, because: None };
            thing.take(Version { sources, inferred: true, ..version(turn, claim) });
        }
    }

    fn correct(&mut self, turn: &StoredTurn, correction: Correction) {
        let Correction { about, role, kind, topic, value, verdict } = correction;
        let place = self.place((about, role), kind, &topic, &value, false);
        let Some(thing) = self.things.get_mut(place) else { return };
        let claim = Claim { kind, topic, value, context: None, because: None };
        thing.correct(Version { confirmed: verdict == Verdict::Holds, ..version(turn, claim) }, verdict);
        thing.corrections.push(turn.seq);
    }

    /// The place of the thing that a value is of; a new one where there is none. `vague`: words that are nearly the same
    /// will do.
    fn place(&mut self, about: (String, Role), kind: EntryKind, topic: &str, value: &str, vague: bool) -> usize {
        // Of a language or an allergy there may be several: the thing itself is what the entry is about.
        let about_value = matches!(topic, "allergy" | "language");
        let words = content(&match kind {
            EntryKind::Standing => value.to_owned(),
            _ if about_value => format!("{topic} {value}"),
            _ => topic.to_owned(),
        });
        let (about, role) = about;
        let group = self.of.entry((about.clone(), kind)).or_default();
        let same = group.iter().rev().copied().find(|place| {
            let Some(thing) = self.things.get(*place) else { return false };
            // A favourite tea is another thing than tea, which is liked or not.
            let favourite = [thing.topic.as_str(), topic].iter().any(|topic| topic.starts_with(FAVOURITE));
            match kind {
                EntryKind::Standing => words == thing.words,
                _ if vague && !favourite => is_one_thing(&words, &thing.words),
                _ => thing.topic == topic && words == thing.words,
            }
        });
        same.unwrap_or_else(|| {
            group.push(self.things.len());
            let (topic, versions, rejected) = (topic.to_owned(), Vec::new(), Vec::new());
            self.things.push(Thing { about, role, kind, topic, words, versions, rejected, corrections: Vec::new() });
            self.things.len() - 1
        })
    }

    pub(super) fn profile(&self) -> Profile {
        let mut profile = Profile::default();
        for Thing { about, role, kind, topic, versions, rejected, .. } in &self.things {
            let (role, kind) = (*role, *kind);
            let named = || (about.clone(), topic.clone());
            let is_not_so = |version: &Version| {
                let (about, topic) = named();
                Rejected { about, role, kind, topic, version: version.clone() }
            };
            profile.rejected.extend(rejected.iter().map(is_not_so));
            if let Some((current, former)) = versions.split_last() {
                let (about, topic) = named();
                let (current, former) = (current.clone(), former.to_vec());
                profile.entries.push(Entry { about, role, kind, topic, current, former });
            }
        }
        profile
    }

    /// See [`super::corrections_left_alone`].
    pub(super) fn corrections_without(&self, erased: &HashSet<Seq>) -> Vec<Seq> {
        let goes = |thing: &&Thing| {
            let sources = || thing.sources().filter(|seq| !thing.corrections.contains(seq));
            sources().next().is_some() && sources().all(|seq| erased.contains(seq))
        };
        self.things.iter().filter(goes).flat_map(|thing| thing.corrections.iter().copied()).collect()
    }
}

impl EntryKind {
    /// Whether two of them may be about one thing though their words differ a little.
    fn is_vague(self) -> bool {
        matches!(self, Self::Preference | Self::Goal)
    }
}

impl Thing {
    fn sources(&self) -> impl Iterator<Item = &Seq> {
        self.versions.iter().chain(&self.rejected).flat_map(|version| &version.sources)
    }

    /// Another saying of it.
    fn take(&mut self, version: Version) {
        if let Some(rejected) = self.rejected.iter_mut().find(|rejected| is_same_value(&rejected.value, &version.value))
        {
            rejected.add_sources(version.sources);
            return;
        }
        let Some(current) = self.versions.last_mut() else { return self.versions.push(version) };
        let same = is_same_value(&version.value, &current.value);
        if version.inferred && !same && current.outranks(&version) {
            return;
        }
        let both = unliked(&version.value) && unliked(&current.value);
        if !(same || self.kind == EntryKind::Goal || both) {
            return self.versions.push(version);
        }
        if unliked(&version.value) {
            current.value = version.value;
        }
        current.context = version.context.or(current.context.take());
        current.because = version.because.or(current.because.take());
        current.confirmed |= version.confirmed;
        current.inferred &= version.inferred;
        current.add_sources(version.sources);
    }

    fn correct(&mut self, version: Version, verdict: Verdict) {
        let concerned = |other: &Version| is_same_value(&other.value, &version.value);
        match verdict {
            Verdict::Holds => {
                self.rejected.retain(|rejected| !concerned(rejected));
                // Unlike a goal that is said in other words, one that is put there is to be read as it was written.
                match self.versions.last_mut().filter(|current| concerned(current)) {
                    Some(current) => {
                        current.confirmed = true;
                        current.add_sources(version.sources);
                    }
                    None => self.versions.push(version),
                }
            }
            Verdict::IsNotSo => {
                let (mut gone, left): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut self.versions).into_iter().partition(concerned);
                self.versions = left;
                gone.extend(self.rejected.extract_if(.., |rejected| concerned(rejected)));
                let mut rejected = Version { sources: Vec::new(), ..version.clone() };
                if let Some(first) = gone.first() {
                    rejected.from = first.from;
                }
                gone.into_iter().map(|one| one.sources).chain([version.sources]).for_each(|s| rejected.add_sources(s));
                self.rejected.push(rejected);
            }
        }
    }
}

impl Version {
    /// Whether what a model infers does not take the place of it: the person confirmed it, or a rule read another value
    /// from the very turn.
    fn outranks(&self, inferred: &Self) -> bool {
        let one_turn = || inferred.sources.iter().any(|seq| self.sources.contains(seq));
        self.confirmed || !self.inferred && one_turn()
    }

    fn add_sources(&mut self, sources: Vec<Seq>) {
        for seq in sources {
            if !self.sources.contains(&seq) {
                self.sources.push(seq);
            }
        }
    }
}

fn version(turn: &StoredTurn, claim: Claim) -> Version {
    Version {
        value: claim.value,
        context: claim.context,
        because: claim.because,
        sources: vec![turn.seq],
        from: turn.turn.said_at,
        confirmed: false,
        inferred: false,
    }
}

/// What a model read, by the first turn that shows it.
fn inferred(turns: &[&Told], derived: &[Memory]) -> HashMap<Seq, Vec<(Inferred, Vec<Seq>)>> {
    let there: HashSet<Seq> = turns.iter().map(|told| told.turn.seq).collect();
    let mut by_turn: HashMap<Seq, Vec<(Inferred, Vec<Seq>)>> = HashMap::new();
    for memory in derived.iter().filter(|memory| memory.kind == MemoryKind::Entry) {
        let known = memory.sources.iter().all(|seq| there.contains(seq));
        if let (true, Some(first), Some(read)) = (known, memory.sources.first(), Inferred::read(&memory.text)) {
            by_turn.entry(*first).or_default().push((read, memory.sources.clone()));
        }
    }
    by_turn
}

fn unliked(value: &str) -> bool {
    matches!(value, DISLIKES | NO_LONGER)
}

fn is_same_value(a: &str, b: &str) -> bool {
    content(a) == content(b)
}

/// The content words of a text in lower case, sorted, each once; all words where there are no others.
pub(super) fn content(text: &str) -> Vec<String> {
    let all = Words::of(text);
    let mut content: Vec<String> = all.iter().filter(|word| !is_function_word(word)).cloned().collect();
    if content.is_empty() {
        content = all;
    }
    content.sort_unstable();
    content.dedup();
    content
}

fn is_one_thing(a: &[String], b: &[String]) -> bool {
    let shared = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    shared as f32 >= ONE_THING * a.len().min(b.len()).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Sitting;

    /// A line that begins with `+` or `-` is a correction of Ann's entry: that the value holds, or that it is not so.
    fn log(lines: &[&str]) -> Vec<StoredTurn> {
        let mut turns = Sitting::of(lines).turns().to_vec();
        for turn in &mut turns {
            let verdict = match turn.turn.text.chars().next() {
                Some('+') => Verdict::Holds,
                Some('-') => Verdict::IsNotSo,
                _ => continue,
            };
            let (kind, rest) = turn.turn.text[1..].split_once(' ').unwrap();
            let kind = serde_json::from_value(kind.into()).unwrap();
            let (topic, value) = rest.split_once(": ").unwrap();
            let (topic, value) = (topic.to_owned(), value.to_owned());
            let correction = Correction { about: "Ann".to_owned(), role: Role::User, kind, topic, value, verdict };
            turn.turn.attachments = vec![correction.attachment()];
            turn.turn.text = correction.text();
        }
        turns
    }

    /// The entries with what was before, then the rejected values.
    fn check(lines: &[&str], expect: &[&str]) {
        let Profile { entries, rejected } = super::super::profile(log(lines), &[]);
        let version = |v: &Version| {
            let sure = if v.confirmed { "!" } else { "" };
            format!("{}{sure} {:?}", v.value, v.sources.iter().map(|s| s.0).collect::<Vec<_>>())
        };
        let entries = entries.iter().map(|e| {
            let former: String = e.former.iter().map(|v| format!("; was {}", version(v))).collect();
            format!("{}: {}{former}", e.topic, version(&e.current))
        });
        let rejected = rejected.iter().map(|r| format!("not {}: {}", r.topic, version(&r.version)));
        assert_eq!(entries.chain(rejected).collect::<Vec<_>>(), expect, "{lines:?}");
    }

    #[test]
    fn a_correction_outranks_what_was_read_before_it() {
        check(&["I live in Bristol.", "", "+attribute home: Leeds"], &["home: Leeds! [3]; was Bristol [1]"]);
        check(&["I live in Bristol.", "", "+attribute home: bristol"], &["home: Bristol! [1, 3]"]);
        check(&["+attribute home: Leeds", "", "I moved to Bristol."], &["home: Bristol [3]; was Leeds! [1]"]);
        check(&["+goal marathon: run one next year"], &["marathon: run one next year! [1]"]);
    }

    #[test]
    fn what_is_not_so_does_not_come_back() {
        check(&["I love tea.", "", "-preference tea: likes", "", "I really love tea."], &["not tea: likes [1, 3, 5]"]);
        check(
            &["I live in Bristol.", "", "I moved to Leeds.", "", "-attribute home: Leeds"],
            &["home: Bristol [1]", "not home: Leeds [3, 5]"],
        );
        check(
            &["I love tea.", "", "-preference tea: likes", "", "I hate tea."],
            &["tea: dislikes [5]", "not tea: likes [1, 3]"],
        );
        check(&["I love tea.", "", "-preference tea: likes", "", "+preference tea: likes"], &["tea: likes! [5]"]);
    }

    #[test]
    fn a_correction_goes_with_all_that_it_corrects() {
        let goes = |lines: &[&str], erased: &[u64], expect: &[u64]| {
            let erased = erased.iter().map(|seq| Seq(*seq)).collect();
            let found = super::super::corrections_left_alone(log(lines), &[], &erased);
            assert_eq!(found.iter().map(|seq| seq.0).collect::<Vec<_>>(), expect, "{lines:?}");
        };
        let said =
            ["I love tea.", "", "-preference tea: likes", "", "I really love tea.", "", "+attribute home: Leeds"];
        goes(&said, &[1], &[]);
        goes(&said, &[1, 5], &[3]);
        goes(&said, &[2], &[]);
        goes(&[], &[1], &[]);
    }

    #[test]
    fn what_a_model_infers_is_less_than_what_was_said() {
        let check = |lines: &[&str], inferred: &[(&str, &[u64])], expect: &[&str]| {
            let memory = |(text, sources): &(&str, &[u64])| {
                let sources = sources.iter().map(|seq| Seq(*seq)).collect();
                Memory { kind: MemoryKind::Entry, text: (*text).to_owned(), sources, said_at: None }
            };
            let derived: Vec<Memory> = inferred.iter().map(memory).collect();
            let entries = super::super::profile(log(lines), &derived).entries;
            let shown = |e: &Entry| format!("{} {} {}: {}", e.about, e.topic, e.current.value, e.confidence());
            assert_eq!(entries.iter().map(shown).collect::<Vec<_>>(), expect, "{inferred:?}");
        };
        let said = ["I live in Bristol.", "Nice!", "So much rain."];
        check(&said, &[("Ann | trait | calm | yes", &[3, 1])], &["Ann home Bristol: 0.8", "Ann calm yes: 0.75"]);
        check(&said, &[("Ann | attribute | home | England", &[1])], &["Ann home Bristol: 0.8"]);
        check(&said, &[("Ann | attribute | home | Cardiff", &[3])], &["Ann home Cardiff: 0.5"]);
        check(&said, &[("Ann | attribute | home | bristol", &[3])], &["Ann home Bristol: 0.9"]);
        // What a later turn shows is not known before it; what is no line of an entry is nothing.
        check(&said[..2], &[("Ann | trait | calm | yes", &[3, 1]), ("calm", &[1])], &["Ann home Bristol: 0.8"]);
        let confirmed = ["I live in Bristol.", "Nice!", "+attribute home: Bristol", "", "So much rain."];
        check(&confirmed, &[("Ann | attribute | home | Cardiff", &[5])], &["Ann home Bristol: 1"]);
        let rejected = ["So much rain.", "Nice!", "-attribute home: Cardiff"];
        check(&rejected, &[("Ann | attribute | home | Cardiff", &[1])], &[]);
    }

    #[test]
    fn what_cannot_be_read_corrects_nothing() {
        let mut turns = log(&["I live in Bristol.", "", "+attribute home: Leeds"]);
        turns[2].turn.attachments[0].reference = Some("{\"about\":\"Ann\"}".to_owned());
        assert_eq!(super::super::profile(turns.clone(), &[]).entries[0].current.value, "Bristol");
        turns[2].turn.attachments[0].reference = None;
        assert_eq!(super::super::profile(turns, &[]).entries[0].current.value, "Bristol");
    }
}
