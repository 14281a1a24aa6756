//! Conversations as chat clients send them: all of it, with each request.
//!
//! What of it is remembered already is found by aligning the messages with the turns that are stored, so that each is
//! written down once, and one that is said again is written down again. Nothing here asks a model.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use kithkin_core::{Attachment, ConversationId, Role, SessionId, StoredTurn, Turn, TurnKey};

use crate::quote::without_blocks;
use crate::{Error, Now, Person, Remember, Remembered};

/// The last turns of the log among which a conversation is looked for.
const LOOKED_AT: u64 = 1_000;
/// Turns that are looked at first, beside four for each message: a conversation that goes on is among the last that were said.
const LOOKED_AT_FIRST: u64 = 64;

/// Turns that are looked at, however long the conversation is.
const LOOKED_AT_MOST: u64 = 10_000;
/// Messages of a conversation that is followed: every request sends all of them, and each is compared with the log.
const MOST_MESSAGES: usize = 5_000;
/// Pairs of a message and a turn that are compared: 32 MiB of numbers.
const MOST_PAIRS: usize = 8 << 20;

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The part that the speaker plays; only what users and assistants say is remembered.
    pub role: Role,
    /// The speaker's name, where the client gives one.
    pub speaker: Option<String>,
    /// The words.
    pub text: String,
    /// What came with them.
    pub attachments: Vec<Attachment>,
}

/// A conversation up to the message that is to be answered.
#[derive(Debug, Clone)]
pub struct Dialogue {
    /// The messages, the one to be answered last.
    pub messages: Vec<Said>,
    /// The conversation; where the client names none, the one that its messages are found in, or a new one.
    pub conversation: Option<ConversationId>,
    /// Whether the client says that it has sent this before and got no answer.
    pub repeated: bool,
    /// When the last message is said.
    pub now: Now,
}

/// A conversation with its place in the person's log.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The conversation.
    pub conversation: ConversationId,
    /// The turns that the client sent and that are remembered already.
    pub heard: Vec<TurnKey>,
    /// What is new.
    fresh: Vec<Fresh>,
    now: kithkin_core::EventTime,
}

#[derive(Debug, Clone)]
struct Fresh {
    said: Said,
    /// Whether it is the message to be answered; when those before it were said is not known.
    last: bool,
}

impl Followed {
    /// How many messages are not remembered yet.
    pub fn fresh(&self) -> usize {
        self.fresh.len()
    }
}

impl Dialogue {
    /// The words of the last message of a user.
    pub fn question(&self) -> Option<&str> {
        let last = self.messages.iter().rev().find(|said| said.role == Role::User);
        last.map(|said| said.text.as_str()).filter(|text| !text.trim().is_empty())
    }
}

