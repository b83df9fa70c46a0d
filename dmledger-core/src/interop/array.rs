//! Elements of a JSON array one by one, each with its own text, so that the file never stands in memory whole.

use super::{ImportError, MAX_FILE_BYTES, Place, Problem};
use alloc::boxed::Box;
use core::fmt;
use serde::{
    Deserializer as _,
    de::{Error as _, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::io::{BufReader, Read};

/// Most elements of one file.
const MAX_ELEMENTS: u64 = 4_000_000;

/// Hands every element to `take`, until it finds a problem.
pub(super) fn each<F>(reader: impl Read, file: &str, take: F) -> Result<(), ImportError>
where
    F: FnMut(Place, &str) -> Result<(), Problem>,
{
    let mut elements = Elements { take, number: 0, problem: None };
    let input = BufReader::new(reader).take(MAX_FILE_BYTES);
    let mut json = serde_json::Deserializer::from_reader(input);
    let outcome = json.deserialize_seq(&mut elements).and_then(|()| json.end());
    if let Some(problem) = elements.problem {
        return Err(ImportError::at(file, Place::Entry(elements.number), problem));
    }
    outcome.map_err(|error| match error.io_error_kind() {
        Some(kind) => ImportError::unreadable(file, kind.into()),
        None => ImportError::of_file(file, malformed(&error)),
    })?;
    if elements.number == 0 { Err(ImportError::of_file(file, Problem::Empty)) } else { Ok(()) }
}

/// Where JSON is not what it should be. What stands there is not repeated: it may be a person's.
pub(super) fn malformed(error: &serde_json::Error) -> Problem {
    Problem::Json { line: error.line(), column: error.column() }
}

/// A JSON number or text without its quotes; `null` is nothing. Escapes stay, so such a text is no number.
pub(super) fn bare(json: &str) -> &str {
    match json {
        "null" => "",
        _ => json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(json).trim(),
    }
}

struct Elements<F> {
    take: F,
    number: u64,
    problem: Option<Problem>,
}

impl<'de, F> Visitor<'de> for &mut Elements<F>
where
    F: FnMut(Place, &str) -> Result<(), Problem>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(raw) = elements.next_element::<Box<RawValue>>()? {
            self.number += 1;
            let taken = if self.number <= MAX_ELEMENTS {
                (self.take)(Place::Entry(self.number), raw.get())
            } else {
                Err(Problem::TooManyRows(MAX_ELEMENTS))
            };
            if let Err(problem) = taken {
                self.problem = Some(problem);
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(())
    }
}
