use super::*;
use alloc::vec;
use alloc::vec::Vec;

fn request(input: &[u8]) -> (Vec<&[u8]>, usize) {
    let mut words = Words::new();
    match parse_request(input, RequestLimits::TRUSTED, &mut words) {
        Ok(Parsed::Request { len }) => (words.to_vec(), len),
        other => panic!("{other:?}"),
    }
}

fn parse(input: &[u8], limits: RequestLimits) -> Result<Parsed, ProtocolError> {
    parse_request(input, limits, &mut Words::new())
}

#[test]
fn a_request_is_parsed_in_place() {
    assert_eq!(request(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1"), (vec![&b"GET"[..], b"k"], 20));
    assert_eq!(request(b"GET  k \r\nrest"), (vec![&b"GET"[..], b"k"], 9));
    assert_eq!(request(b"\r\n"), (vec![], 2));
    assert_eq!(request(b"*0\r\n"), (vec![], 4));
    assert_eq!(request(b"*-1\r\n"), (vec![], 5));
}

#[test]
fn every_prefix_of_a_request_is_incomplete() {
    let mut whole = Vec::new();
    write_request(&mut whole, &[b"SET", b"key", &[b'x'; 300]]);
    for cut in 0..whole.len() {
        let parsed = parse(&whole[..cut], RequestLimits::TRUSTED);
        assert!(matches!(parsed, Ok(Parsed::Incomplete { missing }) if missing <= whole.len() - cut), "{cut}");
    }
    assert_eq!(request(&whole).1, whole.len());
}

#[test]
fn broken_framing_is_named() {
    let cases: [(&[u8], ProtocolError); 7] = [
        (b"*a\r\n", ProtocolError::WordCount),
        (b"*1048577\r\n", ProtocolError::WordCount),
        (b"*1\r\n:1\r\n", ProtocolError::ExpectedDollar(b':')),
        (b"*1\r\n$-1\r\n", ProtocolError::WordLength),
        (b"*1\r\n$999999999999\r\n", ProtocolError::WordLength),
        (b"SET \"a\r\n", ProtocolError::UnbalancedQuotes),
        (b"SET \"a\"b\r\n", ProtocolError::UnbalancedQuotes),
    ];
    for (input, error) in cases {
        assert_eq!(parse(input, RequestLimits::TRUSTED), Err(error));
    }
    let long = vec![b'x'; limits::INLINE_BYTES_MAX + 1];
    assert_eq!(parse(&long, RequestLimits::TRUSTED), Err(ProtocolError::InlineTooLong));
    let strict = RequestLimits::UNAUTHENTICATED;
    assert_eq!(parse(b"*11\r\n", strict), Err(ProtocolError::UnauthenticatedWordCount));
    assert_eq!(parse(b"*1\r\n$16385\r\n", strict), Err(ProtocolError::UnauthenticatedWordLength));
}

#[test]
fn quotes_are_read_as_redis_cli_reads_them() {
    let words = split_quoted(br#"set "a b\x41\n" 'it\'s' plain"#).unwrap();
    assert_eq!(words, [&b"set"[..], b"a bA\n", b"it's", b"plain"]);
}

#[test]
fn tokens_of_a_reply() {
    let mut tokens = Tokens::new(b"%1\r\n$1\r\nk\r\n*2\r\n,1.5\r\n_\r\n+OK\r\n");
    assert_eq!(tokens.next_token(), Some(Token::Map(1)));
    assert_eq!(tokens.next_token(), Some(Token::Bulk(b"k")));
    assert!(tokens.skip_value());
    assert_eq!(tokens.next_token(), Some(Token::Status(b"OK")));
    assert!(tokens.is_empty());
    assert_eq!(tokens.next_token(), None);
}