impl Person<'_> {
    /// Finds what of a conversation is remembered already. Nothing is written. The cost is one read of the last turns: of 64 and
    /// four for each message, 10,000 at most, and where not all that was said before the last message is among them, of 1,000.
    ///
    /// # Errors
    /// More than 5,000 messages, or a failing store.
    pub fn follow(&self, dialogue: &Dialogue) -> Result<Followed, Error> {
        let now = self.moment(dialogue.now)?;
        let messages: Vec<Said> = dialogue.messages.iter().filter_map(worth_keeping).collect();
        let sent: Vec<u64> = messages.iter().map(|said| hashed(said.role, &said.text)).collect();
        if sent.len() > MOST_MESSAGES {
            return Err(Error::TooManyMessages { count: sent.len(), most: MOST_MESSAGES });
        }
        let first = (LOOKED_AT_FIRST + 4 * sent.len() as u64).min(LOOKED_AT_MOST);
        let mut log = self.last_turns(first)?;
        let mut found = located(&log, dialogue, &sent);
        let before = sent.len().saturating_sub(1);
        let whole = match &found {
            Some((_, places)) => places.iter().take(before).all(Option::is_some),
            None => before == 0,
        };
        if first < LOOKED_AT && !whole {
            log = self.last_turns(LOOKED_AT)?;
            found = located(&log, dialogue, &sent);
        }
        let (conversation, places) = match found {
            Some(found) => found,
            None => (new_conversation(&sent, now)?, vec![None; sent.len()]),
        };
        let stored = of_conversation(&log, &conversation);
        let heard = places.iter().flatten().map(|place| stored[*place].turn.key()).collect();
        let last = messages.len().saturating_sub(1);
        let fresh = messages.into_iter().enumerate().filter(|(at, _)| places[*at].is_none());
        let fresh = fresh.map(|(at, said)| Fresh { said, last: at == last }).collect();
        Ok(Followed { conversation, heard, fresh, now })
    }

    /// Writes down what is new of a conversation. What was said before its last message is undated: the client does not say
    /// when it was. Gives how many turns are new.
    ///
    /// # Errors
    /// As [`Person::observe`].
    pub fn keep(&self, followed: &Followed) -> Result<u64, Error> {
        let session = SessionId::new(followed.now.civil().date().to_string())?;
        let turns = followed.fresh.iter().enumerate().map(|(place, fresh)| {
            let Said { role, speaker, text, attachments } = fresh.said.clone();
            let own = match role {
                Role::User => self.scope().person.to_string(),
                role => role.as_str().to_owned(),
            };
            let speaker = speaker.unwrap_or(own);
            let turn = self.utterance(&text, speaker, role, &followed.conversation, followed.now)?;
            let turn = Turn { attachments, session: session.clone(), ..turn };
            if fresh.last {
                return Self::named(turn);
            }
            // Two of the same words, both undated, are two turns; the place tells them apart.
            let id = format!("n-{}-{place}", turn.content_hash());
            Ok(Turn { id: id.parse()?, said_at: None, ..turn })
        });
        self.observe(turns.collect::<Result<Vec<_>, Error>>()?)
    }

    /// Writes the answer down.
    ///
    /// # Errors
    /// As [`Person::observe`].
    pub fn keep_answer(&self, conversation: &ConversationId, text: &str) -> Result<Remembered, Error> {
        let conversation = Some(conversation.clone());
        self.remember(&Remember { role: Role::Assistant, conversation, ..Remember::new(text) })
    }
}

/// A message as it would be stored, if it would: without blocks of recalled memories, said by somebody.
fn worth_keeping(said: &Said) -> Option<Said> {
    let text = without_blocks(&said.text).unwrap_or_else(|| said.text.clone());
    let spoken = matches!(said.role, Role::User | Role::Assistant);
    let empty = text.trim().is_empty() && said.attachments.iter().all(|a| a.caption.is_none());
    (spoken && !empty).then(|| Said { text, ..said.clone() })
}

/// Role and words; white space at the ends does not count, since clients cut it.
fn hashed(role: Role, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (role.as_str(), text.trim()).hash(&mut hasher);
    hasher.finish()
}

fn hashes(stored: &[&StoredTurn]) -> Vec<u64> {
    stored.iter().map(|stored| hashed(stored.turn.role, &stored.turn.text)).collect()
}

fn of_conversation<'a>(log: &'a [StoredTurn], conversation: &ConversationId) -> Vec<&'a StoredTurn> {
    log.iter().filter(|stored| stored.turn.conversation == *conversation).collect()
}

/// The conversation, and where in what is stored of it each message lies, if it does; `None` where no conversation is named and
/// none has any of the messages.
fn located(log: &[StoredTurn], dialogue: &Dialogue, sent: &[u64]) -> Option<(ConversationId, Vec<Option<usize>>)> {
    let Some(named) = &dialogue.conversation else { return best_match(log, sent, dialogue.repeated) };
    Some((named.clone(), align(&hashes(&of_conversation(log, named)), sent, dialogue.repeated)))
}

/// The conversation that most of the messages are found in, and where; of two alike, the later.
fn best_match(log: &[StoredTurn], sent: &[u64], repeated: bool) -> Option<(ConversationId, Vec<Option<usize>>)> {
    let mut names: Vec<&ConversationId> = Vec::new();
    for stored in log.iter().rev() {
        if !names.contains(&&stored.turn.conversation) {
            names.push(&stored.turn.conversation);
        }
    }
    let found = |name: &ConversationId| align(&hashes(&of_conversation(log, name)), sent, repeated);
    let all = names.into_iter().map(|name| (name, found(name)));
    let counted = all.map(|(name, places)| (places.iter().flatten().count(), name, places));
    // The first of the greatest is the latest: `max_by_key` would give the last.
    let best = counted.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(count, ..)| *count > 0).map(|(_, name, places)| (name.clone(), places))
}

