//! Words of eight basic emotions (Plutchik 1980) in English, German and Chinese.
//!
//! Written for this project, and free as the rest of it. Words are matched by their stems, so one form stands for all;
//! Chinese words have two characters, as these are what the index knows.

/// The emotions, in the order of [`WORDS`].
pub(super) const EMOTIONS: [&str; 8] =
    ["joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation"];

/// The words of each emotion, parted by spaces.
pub(super) const WORDS: [&str; 8] = [
    "happy glad joy joyful delighted love lovely fun enjoy great wonderful amazing awesome laugh smile celebrate cheerful \
     grateful thrilled blessed proud glücklich froh freude schön toll wunderbar lachen feiern stolz genießen 开心 高兴 快乐 \
     幸福 喜欢 喜悦 骄傲 感激",
    "trust friend support reliable honest safe loyal believe respect help together family vertrauen freund ehrlich sicher \
     treu respekt helfen zusammen familie 信任 朋友 支持 可靠 诚实 安全 尊重 家人",
    "afraid scared fear frightened terrified anxious nervous worried worry panic danger threat angst fürchten besorgt \
     nervös panik gefahr erschrocken sorgen 害怕 恐惧 担心 紧张 焦虑 恐慌 危险 忧虑",
    "surprise surprised astonished unexpected suddenly wow shocked unbelievable sudden überrascht überraschung plötzlich \
     unerwartet erstaunt unglaublich 惊讶 意外 突然 吃惊 震惊 竟然 惊喜",
    "sad cry tears lonely grief miss lost mourn depressed unhappy heartbroken disappointed hurt regret traurig weinen \
     tränen einsam trauer vermissen enttäuscht verloren 难过 伤心 悲伤 哭泣 孤独 失望 想念 遗憾",
    "disgust disgusting gross nasty sick awful horrible repulsive ekel eklig widerlich abscheulich übel schrecklich 恶心 \
     讨厌 厌恶 肮脏 糟糕",
    "angry mad furious annoyed hate rage upset irritated unfair frustrated wütend sauer zornig hassen ärgern genervt \
     unfair verärgert 生气 愤怒 恼火 讨厌 气愤 不满 烦躁",
    "hope excited plan looking forward soon wait expect eager ready dream wish hoffen gespannt plan freuen bald erwarten \
     bereit traum wunsch 期待 希望 计划 盼望 等待 梦想 准备",
];
