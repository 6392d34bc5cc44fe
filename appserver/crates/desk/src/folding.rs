//! The form texts are searched in: one for all spellings that differ in case, accents or width alone.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// The text as it is searched: lower case, compatibility forms as their usual ones, without accents (`ё` as `е`, `ü` as
/// `u`), `ß` as `ss`, white space as single spaces. Chinese and Japanese stay as they are: any part of a text is found.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for char in text.nfkd().filter(|char| !is_combining_mark(*char)).flat_map(char::to_lowercase) {
        match char {
            'ß' => folded.push_str("ss"),
            // Lower-casing may make a mark of its own.
            char if is_combining_mark(char) => {}
            char if char.is_whitespace() || char.is_control() => {
                if !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            char => folded.push(char),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn spellings_of_one_word_are_one() {
        for (text, expected) in [
            ("ЁЛКА в Киеве", "елка в киеве"),
            ("Straße STRASSE", "strasse strasse"),
            ("Grüße, Über", "grusse, uber"),
            ("会议室 ＡＢＣ", "会议室 abc"),
            ("İstanbul", "istanbul"),
            ("a\r\n\tb  c", "a b c"),
            ("ﬁle №5", "file no5"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
        assert_eq!(folded("Äpfel"), folded("A\u{308}pfel"), "however it was typed");
    }
}
