//! German forms, with the subject in front; the other order is turned round before they are looked up.

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
            "ich (wohne|lebe) in *",
            "ich bin nach * (gezogen|umgezogen|zurückgezogen|übersiedelt|übergesiedelt)",
            "ich bin in * (zu hause|zuhause|daheim)",
            "ich habe (|mir) (eine wohnung|ein zimmer|ein haus|eine neue wohnung|ein neues zimmer|ein neues haus) in *",
            "(mein|unser) (zuhause|wohnort|neues zuhause|neuer wohnort) ist (|in) *",
        ],
    },
    Table {
        says: Work,
        trust: Plain,
        forms: &[
            "ich arbeite (bei|für|als) *",
            "ich bin bei * (angestellt|beschäftigt|tätig)",
            "ich habe (einen|eine|meine) (|neue|neuen|gute) (job|stelle|arbeit|anstellung) bei *",
            "ich habe bei * (angefangen|begonnen|angeheuert)",
            "ich bin (zu|zur) * gewechselt",
            "mein (|neuer|jetziger) arbeitgeber ist *",
            "meine (|neue) firma ist *",
        ],
    },
    Table { says: FormerFavourite, trust: Plain, forms: &["(mein|meine) (|alter|alte|altes) lieblings# war *"] },
    Table {
        says: Favourite,
        trust: Plain,
        forms: &[
            "(mein|meine) (|neuer|neue|neues|absoluter|absolute|absolutes) lieblings# (ist|sind|wurde) *",
            "* (ist|sind|wurde) (mein|meine) (|neuer|neue|neues|absoluter|absolute|absolutes) lieblings#",
            "(ist|sind) (mein|meine) (|neuer|neue|neues|absoluter|absolute|absolutes) lieblings# *",
            "(ist|sind) * (mein|meine) (|neuer|neue|neues|absoluter|absolute|absolutes) lieblings#",
        ],
    },
    Table {
        says: NoLonger,
        trust: Loose,
        forms: &[
            "ich habe * (aufgegeben|abgeschrieben)",
            "ich habe (genug|die nase voll) von *",
            "von * habe ich (genug|die nase voll)",
            "ich habe mit * (aufgehört|abgeschlossen|gebrochen)",
            "mit * habe ich (aufgehört|abgeschlossen|gebrochen)",
            "ich habe keine (lust|freude) mehr (auf|an) *",
            "ich habe das interesse an * verloren",
            "* ist nichts mehr für mich",
        ],
    },
    Table {
        says: Dislikes,
        trust: Plain,
        forms: &[
            "ich (hasse|verabscheue|meide|vermeide) *",
            "ich kann * nicht (ausstehen|leiden|ertragen|riechen|sehen|hören)",
            "* kann ich nicht (ausstehen|leiden|ertragen|riechen|sehen|hören)",
            "ich finde * (furchtbar|schrecklich|doof|blöd|eklig|schlimm|langweilig|öde|grässlich|grauenhaft|widerlich|scheußlich)",
            "* finde ich (furchtbar|schrecklich|doof|blöd|eklig|schlimm|langweilig|öde|grässlich|grauenhaft|widerlich|scheußlich)",
            "ich (esse|trinke) (kein|keine|keinen) *",
            "ich habe keine (lust|freude) (auf|an) *",
            "ich kann mit * nichts anfangen",
            "mit * kann ich nichts anfangen",
            "ich mache mir nichts aus *",
            "* ist nichts für mich",
        ],
    },
    Table { says: Dislikes, trust: Loose, forms: &["ich habe * satt", "* habe ich satt", "ich bin * leid"] },
    Table {
        says: Likes,
        trust: Plain,
        forms: &[
            "ich (mag|liebe|schätze|genieße|bevorzuge|vergöttere) *",
            "* (mag|liebe|schätze|genieße) ich",
            "ich habe * (gemocht|geliebt|gemocht|gern gehabt)",
            "ich (trinke|esse|höre|sehe|schaue|lese|spiele|mache) * (gern|gerne|am liebsten)",
            "ich (trinke|esse|höre|sehe|schaue|lese|spiele|mache) (gern|gerne|am liebsten) *",
            "ich bin (|ein|eine) (|großer|großes|riesiger|echter|große) (fan|freund|liebhaber) von *",
            "ich stehe auf *",
            "ich finde * (toll|super|klasse|großartig|wunderbar|prima|spannend|lecker|herrlich|genial|schön|spitze|gut)",
            "* finde ich (toll|super|klasse|großartig|wunderbar|prima|spannend|lecker|herrlich|genial|schön|spitze|gut)",
            "* (gefällt|schmeckt) mir",
            "mir (gefällt|schmeckt) *",
            "ich habe * (liebgewonnen|lieb gewonnen|lieben gelernt|schätzen gelernt|für mich entdeckt)",
            "ich habe (gefallen|geschmack|freude) an * (gefunden|gewonnen)",
            "ich bin verrückt nach *",
            "ich bin (begeistert|fasziniert) von *",
            "ich (begeistere mich|schwärme) für *",
            "ich habe mich in * verliebt",
        ],
    },
    Table { says: Likes, trust: Loose, forms: &["* ist (mein ding|meins)"] },
    Table { says: Allergy, trust: Plain, forms: &["ich bin allergisch (gegen|auf) *"] },
    Table { says: Language, trust: Plain, forms: &["ich spreche *"] },
    Table {
        says: Diet,
        trust: Plain,
        forms: &["ich (bin|wurde) *", "ich bin * geworden", "ich (esse|ernähre mich|lebe) *"],
    },
    Table { says: Goal, trust: Plain, forms: &["ich plane *"] },
    Table { says: Goal, trust: Plain, forms: &["ich (möchte|will) *"] },
];
