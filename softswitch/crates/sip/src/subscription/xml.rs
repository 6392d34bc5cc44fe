//! XML as the event packages need it: a writer whose texts cannot break out, and a reader for the documents
//! telephones publish. The reader knows no document types, so nothing expands and nothing is fetched.

use std::borrow::Cow;

/// Writes elements into a text.
#[derive(Debug)]
pub(super) struct Writer {
    text: String,
    open: Vec<&'static str>,
    /// The start tag is not closed yet.
    in_tag: bool,
}

impl Writer {
    pub(super) fn new() -> Self {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        Self { text, open: Vec::new(), in_tag: false }
    }

    /// Begins an element; [`Self::attribute`]s may follow.
    pub(super) fn begin(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.text.push('<');
        self.text.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    pub(super) fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        escape(value, &mut self.text);
        self.text.push('"');
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.close_tag();
        escape(text, &mut self.text);
        self
    }

    /// Ends the innermost element.
    pub(super) fn end(&mut self) -> &mut Self {
        let Some(name) = self.open.pop() else { return self };
        if std::mem::take(&mut self.in_tag) {
            self.text.push_str("/>");
        } else {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
        self
    }

    /// An element that holds a text and nothing else.
    pub(super) fn leaf(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.begin(name).text(text).end()
    }

    /// The document, every open element ended.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text.push('\n');
        self.text
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.text.push('>');
        }
    }
}

/// Characters XML has no way to write (XML 1.0 §2.2) become U+FFFD.
fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(char),
        }
    }
}

/// One thing read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// `<name …>`; the name without its prefix.
    Start(&'a str),
    /// `</name>`, or the end of `<name/>`.
    End(&'a str),
    /// Text with its entities resolved.
    Text(Cow<'a, str>),
}

/// Reads a document piece by piece. It ends at the first thing that is not well-formed.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    /// The end of an element that was empty.
    pending: Option<&'a str>,
    elements: usize,
    failed: bool,
    seen_root: bool,
}

/// More elements, or deeper ones, are no presence document.
const MAX_ELEMENTS: usize = 512;
const MAX_DEPTH: usize = 16;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest, open: Vec::new(), pending: None, elements: 0, failed: false, seen_root: false }
    }

    /// Whether the whole document was read and is well-formed as far as was looked.
    pub(super) fn is_complete(&self) -> bool {
        !self.failed && self.seen_root && self.open.is_empty() && self.rest.trim().is_empty()
    }

    /// The next piece; `None` at the end and at the first fault.
    pub(super) fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(name) = self.pending.take() {
            return Some(Piece::End(name));
        }
        while !self.failed && !self.rest.is_empty() {
            let Some(markup) = self.rest.strip_prefix('<') else {
                let (text, rest) = self.rest.split_at(self.rest.find('<').unwrap_or(self.rest.len()));
                self.rest = rest;
                if text.trim().is_empty() {
                    continue;
                }
                if self.open.is_empty() {
                    return self.fail();
                }
                let text = unescape(text);
                return text.map(Piece::Text).or_else(|| self.fail());
            };
            if let Some(comment) = markup.strip_prefix("!--") {
                self.skip(comment, "-->");
            } else if let Some(data) = markup.strip_prefix("![CDATA[") {
                let Some((text, rest)) = data.split_once("]]>") else { return self.fail() };
                self.rest = rest;
                return Some(Piece::Text(Cow::Borrowed(text)));
            } else if let Some(instruction) = markup.strip_prefix('?') {
                self.skip(instruction, "?>");
            } else {
                return self.tag(markup);
            }
        }
        None
    }

    fn skip(&mut self, text: &'a str, end: &str) {
        match text.split_once(end) {
            Some((_, rest)) => self.rest = rest,
            None => self.failed = true,
        }
    }

    fn tag(&mut self, markup: &'a str) -> Option<Piece<'a>> {
        // `<!DOCTYPE` and the like are refused with all that is no name.
        let Some(end) = tag_end(markup) else { return self.fail() };
        let (inner, rest) = (markup.get(..end)?, markup.get(end + 1..)?);
        self.rest = rest;
        if let Some(name) = inner.strip_prefix('/') {
            let name = name.trim_end();
            return match self.open.pop() {
                Some(open) if open == name => Some(Piece::End(local(name))),
                _ => self.fail(),
            };
        }
        let (inner, is_empty) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let name = inner.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        self.elements += 1;
        let is_good = is_name(name)
            && self.elements <= MAX_ELEMENTS
            && self.open.len() < MAX_DEPTH
            && (!self.open.is_empty() || !self.seen_root);
        if !is_good {
            return self.fail();
        }
        self.seen_root = true;
        if is_empty {
            self.pending = Some(local(name));
        } else {
            self.open.push(name);
        }
        Some(Piece::Start(local(name)))
    }

    const fn fail(&mut self) -> Option<Piece<'a>> {
        self.failed = true;
        None
    }
}

/// Where the `>` of a tag is: not inside a quoted attribute value.
fn tag_end(markup: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in markup.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | ':'))
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, after) = after.split_once(';')?;
        plain.push_str(before);
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => numbered(entity.strip_prefix('#')?)?,
        });
        rest = after;
    }
    plain.push_str(rest);
    Some(Cow::Owned(plain))
}

fn numbered(text: &str) -> Option<char> {
    let code = match text.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => text.parse().ok()?,
    };
    char::from_u32(code).filter(|char| !char.is_control() || matches!(char, '\t' | '\n' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_add_elements() {
        let mut writer = Writer::new();
        writer.begin("a").attribute("b", "\"><evil/>\u{0}").text("<x>&'").begin("c").end();
        let text = writer.finish();
        assert!(
            text.ends_with("<a b=\"&quot;&gt;&lt;evil/&gt;\u{fffd}\">&lt;x&gt;&amp;&apos;<c/></a>\n"),
            "{text}"
        );
    }

    fn pieces(text: &str) -> (Vec<String>, bool) {
        let mut reader = Reader::new(text);
        let mut all = Vec::new();
        while let Some(piece) = reader.next() {
            all.push(match piece {
                Piece::Start(name) => format!("<{name}"),
                Piece::End(name) => format!("/{name}"),
                Piece::Text(text) => text.into_owned(),
            });
        }
        (all, reader.is_complete())
    }

    #[test]
    fn what_is_written_is_read() {
        let (all, good) = pieces(
            "<?xml version='1.0'?><!-- c > --><p:a x='>'>t &amp; &#x41;<b/>\n<![CDATA[<raw>]]></p:a>\n",
        );
        assert!(good);
        assert_eq!(all, ["<a", "t & A", "<b", "/b", "<raw>", "/a"]);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS + 1));
        for bad in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a>&nope;</a>",
            "<a>&#0;</a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a/><b/>",
            "<a/>tail",
            "<a x=\"></a>",
            "<1/>",
            "<!-- ",
            &deep,
            &many,
        ] {
            assert!(!pieces(bad).1, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_as_it_was(text in "[^\\x00-\\x1f\u{fffe}\u{ffff}]{1,60}") {
            let mut writer = Writer::new();
            writer.begin("a").attribute("b", &text).text(&text);
            let document = writer.finish();
            let (all, good) = pieces(&document);
            proptest::prop_assert!(good);
            let inner: String = all[1..all.len() - 1].concat();
            proptest::prop_assert_eq!(inner.trim(), text.trim());
        }

        #[test]
        fn no_text_makes_the_reader_stumble(text in "(<[a-c/!?& '\">=-]{0,6}|&[a-z#0-9]{0,4};?|[ a-z]|]]>){0,40}") {
            pieces(&text);
        }
    }
}