fn new_conversation(sent: &[u64], now: kithkin_core::EventTime) -> Result<ConversationId, Error> {
    let mut hasher = DefaultHasher::new();
    (sent.first(), now.start()).hash(&mut hasher);
    Ok(ConversationId::new(format!("chat-{:016x}", hasher.finish()))?)
}

/// Where each message of what was sent lies in what is stored, if it does: the longest common subsequence, the later of two
/// places. A client that sends only the end of a long conversation, or goes back and says something else, is followed.
///
/// The last message is the one to be answered. It is there already only if it is stored right behind the message before
/// it, or if nothing was stored after it: then it is asked once more. When it stands alone and an answer lies behind it, it is
/// said again, unless the client says that it repeats itself.
fn align(stored: &[u64], sent: &[u64], repeated: bool) -> Vec<Option<usize>> {
    let Some((last, before)) = sent.split_last() else { return Vec::new() };
    let mut places = common(stored, before);
    let previous = places.last().copied().flatten();
    let behind = stored.len().checked_sub(1);
    let place = match (previous, before.is_empty()) {
        (Some(previous), _) => Some(previous + 1),
        (None, true) if repeated => {
            behind.and_then(|end| (end.saturating_sub(1)..=end).find(|at| stored[*at] == *last))
        }
        (None, true) => behind,
        (None, false) => None,
    };
    places.push(place.filter(|at| stored.get(*at) == Some(last)));
    places
}

/// The longest common subsequence, by dynamic programming over the ends. A conversation that goes on ends as what is stored
/// does, which is told at once. What lies before is compared pair by pair, and where those are too many, followed backwards.
fn common(stored: &[u64], sent: &[u64]) -> Vec<Option<usize>> {
    let ends = stored.iter().rev().zip(sent.iter().rev()).take_while(|(turn, message)| turn == message).count();
    let (stored, end) = stored.split_at(stored.len() - ends);
    let sent = &sent[..sent.len() - ends];
    let few = stored.len().saturating_mul(sent.len()) <= MOST_PAIRS;
    let before = if few { compared(stored, sent) } else { followed_back(stored, sent) };
    before.into_iter().chain((stored.len()..stored.len() + end.len()).map(Some)).collect()
}

