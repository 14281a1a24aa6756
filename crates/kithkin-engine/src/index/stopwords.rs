//! Function words: articles, pronouns, prepositions, auxiliaries, particles and question words.
//!
//! They say what kind of thing is asked, never what about. They also tell languages apart cheaply. The lists hold closed
//! classes only; what to do with the words is decided elsewhere.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::language::Language;
use super::words::fold_accents;

/// The languages that have a list.
pub(crate) const LISTED: [Language; 5] =
    [Language::English, Language::German, Language::French, Language::Spanish, Language::Chinese];

/// A set of listed languages: bit i is `LISTED[i]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LanguageSet(u8);

impl LanguageSet {
    /// Whether the language is in the set. Languages without a list never are.
    pub(crate) fn has(self, language: Language) -> bool {
        LISTED.iter().position(|l| *l == language).is_some_and(|bit| self.0 & (1 << bit) != 0)
    }
}

/// In which languages a word is a function word. The word is as [`super::words`] gives it; a Chinese one is a bigram or
/// a single character. Cost: one hash of the word, 20 ns.
pub(crate) fn function_word_in(word: &str) -> LanguageSet {
    FUNCTION_WORDS.get(word).copied().unwrap_or_else(|| bigram_of_particles(word))
}

/// Whether the lower-case word is a function word in any language that has a list.
pub(crate) fn is_function_word(word: &str) -> bool {
    function_word_in(word) != LanguageSet::default()
}

/// A bigram across two particles, such as 的是, is as empty as they are.
fn bigram_of_particles(word: &str) -> LanguageSet {
    let mut chars = word.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(a), Some(b), None) if PARTICLES.contains(a) && PARTICLES.contains(b) => CHINESE_ONLY,
        _ => LanguageSet::default(),
    }
}

const CHINESE_ONLY: LanguageSet = LanguageSet(1 << 4);

static FUNCTION_WORDS: LazyLock<HashMap<String, LanguageSet>> = LazyLock::new(|| {
    let mut words: HashMap<String, LanguageSet> = HashMap::new();
    for (bit, list) in [ENGLISH, GERMAN, FRENCH, SPANISH, CHINESE].into_iter().enumerate() {
        for word in list.split_whitespace() {
            // People leave accents out when they type, in question words above all.
            for form in [word.to_owned(), fold_accents(word).into_owned()] {
                words.entry(form).or_default().0 |= 1 << bit;
            }
        }
    }
    for particle in PARTICLES.chars() {
        words.entry(particle.to_string()).or_default().0 |= CHINESE_ONLY.0;
    }
    words
});

/// Contractions come without their ends: "don't" is "do", "can't" is "ca".
const ENGLISH: &str = "
    a an the this that these those such same other another each every either neither both all any some no none many much
    few more most less least several enough own
    i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers
    herself it its itself they them their theirs themselves one ones someone anyone everyone nobody somebody anybody
    everybody something anything everything nothing
    who whom whose which what when where why how whoever whatever whichever whenever wherever however
    am is are was were be been being have has had having do does did doing done will would shall should can could may
    might must ought wo ca sha gonna wanna gotta let
    of at by for with about against between into through during before after above below to from up down in out on off
    over under again further than as until while since upon within without toward towards across along among around
    behind beside besides beyond despite except near onto per via throughout
    and but or nor so yet if because though although unless whether then else not very too also just only even ever never
    here there now once still quite rather almost already perhaps maybe
    im ive id youre youve theyre theyve weve dont doesnt didnt isnt arent wasnt werent cant couldnt wont wouldnt shouldnt
    hasnt havent hadnt thats whats hes shes theres wheres whos
    o s t re ve ll d m";

const GERMAN: &str = "
    der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines dieser diese dieses
    diesen diesem jener jene jenes jenen jenem jeder jede jedes jeden jedem alle alles allen aller allem manche mancher
    manches viele vieles vielen viel wenig wenige mehr einige einigen etwas nichts solche solcher solches
    ich mich mir du dich dir er ihn ihm sie ihr ihnen es wir uns euch man sich selbst jemand niemand
    mein meine meinen meinem meiner meines dein deine deinen deinem deiner deines sein seine seinen seinem seiner seines
    ihre ihren ihrem ihrer ihres unser unsere unseren unserem unserer unseres euer eure euren eurem eurer
    wer wen wem wessen was welche welcher welches welchen welchem wann wo woher wohin warum wieso weshalb wie wozu womit
    wofür woran worauf worüber wovon
    bin bist ist sind seid war warst waren wart gewesen sei wäre wären habe hast hat haben habt hatte hattest hatten hätte
    hätten gehabt werde wirst wird werden werdet wurde wurden würde würden würdest worden geworden kann kannst können
    könnt konnte konnten könnte könnten muss musst müssen musste mussten müsste soll sollst sollen sollte sollten will
    willst wollen wollte wollten darf darfst dürfen durfte mag magst mögen möchte möchten
    an am auf aus außer bei beim bis durch für gegen hinter in im ins mit nach neben ohne seit trotz über um unter von vom
    vor während wegen zu zum zur zwischen ab
    und oder aber denn sondern doch weil dass daß wenn ob als damit obwohl bevor nachdem sobald falls sowie
    nicht auch nur noch schon sehr so dann da hier dort nun jetzt immer nie mal ja nein eben halt etwa fast ganz gar
    daran darauf daraus dabei dadurch dafür dagegen daher darin darum darüber davon dazu hin her wieder";

