//! Chinese forms. Each character is a word of its own.

use super::super::forms::Says::{
    Allergy, Diet, Dislikes, Favourite, FormerFavourite, Goal, Home, Language, Likes, NoLonger, Work,
};
use super::super::forms::Trust::{Loose, Plain};
use super::Table;

pub(super) const FORMS: &[Table] = &[
    Table {
        says: Home,
        trust: Plain,
        forms: &[
            "(我|我们)(搬到|搬去|搬家到|搬家去|搬来|移居|迁居)*(住|生活|居住|定居)",
            "(我|我们)(搬到|搬去|搬家到|搬家去|搬来|移居|移居到|迁居到)*",
            "(我|我们)(住在|住到|居住在|生活在|定居在|定居到|安家在)*",
            "(我|我们)在*(生活|居住|定居|安家|住)",
            "(我|我们)(的|)(家|新家|住处)在*",
        ],
    },
    Table {
        says: Work,
        trust: Plain,
        forms: &[
            "我在*(工作|上班|就职|任职|供职|做事)",
            "我(换到|去|到|调到|跳槽到|跳槽去|转到)*(工作|上班|就职|任职)",
            "我(跳槽到|跳槽去|就职于|任职于|供职于|入职)*",
            "我的(工作单位|单位|公司|雇主|工作)是*",
            "我是*的(员工|职员|雇员)",
            "我加入*",
        ],
    },
    Table {
        says: FormerFavourite, trust: Plain, forms: &["我(以前|原来|过去|曾经)最(喜欢|爱|喜爱)的#是*"]
    },
    Table {
        says: Favourite,
        trust: Plain,
        forms: &[
            "我最(喜欢|爱|喜爱|中意|钟爱|爱喝|爱吃|爱看)的#(是|变成|成了|换成|改成|就是)*",
            "*(是|成了|变成|成为)我最(喜欢|爱|喜爱|中意|钟爱|爱喝|爱吃|爱看)的#",
        ],
    },
    Table {
        says: NoLonger,
        trust: Plain,
        forms: &[
            "我(戒|戒掉|放弃|厌倦|腻|吃腻|看腻|听腻)*",
            "我对*(没兴趣了|失去兴趣|失去了兴趣|没有兴趣了|不感兴趣了)",
        ],
    },
    Table {
        says: Dislikes,
        trust: Plain,
        forms: &["我(讨厌|厌恶|反感|受不了|不吃|不喝|痛恨)*", "我对*(不感兴趣|没兴趣|没有兴趣|反感|无感|不感冒)"],
    },
    Table {
        says: Likes,
        trust: Plain,
        forms: &[
            "我(喜欢上|爱上|迷上|喜欢|喜爱|热爱|酷爱|爱吃|爱喝|爱看|爱听|爱|享受|偏爱|钟爱|沉迷于|沉迷|痴迷于|迷恋)*",
            "我对*(感兴趣|着迷|有兴趣|入迷|上瘾|情有独钟)",
        ],
    },
    Table { says: Likes, trust: Loose, forms: &["我是*(迷|爱好者|的粉丝)"] },
    Table { says: Allergy, trust: Plain, forms: &["我对*过敏"] },
    Table { says: Language, trust: Plain, forms: &["我会(说|讲)*"] },
    Table { says: Diet, trust: Plain, forms: &["我吃*"] },
    Table { says: Goal, trust: Plain, forms: &["我(想要|打算|计划)*"] },
];
