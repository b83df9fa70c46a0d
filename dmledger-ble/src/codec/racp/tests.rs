use proptest::prelude::*;

use super::*;
use crate::codec::testing::{every_cut_is_refused, survives};

fn number(value: u16) -> SequenceNumber {
    SequenceNumber::new(value)
}

#[test]
fn requests_have_the_octets_of_the_specification() {
    let at = DateTime::new(2024, 3, 15, 14, 30, 45).unwrap();
    let cases: [(Request, &[u8]); 8] = [
        (Request::ReportRecords(Filter::All), &[1, 1]),
        (Request::ReportNumber(Filter::All), &[4, 1]),
        (Request::ReportRecords(Filter::Sequence(Bounds::AtLeast(number(0x1234)))), &[1, 3, 1, 0x34, 0x12]),
        (Request::ReportNumber(Filter::Sequence(Bounds::Within(number(5), number(0x0109)))), &[4, 4, 1, 5, 0, 9, 1]),
        (Request::DeleteRecords(Filter::Sequence(Bounds::AtMost(number(7)))), &[2, 2, 1, 7, 0]),
        (Request::ReportRecords(Filter::UserFacingTime(Bounds::AtLeast(at))), &[1, 3, 2, 0xE8, 7, 3, 15, 14, 30, 45]),
        (Request::ReportRecords(Filter::Last), &[1, 6]),
        (Request::Abort, &[3, 0]),
    ];
    for (request, octets) in cases {
        every_cut_is_refused::<Request>(octets);
        assert_eq!(Request::decode(octets), Ok(request));
    }
}

#[test]
fn answers_have_the_octets_of_the_specification() {
    let success = Response::Code { request: OpCode::REPORT_RECORDS, code: ResponseCode::SUCCESS };
    assert_eq!(Response::decode(&[6, 0, 1, 1]), Ok(success));
    assert_eq!(Response::decode(&[5, 0, 0x19, 0x01]), Ok(Response::Number(281)));
    every_cut_is_refused::<Response>(&[6, 0, 1, 6]);
    every_cut_is_refused::<Response>(&[5, 0, 0x19, 0x01]);
}

#[test]
fn malformed_values_are_refused_with_the_cause() {
    assert_eq!(Request::decode(&[1, 3, 9, 0, 0]), Err(DecodeError::Forbidden { field: "filter type" }));
    assert_eq!(Request::decode(&[1, 0]), Err(DecodeError::Forbidden { field: "operator" }));
    assert_eq!(Request::decode(&[3, 1]), Err(DecodeError::Forbidden { field: "operator" }));
    assert_eq!(Request::decode(&[5, 0, 1, 0]), Err(DecodeError::UnknownOpCode(5)));
    assert_eq!(Response::decode(&[1, 1]), Err(DecodeError::UnknownOpCode(1)), "a request is no answer");
    assert_eq!(Response::decode(&[6, 1, 1, 1]), Err(DecodeError::Forbidden { field: "operator" }));
    let frame = Frame::decode(&[1, 3, 2, 1]).unwrap();
    assert_eq!(
        (frame.op_code(), frame.operator(), frame.operand()),
        (OpCode::REPORT_RECORDS, Operator::AT_LEAST, &[2, 1][..])
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn whatever_decodes_survives(bytes in proptest::collection::vec(any::<u8>(), 0..20), op in 1_u8..7, operator in 0_u8..7, filter in 1_u8..3) {
        survives::<Request>(&bytes, |_| false);
        survives::<Response>(&bytes, |_| false);
        let mut likely = vec![op, operator, filter];
        likely.extend(&bytes);
        for length in 0..likely.len() {
            survives::<Request>(&likely[..length], |_| false);
            survives::<Response>(&likely[..length], |_| false);
        }
    }
}
