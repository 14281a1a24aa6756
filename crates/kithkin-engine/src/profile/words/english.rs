//! English forms.

use super::super::forms::Says::{
    Allergy, Diet, Dislikes, Favourite, FormerFavourite, FormerLiking, Goal, Home, Language, Likes, NoLonger,
    NoLongerDislikes, Wish, Work,
};
use super::super::forms::Trust::{Loose, Plain};
use super::Table;

pub(super) const FORMS: &[Table] = &[
    Table {
        says: Home,
        trust: Plain,
        forms: &[
            "(i|we) (live|reside) (in|at) *",
            "(i am|we are) (living|based|settled|at home) in *",
            "(i|we) have (lived|been living|resided|settled|settled down) in *",
            "(i|we) (settled|settled down) in *",
            "(i|we) (|have) (moved|relocated) (|over|back|away|out|house|home) to *",
            "(i|we) (have|have got|got|rent|own|bought|found|have found|have bought) (a|an) (|new|small|little|nice) (flat|apartment|house|place|room|studio|home) in *",
            "(my|our) (|new) (home|flat|apartment|house|place) is in *",
            "(my|our) (|new) home is *",
            "* is (my|our) (|new) home",
        ],
    },
    Table {
        says: Work,
        trust: Plain,
        forms: &[
            "i (work|am working) (at|for|as) *",
            "i have (worked|been working) (at|for|as) *",
            "i (|have) (started|begun|began) (work|working|to work|a job|a new job) (at|for|with|as) *",
            "i (have|have got|got|found|landed|accepted|took|have taken|have found|have accepted|started) (a|an|my) (|new|better|great) (job|position|post|role) (at|with) *",
            "i am (employed|engaged) (at|by|with) *",
            "i (was|got|am|have been) hired (by|at) *",
            "i have joined *",
            "i (|have) (switched|changed|moved) jobs to *",
            "my (|new|current) (employer|company|workplace|job) is *",
        ],
    },
    Table { says: FormerFavourite, trust: Plain, forms: &["my (|old) (favourite|favorite) # (was|used to be) *"] },
    Table {
        says: Favourite,
        trust: Plain,
        forms: &[
            "my (|new|current|absolute|all-time|all time|very) (favourite|favorite) # (is|are|has become|became|would be|has to be|must be) *",
            "* (is|are|has become|have become|became) my (|new|current|absolute|all-time|all time|very) (favourite|favorite) #",
            "the # i (like|love|enjoy) (|the) (best|most) (is|are) *",
        ],
    },
    Table {
        says: FormerLiking,
        trust: Plain,
        forms: &[
            "i used to (love|like|enjoy|adore|prefer|be into|be fond of|be a fan of|hate|dislike|detest|loathe|avoid) *",
        ],
    },
    Table {
        says: NoLonger,
        trust: Plain,
        forms: &[
            "i (|have) (stopped|quit) (liking|loving|enjoying) *",
            "i (|have) (went|gone) off *",
            "i (|have) lost (interest in|my interest in|all interest in|my love for|my appetite for|my love of) *",
        ],
    },
    Table { says: NoLongerDislikes, trust: Plain, forms: &["i (|have) stopped (hating|disliking|avoiding) *"] },
    Table {
        says: NoLonger,
        trust: Loose,
        forms: &[
            "i (|have) (gave up|given up|quit|stopped|dropped|given up on|gave up on) *",
            "i (am|have) (over|done with|finished with|through with|had enough of) *",
            "* (is|are) no longer (for me|my thing|my cup of tea)",
        ],
    },
    Table {
        says: Dislikes,
        trust: Plain,
        forms: &[
            "i (hate|dislike|detest|loathe|despise|avoid) *",
            "i can not (stand|bear|tolerate|abide|take|handle) *",
            "i have (hated|disliked|detested|loathed|avoided) *",
            "i (|have) (come|came|grown|grew|learned|started|begun|began) to (hate|dislike|detest|loathe|avoid) *",
            "i do not (eat|drink|care for|care much for) *",
            "i never (eat|drink) *",
            "i have no interest in *",
        ],
    },
    Table {
        says: Dislikes,
        trust: Loose,
        forms: &[
            "i am (|getting|so) (sick of|tired of|fed up with|bored of|bored with|bored by|weary of|put off by) *",
            "* (is|are) not (for me|to my taste)",
        ],
    },
    Table {
        says: Likes,
        trust: Plain,
        forms: &[
            "i (love|like|enjoy|adore|prefer|fancy|relish) *",
            "i have (loved|liked|enjoyed|adored) *",
            "i (|have) (come|came|grown|grew|learned|learnt|started|begun|began) to (love|like|enjoy|appreciate) *",
            "i (|have) (started|begun|began) (liking|loving|enjoying) *",
            "i am (starting|beginning|coming|learning) to (love|like|enjoy|appreciate) *",
            "i am (fond of|keen on|into|mad about|crazy about|nuts about|passionate about|obsessed with|hooked on|addicted to|partial to|in love with|enthusiastic about) *",
            "i (have become|became|got|have got|have gotten) (fond of|keen on|into|hooked on|addicted to|obsessed with) *",
            "i am (a|an) (|big|huge|great|massive|real|true|lifelong) (fan|lover) of *",
            "i have (become|turned into) (a|an) (|big|huge|great|massive|real|true) (fan|lover) of *",
            "i have (a|an) (|big|real|great|huge|secret) (passion|weakness|soft spot|love|fondness|liking|taste) for *",
            "i (fell|have fallen) in love with *",
            "i (took|have taken|developed|have developed) (a liking|a fancy|a shine) to *",
            "i (developed|acquired|have developed|have acquired|discovered|have discovered) (a|my) (taste|love|passion|liking) for *",
            "i can not (get enough of|live without|do without|resist) *",
            "* (has|have) grown on me",
            "* grew on me",
        ],
    },
    Table { says: Likes, trust: Loose, forms: &["* (is|are) my (thing|cup of tea|passion)"] },
    Table { says: Allergy, trust: Plain, forms: &["i am allergic to *"] },
    Table { says: Language, trust: Plain, forms: &["i speak *"] },
    Table { says: Diet, trust: Plain, forms: &["i (am|became|have become|went|have gone|turned|have turned) (|a) *"] },
    Table {
        says: Goal,
        trust: Plain,
        forms: &["i plan to *", "i am planning to *", "i hope to *", "my goal is to *", "i am saving for *"],
    },
    Table { says: Wish, trust: Plain, forms: &["i want to *", "i would (like|love) to *"] },
];