fn compared(stored: &[u64], sent: &[u64]) -> Vec<Option<usize>> {
    let width = stored.len() + 1;
    let mut longest = vec![0_u32; width * (sent.len() + 1)];
    for (i, message) in sent.iter().enumerate() {
        for (j, turn) in stored.iter().enumerate() {
            longest[(i + 1) * width + j + 1] = if message == turn {
                longest[i * width + j] + 1
            } else {
                longest[i * width + j + 1].max(longest[(i + 1) * width + j])
            };
        }
    }
    let mut places = vec![None; sent.len()];
    let (mut i, mut j) = (sent.len(), stored.len());
    while i > 0 && j > 0 {
        if sent[i - 1] == stored[j - 1] && longest[i * width + j] == longest[(i - 1) * width + j - 1] + 1 {
            places[i - 1] = Some(j - 1);
            (i, j) = (i - 1, j - 1);
        } else if longest[(i - 1) * width + j] > longest[i * width + j - 1] {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    places
}

/// Each message, from the last on, at the last turn that says the same before that of the message behind it. Linear, and as good
/// as comparing where little was changed.
fn followed_back(stored: &[u64], sent: &[u64]) -> Vec<Option<usize>> {
    let mut turns: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, turn) in stored.iter().enumerate() {
        turns.entry(*turn).or_default().push(place);
    }
    let mut end = stored.len();
    let mut places = vec![None; sent.len()];
    for (place, message) in places.iter_mut().zip(sent).rev() {
        let alike = turns.get(message).map_or(&[][..], Vec::as_slice);
        let before = alike.partition_point(|turn| *turn < end);
        *place = before.checked_sub(1).map(|last| alike[last]);
        end = place.unwrap_or(end);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each letter is a message; a dot is one that is not stored.
    fn check(stored: &str, sent: &str, repeated: bool, expect: &str) {
        let numbers = |text: &str| text.chars().map(|c| u64::from(u32::from(c))).collect::<Vec<_>>();
        let places = align(&numbers(stored), &numbers(sent), repeated);
        let shown: String = sent.chars().zip(&places).map(|(c, place)| if place.is_some() { c } else { '.' }).collect();
        assert_eq!(shown, expect, "{sent} in {stored}");
        let found: Vec<usize> = places.into_iter().flatten().collect();
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{sent} in {stored}: the order is kept");
    }

    #[test]
    fn what_is_new_is_told_from_what_is_sent_again() {
        check("", "a", false, ".");
        check("ab", "abc", false, "ab.");
        // Only the end of a long conversation is sent.
        check("abcdef", "efg", false, "ef.");
        // "Yes" (y) was said long ago, and is said again.
        check("yabc", "bcy", false, "bc.");
        check("yabc", "y", false, ".");
        // The same request once more: no answer had come.
        check("abc", "abc", false, "abc");
        check("a", "a", false, "a");
        // The answer had come, and the client asks for another.
        check("abcd", "abc", false, "abc");
        // It says that it repeats itself.
        check("ab", "a", true, "a");
        check("ab", "a", false, ".");
        // It goes back and says something else.
        check("abcd", "abx", false, "ab.");
        check("abcdabx", "abxy", false, "abx.");
        // What was said elsewhere in between is new.
        check("abef", "abcdefg", false, "ab..ef.");
    }

    #[test]
    fn long_conversations_are_compared_in_bounded_memory() {
        let stored: Vec<u64> = (0..LOOKED_AT_MOST).collect();
        let check = |sent: &[u64], known: usize| {
            let found = common(&stored, sent).into_iter().flatten().count();
            assert_eq!(found, known, "{} messages", sent.len());
        };
        check(&stored, stored.len());
        check(&stored[..5_000], 5_000);
        // One message in the middle is told in another way.
        let mut sent = stored[5_000..].to_vec();
        sent[4_000] = u64::MAX;
        check(&sent, 4_999);
    }

    proptest::proptest! {
        #[test]
        fn what_ends_alike_is_found_without_comparing(stored in "[abc]{0,9}", sent in "[abc]{0,9}") {
            let numbers = |text: &str| text.bytes().map(u64::from).collect::<Vec<_>>();
            let (stored, sent) = (numbers(&stored), numbers(&sent));
            proptest::prop_assert_eq!(common(&stored, &sent), compared(&stored, &sent));
        }

        #[test]
        fn a_message_after_an_answer_is_never_lost(before in "[ab]{0,12}", sent in "[ab]{1,6}") {
            let numbers = |text: &str| text.bytes().map(u64::from).collect::<Vec<_>>();
            let stored = numbers(&before);
            let mut request = numbers(&sent);
            // A message that nothing stored equals is new, wherever it stands.
            request.push(u64::from(b'z'));
            let places = align(&stored, &request, false);
            proptest::prop_assert_eq!(places.len(), request.len());
            proptest::prop_assert_eq!(places.last(), Some(&None));
        }

        #[test]
        fn a_conversation_that_grows_is_stored_once(words in "[abc]{1,14}") {
            // Odd places are answers; each request sends all so far, and its last message and the answer are then stored.
            let mut stored: Vec<u64> = Vec::new();
            let mut sent: Vec<u64> = Vec::new();
            for (place, word) in words.bytes().enumerate() {
                let word = u64::from(word) + if place % 2 == 0 { 0 } else { 1_000 };
                sent.push(word);
                if place % 2 == 0 {
                    let places = align(&stored, &sent, false);
                    stored.extend(sent.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(word, _)| *word));
                } else {
                    stored.push(word);
                }
                proptest::prop_assert_eq!(&stored, &sent);
            }
        }
    }
}
