//! Lines of a delimited text file, each with its number and its own bytes (RFC 4180: quotes, CRLF, line breaks inside
//! quotes). Bounded: no line and no file larger than its cap is held.

use super::{ImportError, MAX_FILE_BYTES, Place, Problem};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use std::io::{BufRead, Read, Take};

/// Longest line in bytes.
const MAX_LINE_BYTES: usize = 64 << 10;

/// A file being read line by line.
pub(super) struct Table<R> {
    input: Take<R>,
    file: String,
    lines: u64,
    raw: Vec<u8>,
}

/// One line: its number, its bytes without the line break, its fields without blanks around them.
pub(super) struct Line<'a> {
    pub(super) place: Place,
    pub(super) raw: &'a [u8],
    pub(super) fields: Vec<String>,
}

impl<R: BufRead> Table<R> {
    pub(super) fn new(reader: R, file: &str) -> Self {
        Self { input: reader.take(MAX_FILE_BYTES), file: file.to_owned(), lines: 0, raw: Vec::new() }
    }

    /// The next line that is not empty.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, ImportError> {
        loop {
            self.raw.clear();
            let first = self.lines + 1;
            let place = Place::Line(first);
            if !self.append()? {
                return Ok(None);
            }
            // A quote is open while their number is odd: doubled quotes inside a field do not change that.
            while self.raw.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
                if !self.append()? {
                    return Err(ImportError::at(&self.file, place, Problem::OpenQuote));
                }
            }
            let raw = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
            let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
            let bare = if first == 1 { raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw) } else { raw };
            if bare.trim_ascii().is_empty() {
                continue;
            }
            let text = str::from_utf8(bare).map_err(|_| ImportError::at(&self.file, place, Problem::NotText))?;
            let fields = fields(text).ok_or_else(|| ImportError::at(&self.file, place, Problem::OpenQuote))?;
            // Borrowed again by range: the loop above needed the buffer for itself.
            let start = if first == 1 && self.raw.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
            let end = start + text.len();
            return Ok(Some(Line { place, raw: self.raw.get(start..end).unwrap_or_default(), fields }));
        }
    }

    /// Reads to the end of one more line; `false` at the end of the file.
    fn append(&mut self) -> Result<bool, ImportError> {
        let room = MAX_LINE_BYTES.saturating_sub(self.raw.len()) as u64 + 1;
        let read = self.input.by_ref().take(room).read_until(b'\n', &mut self.raw);
        let read = read.map_err(|error| ImportError::unreadable(&self.file, error))?;
        self.lines += 1;
        if self.raw.len() > MAX_LINE_BYTES {
            return Err(ImportError::at(&self.file, Place::Line(self.lines), Problem::LineTooLong));
        }
        if read == 0 && self.input.limit() == 0 {
            return Err(ImportError::of_file(&self.file, Problem::TooLarge));
        }
        Ok(read > 0)
    }
}

impl Line<'_> {
    /// A field without blanks around it; empty beyond the end of the line.
    pub(super) fn field(&self, at: usize) -> &str {
        self.fields.get(at).map_or("", String::as_str)
    }
}

/// Splits at commas outside quotes; `None` if a quote ends inside a field.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t']);
        if let Some(quoted) = trimmed.strip_prefix('"') {
            let (field, after) = unquote(quoted)?;
            fields.push(field);
            let after = after.trim_start_matches([' ', '\t']);
            if after.is_empty() {
                return Some(fields);
            }
            rest = after.strip_prefix(',')?;
        } else if let Some((field, after)) = rest.split_once(',') {
            fields.push(field.trim().to_owned());
            rest = after;
        } else {
            fields.push(rest.trim().to_owned());
            return Some(fields);
        }
    }
}

/// The text up to the closing quote, doubled quotes made single, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Some((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString, vec};

    fn all(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, ImportError> {
        let mut table = Table::new(text, "file.csv");
        let mut lines = Vec::new();
        while let Some(line) = table.next()? {
            lines.push((line.place.number(), line.fields));
        }
        Ok(lines)
    }

    #[test]
    fn lines_keep_their_numbers_over_blank_lines_and_quoted_breaks() {
        let text = b"\xEF\xBB\xBFa,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\r\n c , d \nlast,\n";
        let expected =
            [(1, vec!["a", "b"]), (3, vec!["x\r\ny", "say \"hi\""]), (5, vec!["c", "d"]), (6, vec!["last", ""])];
        let found = all(text).unwrap();
        assert_eq!(found.len(), expected.len());
        for ((line, fields), (number, words)) in found.iter().zip(expected) {
            assert_eq!((*line, fields.iter().map(String::as_str).collect::<Vec<_>>()), (number, words));
        }
    }

    #[test]
    fn the_raw_bytes_are_those_of_the_line() {
        let mut table = Table::new(&b"\xEF\xBB\xBFa, b\r\n\"c\",d\n"[..], "file.csv");
        assert_eq!(table.next().unwrap().unwrap().raw, b"a, b");
        assert_eq!(table.next().unwrap().unwrap().raw, b"\"c\",d");
        assert!(table.next().unwrap().is_none());
    }

    #[test]
    fn what_is_no_table_names_its_line() {
        for (text, message) in [
            (&b"a,b\n\"open,c\n"[..], "file.csv: line 2: a quoted field does not end"),
            (&b"a,b\n\"c\"d\",\"e\"\n"[..], "file.csv: line 2: a quoted field does not end"),
            (&b"a,b\n\xFF,c\n"[..], "file.csv: line 2: not UTF-8 text"),
        ] {
            assert_eq!(all(text).unwrap_err().to_string(), message);
        }
        let long = format!("a,b\n{}\n", "x".repeat(MAX_LINE_BYTES));
        assert_eq!(all(long.as_bytes()).unwrap_err().to_string(), "file.csv: line 2: longer than 64 KiB");
        let longest = format!("a,b\n{}", "x".repeat(MAX_LINE_BYTES));
        assert_eq!(all(longest.as_bytes()).map(|lines| lines.len()).ok(), Some(2));
    }
}
