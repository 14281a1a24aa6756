//! The words that link clauses: what gives a reason, what draws a conclusion, what stands before a clause.

/// What a reason follows, behind a statement or in front of it.
pub(in crate::profile) const BECAUSE: &[&str] = &[
    "because of",
    "because",
    "since",
    "due to",
    "owing to",
    "thanks to",
    "given that",
    "seeing that",
    "seeing as",
    "now that",
    "weil",
    "wegen",
    "aufgrund",
    "zumal",
    "主要是因为",
    "就是因为",
    "是因为",
    "因为",
    "由于",
    "毕竟",
];
/// The same, but only after a comma or at the beginning, as the words mean other things elsewhere.
pub(in crate::profile) const BECAUSE_APART: &[&str] = &["as", "cause", "'cause", "da", "denn"];
/// What a reason follows in a sentence of its own, behind the statement.
pub(in crate::profile) const AFTERWORDS: &[&str] = &[
    "it's because",
    "it’s because",
    "it is because",
    "that's because",
    "that’s because",
    "that is because",
    "this is because",
    "the reason is that",
    "the reason is",
    "the reason being that",
    "the reason:",
    "reason:",
    "der grund ist, dass",
    "der grund dafür ist, dass",
    "der grund dafür:",
    "grund dafür:",
    "der grund:",
    "grund:",
    "das liegt daran, dass",
    "das kommt daher, dass",
    "das ist so, weil",
    "nämlich weil",
    "原因是",
    "原因在于",
    "理由是",
    "主要原因是",
];
/// What a conclusion follows, of which the clause or sentence before is the reason.
pub(in crate::profile) const THEREFORE: &[&str] = &[
    "that's why",
    "that’s why",
    "that is why",
    "this is why",
    "which is why",
    "hence",
    "therefore",
    "for that reason",
    "for this reason",
    "as a result",
    "deshalb",
    "deswegen",
    "darum",
    "daher",
    "aus diesem grund",
    "所以",
    "因此",
    "因而",
    "于是",
];
/// The same, but only behind a clause: elsewhere they mean something else.
pub(in crate::profile) const SO: &[&str] = &["so"];
/// What does not follow "so" where it draws a conclusion.
pub(in crate::profile) const NOT_SO: &[&str] =
    &["far", "that", "much", "many", "to", "good", "on", "long", "what", "is", "am", "are"];
/// What follows "since" where it says from when on, and "as" where it compares.
pub(in crate::profile) const FROM_WHEN: &[&str] = &[
    "then",
    "last",
    "yesterday",
    "childhood",
    "birth",
    "this",
    "early",
    "late",
    "about",
    "at",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "i was a",
    "i was little",
    "i was young",
    "i was small",
    "a child",
    "a kid",
    "high school",
    "highschool",
    "college",
    "i was born",
    "we were kids",
    "we were children",
    "summer",
    "winter",
    "spring",
    "autumn",
];
/// What follows "as" where it gives a reason.
pub(in crate::profile) const AS_WHO: &[&str] = &["my", "the", "our", "it", "they", "he", "she", "we", "there", "i"];
/// What does not.
pub(in crate::profile) const AS_SAID: &[&str] =
    &["i said", "i told", "i mentioned", "i wrote", "i know", "i see", "we know", "we said", "they say", "the saying"];
/// What follows "da" where it points, and does not give a reason.
pub(in crate::profile) const DA_THERE: &[&str] = &[
    "bin", "ist", "war", "sind", "waren", "habe", "hat", "kann", "drüben", "draußen", "drin", "muss", "fällt", "kommt",
];

/// Words before a clause that stands for itself.
pub(in crate::profile) const LEADING: &[&str] = &[
    "and",
    "but",
    "so",
    "then",
    "also",
    "well",
    "yes",
    "yeah",
    "no",
    "oh",
    "ok",
    "okay",
    "personally",
    "plus",
    "though",
    "still",
    "in fact",
    "as for me",
    "und",
    "aber",
    "dann",
    "nein",
    "ja",
    "naja",
    "nun ja",
    "但是",
    "不过",
    "而且",
    "但",
    "那么",
    "然后",
    "之所以",
    "可是",
    "后来",
];
/// Words of time that may stand before a German verb, with what follows them.
pub(in crate::profile) const GERMAN_TIMES: &[&str] =
    &["seit", "ab", "vor", "nach", "diesen", "dieses", "letzten", "letztes", "im"];
/// Words that say that somebody says what follows.
pub(in crate::profile) const REPORTING: &[&str] = &[
    "said",
    "says",
    "say",
    "saying",
    "told",
    "tells",
    "tell",
    "telling",
    "thinks",
    "think",
    "thought",
    "asked",
    "claims",
    "claim",
    "claimed",
    "wrote",
    "writes",
    "believes",
    "sagt",
    "sagte",
    "sagen",
    "meint",
    "meinte",
    "behauptet",
    "glaubt",
    "denkt",
    "erzählt",
    "schreibt",
    "schrieb",
];
pub(in crate::profile) const REPORTING_UNSPACED: &[&str] = &["说", "觉得", "认为", "以为", "写道", "问"];
/// Such words in a turn of phrase that reports nobody.
pub(in crate::profile) const PHRASES_UNSPACED: &[&str] =
    &["顺便", "老实", "说实话", "说真", "说起", "说到", "说来", "坦白", "跟你说", "告诉你", "一般来说", "总的来说"];
/// Words by which a clause is the speaker's own.
pub(in crate::profile) const OWN: &[&str] = &[
    "i", "my", "me", "mine", "we", "our", "ich", "mein", "meine", "meinen", "meins", "mir", "mich", "wir", "unser",
    "我",
];
/// Beginnings of a supposition.
pub(in crate::profile) const IF: &[&str] = &["if", "wenn", "falls", "如果", "要是", "假如", "万一"];