const FRENCH: &str = "
    le la les l un une des du de d au aux ce cet cette ces c mon ma mes ton ta tes son sa ses notre nos votre vos leur
    leurs tout toute tous toutes quelque quelques chaque plusieurs aucun aucune autre autres même mêmes tel telle tels
    je j me m moi tu te t toi il elle on nous vous ils elles se s soi lui eux y en ça cela ceci celui celle ceux celles
    qui que qu quoi dont où quel quelle quels quelles lequel laquelle lesquels lesquelles quand comment pourquoi combien
    suis es est sommes êtes sont étais était étions étiez étaient été être serai seras sera serons serez seront serait
    seraient sois soit soient ai as a avons avez ont avais avait avions aviez avaient eu avoir aurai auras aura aurons
    aurez auront aurais aurait auraient ait aient fais fait faire font peux peut pouvez pouvons peuvent pouvait dois doit
    devez doivent veux veut voulez vas va vais allez vont
    à dans par pour sur sous avec sans chez vers entre contre depuis pendant avant après devant derrière jusque jusqu dès
    et ou mais donc or ni car si comme lorsque lorsqu puisque puisqu parce afin ainsi alors
    ne n pas plus moins très trop peu beaucoup aussi encore déjà toujours jamais rien personne ici là bien oui non";

const SPANISH: &str = "
    el la los las lo un una unos unas este esta esto estos estas ese esa eso esos esas aquel aquella aquello aquellos
    aquellas mi mis tu tus su sus nuestro nuestra nuestros nuestras vuestro vuestra vuestros vuestras todo toda todos
    todas algún alguno alguna algunos algunas ningún ninguno ninguna otro otra otros otras mismo misma mismos mismas cada
    mucho mucha muchos muchas poco poca pocos pocas tanto tanta varios varias algo nada alguien nadie
    yo me mí conmigo tú te ti contigo usted ustedes él ella ello ellos ellas nosotros nosotras vosotros vosotras nos os se
    sí le les
    qué que quién quiénes quien quienes cuál cuáles cual cuales cuándo cuando dónde donde adónde cómo como cuánto cuánta
    cuántos cuántas cuyo cuya por porqué
    soy eres es somos sois son era eras éramos eran fui fuiste fue fuimos fueron sido ser sea sean sería serían será serán
    estoy estás está estamos están estaba estabas estaban estuvo estar estado he has ha hemos han había habías habían haber
    hay hubo haya hayan habrá habría tengo tienes tiene tenemos tienen tenía tenían tuvo puedo puedes puede podemos pueden
    podía podría debo debes debe deben voy vas va vamos van iba
    a al de del en con sin para sobre entre hacia hasta desde contra durante según ante bajo tras
    y e o u ni pero sino aunque porque pues si mientras entonces
    no más menos muy también tampoco ya aún todavía siempre nunca aquí ahí allí así tan bien";

/// Words of two characters.
const CHINESE: &str = "
    我们 你们 他们 她们 它们 咱们 自己 大家 别人 我的 你的 他的 她的 我們 你們 他們 她們 它們 自己 別人
    什么 甚么 怎么 怎样 哪里 哪儿 哪个 哪些 那里 那儿 那个 那些 这里 这儿 这个 这些 这样 那样 多少 几个 为何 如何 何时 谁的
    什麼 甚麼 怎麼 怎樣 哪裡 哪兒 哪個 那裡 那個 這裡 這個 這些 這樣 那樣 幾個 為何 何時 誰的
    因为 所以 但是 可是 不过 而且 或者 还是 如果 虽然 然后 以及 并且 于是 因此 只是 就是 不是 也是 都是 还有 没有 可以 可能
    因為 不過 還是 雖然 然後 並且 於是 還有 沒有
    一个 一些 一下 一样 有点 已经 正在 曾经 非常 时候 的话 之前 之后 以前 以后 是否 有没 是不 么时
    一個 一樣 有點 已經 曾經 時候 的話 之後 以後 是否 有沒 麼時";

/// Single characters that carry no content of their own.
const PARTICLES: &str = "我你您他她它谁誰哪几幾的了是在和与與也都就还還又很不没沒吗嗎呢吧啊呀嘛么麼着著过過把被给給对對从從到向这這那之其而且或但";
