//! Why: a decision with its trace, in words ([`fmt::Display`]) and as JSON. The canonical bytes of a [`Decision`] say the
//! same to a machine that reads them.

use super::{AccessOutcome, Decision, Reason};
use alloc::{format, string::String, vec::Vec};
use core::fmt;

impl fmt::Display for AccessOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { reason } => write!(f, "denied ({}): {reason}", reason.code()),
            Self::Allowed { grant } => write!(f, "allowed under grant {grant}"),
            Self::BreakGlass { emergency } => write!(f, "allowed in emergency {emergency}"),
        }
    }
}

/// The answer, then a line for each grant that was looked at.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome)?;
        for finding in &self.trace {
            write!(f, "\n  grant {}:", finding.grant)?;
            if finding.reasons.is_empty() {
                f.write_str(" allows it")?;
            }
            for (i, reason) in finding.reasons.iter().enumerate() {
                write!(f, "{} {reason} ({})", if i == 0 { "" } else { ";" }, reason.code())?;
            }
        }
        Ok(())
    }
}

impl Decision {
    /// The decision as one JSON object:
    /// `{"allowed":false,"code":22,"reason":"..","trace":[{"grant":"<hex>","codes":[22,27],"reasons":["..",".."]}]}`.
    /// An allowed one has `"grant"`, or `"emergency"`, in place of `"code"` and `"reason"`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let trace = self.trace.iter().map(|finding| {
            let codes: Vec<_> = finding.reasons.iter().map(|reason| format!("{}", reason.code())).collect();
            let words: Vec<_> = finding.reasons.iter().map(quoted).collect();
            format!(r#"{{"grant":"{}","codes":[{}],"reasons":[{}]}}"#, finding.grant, codes.join(","), words.join(","))
        });
        let trace = trace.collect::<Vec<_>>().join(",");
        match self.outcome {
            AccessOutcome::Denied { reason } => {
                format!(
                    r#"{{"allowed":false,"code":{},"reason":{},"trace":[{trace}]}}"#,
                    reason.code(),
                    quoted(&reason)
                )
            }
            AccessOutcome::Allowed { grant } => format!(r#"{{"allowed":true,"grant":"{grant}","trace":[{trace}]}}"#),
            AccessOutcome::BreakGlass { emergency } => {
                format!(r#"{{"allowed":true,"emergency":"{emergency}","trace":[{trace}]}}"#)
            }
        }
    }
}

/// A reason in quotation marks. Reasons are our own sentences about names, numbers and times: nothing to escape but, to
/// be safe against a future one, quotation mark and backslash.
fn quoted(reason: &Reason) -> String {
    format!(r#""{}""#, format!("{reason}").replace('\\', r"\\").replace('"', r#"\""#))
}
